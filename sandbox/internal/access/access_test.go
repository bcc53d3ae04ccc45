package access_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/access"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

const (
	subscriber arn.AccountID = "111111111111"
	stranger   arn.AccountID = "888888888888"
	packages   arn.AccountID = "346438352937"
	region     arn.Region    = "us-west-2"
)

var (
	now     = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	expires = now.Add(time.Hour)
)

// lab is a packages registry with one repository, an account with a subscription, and one without. Both have an
// administrator.
func lab(t *testing.T) (*state.World, *state.Repository) {
	t.Helper()
	world := state.NewWorld(make([]byte, 32))
	for _, id := range []arn.AccountID{subscriber, stranger} {
		account := world.AddAccount(id)
		world.AddUser(account, &state.User{Entity: state.Entity{
			Account: id, Kind: "user", Path: "/", Name: "admin", ID: awsid.UniqueID("AIDA" + id + "AAAAA"),
			Attached: []arn.ARN{state.AdministratorAccess},
		}})
	}
	world.Accounts[subscriber].Subscriptions["s"] = &state.Subscription{
		ID: "s", Account: subscriber, Region: region, Status: state.Active,
		Effective: now.Add(-time.Hour), Expires: expires,
	}
	registry := world.AddAccount(packages).AddRegistry(region)
	registry.Packages = true
	repository := &state.Repository{Account: packages, Region: region, Name: "harbor/harbor-helm"}
	registry.Repositories[repository.Name] = repository
	return world, repository
}

func allowed(
	t *testing.T, rules *access.Rules, world *state.World, account arn.AccountID, place images.Place, action string,
	at time.Time,
) bool {
	t.Helper()
	target, err := rules.Target(world, account, place, action, at)
	if err != nil {
		t.Fatal(err)
	}
	caller := guard.UserCaller(world, world.Accounts[account].User("admin"), "AKIA")
	return guard.Decide(world, caller, guard.Scene{Now: at, Region: place.Region}, target).Allowed()
}

func TestWhoMayReadAPackagesRegistry(t *testing.T) {
	for sentence, test := range map[string]struct {
		change  func(*state.World, *state.Repository)
		account arn.AccountID
		name    string
		action  string
		at      time.Time
		want    bool
	}{
		"a subscriber":                                {account: subscriber, want: true},
		"a subscriber who writes":                     {account: subscriber, action: "ecr:PutImage"},
		"a subscriber the moment before it expires":   {account: subscriber, at: expires.Add(-time.Nanosecond), want: true},
		"a subscriber the moment at which it expires": {account: subscriber, at: expires},
		"a subscriber whose subscription is EXPIRED": {account: subscriber, change: func(w *state.World, _ *state.Repository) {
			w.Accounts[subscriber].Subscriptions["s"].Status = state.Expired
		}},
		"a subscriber of another Region": {account: subscriber, change: func(w *state.World, _ *state.Repository) {
			w.Accounts[subscriber].Subscriptions["s"].Region = "us-east-1"
		}},
		"a stranger": {account: stranger},
		"a stranger whom the repository's own policy names": {account: stranger, want: true,
			change: func(_ *state.World, r *state.Repository) {
				r.Policy = policy(`"Effect":"Allow","Principal":{"AWS":"888888888888"},"Action":"ecr:BatchGetImage"`)
			}},
		"a subscriber whom the repository's own policy denies": {account: subscriber,
			change: func(_ *state.World, r *state.Repository) {
				r.Policy = policy(`"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage"`)
			}},
		"a subscriber beside an own policy with the Sids that anybody could choose": {account: subscriber, want: true,
			change: func(_ *state.World, r *state.Repository) {
				r.Policy = policy(`"Sid":"Subscribers","Effect":"Allow","Principal":{"AWS":"888888888888"},"Action":"ecr:PutImage"`)
			}},
		"a subscriber of a registry without packages": {account: subscriber, change: func(w *state.World, _ *state.Repository) {
			w.Accounts[packages].Registries[region].Packages = false
		}},
		// Nobody keeps a caller from hearing that there is no such repository, but his own account.
		"a stranger and a repository that does not exist": {account: stranger, name: "no/such", want: true},
		"a user without rights and a repository that does not exist": {account: stranger, name: "no/such",
			change: func(w *state.World, _ *state.Repository) { w.Accounts[stranger].User("admin").Attached = nil }},
	} {
		t.Run(sentence, func(t *testing.T) {
			world, repository := lab(t)
			if test.change != nil {
				test.change(world, repository)
			}
			place := images.PlaceOf(repository)
			if test.name != "" {
				place.Name = test.name
			}
			if test.action == "" {
				test.action = "ecr:BatchGetImage"
			}
			if test.at.IsZero() {
				test.at = now
			}
			if got := allowed(t, &access.Rules{}, world, test.account, place, test.action, test.at); got != test.want {
				t.Errorf("allowed: %t", got)
			}
		})
	}
}

