package kube

import (
	"errors"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestRemovalFromEveryState takes a credential out of what others made, and out of what was delivered over it.
func TestRemovalFromEveryState(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := deliveryTo(t, l, c)
	for _, state := range lab.StartingStates() {
		// What others made is left as it is, or delivered over with another key, or with the same, which is then kept by both.
		for _, over := range []string{"", "F", "E"} {
			t.Run(state.Name+over, func(t *testing.T) {
				removeSecret(t, c)
				state.Make(t, c, rendered(t, theConfig("E")))
				held, other := theConfig("E"), theConfig("F")
				if over != "" {
					held, other = theConfig(over), theConfig("G")
					if err := d.Write(t.Context(), held); err != nil {
						t.Fatal(err)
					}
				}
				if err := d.Remove(t.Context(), other.Key.ID); (over != "" || state.Name != "nothing") && !errors.Is(err, delivery.ErrOtherKey) {
					t.Errorf("another key than it holds: %v", err)
				}
				for range 2 { // The second time there is nothing.
					if err := d.Remove(t.Context(), held.Key.ID); err != nil {
						t.Fatal(err)
					}
					if after := d.Observe(t.Context()); after.State != plan.None {
						t.Errorf("after: state %d, %v", after.State, after.Err)
					}
				}
				if over != "" {
					mustBeEmptied(t, c)
				}
			})
		}
	}
}

// mustBeEmptied checks what is left of a Secret that was delivered.
func mustBeEmptied(t *testing.T, c *lab.Cluster) {
	t.Helper()
	secret := secretOf(t, c)
	for _, key := range []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion} {
		if _, there := secret.Data[key]; !there {
			t.Errorf("key %s is missing, without which the controller's pod does not start", key)
		}
	}
	if id := secret.Annotations["pullpass.dev/access-key-id"]; id != "" {
		t.Errorf("the annotation of %s is there yet", id)
	}
}

// TestARemovalLeavesWhatIsNotOurs keeps the rest of a Secret.
func TestARemovalLeavesWhatIsNotOurs(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := deliveryTo(t, l, c)
	delivered(t, d, theConfig("E"))
	c.Apply(t, `{apiVersion: v1, kind: Secret, metadata: {name: aws-secret, namespace: eksa-packages, labels: {team: retail}}, stringData: {notes: mine}}`)
	if err := d.Remove(t.Context(), theConfig("E").Key.ID); err != nil {
		t.Fatal(err)
	}
	secret := secretOf(t, c)
	if string(secret.Data["notes"]) != "mine" || secret.Labels["team"] != "retail" {
		t.Errorf("what somebody else keeps is gone: labels %v", secret.Labels)
	}
	delivered(t, d, theConfig("F")) // And it can be delivered to again.
}

// TestARevokedClusterHoldsNothing takes one of two clusters away, and its neighbour keeps what it has.
func TestARevokedClusterHoldsNothing(t *testing.T) {
	l := lab.Start(t, "store-001", "store-002")
	for _, c := range l.Clusters() {
		installed(t, c)
	}
	o := l.Operator(t)
	o.WriteShare(t, l.Clusters()...)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	gone, stays := l.Cluster(t, "store-001"), l.Cluster(t, "store-002")
	key := holds(t, stays)
	said := o.Exits(t, 0, "revoke", "--sandbox", lab.Box, "--yes", "--cluster", "store-001")
	for _, way := range []string{"key", "session", "registry token"} {
		mustSay(t, said, "\n  "+way+"  refused after ")
	}
	if config := secretOf(t, gone).Data[credential.KeyConfig]; len(config) > 0 {
		t.Error("the revoked cluster holds a config")
	}
	if holds(t, stays) != key || !slices.Equal(o.Keys(t), []string{key}) {
		t.Errorf("the neighbour holds %s, and held %s; IAM has %v", holds(t, stays), key, o.Keys(t))
	}
	o.Exits(t, 0, "verify", "--sandbox", lab.Box, "--cluster", "store-002")
}
