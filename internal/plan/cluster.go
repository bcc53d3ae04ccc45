package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/share"
)

// blocker returns the problem that keeps a credential from being written into a cluster that could be read.
func (u userKeys) blocker(c share.ClusterDelivery) (Problem, bool) {
	in, other := u.delivery(c.Cluster).Cluster, u.othersShare(c)
	switch {
	case other != "" && !u.options.ForceConflicts:
		return Problem{
			Kind: DeliveryTaken, Cluster: c.Cluster, Target: deliveryTarget(c),
			Msg: fmt.Sprintf("it holds a key of share %s, which would write over it again", other),
		}, true
	case u.roleUnseen && u.moves(c):
		return Problem{
			Kind: RoleUnseen, Cluster: c.Cluster, Target: deliveryTarget(c),
			Msg: fmt.Sprintf("it holds a credential for role %s, which may work; whether role %s is there yet cannot be seen without access to the source",
				u.delivery(c.Cluster).Config.RoleARN.Name(), c.Config.RoleARN.Name()),
		}, true
	case in == nil:
	case in.NoNamespace && !u.options.CreateNamespace:
		return Problem{
			Kind: NoNamespace, Cluster: c.Cluster, Target: deliveryTarget(c),
			Msg: "the cluster has no namespace for the Secret: the packages controller was never installed there",
		}, true
	case in.Refuses != "":
		return Problem{Kind: Unwritable, Cluster: c.Cluster, Target: deliveryTarget(c), Msg: "the Secret cannot be written as it is: " + in.Refuses}, true
	case len(in.Conflicts) > 0 && !u.options.ForceConflicts:
		return Problem{
			Kind: FieldConflict, Cluster: c.Cluster, Target: deliveryTarget(c),
			Msg: "the Secret's config is kept by " + strings.Join(in.Conflicts, " and ") + ", which would write over it again",
		}, true
	}
	return Problem{}, false
}

// othersShare is the share whose key a cluster holds, and may pull with, where that is not this one; empty for none, and where
// nobody could see. A copy is its original's affair.
func (u userKeys) othersShare(c share.ClusterDelivery) string {
	held := u.delivery(c.Cluster)
	if held.State != Held || c.ManagedBy != "" {
		return ""
	}
	f := u.former(held.Config.Key.ID)
	if f == nil || f.Tags[share.TagShare] == u.share || !f.active(held.Config.Key.ID) {
		return ""
	}
	return f.Tags[share.TagShare]
}

// overruled reports whether a new key would not stay in a workload cluster: its management cluster gets none, and the
// bundle manager writes what that holds over the copy.
func (u userKeys) overruled(c share.ClusterDelivery) bool {
	return c.ManagedBy != "" && slices.ContainsFunc(u.clusters, func(manager share.ClusterDelivery) bool {
		_, blocked := u.blocker(manager)
		return manager.Cluster == c.ManagedBy && (blocked || u.delivery(manager.Cluster).State == Unknown)
	})
}

// obstacle records what keeps a cluster from being given its credential. A workload cluster gets its copy from the bundle
// manager as well, so that one which cannot be served stops nothing.
func (u userKeys) obstacle(c share.ClusterDelivery, p Problem) {
	if c.ManagedBy == "" {
		u.problem(p)
		return
	}
	u.leave(c, p.Msg)
}

// leave says that a copy is not written, and why.
func (u userKeys) leave(c share.ClusterDelivery, why string) {
	u.note(c.Cluster, "%s: the copy is left to the bundle manager of %s, which copies once a day and only while it is active: %s",
		c.Cluster, c.ManagedBy, why)
}

// obstacles records the clusters that lack a key and cannot be given any.
func (u userKeys) obstacles() {
	for _, c := range u.clusters {
		if p, blocked := u.blocker(c); blocked {
			u.obstacle(c, p)
		}
	}
}

// controllers plans the restarts of packages controllers, which read the Secret only when they start. Written maps a
// cluster to the step that changes its Secret.
func (u userKeys) controllers(written map[string]string) {
	for _, c := range u.clusters {
		in := u.delivery(c.Cluster).Cluster
		if in == nil {
			continue
		}
		for _, note := range in.Notes {
			u.note(c.Cluster, "%s: %s", c.Cluster, note)
		}
		if c.ManagedBy != "" {
			continue // Its manager's controller serves it.
		}
		step := written[c.Cluster]
		if due := step != "" || in.Stale && !u.adopting; !due || !in.Controller {
			continue
		}
		if !c.Kubernetes.Restart {
			u.note(c.Cluster, "%s: the packages controller has to be restarted once its Secret has changed, and the share says that pullpass does not: "+
				"kubectl -n eksa-packages rollout restart deployment/eks-anywhere-packages", c.Cluster)
			continue
		}
		restart := Step{
			Cluster: c.Cluster, Verb: Restart, Target: "packages controller of " + deliveryPlace(c), Op: RestartController{ClusterDelivery: c},
			Changes: []Change{{Field: "reason", After: "it reads the Secret only when it starts"}},
		}
		if step != "" {
			restart.Needs = []string{step}
		}
		u.step(restart)
	}
}

// takenFrom says whose delivery is written over by force.
func (u userKeys) takenFrom(c share.ClusterDelivery) []Change {
	if other := u.othersShare(c); other != "" {
		return []Change{{Field: "delivery taken by force from", After: "share " + other}}
	}
	return nil
}

// takeovers says whose field a written config becomes pullpass's.
func takeovers(got Delivery) []Change {
	if got.Cluster == nil {
		return nil
	}
	var changes []Change
	for _, manager := range got.Cluster.TakesOver {
		changes = append(changes, Change{Field: "config taken over from", After: manager})
	}
	for _, manager := range got.Cluster.Conflicts {
		changes = append(changes, Change{Field: "config taken by force from", After: manager})
	}
	return changes
}

// incomplete says what a delivery lacks whose config is the share's.
func incomplete(got Delivery) []Change {
	if got.Cluster == nil {
		return []Change{{Field: "files", Before: "incomplete, or open to others", After: "complete, for their owner alone"}}
	}
	return []Change{{Field: "Secret", Before: "not as pullpass writes it", After: fmt.Sprintf("config, key fields and annotations kept by %s", FieldManager)}}
}

// FieldManager is the name under which pullpass writes into clusters.
const FieldManager = "pullpass"
