package status_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/status"
)

const (
	source = arn.AccountID("111111111111")
	retail = arn.AccountID("999999999999")
	user   = "pullpass-packages-store-001"
	held   = "AKIAQAAAAAAAAAAAAA01"
	second = "AKIAQAAAAAAAAAAAAA02"
	day    = 24 * time.Hour
)

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

const document = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  destinations:
    - account: "999999999999"
      access: {profile: retail}
      clusters:
        - {name: store-001, directory: out/store-001}
        - {name: store-002, kubernetes: {kubeconfig: config, context: store-002}, workloadClusters: [store-002-w1]}
`

// scene is a share, of which store-001 holds the only key of its user, used an hour ago.
type scene struct {
	t       *testing.T
	account *plan.Account
	status.Facts
}

func newScene(t *testing.T) *scene {
	t.Helper()
	doc, err := share.Parse("share.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	desired, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	delivered := desired.Destinations[0].Clusters[0].Config
	delivered.Key = credential.AccessKey{ID: held}
	account := &plan.Account{
		State: plan.Read, Caller: arn.IAM(retail, "user", "/", "admin"),
		Users: map[string]*plan.User{user: {
			ARN: arn.IAM(retail, "user", "/pullpass/packages/", user), Tags: map[string]string{},
			Keys: []plan.Key{{
				ID: held, Active: true, Created: now().Add(-3 * day), Use: plan.Used, LastUsed: now().Add(-time.Hour), UsedService: "sts", UsedRegion: "us-west-2",
			}},
		}},
		Deliveries: map[string]plan.Delivery{
			"store-001":    {State: plan.Held, Config: delivered, Complete: true, Written: now().Add(-2 * day)},
			"store-002":    {State: plan.None},
			"store-002-w1": {State: plan.None},
		},
	}
	return &scene{t: t, account: account, Facts: status.Facts{
		Desired: desired,
		Observed: plan.Observed{Accounts: map[arn.AccountID]*plan.Account{
			source: {State: plan.Read, Caller: arn.IAM(source, "user", "/", "admin")}, retail: account,
		}},
		Plan: &plan.Plan{Sides: []plan.Side{{Account: source, Part: plan.SourcePart}, {Account: retail, Part: plan.DestinationPart}}},
		Now:  now(), MaxAge: 90 * day,
	}}
}

func (s *scene) key() *plan.Key { return &s.account.Users[user].Keys[0] }

// dues are the kinds of what is due; an exclamation mark says overdue.
func dues(r *status.Report) []string {
	kinds := []string{}
	for _, d := range r.Due {
		kind := string(d.Kind)
		if d.Overdue {
			kind += "!"
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

func subscription(days int, renews bool, words string) *status.Subscription {
	end := now().Add(time.Duration(days) * day)
	return &status.Subscription{ID: "e29f", Status: words, Expires: &end, AutoRenew: renews}
}

func TestWhatIsDue(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*scene)
		want   []string
	}{
		"nothing, of a young key": {change: func(*scene) {}},
		"a key 15 days before its age is not": {change: func(s *scene) {
			s.key().Created = now().Add(-75 * day)
		}},
		"a key 14 days before its age is": {change: func(s *scene) {
			s.key().Created = now().Add(-76 * day)
		}, want: []string{"rotation"}},
		"a key of that very age is overdue": {change: func(s *scene) {
			s.key().Created = now().Add(-90 * day)
		}, want: []string{"rotation!"}},
		"an old key is not where keys have no age": {change: func(s *scene) {
			s.MaxAge, s.key().Created = 0, now().Add(-900*day)
		}},
		"a rotation that has not ended, and its old key not for itself": {change: func(s *scene) {
			u := s.account.Users[user]
			u.Tags[plan.TagRetiring] = second
			u.Keys = append(u.Keys, plan.Key{ID: second, Created: now().Add(-100 * day), Use: plan.NeverUsed})
		}, want: []string{"rotation-pending"}},
		"a run that has left its mark": {change: func(s *scene) {
			s.account.Users[user].Tags[plan.TagPending] = "20261122T110000Z.00000001.laptop"
		}, want: []string{"run-pending"}},
		"an inactive key": {change: func(s *scene) {
			u := s.account.Users[user]
			u.Keys = append(u.Keys, plan.Key{ID: second, Created: now(), Use: plan.NeverUsed})
		}, want: []string{"inactive-key"}},
		"an active key that nobody holds": {change: func(s *scene) {
			u := s.account.Users[user]
			u.Keys = append(u.Keys, plan.Key{ID: second, Active: true, Created: now(), Use: plan.NeverUsed})
		}, want: []string{"unheld-key"}},
		"an active key that somebody unseen may hold is not": {change: func(s *scene) {
			u := s.account.Users[user]
			u.Keys = append(u.Keys, plan.Key{ID: second, Active: true, Created: now(), Use: plan.NeverUsed})
			s.account.Deliveries["store-001"] = plan.Delivery{State: plan.Unknown}
		}},
		"a step of the plan": {change: func(s *scene) {
			s.Plan.Steps = []plan.Step{{Account: retail, Verb: plan.Tag, Target: "user " + user}}
		}, want: []string{"drift"}},
		"a deny of a revocation that is over is not": {change: func(s *scene) {
			s.Plan.Steps = []plan.Step{{Account: retail, Verb: plan.Delete, Target: "user " + user, Op: plan.LiftDenies{}}}
		}},
		"a problem of the plan": {change: func(s *scene) {
			s.Plan.Problems = []plan.Problem{{Kind: plan.MadeByHand, Account: retail, Target: "user " + user}}
		}, want: []string{"drift"}},
		"a problem of who looks is not": {change: func(s *scene) {
			s.Plan.Problems = []plan.Problem{{Kind: plan.DeliveryUnknown, Account: retail, Cluster: "store-001"}}
		}},
		"the steps of a side that is handed over are not": {change: func(s *scene) {
			s.Observed.Accounts[retail] = &plan.Account{State: plan.NoAccess}
			s.Plan.Steps = []plan.Step{{Account: retail, Verb: plan.Create, Target: "user " + user}}
		}},
		"what differs from a registry that was guessed is not": {change: func(s *scene) {
			s.Subscription = &status.Subscription{ID: "e29f", Error: "EKS could not be asked"}
			s.Plan.Steps = []plan.Step{{Account: source, Verb: plan.Update, Target: "policy pullpass-packages-read"}}
		}},
		"what was left behind": {change: func(s *scene) {
			s.Plan.LeftBehind = []plan.Left{{Account: retail, Target: "user pullpass-packages-store-009"}}
		}, want: []string{"left-behind"}},
		"a recorded proof that failed": {change: func(s *scene) {
			s.Proofs = map[plan.ClusterRef]status.Proof{{Account: retail, Cluster: "store-001"}: {Outcome: status.Broken, Recorded: true}}
		}, want: []string{"proof-broken"}},
		"a proof that failed now is not: the exit code says it": {change: func(s *scene) {
			s.Proofs = map[plan.ClusterRef]status.Proof{{Account: retail, Cluster: "store-001"}: {Outcome: status.Broken}}
		}},
		"the key of a user that clusters have moved away from": {change: func(s *scene) {
			s.account.Former = map[string]*plan.User{"curated-packages-user": {
				Tags: map[string]string{share.TagShare: "packages"}, Keys: []plan.Key{{ID: "AKIAQAAAAAAAAAAAAA09", Active: true, Created: now().Add(-day), Use: plan.NeverUsed}},
			}}
		}, want: []string{"rotation-pending"}},
		"the key of another share's user is not": {change: func(s *scene) {
			s.account.Former = map[string]*plan.User{"curated-packages-user": {
				Tags: map[string]string{share.TagShare: "another"}, Keys: []plan.Key{{ID: "AKIAQAAAAAAAAAAAAA09", Active: true, Created: now().Add(-day), Use: plan.NeverUsed}},
			}}
		}},
		"a subscription 15 days before its end is not": {change: func(s *scene) { s.Subscription = subscription(15, false, "ACTIVE") }},
		"a subscription 14 days before its end":        {change: func(s *scene) { s.Subscription = subscription(14, false, "ACTIVE") }, want: []string{"subscription"}},
		"a subscription at its end":                    {change: func(s *scene) { s.Subscription = subscription(0, false, "ACTIVE") }, want: []string{"subscription!"}},
		"a subscription that renews itself is not":     {change: func(s *scene) { s.Subscription = subscription(1, true, "ACTIVE") }},
		"a subscription that EKS calls expiring":       {change: func(s *scene) { s.Subscription = subscription(40, true, "EXPIRING") }, want: []string{"subscription"}},
		"a subscription that EKS calls expired":        {change: func(s *scene) { s.Subscription = subscription(40, true, "EXPIRED") }, want: []string{"subscription!"}},
		"of two things the subscription comes first": {change: func(s *scene) {
			s.Subscription, s.key().Created = subscription(1, false, "ACTIVE"), now().Add(-91*day)
		}, want: []string{"subscription", "rotation!"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := newScene(t)
			test.change(s)
			if diff := cmp.Diff(append([]string{}, test.want...), dues(status.New(s.Facts))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhatIsUnknown(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*scene)
		want   []status.Unknown
	}{
		"nothing where all was read": {change: func(*scene) {}},
		"a delivery that cannot be read": {change: func(s *scene) {
			s.account.Deliveries["store-002"] = plan.Delivery{Err: errors.New("connection\nrefused")}
		}, want: []status.Unknown{{Account: retail, Cluster: "store-002", What: "connection; refused"}}},
		"an account that cannot be read": {change: func(s *scene) {
			s.Observed.Accounts[retail] = &plan.Account{State: plan.Failed}
			s.Plan.Problems = []plan.Problem{{Kind: plan.Unreadable, Account: retail, Msg: "throttled"}}
		}, want: []status.Unknown{{Account: retail, What: "throttled"}}},
		"an account that is somebody else's": {change: func(s *scene) {
			s.account.Caller = arn.IAM(source, "user", "/", "admin")
		}, want: []status.Unknown{{Account: retail, What: "the account could not be read"}}},
		"no account without access": {change: func(s *scene) {
			s.Observed.Accounts[retail] = &plan.Account{State: plan.NoAccess}
		}},
		"a last use that nobody may ask for": {change: func(s *scene) {
			s.key().Use = plan.UseUnknown
		}, want: []status.Unknown{{Account: retail, What: "the last use of access key " + held + ": iam:GetAccessKeyLastUsed is refused"}}},
		"a subscription that EKS could not be asked about": {change: func(s *scene) {
			s.Subscription = &status.Subscription{ID: "e29f", Error: "no answer"}
		}, want: []status.Unknown{{What: "the end of subscription e29f: no answer"}}},
		"a proof that could not be tried": {change: func(s *scene) {
			s.Proofs = map[plan.ClusterRef]status.Proof{{Account: retail, Cluster: "store-001"}: {Outcome: status.Unproven, Error: "no answer"}}
		}, want: []status.Unknown{{Account: retail, Cluster: "store-001", What: "proof: no answer"}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := newScene(t)
			test.change(s)
			if diff := cmp.Diff(append([]status.Unknown{}, test.want...), status.New(s.Facts).Unknown); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAClusterIsSaidToHold(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*scene)
		state  status.State
		key    status.KeyState
	}{
		"the key of its user":                     {change: func(*scene) {}, state: status.Held, key: status.Active},
		"a key that is inactive":                  {change: func(s *scene) { s.key().Active = false }, state: status.Held, key: status.Inactive},
		"a key that is gone":                      {change: func(s *scene) { s.account.Users[user].Keys = nil }, state: status.Held, key: status.Gone},
		"nothing":                                 {change: func(s *scene) { s.account.Deliveries["store-001"] = plan.Delivery{State: plan.None} }, state: status.None},
		"what nobody could read":                  {change: func(s *scene) { s.account.Deliveries["store-001"] = plan.Delivery{} }, state: status.Unread},
		"what is unknown with its account":        {change: func(s *scene) { s.account.State = plan.Failed }, state: status.Unread},
		"what an administrator elsewhere gave it": {change: func(s *scene) { s.account.State = plan.NoAccess }, state: status.HandedOver},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := newScene(t)
			test.change(s)
			got := status.New(s.Facts).Clusters[0]
			if got.State != test.state || got.KeyState != test.key {
				t.Errorf("%s %q, want %s %q", got.State, got.KeyState, test.state, test.key)
			}
		})
	}
}

func TestAnotherUsersDriftIsNoClustersOwn(t *testing.T) {
	s := newScene(t)
	s.Plan.Steps = []plan.Step{
		{Account: retail, Verb: plan.Create, Target: "user pullpass-packages-store-002"},
		{Account: retail, Verb: plan.Tag, Target: "user " + user},
		{Account: retail, Verb: plan.Write, Target: "delivery to store-002", Cluster: "store-002"},
		{Account: source, Verb: plan.Update, Target: "role pullpass-packages-999999999999"},
	}
	got := map[string][]string{}
	for _, c := range status.New(s.Facts).Clusters {
		got[c.Cluster] = c.Drift
	}
	want := map[string][]string{
		"store-001": {"tag user " + user, "update role pullpass-packages-999999999999"},
		"store-002": {
			"create user pullpass-packages-store-002", "write delivery to store-002", "update role pullpass-packages-999999999999",
		},
		"store-002-w1": {"create user pullpass-packages-store-002", "update role pullpass-packages-999999999999"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhoHoldsAKey(t *testing.T) {
	role := "arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999"
	for sentence, test := range map[string]struct {
		change func(*scene)
		key    string
		want   []string
	}{
		"a cluster": {change: func(*scene) {}, key: held, want: []string{
			"access key " + held + " is user " + user + " of account 999999999999: active, 3 days old, last used 2026-11-22T11:00:00Z sts us-west-2",
			"  held by 999999999999 store-001 (out/store-001), use unseen",
			"  assumes " + role,
			"  opens   346438352937.dkr.ecr.us-west-2.amazonaws.com",
		}},
		"a cluster, of an inactive key, which opens nothing": {change: func(s *scene) { s.key().Active = false }, key: held, want: []string{
			"access key " + held + " is user " + user + " of account 999999999999: inactive, 3 days old, last used 2026-11-22T11:00:00Z sts us-west-2",
			"  held by 999999999999 store-001 (out/store-001), use unseen",
			"  assumes " + role,
		}},
		"a user alone": {change: func(s *scene) { s.account.Deliveries["store-001"] = plan.Delivery{State: plan.None} }, key: held, want: []string{
			"access key " + held + " is user " + user + " of account 999999999999: active, 3 days old, last used 2026-11-22T11:00:00Z sts us-west-2",
			"  assumes " + role,
			"  opens   346438352937.dkr.ecr.us-west-2.amazonaws.com",
		}},
		"a delivery alone": {change: func(s *scene) { s.account.Users[user].Keys = nil }, key: held, want: []string{
			"access key " + held + " is none of a user of share packages that was read, and a delivery holds it",
			"  held by 999999999999 store-001 (out/store-001), use unseen",
			"  assumes " + role,
		}},
		"nobody": {change: func(*scene) {}, key: second, want: []string{
			"access key " + second + ": nobody of share packages has it, as far as was read",
		}},
		"nobody that was seen": {change: func(s *scene) { s.account.State = plan.NoAccess }, key: held, want: []string{
			"access key " + held + ": nobody of share packages has it, as far as was read",
			"  not looked at: 999999999999, to which the share gives no access",
		}},
		"nobody, and somebody unknown": {change: func(s *scene) { s.account.Deliveries["store-002"] = plan.Delivery{} }, key: second, want: []string{
			"access key " + second + ": nobody of share packages has it, as far as was read",
			"  unknown: 999999999999 store-002: the delivery could not be read",
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := newScene(t)
			test.change(s)
			var b strings.Builder
			if err := status.New(s.Facts).Find(awsid.AccessKeyID(test.key)).WriteText(&b); err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheSameFactsGiveTheSameReport(t *testing.T) {
	text := func() string {
		s := newScene(t)
		report := status.New(s.Facts)
		var b strings.Builder
		if err := report.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		return b.String() + string(encoded)
	}
	first := text()
	if first != text() {
		t.Error("twice the same gave two reports")
	}
	want := "999999999999  store-001            " + held + "  active             3d   2026-11-22T11:00:00Z sts us-west-2  2026-11-20T12:00:00Z  not recorded  none\n"
	if !strings.Contains(first, want) {
		t.Errorf("want a line %s in\n%s", want, first)
	}
}

func TestDriftIsNotDeniedWhereTheSourceWasNotCompared(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*scene)
		want   string
	}{
		"the source was read":       {change: func(*scene) {}, want: "none"},
		"the source was not read":   {change: func(s *scene) { s.Observed.Accounts[source].State = plan.Failed }, want: "unknown"},
		"the registry was guessed":  {change: func(s *scene) { s.Subscription = &status.Subscription{ID: "e29f", Error: "no answer"} }, want: "unknown"},
		"the source is handed over": {change: func(s *scene) { s.Observed.Accounts[source].State = plan.NoAccess }, want: "none"},
		"the account was handed on": {change: func(s *scene) { s.account.State = plan.NoAccess }, want: "unknown"},
		"there is drift all the same": {change: func(s *scene) {
			s.Observed.Accounts[source].State = plan.Failed
			s.Plan.Steps = []plan.Step{{Account: retail, Verb: plan.Tag, Target: "user " + user}}
		}, want: "1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := newScene(t)
			test.change(s)
			var b strings.Builder
			if err := status.New(s.Facts).WriteText(&b); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if fields := strings.Fields(line); len(fields) > 5 && fields[1] == "store-001" && fields[len(fields)-1] != test.want {
					t.Errorf("want %s at the end of %s", test.want, line)
				}
			}
		})
	}
}

// Only a proof that was made now makes the command fail.
func TestARecordedProofIsOfThePast(t *testing.T) {
	for sentence, test := range map[string]struct {
		proof status.Proof
		want  bool
	}{
		"broken now":    {status.Proof{Outcome: status.Broken}, true},
		"broken before": {status.Proof{Outcome: status.Broken, Recorded: true}, false},
		"proven now":    {status.Proof{Outcome: status.Proven}, false},
	} {
		s := newScene(t)
		s.Proofs = map[plan.ClusterRef]status.Proof{{Account: retail, Cluster: "store-001"}: test.proof}
		if got := status.New(s.Facts).Broken(); got != test.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}
