package provision_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

func (l *lab) revoker(target revoke.Target, change ...func(*provision.Revoker)) *provision.Revoker {
	c := l.run()
	c.Withdraw = func(ctx context.Context, d share.ClusterDelivery, key awsid.AccessKeyID) error {
		return delivery.Directory{Path: filepath.Join(l.out, d.Directory)}.Remove(ctx, key)
	}
	r := &provision.Revoker{
		Config: c, Desired: l.desired, Target: target, Options: revoke.Options{Run: c.Run}, Clock: time.Now,
	}
	for _, f := range change {
		f(r)
	}
	return r
}

// revoke does what the command does, but for the proofs.
func (l *lab) revoke(r *provision.Revoker) error {
	l.t.Helper()
	planned, err := r.Plan(l.t.Context())
	if err != nil {
		return err
	}
	if len(planned.Problems) > 0 {
		return errors.New(planned.Problems[0].String())
	}
	ended, err := r.End(l.t.Context(), planned)
	if err != nil {
		return err
	}
	cleared, err := r.Clear(l.t.Context(), planned, ended, nil)
	return errors.Join(err, ended.Err(), cleared.Err())
}

func (l *lab) mustRevoke(target revoke.Target, change ...func(*provision.Revoker)) {
	l.t.Helper()
	if err := l.revoke(l.revoker(target, change...)); err != nil {
		l.t.Fatal(err)
	}
}

func oneStore() revoke.Target {
	return revoke.Target{Clusters: []plan.ClusterRef{{Account: retail, Cluster: "store-001"}}}
}

// left is everything that IAM has in the accounts of the lab, by account and kind, with the sessions that roles deny.
func (l *lab) left() []string {
	l.t.Helper()
	ctx, left := l.t.Context(), []string{}
	for _, account := range []arn.AccountID{source, retail, depot} {
		client := l.sandbox.IAM(account)
		users, err := client.ListUsers(ctx, &iam.ListUsersInput{})
		must(l.t, err)
		for _, u := range users.Users {
			if name := aws.ToString(u.UserName); name != "admin" {
				left = append(left, fmt.Sprintf("%s user %s", account, name))
			}
		}
		roles, err := client.ListRoles(ctx, &iam.ListRolesInput{})
		must(l.t, err)
		for _, r := range roles.Roles {
			left = append(left, fmt.Sprintf("%s role %s%s", account, aws.ToString(r.RoleName), l.denied(account, r)))
		}
		policies, err := client.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal})
		must(l.t, err)
		for _, p := range policies.Policies {
			left = append(left, fmt.Sprintf("%s policy %s", account, aws.ToString(p.PolicyName)))
		}
	}
	for _, d := range l.desired.Destinations {
		for _, c := range d.Clusters {
			if _, err := os.Stat(filepath.Join(l.out, c.Directory, "aws-config")); !errors.Is(err, fs.ErrNotExist) {
				left = append(left, "delivery "+c.Cluster)
			}
		}
	}
	slices.Sort(left)
	return left
}

// denied says whose sessions a role denies.
func (l *lab) denied(account arn.AccountID, role types.Role) string {
	l.t.Helper()
	client := l.sandbox.IAM(account)
	names, err := client.ListRolePolicies(l.t.Context(), &iam.ListRolePoliciesInput{RoleName: role.RoleName})
	must(l.t, err)
	said := map[string]bool{}
	for _, name := range names.PolicyNames {
		out, err := client.GetRolePolicy(l.t.Context(), &iam.GetRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String(name)})
		must(l.t, err)
		text := aws.ToString(out.PolicyDocument)
		for _, u := range []string{"store-001", "store-002", "depot-001"} {
			if strings.Contains(text, aws.ToString(role.RoleId)+"%3Apullpass-packages-"+u) || strings.Contains(text, aws.ToString(role.RoleId)+":pullpass-packages-"+u) {
				said[" denies "+u] = true
			}
		}
		if !strings.Contains(text, "userid") {
			said[" denies all"] = true
		}
	}
	words := make([]string, 0, len(said))
	for word := range said {
		words = append(words, word)
	}
	slices.Sort(words)
	return strings.Join(words, "")
}

