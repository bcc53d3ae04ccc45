package revoke_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
)

const (
	user1 = "pullpass-packages-store-001"
	user2 = "pullpass-packages-store-002"
)

func TestWhatGoesInWhichOrder(t *testing.T) {
	one := []string{
		"! 1 create deny on role pullpass-packages-999999999999: AROAA:" + user1,
		"! 9 deactivate access key AKIA-" + user1 + " of user " + user1,
		"9 delete user " + user1,
		"9 delete delivery to store-001 (context store-001)",
		"9 delete delivery to till-1 (by context store-001)",
	}
	without := func(lines []string, less ...string) []string {
		return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
			return slices.ContainsFunc(less, func(s string) bool { return strings.Contains(l, s) })
		})
	}
	for sentence, test := range map[string]struct {
		posture string
		target  revoke.Target
		change  func(*scene)
		want    []string
	}{
		"a cluster: its sessions, its key, then its user, and what it holds last": {target: clusters("store-001"), want: one},
		"two clusters of a destination have one deny": {target: clusters("store-001", "store-002"), want: []string{
			"! 1 create deny on role pullpass-packages-999999999999: AROAA:" + user1 + " AROAA:" + user2,
			"! 9 deactivate access key AKIA-" + user1 + " of user " + user1,
			"! 9 deactivate access key AKIA-" + user2 + " of user " + user2,
			"9 delete user " + user1, "9 delete delivery to store-001 (context store-001)", "9 delete delivery to till-1 (by context store-001)",
			"9 delete user " + user2, "9 delete delivery to store-002 (out/store-002)",
		}},
		"killed after its sessions were denied, it goes on": {
			target: clusters("store-001"), want: without(one, "deny on"),
			change: func(s *scene) {
				s.role("pullpass-packages-999999999999").Denies = []plan.Deny{plan.NewDeny("packages", "x", now().Add(-time.Hour), []string{"AROAA:" + user1})}
			},
		},
		"a deny that will soon be over is none": {
			target: clusters("store-001"), want: one,
			change: func(s *scene) {
				s.role("pullpass-packages-999999999999").Denies = []plan.Deny{plan.NewDeny("packages", "x", now().Add(-13*time.Hour), []string{"AROAA:" + user1})}
			},
		},
		"nor is a neighbour's": {
			target: clusters("store-001"), want: one,
			change: func(s *scene) {
				s.role("pullpass-packages-999999999999").Denies = []plan.Deny{plan.NewDeny("packages", "x", now(), []string{"AROAA:" + user2})}
			},
		},
		"one that is over goes on the way": {
			target: clusters("store-001"), want: slices.Concat(one[:2], []string{"1 delete denies of role pullpass-packages-999999999999"}, one[2:]),
			change: func(s *scene) {
				s.role("pullpass-packages-999999999999").Denies = []plan.Deny{plan.NewDeny("packages", "x", now().Add(-25*time.Hour), []string{"AROAA:" + user1})}
			},
		},
		"killed after its key was deactivated, it goes on": {
			target: clusters("store-001"), want: without(one, "deactivate"),
			change: func(s *scene) { s.user(retail, user1).Keys[0].Active = false },
		},
		"killed after its user went, the deliveries go": {
			target: clusters("store-001"), want: without(one, "deny on", "deactivate", "delete user"),
			change: func(s *scene) {
				delete(s.account(retail).Users, user1)
				s.role("pullpass-packages-999999999999").Denies = []plan.Deny{plan.NewDeny("packages", "x", now().Add(-13*time.Hour), []string{"AROAA:" + user1})}
			},
		},
		"where somebody else deleted the user, its sessions are denied": {
			target: clusters("store-001"), want: without(one, "deactivate", "delete user"),
			change: func(s *scene) { delete(s.account(retail).Users, user1) },
		},
		"so they are where nobody sees what it holds": {
			target: clusters("store-001"), want: one[:1],
			change: func(s *scene) {
				delete(s.account(retail).Users, user1)
				s.account(retail).Deliveries["store-001"] = plan.Delivery{Err: errors.New("no way")}
				s.account(retail).Deliveries["till-1"] = plan.Delivery{State: plan.None}
			},
		},
		"what was revoked leaves nothing to do": {
			target: clusters("store-001"),
			change: func(s *scene) {
				delete(s.account(retail).Users, user1)
				s.account(retail).Deliveries["store-001"] = plan.Delivery{State: plan.None}
				s.account(retail).Deliveries["till-1"] = plan.Delivery{State: plan.None}
			},
		},
		"a second key of the user goes too": {
			target: clusters("store-002"), want: []string{
				"! 1 create deny on role pullpass-packages-999999999999: AROAA:" + user2,
				"! 9 deactivate access key AKIA-" + user2 + " of user " + user2,
				"! 9 deactivate access key AKIA-another of user " + user2,
				"9 delete user " + user2, "9 delete delivery to store-002 (out/store-002)",
			},
			change: func(s *scene) {
				u := s.user(retail, user2)
				u.Keys = append(u.Keys, plan.Key{ID: "AKIA-another", Active: true}, plan.Key{ID: "AKIA-inactive"})
			},
		},
		"what was delivered stays if that is asked for": {
			target: clusters("store-001"), want: without(one, "delivery"),
			change: func(s *scene) { s.options.KeepDeliveries = true },
		},
		"a delivery that cannot be read stays": {
			target: clusters("store-001"), want: without(one, "delivery to till-1"),
			change: func(s *scene) { s.account(retail).Deliveries["till-1"] = plan.Delivery{Err: errors.New("no way")} },
		},
		"and so does one that is not the share's": {
			target: clusters("store-002"), want: []string{
				"! 1 create deny on role pullpass-packages-999999999999: AROAA:" + user2,
				"! 9 deactivate access key AKIA-" + user2 + " of user " + user2, "9 delete user " + user2,
			},
			change: func(s *scene) {
				d := s.account(retail).Deliveries["store-002"]
				d.Config.RoleARN, d.Config.Key.ID = arn.IAM(source, "role", "/", "other"), "AKIA-other"
				s.account(retail).Deliveries["store-002"] = d
			},
		},
		"so does what a neighbour was given": {
			target: clusters("store-001"), want: without(one, "delivery to store-001"),
			change: func(s *scene) { s.account(retail).Deliveries["store-001"] = s.account(retail).Deliveries["store-002"] },
		},
		"what it was given goes too where the keys went already": {
			target: clusters("store-001"), want: without(one, "deactivate"), change: func(s *scene) { s.user(retail, user1).Keys = nil },
		},
		"a user that is not the share's is left alone": {
			target: clusters("store-001"),
			change: func(s *scene) { s.user(retail, user1).Tags = nil },
		},
		"a user that was adopted is released, with what it was given": {
			target: clusters("store-001"), want: append(slices.Clone(one[:2]), "9 untag user "+user1),
			change: func(s *scene) { s.user(retail, user1).Tags[plan.TagAdopted] = "true" },
		},
		"or deleted if that is asked for": {
			target: clusters("store-001"), want: one,
			change: func(s *scene) {
				s.user(retail, user1).Tags[plan.TagAdopted] = "true"
				s.options.DeleteAdopted = true
			},
		},
		"without access to the source, its key and user go": {
			target: clusters("store-001"), want: without(one, "deny on"),
			change: func(s *scene) { s.observed.Accounts[source] = &plan.Account{State: plan.NoAccess} },
		},
		"without access to the destination, its sessions are denied and the rest is handed over": {
			target: clusters("store-001"), want: []string{one[0], one[2]},
			change: func(s *scene) { s.observed.Accounts[retail] = &plan.Account{State: plan.NoAccess} },
		},
		"where the destination cannot be read, its sessions are denied": {
			target: clusters("store-001"), want: one[:1],
			change: func(s *scene) {
				s.observed.Accounts[retail] = &plan.Account{State: plan.Failed, Err: errors.New("no way")}
			},
		},
		"so they are where the access leads to another account, whatever has the same names there": {
			target: clusters("store-001"), want: one[:1],
			change: func(s *scene) {
				a := s.account(retail)
				a.Caller = arn.IAM(depot, "user", "/", "admin")
				a.Users[user1].ARN.Account = depot
			},
		},
		"no harder than it takes: a neighbour's sessions can be told apart": {
			target: clusters("store-001"), want: one, change: func(s *scene) { s.options.Hard = true },
		},
		"a destination goes with its policy and its role": {target: revoke.Target{Accounts: []arn.AccountID{depot}}, want: []string{
			"! 1 create deny on role pullpass-packages-222222222222: ",
			"! 2 deactivate access key AKIA-pullpass-packages-depot-001 of user pullpass-packages-depot-001",
			"1 delete role pullpass-packages-222222222222",
			"2 delete user pullpass-packages-depot-001", "2 delete delivery to depot-001 (out/depot-001)",
			"2 delete policy pullpass-packages-assume-role",
		}},
		"a policy stays where a user that was adopted stays": {
			target: revoke.Target{Accounts: []arn.AccountID{depot}}, want: []string{
				"! 1 create deny on role pullpass-packages-222222222222: ",
				"! 2 deactivate access key AKIA-pullpass-packages-depot-001 of user pullpass-packages-depot-001",
				"1 delete role pullpass-packages-222222222222",
				"2 untag user pullpass-packages-depot-001", "2 untag policy pullpass-packages-assume-role",
			},
			change: func(s *scene) { s.user(depot, "pullpass-packages-depot-001").Tags[plan.TagAdopted] = "true" },
		},
		"a documented cluster that shares its user loses nothing": {posture: "documented", target: clusters("store-001")},
		"unless the role is denied to all": {
			posture: "documented", target: clusters("store-001"), want: []string{"! 1 create deny on role curated-packages-role: "},
			change: func(s *scene) { s.options.Hard = true },
		},
		"a documented cluster alone in its destination loses its user": {posture: "documented", target: clusters("depot-001"), want: []string{
			"! 2 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
			"2 delete user curated-packages-user", "2 delete delivery to depot-001 (out/depot-001)",
		}},
		"a documented destination loses the role's trust": {posture: "documented", target: revoke.Target{Accounts: []arn.AccountID{depot}}, want: []string{
			"! 1 update role curated-packages-role",
			"! 2 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
			"2 delete user curated-packages-user", "2 delete delivery to depot-001 (out/depot-001)",
			"2 delete policy curated-packages-assume-role-policy",
		}},
		"whoever administers the source is told to free the role's trust of it": {
			posture: "documented", target: revoke.Target{Accounts: []arn.AccountID{depot}}, want: []string{
				"! 1 update role curated-packages-role",
				"! 2 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
				"2 delete user curated-packages-user", "2 delete delivery to depot-001 (out/depot-001)",
				"2 delete policy curated-packages-assume-role-policy",
			},
			change: func(s *scene) { s.observed.Accounts[source] = &plan.Account{State: plan.NoAccess} },
		},
		"nothing is removed before the source can be read: what stays tells whose sessions there are": {
			target: revoke.Target{Accounts: []arn.AccountID{depot}}, want: []string{
				"! 2 deactivate access key AKIA-pullpass-packages-depot-001 of user pullpass-packages-depot-001",
			},
			change: func(s *scene) {
				s.observed.Accounts[source] = &plan.Account{State: plan.Failed, Err: errors.New("no way")}
			},
		},
		"the whole share, documented": {posture: "documented", target: revoke.Target{All: true}, want: []string{
			"! 1 create deny on role curated-packages-role: ",
			"! 9 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
			"! 2 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
			"1 delete role curated-packages-role", "1 delete policy curated-packages-policy",
			"9 delete user curated-packages-user", "9 delete delivery to store-001 (context store-001)",
			"9 delete delivery to till-1 (by context store-001)", "9 delete delivery to store-002 (out/store-002)",
			"9 delete policy curated-packages-assume-role-policy",
			"2 delete user curated-packages-user", "2 delete delivery to depot-001 (out/depot-001)", "2 delete policy curated-packages-assume-role-policy",
		}},
		"a role that was adopted keeps what it gives others": {
			posture: "documented", target: revoke.Target{All: true}, want: []string{
				"! 9 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
				"! 2 deactivate access key AKIA-curated-packages-user of user curated-packages-user",
				"1 untag role curated-packages-role", "1 untag policy curated-packages-policy",
				"9 delete user curated-packages-user", "9 delete delivery to store-001 (context store-001)",
				"9 delete delivery to till-1 (by context store-001)", "9 delete delivery to store-002 (out/store-002)",
				"9 delete policy curated-packages-assume-role-policy",
				"2 delete user curated-packages-user", "2 delete delivery to depot-001 (out/depot-001)", "2 delete policy curated-packages-assume-role-policy",
			},
			change: func(s *scene) {
				r := s.role("curated-packages-role")
				r.Tags[plan.TagAdopted] = "true"
				trust := *r.Trust
				trust.Statements = slices.Clone(trust.Statements)
				principal := *trust.Statements[0].Principal
				principal.AWS = append(slices.Clone(principal.AWS), "arn:aws:iam::444444444444:root")
				trust.Statements[0].Principal = &principal
				r.Trust = &trust
			},
		},
		"a cluster with another user's key is not revoked by taking its own user": {
			target: clusters("store-002"),
			change: func(s *scene) {
				former := &plan.User{
					ARN: arn.IAM(retail, "user", "/", "curated-packages-user"), Keys: []plan.Key{{ID: "AKIA-former", Active: true}},
					Tags: map[string]string{share.TagShare: "packages"},
				}
				s.account(retail).Former[former.ARN.Name()] = former
				d := s.account(retail).Deliveries["store-002"]
				d.Config.Key.ID = "AKIA-former"
				s.account(retail).Deliveries["store-002"] = d
			},
		},
		"what was left behind goes with its sessions": {
			target: revoke.Target{LeftBehind: true}, want: []string{
				"! 1 create deny on role pullpass-packages-999999999999: AROAA:pullpass-packages-store-009",
				"! 1 create deny on role pullpass-packages-333333333333: ",
				"! 9 deactivate access key AKIA-9 of user pullpass-packages-store-009",
				"1 delete role pullpass-packages-333333333333", "9 delete user pullpass-packages-store-009",
			},
			change: leaveBehind,
		},
		"but for what a cluster may use yet": {
			target: revoke.Target{LeftBehind: true},
			change: func(s *scene) {
				leaveBehind(s)
				d := s.account(retail).Deliveries["store-002"]
				d.Config.Key.ID, d.Config.RoleARN = "AKIA-9", s.account(source).Leftovers.Roles["pullpass-packages-333333333333"].ARN
				s.account(retail).Deliveries["store-002"] = d
			},
		},
		"or whoever took over its files": {
			target: revoke.Target{LeftBehind: true}, want: []string{
				"! 1 create deny on role pullpass-packages-333333333333: ", "1 delete role pullpass-packages-333333333333",
			},
			change: func(s *scene) {
				leaveBehind(s)
				s.user(retail, user2).Tags[plan.TagFormer+"AKIA-9"] = "pullpass-packages-store-009"
			},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			posture := test.posture
			if posture == "" {
				posture = "hardened"
			}
			s := settled(t, posture)
			if test.change != nil {
				test.change(s)
			}
			if diff := cmp.Diff(test.want, steps(t, s.decide(t, test.target))); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// leaveBehind adds a user and a role that the share once asked for.
func leaveBehind(s *scene) {
	tags := map[string]string{share.TagShare: "packages"}
	user := &plan.User{
		ARN: arn.IAM(retail, "user", "/pullpass/packages/", "pullpass-packages-store-009"), Tags: tags, Keys: []plan.Key{{ID: "AKIA-9", Active: true}},
	}
	role := &plan.Role{ARN: arn.IAM(source, "role", "/pullpass/packages/", "pullpass-packages-333333333333"), ID: "AROAZ", Tags: tags}
	s.account(retail).Leftovers.Users[user.ARN.Name()] = user
	s.account(source).Leftovers.Roles[role.ARN.Name()] = role
}

func TestWhatEndsTheWaysIn(t *testing.T) {
	for sentence, test := range map[string]struct {
		posture      string
		target       revoke.Target
		change       func(*scene)
		key, session revoke.Ending
	}{
		"the steps of the plan": {
			posture: "hardened", target: clusters("store-002"),
			key:     revoke.Ending{Step: "999999999999/deactivate access key AKIA-" + user2 + " of user " + user2},
			session: revoke.Ending{Step: "111111111111/create deny on role pullpass-packages-999999999999"},
		},
		"what has ended has": {
			posture: "hardened", target: clusters("store-002"),
			change: func(s *scene) {
				delete(s.account(retail).Users, user2)
				s.account(retail).Deliveries["store-002"] = plan.Delivery{State: plan.None}
			},
			key: revoke.Ending{Ended: true}, session: revoke.Ending{Ended: true},
		},
		"nothing ends the sessions of a role that others use": {
			posture: "documented", target: clusters("depot-001"),
			key:     revoke.Ending{Step: "222222222222/deactivate access key AKIA-curated-packages-user of user curated-packages-user"},
			session: revoke.Ending{Why: "clusters share the role, and AWS cannot tell their sessions apart (--hard denies the role to all of them)"},
		},
		"nor yet those of a source that could not be read": {
			posture: "hardened", target: clusters("store-002"),
			change: func(s *scene) {
				s.observed.Accounts[source] = &plan.Account{State: plan.Failed, Err: errors.New("no way")}
			},
			key:     revoke.Ending{Step: "999999999999/deactivate access key AKIA-" + user2 + " of user " + user2},
			session: revoke.Ending{Why: "the source could not be read: they are denied once it can"},
		},
		"nor those of a role that is somebody else's": {
			posture: "hardened", target: clusters("store-002"),
			change:  func(s *scene) { s.role("pullpass-packages-999999999999").Tags = nil },
			key:     revoke.Ending{Step: "999999999999/deactivate access key AKIA-" + user2 + " of user " + user2},
			session: revoke.Ending{Why: "role pullpass-packages-999999999999 is not the share's to change"},
		},
		"the key of an account that could not be read stays": {
			posture: "hardened", target: clusters("store-002"),
			change: func(s *scene) {
				s.observed.Accounts[retail] = &plan.Account{State: plan.Failed, Err: errors.New("no way")}
			},
			key:     revoke.Ending{Why: "its account could not be worked in"},
			session: revoke.Ending{Step: "111111111111/create deny on role pullpass-packages-999999999999"},
		},
		"nor those of a source without access": {
			posture: "hardened", target: clusters("store-002"),
			change:  func(s *scene) { s.observed.Accounts[source] = &plan.Account{State: plan.NoAccess} },
			key:     revoke.Ending{Step: "999999999999/deactivate access key AKIA-" + user2 + " of user " + user2},
			session: revoke.Ending{Why: "without access to the source they cannot be denied"},
		},
		"the other administrator ends the key": {
			posture: "hardened", target: clusters("store-002"),
			change:  func(s *scene) { s.observed.Accounts[retail] = &plan.Account{State: plan.NoAccess} },
			key:     revoke.Ending{Why: "its administrator has to deactivate it"},
			session: revoke.Ending{Step: "111111111111/create deny on role pullpass-packages-999999999999"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := settled(t, test.posture)
			if test.change != nil {
				test.change(s)
			}
			r := s.decide(t, test.target)
			if len(r.Clusters) != 1 {
				t.Fatalf("it is about %d clusters", len(r.Clusters))
			}
			if diff := cmp.Diff([]revoke.Ending{test.key, test.session}, []revoke.Ending{r.Clusters[0].Key, r.Clusters[0].Session}); diff != "" {
				t.Errorf("key and session (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASharedUserIsNamedWithThoseWhoKeepIt(t *testing.T) {
	r := settled(t, "documented").decide(t, clusters("store-001"))
	if len(r.Shared) != 1 || len(r.Clusters) != 0 {
		t.Fatalf("shared %+v, revoked %+v", r.Shared, r.Clusters)
	}
	got := r.Shared[0]
	if got.User.Name != "curated-packages-user" || len(got.Clusters) != 2 || len(got.Others) != 1 || got.Others[0].Cluster != "store-002" {
		t.Errorf("shared: %+v", got)
	}
}

func TestWhatCanBeChosen(t *testing.T) {
	for sentence, test := range map[string]struct {
		all                    bool
		destinations, clusters []string
		want                   string
		err                    error
	}{
		"a cluster":                             {clusters: []string{"store-001"}, want: "cluster store-001 of 999999999999"},
		"a cluster with its workload cluster":   {clusters: []string{"till-1", "store-001"}, want: "cluster store-001 of 999999999999"},
		"a destination":                         {destinations: []string{"222222222222"}, want: "destination 222222222222"},
		"a cluster of a destination":            {destinations: []string{"222222222222"}, clusters: []string{"depot-001"}, want: "cluster depot-001 of 222222222222"},
		"everything":                            {all: true, want: "the whole share"},
		"nothing":                               {err: revoke.ErrTarget},
		"everything and a part of it":           {all: true, clusters: []string{"store-001"}, err: revoke.ErrTarget},
		"a workload cluster alone":              {clusters: []string{"till-1"}, err: revoke.ErrWorkload},
		"a cluster that is not there":           {clusters: []string{"store-009"}, err: share.ErrUnknownName},
		"a cluster of another destination":      {destinations: []string{"222222222222"}, clusters: []string{"store-001"}, err: share.ErrUnknownName},
		"a destination that is none":            {destinations: []string{"nowhere"}, err: share.ErrUnknownName},
		"a workload cluster beside a neighbour": {clusters: []string{"till-1", "store-002"}, err: revoke.ErrWorkload},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := revoke.Choose(settled(t, "hardened").desired, test.all, test.destinations, test.clusters)
			if !errors.Is(err, test.err) || (err != nil) != (test.err != nil) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if err == nil && got.String() != test.want {
				t.Errorf("chosen: %s, want %s", got, test.want)
			}
		})
	}
}

func TestAnAccountThatWasNotLookedAtIsAnError(t *testing.T) {
	for _, account := range []arn.AccountID{source, retail} {
		s := settled(t, "hardened")
		delete(s.observed.Accounts, account)
		if _, err := revoke.Decide(s.desired, s.observed, clusters("store-001"), s.options); err == nil {
			t.Errorf("account %s is missing, and nothing says so", account)
		}
	}
}

// A plan of a revocation shows no secret.
func TestNoSecretIsShown(t *testing.T) {
	r := settled(t, "hardened").decide(t, revoke.Target{All: true})
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	text, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if all := b.String() + string(text); strings.Contains(all, "the-secret-of") {
		t.Errorf("a secret is shown in:\n%s", all)
	}
}

// trusting is a trust policy with a statement for each list of principals.
func trusting(t *testing.T, statements ...string) *iampolicy.Document {
	t.Helper()
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+strings.Join(statements, ", ")+`]}`), iampolicy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func TestADestinationGoesFromATrustHoweverItIsWritten(t *testing.T) {
	const (
		depots  = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "sts:AssumeRole"}`
		retails = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}`
		service = `{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}`
		mixed   = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root", "Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}`
		both    = `{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::999999999999:root"]}, "Action": "sts:AssumeRole"}`
	)
	for sentence, test := range map[string]struct {
		is, want []string
		problem  string
	}{
		"out of a list":                          {is: []string{both}, want: []string{retails}},
		"with a statement of its own":            {is: []string{retails, depots}, want: []string{retails}},
		"by its number":                          {is: []string{retails, strings.ReplaceAll(depots, "arn:aws:iam::222222222222:root", "222222222222")}, want: []string{retails}},
		"by the name of a user":                  {is: []string{retails, strings.ReplaceAll(depots, ":root", ":user/curated-packages-user")}, want: []string{retails}},
		"what lets in others beside it stays":    {is: []string{mixed}, want: []string{service}},
		"what denies stays":                      {is: []string{retails, strings.ReplaceAll(depots, "Allow", "Deny"), depots}, want: []string{retails, strings.ReplaceAll(depots, "Allow", "Deny")}},
		"there is nothing to do without it":      {is: []string{retails}},
		"where nobody would be left, it is said": {is: []string{depots}, problem: "it names nobody else, and IAM takes none that names nobody"},
		"and where it cannot be read":            {problem: "it cannot be read"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := settled(t, "documented")
			s.role("curated-packages-role").Trust = nil
			if test.is != nil {
				s.role("curated-packages-role").Trust = trusting(t, test.is...)
			}
			r := s.decide(t, revoke.Target{Accounts: []arn.AccountID{depot}})
			var got *iampolicy.Document
			for _, step := range r.Steps {
				if op, ok := step.Op.(plan.UpdateTrust); ok {
					got = op.Trust
				}
			}
			switch {
			case test.want == nil && got != nil:
				t.Errorf("the trust becomes %s", got.Indented())
			case test.want != nil && (got == nil || !iampolicy.Equal(got, trusting(t, test.want...))):
				t.Errorf("the trust becomes %v", got)
			}
			if test.problem == "" && len(r.Problems) > 0 || test.problem != "" && (len(r.Problems) != 1 || r.Problems[0].Kind != plan.TrustStays || !strings.Contains(r.Problems[0].Msg, test.problem)) {
				t.Errorf("the problems are %v", r.Problems)
			}
		})
	}
}

// What bears no tag of the share is not touched; that access stays is not passed over.
func TestAccessThatStaysIsAProblem(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*plan.User)
		want   plan.ProblemKind
	}{
		"a user that was made by hand":              {func(u *plan.User) { u.Tags = nil }, plan.MadeByHand},
		"a user of another share":                   {func(u *plan.User) { u.Tags[share.TagShare] = "others" }, plan.OtherShare},
		"a user of another path":                    {func(u *plan.User) { u.ARN = arn.IAM(retail, "user", "/", user2) }, plan.PathDiffers},
		"one whose keys are inactive opens nothing": {func(u *plan.User) { u.Tags, u.Keys[0].Active = nil, false }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := settled(t, "hardened")
			test.change(s.user(retail, user2))
			r := s.decide(t, clusters("store-002"))
			if len(r.Steps) > 0 {
				t.Errorf("it is touched: %v", steps(t, r))
			}
			var kind plan.ProblemKind
			for _, p := range r.Problems {
				kind = p.Kind
			}
			if kind != test.want {
				t.Errorf("the problem is %q, want %q", kind, test.want)
			}
		})
	}
}
