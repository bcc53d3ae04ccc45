package cli

import (
	"context"
	"strings"

	"github.com/pullpass/pullpass/internal/lint"
)

// liveTargets reads the clusters of a share: the Secret, the settings, the packages controller and the copies of workload
// clusters. What cannot be read is said, and nothing is concluded from it.
func (a *app) liveTargets(ctx context.Context, f shareFlags) (targets []lintTarget, unseen int, err error) {
	s, err := a.openUnasked(f)
	if err != nil {
		return nil, 0, err
	}
	for _, side := range s.desired.Destinations {
		for _, c := range side.Clusters {
			if c.Kubernetes == nil || c.ManagedBy != "" {
				continue
			}
			place, err := s.inCluster(ctx, c)
			if err != nil {
				unseen++
				a.say("%s: not seen: %v", c.Cluster, err)
				continue
			}
			live, err := place.Live(ctx, managed(side, c.Cluster)...)
			if err != nil {
				unseen++
				for line := range strings.Lines(err.Error()) {
					a.say("%s: not seen: %s", c.Cluster, strings.TrimSuffix(line, "\n"))
				}
			}
			targets = append(targets, lintTarget{name: c.Cluster, check: func() []lint.Finding { return lint.CheckLive(live) }})
		}
	}
	if len(targets)+unseen == 0 {
		return nil, 0, withHint(usagef("no cluster of the share has a kubernetes: delivery"), "name the files of a directory: pullpass lint FILE…")
	}
	return targets, unseen, nil
}