// What a revocation leaves, whatever it was of.
func TestARevocationLeavesWhatOthersUse(t *testing.T) {
	for sentence, test := range map[string]struct {
		posture string
		target  revoke.Target
		hard    bool
		gone    []string
		new     []string
	}{
		"one cluster loses its user, and its sessions": {
			posture: "hardened", target: oneStore(),
			gone: []string{"999999999999 user pullpass-packages-store-001", "delivery store-001", "111111111111 role pullpass-packages-999999999999"},
			new:  []string{"111111111111 role pullpass-packages-999999999999 denies store-001"},
		},
		"a destination goes with its role": {
			posture: "hardened", target: revoke.Target{Accounts: []arn.AccountID{retail}},
			gone: []string{
				"999999999999 user pullpass-packages-store-001", "999999999999 user pullpass-packages-store-002", "delivery store-001", "delivery store-002",
				"999999999999 policy pullpass-packages-assume-role", "111111111111 role pullpass-packages-999999999999",
			},
		},
		"where destinations share a role it stays, without them in its trust": {
			posture: "documented", target: revoke.Target{Accounts: []arn.AccountID{retail}},
			gone: []string{
				"999999999999 user curated-packages-user", "delivery store-001", "delivery store-002", "999999999999 policy curated-packages-assume-role-policy",
			},
		},
		"and is denied to all, if that is asked for": {
			posture: "documented", target: revoke.Target{Accounts: []arn.AccountID{retail}}, hard: true,
			gone: []string{
				"999999999999 user curated-packages-user", "delivery store-001", "delivery store-002", "999999999999 policy curated-packages-assume-role-policy",
				"111111111111 role curated-packages-role",
			},
			new: []string{"111111111111 role curated-packages-role denies all"},
		},
		"a cluster that shares its user loses nothing": {posture: "documented", target: oneStore()},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{}, "  posture: "+test.posture)
			l.mustApply()
			want := slices.DeleteFunc(l.left(), func(s string) bool { return slices.Contains(test.gone, s) })
			want = append(want, test.new...)
			slices.Sort(want)
			hard := func(r *provision.Revoker) { r.Options.Hard = test.hard }
			l.mustRevoke(test.target, hard)
			if diff := cmp.Diff(want, l.left()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			calls := &recorder{RoundTripper: l.transport}
			l.transport = calls
			l.mustRevoke(test.target, hard)
			if writes := calls.writes(); len(writes) > 0 {
				t.Errorf("the second run made the calls %v", writes)
			}
		})
	}
}

func TestTheWholeShareGoes(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		t.Run(posture, func(t *testing.T) {
			l := newLab(t, sandbox.Config{}, "  posture: "+posture)
			before := l.left()
			l.mustApply()
			l.mustRevoke(revoke.Target{All: true})
			if diff := cmp.Diff(before, l.left()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// oneDestination is what is left of the share of a lab when it shrinks: neither store-001 nor the other destination.
const oneDestination = `
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters:
        - {name: store-002, directory: store-002}
`

// From whatever call a revocation is killed at, whether AWS had it or not, the next one ends the same, and nobody else's key
// stops working at any time.
func TestARevocationKilledAtAnyCallIsFinishedByTheNext(t *testing.T) {
	for name, test := range map[string]struct {
		posture string
		target  revoke.Target
		// shrink says that the share is one of less by then.
		shrink bool
	}{
		"one cluster":               {posture: "hardened", target: oneStore()},
		"a destination, documented": {posture: "documented", target: revoke.Target{Accounts: []arn.AccountID{retail}}},
		"the whole share":           {posture: "hardened", target: revoke.Target{All: true}},
		"what was left behind":      {posture: "hardened", target: revoke.Target{LeftBehind: true}, shrink: true},
	} {
		applied := func(t *testing.T) *lab {
			l := newLab(t, sandbox.Config{}, "  posture: "+test.posture)
			l.mustApply()
			if test.shrink {
				l.desired = derive(t, oneDestination)
			}
			return l
		}
		whole := applied(t)
		calls := &recorder{RoundTripper: whole.transport}
		whole.transport = calls
		whole.mustRevoke(test.target)
		want := whole.left()
		writes := 0
		for n, action := range calls.actions {
			if strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List") {
				continue // Before a read is after the call before it.
			}
			writes++
			for _, answer := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d calls, answer lost: %v", name, n, answer), func(t *testing.T) {
					t.Parallel()
					l := applied(t)
					stop := &stopper{RoundTripper: l.transport, answer: answer}
					stop.left.Store(int64(n))
					l.transport = stop
					if err := l.revoke(l.revoker(test.target)); err == nil {
						t.Error("it was killed and says nothing")
					}
					l.othersMustWork(test.target)
					l.transport = stop.RoundTripper
					l.mustRevoke(test.target)
					l.othersMustWork(test.target)
					if diff := cmp.Diff(want, l.left()); diff != "" {
						t.Errorf("left (-want +got):\n%s", diff)
					}
				})
			}
		}
		if writes < 5 {
			t.Errorf("%s: a revocation makes %d writes", name, writes)
		}
	}
}

