package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

func text(t *testing.T, p *plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := p.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func indentedJSON(t *testing.T, p *plan.Plan) string {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

const documented = "  posture: documented"

// The golden files are the plans as people and programs read them. Each was read against AWS's page when it
// was made.
func TestPlansReadAsWritten(t *testing.T) {
	bounded := []string{
		`  iam: {path: /platform/, permissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess", tags: {cost-center: "42"}}`,
	}
	for name, test := range map[string]struct {
		spec    []string
		world   func(*testing.T, share.Desired) *world
		change  func(*world)
		options func(*plan.Options)
	}{
		"fresh-documented": {spec: []string{documented}, world: fresh},
		"fresh-hardened":   {world: fresh},
		"company-rules":    {spec: bounded, world: fresh},
		"nothing-to-change": {
			world: settled,
		},
		"made-by-hand": {spec: []string{documented}, world: byHand},
		"adopt": {
			spec: []string{documented}, world: byHand,
			options: func(o *plan.Options) { o.Adopt = true },
		},
		"adopt-what-differs": {
			spec: []string{documented}, world: byHand,
			change: func(w *world) {
				w.Accounts[source].Roles["curated-packages-role"].Trust = document(w.t, iampolicy.Trust,
					`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}]}`)
			},
			options: func(o *plan.Options) { o.Adopt = true },
		},
		"destination-handed-over": {
			world:  fresh,
			change: func(w *world) { w.Accounts[retail] = &plan.Account{State: plan.NoAccess} },
		},
		"source-handed-over": {
			world:  settled,
			change: func(w *world) { w.Accounts[source] = &plan.Account{State: plan.NoAccess} },
		},
		"drift-in-trust": {
			world: settled,
			change: func(w *world) {
				w.Accounts[source].Roles["pullpass-packages-999999999999"].Trust = document(w.t, iampolicy.Trust,
					`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)
			},
		},
		"drift-in-policy": {
			world: settled,
			change: func(w *world) {
				for _, p := range w.Accounts[source].Policies {
					p.Document = nil
					p.Source = `{"Version": "2012-10-17", "Statement": "?"}`
					p.Versions = nil
					for i, id := range []string{"v2", "v3", "v4", "v6", "v7"} {
						p.Versions = append(p.Versions, plan.PolicyVersion{ID: id, Default: id == "v2", Created: now().Add(time.Duration(i) * time.Hour)})
					}
				}
			},
		},
		"half-made": {world: fresh, change: func(w *world) {
			p := w.diff(desired(w.t), options())
			var half []plan.Step
			for i, s := range p.Steps {
				if i%2 == 0 && len(s.Needs) == 0 {
					half = append(half, s)
				}
			}
			w.carryOut(half)
			for _, a := range w.Accounts {
				for _, u := range a.Users {
					u.Tags[plan.TagPending] = "20261122T113000Z.0000000f.laptop"
				}
			}
		}},
		"in-the-way": {
			world: settled,
			change: func(w *world) {
				other := w.Accounts[depot].Users["pullpass-packages-depot-001"]
				other.ARN = arn.IAM(depot, "user", "/elsewhere/", "pullpass-packages-depot-001")
				w.Accounts[retail].Caller = arn.IAM("888888888888", "user", "/", "admin")
			},
		},
		"source-unreadable": {
			world: fresh,
			change: func(w *world) {
				w.Accounts[source] = &plan.Account{State: plan.Failed, Err: errors.New("signing in with profile x: the SSO session has expired")}
			},
		},
		"drift-in-delivery": {
			world: settled,
			change: func(w *world) {
				a := w.Accounts[retail]
				moved := a.Deliveries["store-001"]
				moved.Config.Region = "us-east-1"
				a.Deliveries["store-001"] = moved
				a.Deliveries["store-002"] = plan.Delivery{State: plan.Unknown, Err: errors.New("out/store-002/aws-config: line 3: no value")}
			},
		},
		"left-behind-and-noted": {
			world: settled,
			change: func(w *world) {
				w.Accounts[source].LeftBehind = []arn.ARN{arn.IAM(source, "role", "/pullpass/packages/", "pullpass-packages-333333333333")}
				role := w.Accounts[source].Roles["pullpass-packages-999999999999"]
				role.Attached = append(role.Attached, arn.IAM("aws", "policy", "/", "AWSDenyAll"))
				role.Boundary = arn.IAM(source, "policy", "/", "limits")
			},
			options: func(o *plan.Options) { o.MaxKeyAge = 90 * 24 * time.Hour; o.Now = now().Add(91 * 24 * time.Hour) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t, test.spec...)
			w := test.world(t, d)
			if test.change != nil {
				test.change(w)
			}
			o := options()
			if test.options != nil {
				test.options(&o)
			}
			p := w.diff(d, o)
			golden(t, name+".txt", text(t, p))
			golden(t, name+".json", indentedJSON(t, p))
			if again := w.diff(d, o); text(t, again) != text(t, p) {
				t.Error("the same input gave another plan")
			}
			if out := text(t, p) + indentedJSON(t, p); strings.Contains(out, "secret-material") {
				t.Error("the plan shows a secret")
			}
		})
	}
}

func TestASecondPlanIsEmpty(t *testing.T) {
	for name, test := range map[string]struct {
		spec    []string
		world   func(*testing.T, share.Desired) *world
		change  func(*world)
		options func(*plan.Options)
	}{
		"after a fresh share in the documented posture": {spec: []string{documented}, world: fresh},
		"after a fresh share in the hardened posture":   {world: fresh},
		"after an adoption": {
			spec: []string{documented}, world: byHand, options: func(o *plan.Options) { o.Adopt = true },
		},
		"after a drift was undone": {world: settled, change: func(w *world) {
			role := w.Accounts[source].Roles["pullpass-packages-999999999999"]
			role.Trust, role.Attached = nil, nil
			delete(role.Tags, share.TagDestination)
		}},
		"after a lost delivery was replaced, an hour later": {world: settled, change: func(w *world) {
			w.Accounts[depot].Deliveries["depot-001"] = plan.Delivery{State: plan.None}
		}, options: func(o *plan.Options) { o.Now = now().Add(2 * time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t, test.spec...)
			w := test.world(t, d)
			if test.change != nil {
				test.change(w)
			}
			o := options()
			if test.options != nil {
				test.options(&o)
			}
			first := w.diff(d, o)
			if first.Empty() || !first.Pending() {
				t.Fatalf("the first plan is empty:\n%s", text(t, first))
			}
			w.carryOut(first.Steps)
			o.Adopt = false
			if second := w.diff(d, o); !second.Empty() || second.Pending() {
				t.Errorf("the second plan is not empty:\n%s", text(t, second))
			}
		})
	}
}

// Whatever part of a plan was carried out, another plan finishes it: here each step in turn is the first to be missing,
// with all that needs it.
func TestAHalfMadeShareIsFinished(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		d := desired(t, "  posture: "+posture)
		steps := fresh(t, d).diff(d, options()).Steps
		for _, missing := range steps {
			t.Run(posture+" without "+missing.ID, func(t *testing.T) {
				w := fresh(t, d)
				w.carryOut(without(steps, missing))
				w.carryOut(w.diff(d, options()).Steps)
				if last := w.diff(d, options()); !last.Empty() {
					t.Errorf("not finished:\n%s", text(t, last))
				}
			})
		}
	}
}

func without(steps []plan.Step, missing plan.Step) []plan.Step {
	gone := []string{missing.ID}
	return slices.DeleteFunc(slices.Clone(steps), func(s plan.Step) bool {
		lost := s.ID == missing.ID || slices.ContainsFunc(s.Needs, func(id string) bool { return slices.Contains(gone, id) })
		if lost {
			gone = append(gone, s.ID)
		}
		return lost
	})
}

func TestAProblemStopsOnlyWhatDependsOnIt(t *testing.T) {
	for name, test := range map[string]struct {
		spec   []string
		change func(*world)
		// want are the accounts with steps.
		want []arn.AccountID
		kind plan.ProblemKind
	}{
		"an unreadable destination stops itself": {
			change: func(w *world) { w.Accounts[retail] = &plan.Account{State: plan.Failed} },
			want:   []arn.AccountID{source, depot}, kind: plan.Unreadable,
		},
		"a role made by hand stops the destination that it serves": {
			change: func(w *world) {
				name := "pullpass-packages-999999999999"
				w.Accounts[source].Roles[name] = &plan.Role{ARN: arn.IAM(source, "role", "/pullpass/packages/", name)}
			},
			want: []arn.AccountID{source, depot}, kind: plan.SourceStopped,
		},
		"a policy made by hand in the source stops everybody": {
			spec: []string{documented},
			change: func(w *world) {
				p := arn.IAM(source, "policy", "/", "curated-packages-policy")
				w.Accounts[source].Policies[p] = &plan.Policy{ARN: p}
			},
			want: nil, kind: plan.SourceStopped,
		},
		"a user of another share stops its account": {
			change: func(w *world) {
				name := "pullpass-packages-depot-001"
				w.Accounts[depot].Users[name] = &plan.User{
					ARN:  arn.IAM(depot, "user", "/pullpass/packages/", name),
					Tags: map[string]string{share.TagShare: "other"},
				}
			},
			want: []arn.AccountID{source, retail}, kind: plan.OtherShare,
		},
		"ten policies on a role leave no room": {
			change: func(w *world) {
				name := "pullpass-packages-999999999999"
				role := &plan.Role{
					ARN:  arn.IAM(source, "role", "/pullpass/packages/", name),
					Tags: map[string]string{share.TagShare: "packages"},
				}
				for _, suffix := range "abcdefghij" {
					role.Attached = append(role.Attached, arn.IAM(source, "policy", "/", "p"+string(suffix)))
				}
				w.Accounts[source].Roles[name] = role
			},
			want: []arn.AccountID{source, depot}, kind: plan.Quota,
		},
		"a cluster that cannot be read does not stop its neighbour": {
			change: func(w *world) { w.Accounts[retail].Deliveries["store-001"] = plan.Delivery{} },
			want:   []arn.AccountID{source, retail, depot}, kind: plan.DeliveryUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t, test.spec...)
			w := fresh(t, d)
			test.change(w)
			p := w.diff(d, options())
			var got []arn.AccountID
			for _, side := range p.Sides {
				if len(p.StepsOf(side.Account)) > 0 {
					got = append(got, side.Account)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("accounts with steps (-want +got):\n%s\n%s", diff, text(t, p))
			}
			if !slices.ContainsFunc(p.Problems, func(p plan.Problem) bool { return p.Kind == test.kind }) {
				t.Errorf("no problem of kind %s:\n%s", test.kind, text(t, p))
			}
		})
	}
}

func TestADamagedSecretIsNotCopiedOverOneThatWorks(t *testing.T) {
	d := desired(t, documented)
	for _, damaged := range []string{"store-001", "store-002"} {
		t.Run("of "+damaged, func(t *testing.T) {
			w := settled(t, d)
			got := w.Accounts[retail].Deliveries[damaged]
			got.Config.Key.Secret = credential.NewSecret("the-wrong-material")
			w.Accounts[retail].Deliveries[damaged] = got
			p := w.diff(d, options())
			if len(p.Steps) > 0 {
				t.Errorf("the plan has steps:\n%s", text(t, p))
			}
			for _, cluster := range []string{"store-001", "store-002"} {
				if !slices.ContainsFunc(p.Problems, func(p plan.Problem) bool {
					return p.Kind == plan.DeliveryUnknown && p.Cluster == cluster
				}) {
					t.Errorf("no problem of cluster %s:\n%s", cluster, text(t, p))
				}
			}
			// Once the wrong one is out of the way, the other is its source.
			w.Accounts[retail].Deliveries[damaged] = plan.Delivery{State: plan.None}
			w.carryOut(w.diff(d, options()).Steps)
			if !w.Accounts[retail].Deliveries["store-001"].Config.Equal(w.Accounts[retail].Deliveries["store-002"].Config) {
				t.Error("the two clusters do not hold the same")
			}
		})
	}
}

func TestAPartOfAShareKeepsKeysThatOtherClustersMayHold(t *testing.T) {
	whole := desired(t, documented)
	w := settled(t, whole)
	part, err := whole.Select(nil, []string{"store-001"})
	if err != nil {
		t.Fatal(err)
	}
	w.Accounts[retail].Deliveries["store-001"] = plan.Delivery{State: plan.None}
	o := options()
	o.Now = now().Add(2 * time.Hour)
	for _, s := range w.diff(part, o).Steps {
		if s.Verb == plan.Delete {
			t.Errorf("the plan deletes the key that store-002 holds: %s", s.ID)
		}
	}
}

func TestDiffRefusesAnAccountThatWasNotLookedAt(t *testing.T) {
	d := desired(t)
	w := fresh(t, d)
	delete(w.Accounts, depot)
	if _, err := plan.Diff(d, w.Observed, options()); err == nil || !strings.Contains(err.Error(), string(depot)) {
		t.Errorf("got error %v, want one that names %s", err, depot)
	}
}

// Who accepts an invitation has no source side: it is neither planned nor handed over, and need not be read.
func TestAnAcceptedInvitationEndsInAnEmptyPlan(t *testing.T) {
	d := desired(t)
	d.Source = share.SourceSide{Account: source}
	w := fresh(t, d)
	delete(w.Accounts, source)
	w.carryOut(w.diff(d, options()).Steps)
	if second := w.diff(d, options()); !second.Empty() {
		t.Errorf("the second plan is not empty:\n%s", text(t, second))
	}
}

// The mark tells whose an orphan is, and who makes a key takes the mark away in the end: a kill in between would leave a key
// that is nobody's for ever. So the orphan goes first, even where the user has room for another key.
func TestAnOrphanGoesBeforeTheMarkThatTellsWhoseItIs(t *testing.T) {
	d := desired(t)
	w := settled(t, d)
	user := w.Accounts[depot].Users["pullpass-packages-depot-001"]
	user.Keys = []plan.Key{{ID: "AKIAQAAAAAAAAAAAAA09", Active: true, Created: now().Add(-time.Minute), Use: plan.NeverUsed}}
	user.Tags[plan.TagPending] = "20261122T115800Z.00000002.laptop"
	w.Accounts[depot].Deliveries["depot-001"] = plan.Delivery{State: plan.None}
	steps := w.diff(d, options()).Steps
	if len(steps) != 2 || steps[0].Verb != plan.Delete || !slices.Contains(steps[1].Needs, steps[0].ID) {
		t.Errorf("want a key deleted and then one made, which needs that: %v", steps)
	}
}
