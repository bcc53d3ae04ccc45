package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

const roleID = awsid.UniqueID("AROAQAAAAAAAAAAAAAAA1")

func denyOf(t *testing.T, sessions ...string) plan.Deny {
	t.Helper()
	return plan.NewDeny("packages", thisRun, now(), sessions)
}

func TestADenyIsAnInlinePolicyOfItsRun(t *testing.T) {
	d := denyOf(t, "AROA1:b", "AROA1:a", "AROA1:b")
	if want := "pullpass-packages-revoked-20261122T120000Z-00000001"; d.Policy != want {
		t.Errorf("it is called %s, want %s", d.Policy, want)
	}
	doc, err := d.Document()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Sid":"Revoked20261122T120000Z","Effect":"Deny","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:userid":["AROA1:a","AROA1:b"]}}}]}`
	if !iampolicy.Equal(doc, document(t, iampolicy.Identity, want)) {
		t.Errorf("it says %s", doc.JSON())
	}
}

func TestADenyIsReadAsItWasWritten(t *testing.T) {
	for sentence, d := range map[string]plan.Deny{
		"of one session":      denyOf(t, "AROA1:a"),
		"of several":          denyOf(t, "AROA1:a", "AROA2:b"),
		"of every session":    denyOf(t),
		"of an ancient run":   plan.NewDeny("packages", "no-run-id", now(), nil),
		"of a share with a -": plan.NewDeny("packages-revoked", thisRun, now(), []string{"AROA1:a"}),
	} {
		t.Run(sentence, func(t *testing.T) {
			doc, err := d.Document()
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(d.Policy, "pullpass-"), "-revoked-2")
			got, ok := plan.ParseDeny(name, d.Policy, doc)
			if !ok {
				t.Fatal("it was not taken for a deny")
			}
			if diff := cmp.Diff(d, got); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoDenyOfTheShare(t *testing.T) {
	good := denyOf(t, "AROA1:a")
	doc, err := good.Document()
	if err != nil {
		t.Fatal(err)
	}
	allow := document(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	more := document(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"Revoked20261122T120000Z","Effect":"Deny","Action":"*","Resource":"*",
		"Condition":{"StringEquals":{"aws:userid":"AROA1:a"},"Bool":{"aws:SecureTransport":"false"}}}]}`)
	for sentence, test := range map[string]struct {
		share, policy string
		doc           *iampolicy.Document
	}{
		"another share's":                    {"other", good.Policy, doc},
		"a policy that a person wrote":       {"packages", "my-policy", doc},
		"one of its name without a time":     {"packages", "pullpass-packages-revoked-soon-00000001", doc},
		"one of its name without a run":      {"packages", "pullpass-packages-revoked-20261122T120000Z", doc},
		"one with more behind it":            {"packages", good.Policy + "-x", doc},
		"one that allows":                    {"packages", good.Policy, allow},
		"one that denies under a condition":  {"packages", good.Policy, more},
		"one that nothing reads":             {"packages", good.Policy, nil},
		"one that says another time than it": {"packages", "pullpass-packages-revoked-20261122T130000Z-00000001", doc},
	} {
		t.Run(sentence, func(t *testing.T) {
			if d, ok := plan.ParseDeny(test.share, test.policy, test.doc); ok {
				t.Errorf("it was taken for %+v", d)
			}
		})
	}
}

func FuzzParseDeny(f *testing.F) {
	f.Add("packages", "pullpass-packages-revoked-20261122T120000Z-00000001", `{"Version":"2012-10-17","Statement":[{"Sid":"Revoked20261122T120000Z","Effect":"Deny","Action":"*","Resource":"*"}]}`)
	f.Add("a", "pullpass-a-revoked-20261122T120000Z-0", `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":["x","x"]}}}]}`)
	f.Fuzz(func(t *testing.T, share, policy, text string) {
		doc, err := iampolicy.Parse([]byte(text), iampolicy.Identity)
		if err != nil {
			return
		}
		d, ok := plan.ParseDeny(share, policy, doc)
		if !ok {
			return
		}
		again, err := d.Document()
		if err != nil || !iampolicy.Equal(doc, again) {
			t.Errorf("%s was read as %+v", text, d)
		}
		if at, named := plan.IsDeny(share, policy); !named || !at.Equal(d.At) {
			t.Errorf("%s is a deny of %s, by its name of %s", policy, d.At, at)
		}
	})
}

func TestADenyHasItsDay(t *testing.T) {
	d := denyOf(t, "AROA1:a")
	for sentence, test := range map[string]struct {
		age          time.Duration
		covers, over bool
	}{
		"just put": {0, true, false},
		"still longer there than a new session lives":  {12 * time.Hour, true, false},
		"there, but sooner over than a session may be": {12*time.Hour + time.Second, false, false},
		"a second before its end":                      {24*time.Hour - time.Second, false, false},
		"a day old":                                    {24 * time.Hour, false, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			at := now().Add(test.age)
			if covers, over := d.Covers("AROA1:a", at), d.Over(at); covers != test.covers || over != test.over {
				t.Errorf("covers %v, over %v; want %v, %v", covers, over, test.covers, test.over)
			}
		})
	}
	if d.Covers("AROA1:b", now()) {
		t.Error("it covers another's session")
	}
}

// denied puts a deny on the role of retail.
func (w *world) denied(d plan.Deny) {
	w.t.Helper()
	role := w.Accounts[source].Roles["pullpass-packages-"+string(retail)]
	role.ID, role.Denies = roleID, append(role.Denies, d)
	role.Tags[plan.TagRevoked] = d.Mark()
}

func TestWhatWasRevokedIsKeptOutForADay(t *testing.T) {
	one := func(t *testing.T) plan.Deny { return denyOf(t, string(roleID)+":pullpass-packages-store-001") }
	for sentence, test := range map[string]struct {
		deny    func(*testing.T) plan.Deny
		age     time.Duration
		options func(*plan.Options)
		// problem and step are what the plan has of them, empty for none.
		problem, step string
	}{
		"while its sessions may live, its cluster gets nothing": {deny: one, problem: "store-001"},
		"after a day it is given access, and the deny goes":     {deny: one, age: plan.DenyAge, step: "denies of role pullpass-packages-999999999999"},
		"at once if that is asked for": {
			deny: one, options: func(o *plan.Options) { o.LiftDenies = true }, step: "denies of role pullpass-packages-999999999999",
		},
		"a role that is denied to all keeps nobody out": {deny: func(t *testing.T) plan.Deny { return denyOf(t) }},
		"nor does a deny of nobody's sessions":          {deny: func(t *testing.T) plan.Deny { return denyOf(t, "AROAZ:somebody") }},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := desired(t)
			w := settled(t, d)
			delete(w.Accounts[retail].Users, "pullpass-packages-store-001")
			w.Accounts[retail].Deliveries["store-001"] = plan.Delivery{State: plan.None}
			w.denied(test.deny(t))
			o := options()
			o.Now = now().Add(test.age)
			if test.options != nil {
				test.options(&o)
			}
			p := w.diff(d, o)
			var problems, lifted []string
			makes := false
			for _, problem := range p.Problems {
				problems = append(problems, problem.Cluster)
				if problem.Kind != plan.Revoked {
					t.Errorf("problem %v", problem)
				}
			}
			for _, step := range p.Steps {
				if _, ok := step.Op.(plan.LiftDenies); ok {
					lifted = append(lifted, step.Target)
				}
				_, ok := step.Op.(plan.CreateUser)
				makes = makes || ok
			}
			if got := strings.Join(problems, " "); got != test.problem {
				t.Errorf("problems of %q, want %q", got, test.problem)
			}
			if got := strings.Join(lifted, " "); got != test.step {
				t.Errorf("it lifts %q, want %q", got, test.step)
			}
			if makes != (test.problem == "") {
				t.Errorf("it makes the user: %v", makes)
			}
		})
	}
}

// A role that was marked by a run which never came to its deny loses the mark, once no run can be about to.
func TestAMarkWithoutADenyGoes(t *testing.T) {
	d := desired(t)
	for age, goes := range map[time.Duration]bool{time.Minute: false, 2 * time.Hour: true} {
		w := settled(t, d)
		w.Accounts[source].Roles["pullpass-packages-"+string(retail)].Tags[plan.TagRevoked] = denyOf(t).Mark()
		o := options()
		o.Now = now().Add(age)
		lifts := slices.ContainsFunc(w.diff(d, o).Steps, func(s plan.Step) bool {
			op, ok := s.Op.(plan.LiftDenies)
			return ok && op.Last && len(op.Policies) == 0
		})
		if lifts != goes {
			t.Errorf("after %s it goes: %v, want %v", age, lifts, goes)
		}
	}
}