// Who may not list what is under the share's path takes away what policies lead to.
func TestWhatWasLeftBehindGoesWithoutAList(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	l.desired = derive(t, oneDestination)
	for account, action := range map[arn.AccountID]string{source: "iam:ListRoles", retail: "iam:ListUsers"} {
		_, err := l.sandbox.IAM(account).PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
			UserName: aws.String("administrator"), PolicyName: aws.String("no-lists"),
			PolicyDocument: aws.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "` + action + `", "Resource": "*"}]}`),
		})
		must(t, err)
	}
	l.mustRevoke(revoke.Target{LeftBehind: true})
	_, err := l.sandbox.IAM(retail).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("pullpass-packages-store-001")})
	var missing *types.NoSuchEntityException
	if !errors.As(err, &missing) {
		t.Errorf("the user is there yet: %v", err)
	}
}

// othersMustWork checks the keys of the clusters that a revocation is not of.
func (l *lab) othersMustWork(target revoke.Target) {
	l.t.Helper()
	for _, d := range l.desired.Destinations {
		if target.All || slices.Contains(target.Accounts, d.Account) {
			continue
		}
		for _, c := range d.Clusters {
			if slices.Contains(target.Clusters, plan.ClusterRef{Account: d.Account, Cluster: c.Cluster}) {
				continue
			}
			if r := l.proof(l.t.Context(), c); r.Broken != "" {
				l.t.Errorf("the key of cluster %s does not work: %s", c.Cluster, r.Broken)
			}
		}
	}
}

// What was made by hand and taken over is given back as it was, but for its keys, which are inactive.
func TestWhatWasAdoptedIsReleased(t *testing.T) {
	byHand := func(t *testing.T) *lab {
		l := newLab(t, sandbox.Config{}, "  posture: documented")
		l.mustApply()
		for account, policies := range map[arn.AccountID][]string{
			source: {"curated-packages-policy"}, retail: {"curated-packages-assume-role-policy"}, depot: {"curated-packages-assume-role-policy"},
		} {
			for _, name := range policies {
				_, err := l.sandbox.IAM(account).UntagPolicy(t.Context(), &iam.UntagPolicyInput{
					PolicyArn: aws.String(arn.IAM(account, "policy", "/", name).String()), TagKeys: []string{share.TagShare, share.TagDestination},
				})
				must(t, err)
			}
		}
		for _, account := range []arn.AccountID{retail, depot} {
			_, err := l.sandbox.IAM(account).UntagUser(t.Context(), &iam.UntagUserInput{
				UserName: aws.String("curated-packages-user"), TagKeys: []string{share.TagShare, share.TagDestination},
			})
			must(t, err)
		}
		_, err := l.sandbox.IAM(source).UntagRole(t.Context(), &iam.UntagRoleInput{
			RoleName: aws.String("curated-packages-role"), TagKeys: []string{share.TagShare},
		})
		must(t, err)
		l.mustApply(func(o *plan.Options) { o.Adopt = true })
		return l
	}
	t.Run("it is there as before, without a tag of pullpass, and its keys are inactive", func(t *testing.T) {
		l := byHand(t)
		before := l.left()
		l.mustRevoke(revoke.Target{All: true})
		if diff := cmp.Diff(before, l.left()); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		user, err := l.sandbox.IAM(retail).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("curated-packages-user")})
		must(t, err)
		role, err := l.sandbox.IAM(source).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("curated-packages-role")})
		must(t, err)
		if tags := append(user.User.Tags, role.Role.Tags...); len(tags) > 0 {
			t.Errorf("there are tags left: %v", tags)
		}
		keys, err := l.sandbox.IAM(retail).ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("curated-packages-user")})
		must(t, err)
		if k := keys.AccessKeyMetadata; len(k) != 1 || k[0].Status != types.StatusTypeInactive {
			t.Errorf("its keys are %+v", k)
		}
		calls := &recorder{RoundTripper: l.transport}
		l.transport = calls
		l.mustRevoke(revoke.Target{All: true})
		if writes := calls.writes(); len(writes) > 0 {
			t.Errorf("the second run made the calls %v", writes)
		}
	})
	t.Run("it goes if that is asked for", func(t *testing.T) {
		l := byHand(t)
		l.mustRevoke(revoke.Target{All: true}, func(r *provision.Revoker) { r.Options.DeleteAdopted = true })
		for _, what := range l.left() {
			if strings.Contains(what, "curated-packages") || strings.HasPrefix(what, "delivery") {
				t.Errorf("%s is left", what)
			}
		}
	})
}

// A deny goes once what it was for has ended by itself, by the next run of whatever kind.
func TestADenyIsTakenAwayAfterADay(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	l.mustRevoke(oneStore())
	const denied = "111111111111 role pullpass-packages-999999999999 denies store-001"
	for _, age := range []time.Duration{23 * time.Hour, 25 * time.Hour} {
		l.apply(func(o *plan.Options) { o.Now = time.Now().Add(age) })
		if found := slices.Contains(l.left(), denied); found != (age < plan.DenyAge) {
			t.Errorf("after %s the deny is there: %v", age, found)
		}
	}
	role, err := l.sandbox.IAM(source).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("pullpass-packages-999999999999")})
	must(t, err)
	for _, tag := range role.Role.Tags {
		if aws.ToString(tag.Key) == plan.TagRevoked {
			t.Error("the role bears the mark yet")
		}
	}
	l.mustRevoke(oneStore(), func(r *provision.Revoker) { r.Clock = func() time.Time { return time.Now().Add(25 * time.Hour) } })
}
