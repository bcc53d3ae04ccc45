package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// inClusters derives a share that delivers to a management cluster with one workload cluster. Options are further fields
// of its kubernetes delivery.
func inClusters(t *testing.T, options string) share.Desired {
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
        - {name: hub, kubernetes: {context: hub`+options+`}, workloadClusters: [edge]}
`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// clusterPlan is what a plan says of the destination, line by line.
func clusterPlan(p *plan.Plan) []string {
	var lines []string
	for _, s := range p.StepsOf(retail) {
		switch s.Op.(type) {
		case plan.CreateKey, plan.WriteDelivery, plan.RestartController:
			line := s.Mark() + " " + string(s.Verb) + " " + s.Target
			for _, c := range s.Changes {
				line += "; " + c.Field + " " + strings.TrimPrefix(c.Before+" → "+c.After, " → ")
			}
			lines = append(lines, line)
		}
	}
	for _, problem := range p.Problems {
		lines = append(lines, "! "+string(problem.Kind)+" "+problem.String())
	}
	for _, n := range p.Notes {
		lines = append(lines, "* "+n.Msg)
	}
	return lines
}

func TestClusterDeliveries(t *testing.T) {
	const (
		create   = "+ create access key of user pullpass-packages-hub"
		toHub    = "; delivered to hub (context hub)"
		toEdge   = "; delivered to edge (by context hub)"
		restart  = "~ restart packages controller of hub (context hub); reason it reads the Secret only when it starts"
		writeHub = "~ write delivery to hub (context hub)"
	)
	type deliveries = map[string]plan.Delivery
	in := func(c plan.InCluster) func(plan.Delivery) plan.Delivery {
		return func(d plan.Delivery) plan.Delivery { d.Cluster = &c; return d }
	}
	nothing := plan.Delivery{State: plan.None}
	unreachable := plan.Delivery{Err: errors.New("connection refused")}
	running := in(plan.InCluster{Controller: true})
	for sentence, test := range map[string]struct {
		fields string
		// settled begins with what carrying out a first plan leaves behind.
		settled bool
		change  func(held plan.Delivery) deliveries
		options func(*plan.Options)
		want    []string
	}{
		"a key goes to the cluster and to what it manages, then the controller restarts": {
			change: func(plan.Delivery) deliveries { return deliveries{"hub": running(nothing), "edge": running(nothing)} },
			want:   []string{create + toHub + toEdge, restart},
		},
		"without a controller nothing restarts": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{})(nothing), "edge": nothing}
			},
			want: []string{create + toHub + toEdge},
		},
		"what holds everything needs nothing": {
			settled: true,
			change:  func(held plan.Delivery) deliveries { return deliveries{"hub": running(held), "edge": held} },
		},
		"a controller that started before the Secret was written is restarted alone": {
			settled: true,
			change: func(held plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Controller: true, Stale: true})(held), "edge": held}
			},
			want: []string{restart},
		},
		"a controller that the share says not to restart is a note": {
			fields: ", restart: false", settled: true,
			change: func(held plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Controller: true, Stale: true})(held), "edge": held}
			},
			want: []string{"* hub: the packages controller has to be restarted once its Secret has changed, and the share says that pullpass does not: " +
				"kubectl -n eksa-packages rollout restart deployment/eks-anywhere-packages"},
		},
		"a workload cluster that lacks the key gets it, and no controller restarts for it": {
			settled: true,
			change:  func(held plan.Delivery) deliveries { return deliveries{"hub": running(held), "edge": running(nothing)} },
			want:    []string{"+ write delivery to edge (by context hub); source_profile pullpass-packages-hub; role_arn arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999; region us-west-2; role_session_name pullpass-packages-hub; aws_access_key_id AKIAQAAAAAAAAAAAAA01"},
		},
		"a workload cluster that cannot be read is a note": {
			settled: true,
			change:  func(held plan.Delivery) deliveries { return deliveries{"hub": running(held), "edge": unreachable} },
			want: []string{"* edge: the copy is left to the bundle manager of hub, which copies once a day and only while it is active: " +
				"what the cluster holds is not known: connection refused"},
		},
		"a cluster that cannot be read is a problem, and no key is made for it": {
			change: func(plan.Delivery) deliveries { return deliveries{"hub": unreachable, "edge": unreachable} },
			want: []string{
				"! delivery-unknown cluster hub: delivery to hub (context hub): what the cluster holds is not known: connection refused",
				"* edge: the copy is left to the bundle manager of hub, which copies once a day and only while it is active: " +
					"what the cluster holds is not known: connection refused",
			},
		},
		"a cluster without the namespace is a problem, and no key is made for it": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{NoNamespace: true})(nothing), "edge": unreachable}
			},
			want: []string{
				"* edge: the copy is left to the bundle manager of hub, which copies once a day and only while it is active: " +
					"what the cluster holds is not known: connection refused",
				"! no-namespace cluster hub: delivery to hub (context hub): the cluster has no namespace for the Secret: the packages controller was never installed there",
			},
		},
		"a namespace may be made when asked for": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{NoNamespace: true})(nothing), "edge": running(nothing)}
			},
			options: func(o *plan.Options) { o.CreateNamespace = true },
			want:    []string{create + toHub + toEdge},
		},
		"what kubectl keeps is taken over, and the plan says so": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{TakesOver: []string{"kubectl-create"}})(nothing), "edge": nothing}
			},
			want: []string{create + toHub + "; config taken over from kubectl-create" + toEdge},
		},
		"what somebody else keeps is a problem": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Conflicts: []string{"argocd-controller"}})(nothing), "edge": running(nothing)}
			},
			want: []string{
				"! field-conflict cluster hub: delivery to hub (context hub): the Secret's config is kept by argocd-controller, which would write over it again",
			},
		},
		"no key is made for a copy whose original is not understood: the bundle manager would write over it": {
			change: func(plan.Delivery) deliveries { return deliveries{"hub": unreachable, "edge": running(nothing)} },
			want:   []string{"! delivery-unknown cluster hub: delivery to hub (context hub): what the cluster holds is not known: connection refused"},
		},
		"a Secret that can never be written is a problem": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Refuses: "immutable"})(nothing), "edge": running(nothing)}
			},
			want: []string{"! unwritable cluster hub: delivery to hub (context hub): the Secret cannot be written as it is: immutable"},
		},
		"a Secret that can never be written, and need not be": {
			settled: true,
			change: func(held plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Refuses: "immutable"})(held), "edge": held}
			},
		},
		"what somebody else keeps is taken by force when asked for": {
			change: func(plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Conflicts: []string{"argocd-controller"}})(nothing), "edge": nothing}
			},
			options: func(o *plan.Options) { o.ForceConflicts = true },
			want:    []string{create + toHub + "; config taken by force from argocd-controller" + toEdge},
		},
		"what somebody else keeps as the share asks for is left alone": {
			settled: true,
			change: func(held plan.Delivery) deliveries {
				held.Complete = false
				return deliveries{"hub": in(plan.InCluster{Conflicts: []string{"flux"}})(held), "edge": running(held)}
			},
			want: []string{
				"* hub: the Secret's config is kept by flux, which would write over it again; it holds what the share asks for and stays as it is",
				"~ write delivery to edge (by context hub); Secret not as pullpass writes it → config, key fields and annotations kept by pullpass",
			},
		},
		"what else keeps the cluster from the registry is noted": {
			settled: true,
			change: func(held plan.Delivery) deliveries {
				return deliveries{"hub": in(plan.InCluster{Controller: true, Notes: []string{"first this", "then that"}})(held), "edge": held}
			},
			want: []string{"* hub: first this", "* hub: then that"},
		},
		"a Secret that is not as pullpass writes it is written, and the controller restarts": {
			settled: true,
			change: func(held plan.Delivery) deliveries {
				whole := held
				held.Complete = false
				return deliveries{"hub": running(held), "edge": whole}
			},
			want: []string{writeHub + "; Secret not as pullpass writes it → config, key fields and annotations kept by pullpass", restart},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := inClusters(t, test.fields)
			w := empty(t, source, retail)
			var held plan.Delivery
			if test.settled {
				w.Accounts[retail].Deliveries = deliveries{"hub": nothing, "edge": nothing}
				w.carryOut(w.diff(d, options()).Steps)
				held = w.Accounts[retail].Deliveries["hub"]
			}
			w.Accounts[retail].Deliveries = test.change(held)
			o := options()
			if test.options != nil {
				test.options(&o)
			}
			got := clusterPlan(w.diff(d, o))
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARestartComesAfterWhatItIsFor(t *testing.T) {
	d := inClusters(t, "")
	w := empty(t, source, retail)
	w.Accounts[retail].Deliveries = map[string]plan.Delivery{
		"hub": {State: plan.None, Cluster: &plan.InCluster{Controller: true}}, "edge": {State: plan.None},
	}
	p := w.diff(d, options())
	steps := p.StepsOf(retail)
	last := steps[len(steps)-1]
	if _, restarts := last.Op.(plan.RestartController); !restarts || len(last.Needs) != 1 || !strings.Contains(last.Needs[0], "access key") {
		t.Errorf("the last step is %q and needs %q; want the restart, after the key", last.ID, last.Needs)
	}
	if commands := strings.Join(p.Commands(retail), "\n"); !strings.Contains(commands, "edge") {
		t.Errorf("the commands leave the workload cluster out:\n%s", commands)
	}
}

// delivered is that share, and a world in which it was applied.
func delivered(t *testing.T) (share.Desired, *world) {
	t.Helper()
	d, w := inClusters(t, ""), empty(t, source, retail)
	nothing := plan.Delivery{State: plan.None}
	w.Accounts[retail].Deliveries = map[string]plan.Delivery{"hub": nothing, "edge": nothing}
	w.carryOut(w.diff(d, options()).Steps)
	return d, w
}

// A key that one copy holds goes to the original before it goes to the other copies.
func TestACopyComesAfterItsOriginal(t *testing.T) {
	d, w := delivered(t)
	side := &d.Destinations[0]
	far := side.Clusters[1]
	far.Cluster = "far"
	side.Clusters = append(side.Clusters, far)
	held := w.Accounts[retail].Deliveries["edge"]
	nothing := plan.Delivery{State: plan.None}
	w.Accounts[retail].Deliveries = map[string]plan.Delivery{"hub": nothing, "edge": nothing, "far": held}
	var hub string
	for _, step := range w.diff(d, options()).StepsOf(retail) {
		write, writes := step.Op.(plan.WriteDelivery)
		switch {
		case !writes:
		case write.Cluster == "hub":
			hub = step.ID
		case !slices.Contains(step.Needs, hub):
			t.Errorf("%s needs %q, and not %s", step.ID, step.Needs, hub)
		}
	}
	if hub == "" {
		t.Error("the key does not go to hub")
	}
}

// What another share delivers to, and the copies of that, are left to it as long as nobody says otherwise.
func TestWhatAnotherShareDeliversToIsLeftToIt(t *testing.T) {
	d, w := delivered(t)
	side := &d.Destinations[0]
	store := side.Clusters[0]
	store.Cluster = "store"
	side.Clusters = append(side.Clusters, store)
	ours := w.Accounts[retail].Deliveries["hub"]
	others := ours
	others.Config = others.Config.WithKey(credential.AccessKey{ID: "AKIAQAAAAAAAAAAAAA77"})
	other := &plan.User{
		ARN: arn.IAM(retail, "user", "/", "other"), Tags: map[string]string{share.TagShare: "other"},
		Keys: []plan.Key{{ID: others.Config.Key.ID, Active: true}},
	}
	w.Accounts[retail].Deliveries = map[string]plan.Delivery{"hub": others, "edge": others, "store": ours}
	w.Accounts[retail].Former = map[string]*plan.User{"other": other}
	writes := func(o plan.Options) (clusters []string) {
		for _, step := range w.diff(d, o).StepsOf(retail) {
			if write, writes := step.Op.(plan.WriteDelivery); writes {
				clusters = append(clusters, write.Cluster)
			}
		}
		return clusters
	}
	if got := writes(options()); len(got) > 0 || w.diff(d, options()).Problems[0].Kind != plan.DeliveryTaken {
		t.Errorf("it writes to %q: %v", got, w.diff(d, options()).Problems)
	}
	force := options()
	force.ForceConflicts = true
	if diff := cmp.Diff([]string{"hub", "edge"}, writes(force)); diff != "" {
		t.Errorf("by force (-want +got):\n%s", diff)
	}
	other.Keys[0].Active = false
	if diff := cmp.Diff([]string{"hub", "edge"}, writes(options())); diff != "" {
		t.Errorf("a key that opens nothing (-want +got):\n%s", diff)
	}
}

func TestASideHandedOverLeavesCopiesToTheBundleManager(t *testing.T) {
	d := inClusters(t, "")
	w := empty(t, source, retail)
	w.Accounts[retail] = &plan.Account{State: plan.NoAccess}
	commands := strings.Join(w.diff(d, options()).Commands(retail), "\n")
	if !strings.Contains(commands, "hub/aws-config") || strings.Contains(commands, "edge") {
		t.Errorf("want a file for hub and none for edge:\n%s", commands)
	}
}
