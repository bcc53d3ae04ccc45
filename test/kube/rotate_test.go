package kube

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestARotationFollowsTheControllers replaces the keys of two clusters: of one whose controller does all that it should,
// and of one whose controller does not come up again, which keeps its old key and no other cluster's.
func TestARotationFollowsTheControllers(t *testing.T) {
	l := lab.Start(t, "store-001", "store-002")
	for _, c := range l.Clusters() {
		installed(t, c)
	}
	o := l.Operator(t)
	o.WriteShare(t, l.Clusters()...)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	good, stuck := l.Cluster(t, "store-001"), l.Cluster(t, "store-002")
	before := []string{holds(t, good), holds(t, stuck)}

	t.Run("a controller that has yet to start keeps the old key", func(t *testing.T) {
		said := o.Exits(t, 1, "rotate", "--sandbox", lab.Box, "--yes", "--force", "--settle", "0s", "--grace", "0s", "--follow", "0s", "--watch", "0s")
		for _, c := range l.Clusters() {
			mustSay(t, said, "missing: cluster "+c.Name+": its packages controller runs since ")
		}
		if keys := o.Keys(t); len(keys) != 4 || !slices.Contains(keys, before[0]) || !slices.Contains(keys, before[1]) {
			t.Errorf("IAM has the keys %v, and had %v", keys, before)
		}
		if now := []string{holds(t, good), holds(t, stuck)}; now[0] == before[0] || now[1] == before[1] {
			t.Errorf("the clusters hold %v, and held %v", now, before)
		}
	})
	t.Run("and so does one that has fetched no token since it started", func(t *testing.T) {
		good.RunController(t, aSecondLater(t))
		said := o.Exits(t, 1, "rotate", "--sandbox", lab.Box, "--yes", "--grace", "0s", "--follow", "0s", "--watch", "0s")
		mustSay(t, said, "missing: cluster store-001: its packages controller has fetched no token since it started")
		mustSay(t, said, "missing: cluster store-002: its packages controller runs since ")
	})
	t.Run("one that has moved lets it go, whatever the other does", func(t *testing.T) {
		fetchToken(t, o, good)
		nodes := o.Exits(t, 1, "rotate", "--sandbox", lab.Box, "--yes", "--grace", "0s", "--watch", "0s")
		mustSay(t, nodes, "missing: cluster store-001: its nodes may not have got what was delivered at ")
		said := o.Exits(t, 1, "rotate", "--sandbox", lab.Box, "--yes", "--grace", "0s", "--follow", "0s", "--watch", "0s")
		mustSay(t, said, "Keys: 1 rotated, 1 pending.")
		if keys := o.Keys(t); slices.Contains(keys, before[0]) || !slices.Contains(keys, before[1]) {
			t.Errorf("IAM has the keys %v, and had %v", keys, before)
		}
	})
	t.Run("patience with the other ends", func(t *testing.T) {
		said := o.Exits(t, 0, "rotate", "--sandbox", lab.Box, "--yes", "--grace", "0s", "--follow", "0s", "--watch", "0s", "--not-later-than", "2020-01-01")
		mustSay(t, said, "may break: cluster store-002: its packages controller runs since ")
		eachHoldsItsOwn(t, o, l.Clusters())
	})
}

// A workload cluster that the share does not name has a copy of the Secret all the same.
func TestARotationKeepsTheKeyOfWorkloadClustersThatNobodyNamed(t *testing.T) {
	l := lab.Start(t, "hub")
	hub := l.Cluster(t, "hub")
	installed(t, hub)
	hub.Apply(t, `{apiVersion: packages.eks.amazonaws.com/v1alpha1, kind: PackageBundleController,
			metadata: {name: attic, namespace: eksa-packages}, spec: {defaultRegistry: public.ecr.aws/eks-anywhere}}`)
	o := l.Operator(t)
	o.WriteShare(t, hub)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	before := holds(t, hub)
	rotate := []string{"rotate", "--sandbox", lab.Box, "--yes", "--settle", "0s", "--follow", "0s", "--grace", "0s", "--watch", "0s"}
	o.Exits(t, 1, append(slices.Clone(rotate), "--force")...)
	hub.RunController(t, aSecondLater(t))
	fetchToken(t, o, hub)
	said := o.Exits(t, 1, rotate...)
	mustSay(t, said, "missing: nothing shows whether workload cluster attic, which the share does not name, of hub has moved")
	if keys := o.Keys(t); len(keys) != 2 || !slices.Contains(keys, before) {
		t.Errorf("IAM has the keys %v, and had %s", keys, before)
	}
	hub.Kubectl(t, "-n", lab.Namespace, "delete", "packagebundlecontroller", "attic").Succeeded(t)
	o.Exits(t, 0, rotate...)
	eachHoldsItsOwn(t, o, l.Clusters())
}

func mustSay(t *testing.T, said lab.Outcome, want string) {
	t.Helper()
	if !strings.Contains(string(said.Stdout), want) {
		t.Errorf("nothing says %q:\n%s%s", want, said.Stdout, said.Stderr)
	}
}

// fetchToken writes what the packages controller writes once it has a token.
func fetchToken(t *testing.T, o *lab.Operator, c *lab.Cluster) {
	t.Helper()
	out, err := o.AWS.ECR(arn.AccountID(lab.Source)).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Secret, metadata: {name: registry-mirror-cred, namespace: eksa-packages}, stringData: {config.json: '{"auths":{%q:{"auth":%q}}}'}}`,
		registryHost, aws.ToString(out.AuthorizationData[0].AuthorizationToken)))
}

// aSecondLater waits for the next second by the clock, and returns its beginning: what Kubernetes says of times can be told
// apart then.
func aSecondLater(t *testing.T) time.Time {
	t.Helper()
	next := time.Now().Truncate(time.Second).Add(time.Second)
	if err := pause.InRealTime(t.Context(), time.Until(next)); err != nil {
		t.Fatal(err)
	}
	return next
}