func policy(statement string) *state.Document {
	document, err := state.NewDocument(iampolicy.Resource, "test", `{"Version":"2012-10-17","Statement":[{`+statement+`}]}`)
	if err != nil {
		panic(err)
	}
	return document
}

func TestARepositoryThatDoesNotExistGivesItsOwnAccountNothing(t *testing.T) {
	world, _ := lab(t)
	world.Accounts[subscriber].User("admin").Attached = nil
	place := images.Place{Account: subscriber, Region: region, Name: "no/such"}
	if allowed(t, &access.Rules{}, world, subscriber, place, "ecr:BatchGetImage", now) {
		t.Error("a user without rights is allowed")
	}
}

func TestPoliciesAreCompiledOnce(t *testing.T) {
	world, repository := lab(t)
	other := &state.Repository{Account: packages, Region: region, Name: "another"}
	world.Accounts[packages].Registries[region].Repositories[other.Name] = other
	var rules access.Rules
	first, err := rules.Policy(world, subscriber, repository, now)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, r := range []*state.Repository{repository, other} {
				if again, err := rules.Policy(world, subscriber, r, now.Add(time.Minute)); err != nil || again != first {
					t.Errorf("compiled again: %v", err)
				}
			}
		})
	}
	group.Wait()
	if policy, err := rules.Policy(world, stranger, repository, now); err != nil || policy != nil {
		t.Errorf("a stranger who comes after a subscriber gets a policy: %v, %v", policy, err)
	}
	if after, err := rules.Policy(world, subscriber, repository, expires); err != nil || after != nil {
		t.Errorf("after the subscription has expired there is a policy: %v, %v", after, err)
	}
}

func TestEachSubscriberIsLetInByARuleOfItsOwn(t *testing.T) {
	world, repository := lab(t)
	world.Accounts[stranger].Subscriptions["t"] = &state.Subscription{
		ID: "t", Account: stranger, Region: region, Status: state.Active, Effective: now, Expires: now.Add(time.Minute),
	}
	var rules access.Rules
	for _, at := range []time.Time{now, now.Add(time.Minute), now} {
		for account, want := range map[arn.AccountID]bool{subscriber: true, stranger: at.Equal(now)} {
			if got := allowed(t, &rules, world, account, images.PlaceOf(repository), "ecr:BatchGetImage", at); got != want {
				t.Errorf("%s at %s: allowed: %t", account, at, got)
			}
		}
	}
	repository.Policy = policy(`"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage"`)
	if allowed(t, &rules, world, subscriber, images.PlaceOf(repository), "ecr:BatchGetImage", now) {
		t.Error("a policy that was set later does not count")
	}
}

func TestTagsOfARepositoryReachTheDecision(t *testing.T) {
	world, repository := lab(t)
	repository.Tags.Set("team", "blue")
	target, err := (&access.Rules{}).Target(world, subscriber, images.PlaceOf(repository), "ecr:ListImages", now)
	if err != nil {
		t.Fatal(err)
	}
	if got := target.Keys["ecr:ResourceTag/team"]; len(got) != 1 || got[0] != "blue" {
		t.Errorf("ecr:ResourceTag/team is %v", got)
	}
	if len(target.Tags) != 1 {
		t.Errorf("the tags are %v", target.Tags)
	}
}

// BenchmarkTarget measures what a pull costs before its decision, with 1,000 accounts that all subscribe and pull in turn.
func BenchmarkTarget(b *testing.B) {
	world := state.NewWorld(make([]byte, 32))
	var accounts []arn.AccountID
	for i := range 1000 {
		id := arn.AccountID(fmt.Sprintf("%012d", 100_000_000_000+i))
		accounts = append(accounts, id)
		world.AddAccount(id).Subscriptions["s"] = &state.Subscription{
			Account: id, Region: region, Status: state.Active, Effective: now, Expires: expires,
		}
	}
	registry := world.AddAccount(packages).AddRegistry(region)
	registry.Packages = true
	repository := &state.Repository{Account: packages, Region: region, Name: "app"}
	registry.Repositories["app"] = repository
	var rules access.Rules
	for i := 0; b.Loop(); i++ {
		account := accounts[i%len(accounts)]
		if _, err := rules.Target(world, account, images.PlaceOf(repository), "ecr:BatchGetImage", now); err != nil {
			b.Fatal(err)
		}
	}
}
