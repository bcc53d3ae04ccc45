package revoke_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
)

const (
	source = arn.AccountID("111111111111")
	retail = arn.AccountID("999999999999")
	depot  = arn.AccountID("222222222222")
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// scene is a share and what there is of it.
type scene struct {
	desired  share.Desired
	observed plan.Observed
	options  revoke.Options
}

// settled is a share that was made: two clusters in one destination, the first with a workload cluster, and one in another.
func settled(t *testing.T, posture string) *scene {
	t.Helper()
	doc, err := share.Parse("share.yaml", []byte(`apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  posture: `+posture+`
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  destinations:
    - account: "999999999999"
      access: {profile: retail}
      clusters:
        - {name: store-001, kubernetes: {context: store-001}, workloadClusters: [till-1]}
        - {name: store-002, directory: out/store-002}
    - account: "222222222222"
      access: {profile: depot}
      clusters:
        - {name: depot-001, directory: out/depot-001}
`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{desired: d, observed: plan.Observed{Accounts: map[arn.AccountID]*plan.Account{}}}
	s.options = revoke.Options{Run: "20261123T120000Z.00000001.laptop", Now: now()}
	for _, id := range []arn.AccountID{source, retail, depot} {
		s.observed.Accounts[id] = &plan.Account{
			State: plan.Read, Caller: arn.IAM(id, "user", "/", "admin"), Policies: map[arn.ARN]*plan.Policy{},
			Roles: map[string]*plan.Role{}, Users: map[string]*plan.User{}, Former: map[string]*plan.User{}, Deliveries: map[string]plan.Delivery{},
			Leftovers: plan.Leftovers{Roles: map[string]*plan.Role{}, Users: map[string]*plan.User{}},
		}
	}
	for _, p := range d.Source.Policies {
		s.account(source).Policies[p.ARN()] = &plan.Policy{ARN: p.ARN(), Tags: maps.Clone(p.Tags)}
	}
	for i, r := range d.Source.Roles {
		s.account(source).Roles[r.Name] = &plan.Role{
			ARN: r.ARN(), ID: awsid.UniqueID("AROA" + string(rune('A'+i))), Trust: r.Trust, Tags: maps.Clone(r.Tags),
		}
	}
	for _, side := range d.Destinations {
		s.make(side)
	}
	return s
}

func (s *scene) account(id arn.AccountID) *plan.Account { return s.observed.Accounts[id] }

func (s *scene) make(side share.DestinationSide) {
	a := s.account(side.Account)
	for _, p := range side.Policies {
		a.Policies[p.ARN()] = &plan.Policy{ARN: p.ARN(), Tags: maps.Clone(p.Tags)}
	}
	for _, u := range side.Users {
		key := credential.AccessKey{ID: awsid.AccessKeyID("AKIA-" + u.Name), Secret: credential.NewSecret("the-secret-of-" + u.Name)}
		a.Users[u.Name] = &plan.User{ARN: u.ARN(), Tags: maps.Clone(u.Tags), Keys: []plan.Key{{ID: key.ID, Active: true}}}
		for _, c := range side.Clusters {
			if c.User == u.Name {
				a.Deliveries[c.Cluster] = plan.Delivery{State: plan.Held, Config: c.Config.WithKey(key)}
			}
		}
	}
}

func (s *scene) user(account arn.AccountID, name string) *plan.User {
	return s.account(account).Users[name]
}

func (s *scene) role(name string) *plan.Role { return s.account(source).Roles[name] }

// decide decides on the part that would have been read.
func (s *scene) decide(t *testing.T, target revoke.Target) *revoke.Revocation {
	t.Helper()
	r, err := revoke.Decide(target.Part(s.desired), s.observed, target, s.options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// steps are those of a revocation, a line each; those that end access begin with an exclamation mark.
func steps(t *testing.T, r *revoke.Revocation) []string {
	t.Helper()
	var lines []string
	done, rest := map[string]bool{}, false
	for _, s := range r.Steps {
		for _, need := range s.Needs {
			if !done[need] {
				t.Errorf("step %q comes before %q, which it needs", s.ID, need)
			}
		}
		if done[s.ID] {
			t.Errorf("two steps have the id %q", s.ID)
		}
		done[s.ID] = true
		line := string(s.Account[:1]) + " " + string(s.Verb) + " " + s.Target
		if r.Ends[s.ID] {
			if rest {
				t.Errorf("step %q ends access and comes after others", s.ID)
			}
			line = "! " + line
		} else {
			rest = true
		}
		if op, ok := s.Op.(plan.DenySessions); ok {
			line += ": " + strings.Join(op.Deny.Sessions, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

func clusters(names ...string) revoke.Target {
	var t revoke.Target
	for _, name := range names {
		account := retail
		if name == "depot-001" {
			account = depot
		}
		t.Clusters = append(t.Clusters, plan.ClusterRef{Account: account, Cluster: name})
	}
	return t
}
