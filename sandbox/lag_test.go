package sandbox_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// late is a sandbox where writes to IAM are seen up to 20 seconds late, with a clock that a test moves.
func late(t *testing.T) (s *sandboxtest.Sandbox, pass func(time.Duration)) {
	t.Helper()
	lag := 20 * time.Second
	var passed atomic.Int64
	start := time.Now()
	s = sandboxtest.Start(t, sandbox.Config{
		Clock:   func() time.Time { return start.Add(time.Duration(passed.Load())) },
		Weather: sandbox.Forecast{Seed: 7, Rules: []weather.Rule{{Lag: &lag}}},
	})
	return s, func(d time.Duration) { passed.Add(int64(d)) }
}

// strangers lets every request have a connection of its own, so that each comes to another replica.
func strangers(config aws.Config) aws.Config {
	config.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return config
}

// tally counts the codes of so many calls; an answer counts as "".
func tally(n int, call func() error) map[string]int {
	codes := map[string]int{}
	for range n {
		var api smithy.APIError
		code := ""
		if err := call(); errors.As(err, &api) {
			code = api.ErrorCode()
		}
		codes[code]++
	}
	return codes
}

const tries = 40

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNewToIAMIsSeenLateAndByOneReplicaAfterTheOther(t *testing.T) {
	s, pass := late(t)
	ctx, admin := t.Context(), iam.NewFromConfig(strangers(s.As(sandboxtest.Destination)))
	read := func() error {
		_, err := admin.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("late")})
		return err
	}
	_, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("late")})
	must(t, err)
	pass(2 * time.Second)
	if got := tally(tries, read); got[""] == 0 || got["NoSuchEntity"] == 0 || got[""]+got["NoSuchEntity"] != tries {
		t.Errorf("2 s after its making, GetUser says %v", got)
	}
	same := iam.NewFromConfig(s.As(sandboxtest.Destination)) // one connection, so one replica
	if got := tally(tries, func() error {
		_, err := same.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("late")})
		return err
	}); len(got) != 1 {
		t.Errorf("one replica says %v at one instant", got)
	}
	pass(18 * time.Second)
	if got := tally(tries, read); got[""] != tries {
		t.Errorf("20 s after its making, GetUser says %v", got)
	}
}

func TestANewKeyIsUnknownToSomeReplicas(t *testing.T) {
	s, pass := late(t)
	admin := s.IAM(sandboxtest.Destination)
	_, err := admin.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("late")})
	must(t, err)
	pass(time.Minute)
	key, err := admin.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("late")})
	must(t, err)
	client := sts.NewFromConfig(strangers(s.With(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")))
	call := func() error {
		_, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return err
	}
	pass(2 * time.Second)
	if got := tally(tries, call); got[""] == 0 || got["InvalidClientTokenId"] == 0 {
		t.Errorf("2 s after its making, the key gives %v", got)
	}
	pass(18 * time.Second)
	if got := tally(tries, call); got[""] != tries {
		t.Errorf("20 s after its making, the key gives %v", got)
	}
}

// A write needs what it refers to where it arrives: attaching a policy that is new is refused by some replicas, a trust
// that names a new user too.
func TestAWriteFailsWhereWhatItNeedsIsNotYetSeen(t *testing.T) {
	s, pass := late(t)
	ctx, admin := t.Context(), iam.NewFromConfig(strangers(s.As(sandboxtest.Destination)))
	_, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("late")})
	must(t, err)
	attach := func() error {
		_, err := admin.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{
			UserName: aws.String("late"), PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess"),
		})
		return err
	}
	trust := func() error {
		_, err := admin.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("settled"), PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:user/late"},"Action":"sts:AssumeRole"}]}`,
		)})
		return err
	}
	pass(time.Minute)
	_, err = admin.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("settled"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}]}`)})
	must(t, err)
	pass(time.Minute)
	_, err = admin.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("late")})
	must(t, err)
	pass(time.Minute)
	_, err = admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("late")})
	must(t, err)
	pass(time.Second)
	if got := tally(tries, attach); got[""] == 0 || got["NoSuchEntity"] == 0 {
		t.Errorf("attaching a policy to a new user gives %v", got)
	}
	if got := tally(tries, trust); got[""] == 0 || got["MalformedPolicyDocument"] == 0 {
		t.Errorf("a trust that names a new user gives %v", got)
	}
}

func TestAClockThatIsSetBackHidesNothing(t *testing.T) {
	s, pass := late(t)
	ctx, admin := t.Context(), iam.NewFromConfig(strangers(s.As(sandboxtest.Destination)))
	_, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("late")})
	must(t, err)
	pass(20 * time.Second)
	(&sky{Sandbox: s, t: t}).change("{seed: 7, clock: {offset: -10m}, rules: [{lag: 20s}]}")
	if got := tally(tries, func() error {
		_, err := admin.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("late")})
		return err
	}); got[""] != tries {
		t.Errorf("with the clock set back after everybody has seen the user, GetUser says %v", got)
	}
}

func TestARoleThatIsAssumedWithLagWasUsed(t *testing.T) {
	s, pass := late(t)
	role := s.Role(sandboxtest.Source, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
		`"Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`, "")
	pass(20 * time.Second)
	ctx, admin := t.Context(), s.IAM(sandboxtest.Source)
	_, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("late")}) // so that replicas differ
	must(t, err)
	_, err = s.STS(sandboxtest.Source).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
	must(t, err)
	got, err := admin.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
	must(t, err)
	if used := got.Role.RoleLastUsed; used == nil || aws.ToString(used.Region) != string(sandboxtest.Region) {
		t.Errorf("the role was last used %+v, want in %s", used, sandboxtest.Region)
	}
}
