package cli

import (
	"context"
	"fmt"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/verify"
)

// settleBlame finds out whose side a refused AssumeRole is, which AWS does not say, by comparing what is there with what
// should be. It helps where this side has access; where it finds nothing, both sides stay named.
func (s *session) settleBlame(ctx context.Context, report *proofReport) {
	var p *plan.Plan
	for i := range report.Clusters {
		c := &report.Clusters[i]
		link := c.broken()
		if link == nil || link.Side != verify.SourceOrDestination {
			continue
		}
		if p == nil {
			run, err := s.begin(ctx, planOptions{}, false)
			if err != nil {
				return
			}
			if p, err = run.plan(ctx); err != nil {
				return
			}
		}
		s.blame(p, c, link)
	}
}

// blame names the sides on which the plan would change what the cluster's way in depends on.
func (s *session) blame(p *plan.Plan, c *clusterReport, link *linkReport) {
	var sides []verify.Side
	for _, side := range []struct {
		who   verify.Side
		found []string
	}{
		{verify.Source, s.sourceDiffers(p, c)},
		{verify.Destination, destinationDiffers(p, c)},
		{verify.Cluster, deliveryDiffers(p, c)},
	} {
		if len(side.found) > 0 {
			sides = append(sides, side.who)
			link.Differs = append(link.Differs, side.found...)
		}
	}
	if len(sides) == 1 {
		link.Side = sides[0]
		link.Hint = fmt.Sprintf("pullpass apply mends the side of the %s", sides[0])
	}
}

// sourceDiffers looks at the role that the cluster assumes, and at no other destination's.
func (s *session) sourceDiffers(p *plan.Plan, c *clusterReport) []string {
	if p.IsHandedOver(s.desired.Source.Account) {
		return nil // It was not read: its steps say nothing.
	}
	var found []string
	for _, step := range p.StepsOf(s.desired.Source.Account) {
		if concerns(step.Op, c) {
			found = append(found, fmt.Sprintf("%s: %s %s", step.Account, step.Verb, step.Target))
		}
	}
	return found
}

func concerns(op plan.Op, c *clusterReport) bool {
	role := c.delivery.Config.RoleARN
	switch op := op.(type) {
	case plan.CreateRole:
		return op.Role.ARN() == role
	case plan.UpdateTrust:
		return op.Role == role
	case plan.PutBoundary:
		return op.Entity == role
	}
	return false
}

// deliveryDiffers looks at the delivered file, of which any line that is not the share's may be the reason.
func deliveryDiffers(p *plan.Plan, c *clusterReport) []string {
	var found []string
	for _, step := range p.StepsOf(c.Account) {
		if op, ok := step.Op.(plan.WriteDelivery); ok && op.Cluster == c.Cluster {
			found = append(found, fmt.Sprintf("%s: %s %s", step.Account, step.Verb, step.Target))
		}
	}
	return found
}

// destinationDiffers looks at the user that the cluster acts as, and its policies.
func destinationDiffers(p *plan.Plan, c *clusterReport) []string {
	if p.IsHandedOver(c.Account) {
		return nil
	}
	var found []string
	for _, step := range p.StepsOf(c.Account) {
		switch op := step.Op.(type) {
		case plan.CreatePolicy, plan.UpdatePolicy:
		case plan.CreateUser:
			if op.User.Name != c.delivery.User {
				continue
			}
		case plan.AttachPolicy:
			if op.Entity.Name() != c.delivery.User {
				continue
			}
		case plan.PutBoundary:
			if op.Entity.Name() != c.delivery.User {
				continue
			}
		default:
			continue
		}
		found = append(found, fmt.Sprintf("%s: %s %s", step.Account, step.Verb, step.Target))
	}
	return found
}
