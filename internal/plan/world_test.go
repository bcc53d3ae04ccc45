package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

const (
	source = arn.AccountID("111111111111")
	retail = arn.AccountID("999999999999")
	depot  = arn.AccountID("222222222222")
)

const thisRun = plan.RunID("20261122T120000Z.00000001.laptop")

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func options() plan.Options { return plan.Options{Run: thisRun, Now: now()} }

// desired derives a share with two destinations, one with two clusters and one with one. What follows are further lines
// of its spec.
func desired(t *testing.T, lines ...string) share.Desired {
	t.Helper()
	doc, err := share.Parse("share.yaml", []byte(`apiVersion: pullpass.dev/v1alpha1
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
        - {name: store-002, directory: out/store-002}
    - account: "222222222222"
      access: {profile: depot}
      clusters:
        - {name: depot-001, directory: out/depot-001}
`+strings.Join(append(lines, ""), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	d, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// world is what AWS and the clusters hold, changed by plans that are carried out in it.
type world struct {
	t *testing.T
	plan.Observed
	made int
}

func empty(t *testing.T, accounts ...arn.AccountID) *world {
	w := &world{t: t, Observed: plan.Observed{Accounts: map[arn.AccountID]*plan.Account{}, Runs: plan.Runs{Host: "laptop"}}}
	for _, id := range accounts {
		w.Accounts[id] = &plan.Account{
			State: plan.Read, Caller: arn.IAM(id, "user", "/", "admin"),
			Policies: map[arn.ARN]*plan.Policy{}, Roles: map[string]*plan.Role{}, Users: map[string]*plan.User{},
			Deliveries: map[string]plan.Delivery{},
		}
	}
	return w
}

// fresh is a world in which nothing was made yet.
func fresh(t *testing.T, d share.Desired) *world {
	w := empty(t, source, retail, depot)
	for _, dest := range d.Destinations {
		for _, c := range dest.Clusters {
			w.Accounts[dest.Account].Deliveries[c.Cluster] = plan.Delivery{State: plan.None}
		}
	}
	return w
}

// settled is a world in which the share was made.
func settled(t *testing.T, d share.Desired) *world {
	w := fresh(t, d)
	w.carryOut(w.diff(d, options()).Steps)
	return w
}

// byHand is a world in which a person followed the page: what the share wants is there, without tags.
func byHand(t *testing.T, d share.Desired) *world {
	w := settled(t, d)
	for _, a := range w.Accounts {
		for _, p := range a.Policies {
			p.Tags = nil
		}
		for _, r := range a.Roles {
			r.Tags = nil
		}
		for _, u := range a.Users {
			u.Tags = nil
		}
	}
	return w
}

func (w *world) diff(d share.Desired, o plan.Options) *plan.Plan {
	w.t.Helper()
	p, err := plan.Diff(d, w.Observed, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// carryOut does what steps say, and fails the test where a step comes before one that it needs.
func (w *world) carryOut(steps []plan.Step) {
	w.t.Helper()
	done := map[string]bool{}
	for _, s := range steps {
		for _, need := range s.Needs {
			if !done[need] {
				w.t.Errorf("step %q comes before %q, which it needs", s.ID, need)
			}
		}
		if done[s.ID] {
			w.t.Errorf("two steps have the id %q", s.ID)
		}
		done[s.ID] = true
		if err := w.do(w.Accounts[s.Account], s.Op); err != nil {
			w.t.Errorf("step %q: %v", s.ID, err)
		}
	}
}

var errAbsent = errors.New("no such entity")

func (w *world) do(a *plan.Account, op plan.Op) error {
	switch op := op.(type) {
	case plan.CreatePolicy:
		a.Policies[op.Policy.ARN()] = &plan.Policy{
			ARN: op.Policy.ARN(), Document: op.Policy.Document, Tags: maps.Clone(op.Policy.Tags),
			Versions: []plan.PolicyVersion{{ID: "v1", Default: true}},
		}
	case plan.UpdatePolicy:
		a.Policies[op.Policy].Document = op.Document
	case plan.CreateRole:
		a.Roles[op.Role.Name] = &plan.Role{
			ARN: op.Role.ARN(), Trust: op.Role.Trust, Boundary: zeroOr(op.Role.Boundary), Tags: maps.Clone(op.Role.Tags),
		}
	case plan.UpdateTrust:
		a.Roles[op.Role.Name()].Trust = op.Trust
	case plan.CreateUser:
		a.Users[op.User.Name] = &plan.User{ARN: op.User.ARN(), Boundary: zeroOr(op.User.Boundary), Tags: maps.Clone(op.User.Tags)}
		if op.Pending {
			a.Users[op.User.Name].Tags[plan.TagPending] = string(thisRun)
		}
	case plan.AttachPolicy:
		attached := w.attachments(a, op.Entity)
		if attached == nil || a.Policies[op.Policy] == nil {
			return errAbsent
		}
		*attached = append(*attached, op.Policy)
	case plan.PutBoundary:
		if op.Entity.Kind() == "role" {
			a.Roles[op.Entity.Name()].Boundary = op.Boundary
		} else {
			a.Users[op.Entity.Name()].Boundary = op.Boundary
		}
	case plan.PutTags:
		maps.Copy(w.tags(a, op.Entity), op.Tags)
	case plan.RemoveTags:
		for _, key := range op.Keys {
			delete(w.tags(a, op.Entity), key)
		}
	case plan.CreateKey:
		return w.createKey(a, op)
	case plan.DeleteKey:
		u := a.Users[op.User.Name()]
		for i, k := range u.Keys {
			if k.ID == op.Key {
				u.Keys = append(u.Keys[:i:i], u.Keys[i+1:]...)
				return nil
			}
		}
		return errAbsent
	case plan.WriteDelivery:
		a.Deliveries[op.Cluster] = held(op.Config.WithKey(op.Key))
	}
	return nil
}

func (w *world) createKey(a *plan.Account, op plan.CreateKey) error {
	u := a.Users[op.User.Name()]
	if len(u.Keys) == 2 {
		return errors.New("LimitExceeded")
	}
	if !op.Mark && u.Tags[plan.TagPending] != string(thisRun) {
		return errors.New("the user was not marked")
	}
	w.made++
	key := credential.AccessKey{
		ID:     awsid.AccessKeyID(fmt.Sprintf("AKIAQAAAAAAAAAAAAA%02d", w.made)),
		Secret: credential.NewSecret(fmt.Sprintf("the-secret-material-of-key-%02d", w.made)),
	}
	u.Keys = append(u.Keys, plan.Key{ID: key.ID, Active: true, Created: now(), Use: plan.NeverUsed})
	for _, d := range op.Deliveries {
		a.Deliveries[d.Cluster] = held(d.Config.WithKey(key))
	}
	delete(u.Tags, plan.TagPending)
	return nil
}

func held(c credential.Config) plan.Delivery {
	return plan.Delivery{State: plan.Held, Config: c, Complete: true}
}

func (w *world) attachments(a *plan.Account, entity arn.ARN) *[]arn.ARN {
	if r := a.Roles[entity.Name()]; entity.Kind() == "role" && r != nil {
		return &r.Attached
	}
	if u := a.Users[entity.Name()]; entity.Kind() == "user" && u != nil {
		return &u.Attached
	}
	return nil
}

func (w *world) tags(a *plan.Account, entity arn.ARN) map[string]string {
	var tags *map[string]string
	switch entity.Kind() {
	case "policy":
		tags = &a.Policies[entity].Tags
	case "role":
		tags = &a.Roles[entity.Name()].Tags
	default:
		tags = &a.Users[entity.Name()].Tags
	}
	if *tags == nil {
		*tags = map[string]string{}
	}
	return *tags
}

func zeroOr(a *arn.ARN) arn.ARN {
	if a == nil {
		return arn.ARN{}
	}
	return *a
}

func document(t *testing.T, kind iampolicy.Kind, text string) *iampolicy.Document {
	t.Helper()
	doc, err := iampolicy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
