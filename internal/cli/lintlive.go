package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/pullpass/pullpass/internal/lint"
)

// errUnseen says that something could not be looked at; what, has been said by then.
var errUnseen = errors.New("not everything could be looked at")

// lintLive checks the clusters of a share.
func (a *app) lintLive(ctx context.Context, o lintOptions, args []string) error {
	if len(args) > 0 || o.fix || o.environment {
		return usagef("--live looks at the clusters of a share, and at no files")
	}
	targets, unseen, err := a.liveTargets(ctx, o.shareFlags)
	if err != nil {
		return err
	}
	err = a.lint(o, targets)
	if unseen > 0 && (err == nil || errors.Is(err, errFindings)) {
		return errUnseen
	}
	return err
}

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
