package provision_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

func TestAShareIsMadeAndASecondRunMakesNoWriteCall(t *testing.T) {
	for posture, role := range map[string]string{
		"documented": "curated-packages-role",
		"hardened":   "pullpass-packages-999999999999",
	} {
		t.Run(posture, func(t *testing.T) {
			l := newLab(t, sandbox.Config{}, "  posture: "+posture, `  iam: {tags: {cost-center: "42"}}`)
			l.mustApply()
			calls := &recorder{RoundTripper: l.transport}
			l.transport = calls
			l.mustApply()
			if writes := calls.writes(); len(writes) > 0 {
				t.Errorf("the second run made the calls %v", writes)
			}
			l.mustHoldTheOnlyKeys()
			// The delivered file alone, read by the SDK, gets into the role.
			t.Setenv("AWS_ENDPOINT_URL_STS", l.sandbox.Endpoint())
			cfg, err := config.LoadDefaultConfig(t.Context(),
				config.WithSharedConfigFiles([]string{filepath.Join(l.out, "store-001", "aws-config")}), config.WithSharedCredentialsFiles([]string{}))
			if err != nil {
				t.Fatal(err)
			}
			out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := aws.ToString(out.Arn); !strings.HasPrefix(got, "arn:aws:sts::111111111111:assumed-role/"+role+"/") {
				t.Errorf("the delivered file leads to %s", got)
			}
		})
	}
}

func TestTagsAndBoundariesAreThoseOfTheShare(t *testing.T) {
	l := newLab(t, sandbox.Config{}, `  iam: {permissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess", tags: {cost-center: "42"}}`)
	l.mustApply()
	user, err := l.sandbox.IAM(retail).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("pullpass-packages-store-001")})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range user.User.Tags {
		got[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	want := map[string]string{
		"cost-center": "42", "pullpass:share": "packages", "pullpass:destination": "999999999999", "pullpass:cluster": "store-001",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tags of the user (-want +got):\n%s", diff)
	}
	role, err := l.sandbox.IAM(source).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("pullpass-packages-999999999999")})
	if err != nil {
		t.Fatal(err)
	}
	if b := role.Role.PermissionsBoundary; b == nil || aws.ToString(b.PermissionsBoundaryArn) != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("the role's boundary is %+v", b)
	}
}

// stopper lets a number of requests through and then breaks off: the next one is lost on the way, or its answer is, and
// none goes out after it.
type stopper struct {
	http.RoundTripper
	left   atomic.Int64
	answer bool
}

var errStopped = errors.New("the run was killed here")

func (s *stopper) RoundTrip(request *http.Request) (*http.Response, error) {
	left := s.left.Add(-1)
	if left >= 0 {
		return s.RoundTripper.RoundTrip(request)
	}
	if s.answer && left == -1 {
		response, err := s.RoundTripper.RoundTrip(request)
		if err == nil {
			err = response.Body.Close()
		}
		return nil, errors.Join(errStopped, err)
	}
	return nil, errStopped
}

// From whatever call a run is killed at, whether AWS had it or not, the next run ends with one key a user that all its
// clusters hold.
func TestARunKilledAtAnyCallIsFinishedByTheNext(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		whole := newLab(t, sandbox.Config{}, "  posture: "+posture)
		calls := &recorder{RoundTripper: whole.transport}
		whole.transport = calls
		whole.mustApply()
		for _, answer := range []bool{false, true} {
			for n := range len(calls.actions) {
				t.Run(fmt.Sprintf("%s, %d calls, answer lost: %v", posture, n, answer), func(t *testing.T) {
					t.Parallel()
					l := newLab(t, sandbox.Config{}, "  posture: "+posture)
					stop := &stopper{RoundTripper: l.transport, answer: answer}
					stop.left.Store(int64(n))
					l.transport = stop
					l.apply()
					l.transport = stop.RoundTripper
					l.mustApply()
					l.mustBeSettled()
					l.mustHoldTheOnlyKeys()
				})
			}
		}
	}
}

func TestAFailureInOneDestinationStopsOnlyThatOne(t *testing.T) {
	const noUsers = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}`
	seed := sandbox.DefaultSeed(time.Now())
	seed.Organization = &sandbox.Organization{
		ID: "o-a1b2c3d4e5", Management: "888888888888", Members: []arn.AccountID{source, retail, depot},
		ServiceControlPolicies: map[arn.AccountID][]sandbox.PolicyText{depot: {noUsers}},
	}
	l := newLab(t, sandbox.Config{Seed: seed})
	result := l.apply()
	for _, account := range []arn.AccountID{source, retail} {
		for _, s := range result.In(account) {
			if s.State != provision.Done {
				t.Errorf("%s is %s: %v", s.Step.ID, s.State, s.Err)
			}
		}
	}
	states := map[string]provision.State{}
	for _, s := range result.In(depot) {
		states[string(s.Step.Verb)+" "+s.Step.Target] = s.State
	}
	if diff := cmp.Diff(map[string]provision.State{
		"create policy pullpass-packages-assume-role":                                     provision.Done,
		"create user pullpass-packages-depot-001":                                         provision.Failed,
		"attach policy pullpass-packages-assume-role to user pullpass-packages-depot-001": provision.Skipped,
		"create access key of user pullpass-packages-depot-001":                           provision.Skipped,
	}, states); diff != "" {
		t.Errorf("steps in the destination with the policy (-want +got):\n%s", diff)
	}
	var scp *provision.SCPError
	if !errors.As(result.Err(), &scp) {
		t.Fatalf("got error %v, want one that names the service control policy", result.Err())
	}
	if text := scp.Error(); !strings.Contains(text, "creating user pullpass-packages-depot-001 in account 222222222222: AccessDenied") {
		t.Errorf("the error reads %q", text)
	}
}

func TestAnAccountThatCannotBeReadIsSaidAndOthersGoOn(t *testing.T) {
	for name, test := range map[string]struct {
		gone error
		want string
	}{
		"our own words": {errors.New("signing in with profile depot: the session has expired"), "signing in with profile depot: the session has expired"},
		"AWS's words, without the SDK's": {
			fmt.Errorf("asking STS who the caller is: %w", &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity",
				Err: fmt.Errorf("RequestID: 6ca3d253: %w", &smithy.GenericAPIError{Code: "ExpiredToken", Message: "The token is expired"})}),
			"asking STS who the caller is: ExpiredToken: The token is expired",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			c := l.run()
			c.Accounts[depot] = func(context.Context) (provision.Account, error) { return provision.Account{}, test.gone }
			p := l.plan(c)
			if len(p.Problems) != 1 || p.Problems[0].Kind != plan.Unreadable || p.Problems[0].Msg != test.want {
				t.Errorf("problems: %v", p.Problems)
			}
			result, err := provision.Apply(t.Context(), c, p)
			if err != nil || result.Err() != nil {
				t.Fatal(err, result.Err())
			}
			l.mustApply() // The account is there again.
			l.mustHoldTheOnlyKeys()
		})
	}
}

func TestASideWithoutAccessIsNeitherReadNorChanged(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.access = []arn.AccountID{retail, depot}
	p := l.plan(l.run())
	if !p.IsHandedOver(source) || len(p.StepsOf(source)) == 0 {
		t.Errorf("the source is not handed over:\n%s", describe(t, p))
	}
	l.mustApply()
	l.mustHoldTheOnlyKeys()
	if _, err := l.sandbox.IAM(source).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("pullpass-packages-999999999999")}); err == nil {
		t.Error("the role was made")
	}
}

func TestDriftIsUndone(t *testing.T) {
	l := newLab(t, sandbox.Config{}, documented, `  iam: {permissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess"}`)
	l.mustApply()
	client, ctx := l.sandbox.IAM(source), t.Context()
	const nothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	const anybody = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`
	policy, role := aws.String("arn:aws:iam::111111111111:policy/curated-packages-policy"), aws.String("curated-packages-role")
	for range 4 { // As many versions as IAM keeps.
		_, err := client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: policy, PolicyDocument: aws.String(nothing), SetAsDefault: true})
		must(t, err)
	}
	_, err := client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: aws.String(anybody)})
	must(t, err)
	_, err = client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: policy})
	must(t, err)
	_, err = l.sandbox.IAM(retail).DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: aws.String("curated-packages-user")})
	must(t, err)
	_, err = l.sandbox.IAM(retail).UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("curated-packages-user"), TagKeys: []string{share.TagDestination}})
	must(t, err)
	writeFile(t, filepath.Join(l.out, "store-002", "aws-secret.yaml"), "torn")
	must(t, os.Remove(filepath.Join(l.out, "store-001", "aws-config")))
	must(t, os.Chmod(filepath.Join(l.out, "depot-001", "aws-secret.yaml"), 0o644))

	l.mustApply()
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
	info, err := os.Stat(filepath.Join(l.out, "depot-001", "aws-secret.yaml"))
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the file that others could read has mode %v", info.Mode())
	}
	versions, err := client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: policy})
	must(t, err)
	if len(versions.Versions) != 5 {
		t.Errorf("the policy has %d versions, want 5", len(versions.Versions))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasMadeByHandIsAdoptedAndNotTouchedOtherwise(t *testing.T) {
	l := newLab(t, sandbox.Config{}, documented)
	l.mustApply()
	for _, account := range l.access { // What is left looks as if a person had followed the page.
		l.untag(account)
	}
	before := l.held("store-001")

	calls := &recorder{RoundTripper: l.transport}
	l.transport = calls
	p := l.plan(l.run())
	if p.Pending() {
		t.Errorf("there are steps without the word adopt:\n%s", describe(t, p))
	}
	for _, name := range []string{"policy curated-packages-policy", "role curated-packages-role", "user curated-packages-user"} {
		if !slices.ContainsFunc(p.Problems, func(p plan.Problem) bool { return p.Kind == plan.MadeByHand && p.Target == name }) {
			t.Errorf("no problem names %s:\n%s", name, describe(t, p))
		}
	}
	l.mustApply(func(o *plan.Options) { o.Adopt = true })
	writes := calls.writes()
	slices.Sort(writes)
	if diff := cmp.Diff([]string{"TagPolicy", "TagPolicy", "TagPolicy", "TagRole", "TagUser", "TagUser"}, writes); diff != "" {
		t.Errorf("calls of the adoption (-want +got):\n%s", diff)
	}
	l.mustBeSettled()
	if after := l.held("store-001"); after != before {
		t.Errorf("the key went from %s to %s", before, after)
	}
}

// untag takes the share's tags off everything that it made in an account.
func (l *lab) untag(account arn.AccountID) {
	l.t.Helper()
	client, ctx, keys := l.sandbox.IAM(account), l.t.Context(), []string{share.TagShare, share.TagDestination}
	for _, name := range []string{"curated-packages-policy", "curated-packages-assume-role-policy"} {
		if name == "curated-packages-policy" != (account == source) {
			continue
		}
		_, err := client.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: aws.String(arn.IAM(account, "policy", "/", name).String()), TagKeys: keys})
		must(l.t, err)
	}
	if account == source {
		_, err := client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String("curated-packages-role"), TagKeys: keys})
		must(l.t, err)
		return
	}
	_, err := client.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("curated-packages-user"), TagKeys: keys})
	must(l.t, err)
}

// unwritable is a place that turns out to take nothing once the key is there, such as a disk that fills up.
type unwritable struct{ provision.Deliverer }

var errFull = errors.New("no space left on device")

func (unwritable) Write(context.Context, credential.Config) error { return errFull }

// losing is a run whose key for one cluster gets lost.
func (l *lab) losing(cluster string) provision.Config {
	c := l.run()
	deliverer := c.Deliverer
	c.Deliverer = func(ctx context.Context, d share.ClusterDelivery) (provision.Deliverer, error) {
		place, err := deliverer(ctx, d)
		if d.Cluster == cluster {
			place = unwritable{place}
		}
		return place, err
	}
	return c
}

func TestAKeyThatDidNotReachItsClusterIsReplaced(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	c := l.losing("depot-001")
	result, err := provision.Apply(t.Context(), c, l.plan(c))
	must(t, err)
	var undelivered *provision.UndeliveredError
	if !errors.As(result.Err(), &undelivered) || !errors.Is(undelivered, errFull) {
		t.Fatalf("got error %v, want one that names the key", result.Err())
	}
	lost := l.keys(depot, "pullpass-packages-depot-001")
	if !slices.Equal(lost, []string{undelivered.Key}) {
		t.Errorf("the user has the keys %v, the error names %s", lost, undelivered.Key)
	}
	l.mustApply()
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
	if l.held("depot-001") == undelivered.Key {
		t.Error("the lost key is in use")
	}
}

func TestNoKeyIsMadeForAPlaceThatCannotBeWrittenTo(t *testing.T) {
	for name, block := range map[string]func(t *testing.T, dir string){
		"a file in the directory's place": func(t *testing.T, dir string) { writeFile(t, dir, "not a directory") },
		"a link in the directory's place": func(t *testing.T, dir string) { must(t, os.Symlink(t.TempDir(), dir)) },
		"a directory in a file's place": func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, "aws-secret.yaml"), 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			c := l.run()
			p := l.plan(c)
			blocked := filepath.Join(l.out, "depot-001")
			block(t, blocked)
			result, err := provision.Apply(t.Context(), c, p)
			must(t, err)
			if result.Count(provision.Failed) != 1 || !strings.Contains(result.Err().Error(), "depot-001") {
				t.Errorf("%d steps failed: %v", result.Count(provision.Failed), result.Err())
			}
			if keys := l.keys(depot, depotUser); len(keys) > 0 {
				t.Errorf("the keys %v were made", keys)
			}
			must(t, os.RemoveAll(blocked))
			l.mustApply()
			l.mustBeSettled()
			l.mustHoldTheOnlyKeys()
		})
	}
}

// What a copy got before its original would be written over by the bundle manager, and be held by nobody.
func TestACopyIsDeliveredAfterItsOriginal(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.desired = derive(t, `
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters: [{name: hub, kubernetes: {context: hub}, workloadClusters: [edge]}]
`)
	for _, full := range []bool{true, false} {
		c := l.run()
		c.Deliverer = func(_ context.Context, d share.ClusterDelivery) (provision.Deliverer, error) {
			place := delivery.Directory{Path: filepath.Join(l.out, d.Cluster)}
			if full && d.Cluster == "hub" {
				return unwritable{place}, nil
			}
			return place, nil
		}
		result, err := provision.Apply(t.Context(), c, l.plan(c))
		must(t, err)
		if said := fmt.Sprint(result.Err()); strings.Contains(said, "cluster edge: it is a copy of what cluster hub did not get") != full {
			t.Errorf("hub is full: %t, said: %s", full, said)
		}
		_, err = os.Stat(filepath.Join(l.out, "edge", credential.ConfigFileName))
		if delivered := err == nil; delivered == full {
			t.Errorf("hub is full: %t, edge was delivered to: %t", full, delivered)
		}
	}
}

func TestTwoOperatorsAtTheSameTimeLeaveOneKey(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	first, second := l.run(), l.run()
	mine, theirs := l.plan(first), l.plan(second)
	result, err := provision.Apply(t.Context(), first, mine)
	must(t, errors.Join(err, result.Err()))
	result, err = provision.Apply(t.Context(), second, theirs)
	must(t, err)
	if !result.Changed() {
		t.Errorf("the second operator's run ended with %v", result.Err())
	}
	for _, s := range result.Steps {
		switch s.Step.Op.(type) {
		case plan.CreateUser, plan.CreateKey:
			if s.State == provision.Done {
				t.Errorf("the second operator's run did what the first had done: %s", s.Step.ID)
			}
		}
	}
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
}

func TestAnotherMachinesRunIsWaitedFor(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	client := l.sandbox.IAM(depot)
	user := aws.String("pullpass-packages-depot-001")
	_, err := client.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: aws.String(l.held("depot-001"))})
	must(t, err)
	must(t, os.RemoveAll(filepath.Join(l.out, "depot-001")))
	c := l.losing("depot-001")
	c.Run = plan.RunID(time.Now().UTC().Format("20060102T150405Z") + ".0000000f.desktop")
	_, err = provision.Apply(t.Context(), c, l.plan(c))
	must(t, err)

	p := l.plan(l.run())
	if len(p.Problems) != 1 || p.Problems[0].Kind != plan.KeyBusy || !strings.Contains(p.Problems[0].Msg, string(c.Run)) {
		t.Errorf("problems: %v", p.Problems)
	}
	l.mustApply(func(o *plan.Options) { o.TakeOver = true })
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
}

func TestWhatTheShareNoLongerWantsIsNamed(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	l.desired = derive(t, `
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters:
        - {name: store-001, directory: store-001}
`)
	want := []plan.Left{
		{Account: source, Target: "role pullpass-packages-222222222222"},
		{Account: retail, Target: "user pullpass-packages-store-002"},
	}
	if diff := cmp.Diff(want, l.plan(l.run()).LeftBehind); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

// before calls a function before requests of one action go out.
type before struct {
	http.RoundTripper
	action string
	do     func()
}

func (b before) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err != nil {
		return nil, err
	}
	if action == b.action {
		b.do()
	}
	return b.RoundTripper.RoundTrip(request)
}

func TestARunStoppedWhileItMakesAKeyDeliversItAndBeginsNothingElse(t *testing.T) {
	l := newLab(t, sandbox.Config{}, documented)
	ctx, stop := context.WithCancel(t.Context())
	l.transport = before{RoundTripper: l.transport, action: "CreateAccessKey", do: stop}
	c := l.run()
	result, err := provision.Apply(ctx, c, l.plan(c))
	must(t, err)
	made := 0
	for _, s := range result.Steps {
		if key, ok := s.Step.Op.(plan.CreateKey); ok && s.State == provision.Done {
			made++
			if held := l.held(key.Deliveries[0].Cluster); !slices.Equal(l.keys(s.Step.Account, key.User.Name()), []string{held}) {
				t.Errorf("the cluster holds %s", held)
			}
		}
		if s.State == provision.Failed {
			t.Errorf("%s failed: %v", s.Step.ID, s.Err)
		}
	}
	if made == 0 {
		t.Error("no key was made: the run was not stopped where it should")
	}
	l.mustApply()
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
}
