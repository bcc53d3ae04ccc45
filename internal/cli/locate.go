package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// located is a registry and how it was found.
type located struct {
	registry registry.Registry
	// by is what named the registry.
	by finder
	// subscription is nil where EKS was not asked.
	subscription *awsclient.Subscription
}

// finder says what named a registry.
type finder string

const (
	bySubscription finder = "subscription"
	byShare        finder = "share"
	byTable        finder = "table"
)

// locate finds the share's registry: EKS is asked where there is a subscription and access to the source; then the
// account that the share gives counts, then the Region table.
func (s *session) locate(ctx context.Context, doc *share.Document) (located, error) {
	spec := doc.Spec.Registry
	access, open := s.access[doc.Spec.Source.Account]
	if spec.Subscription == "" || !open {
		return fallback(spec, nil)
	}
	clients, err := s.factory.For(ctx, access, spec.Region)
	if err != nil {
		return located{}, err
	}
	// The two are asked at the same time: in a wrong account the second answer is worth nothing, and harms nothing.
	var caller arn.ARN
	var callerErr error
	var group sync.WaitGroup
	group.Go(func() { caller, callerErr = clients.Caller(ctx) })
	subscription, err := clients.Subscriptions.Describe(ctx, spec.Subscription)
	group.Wait()
	switch {
	case callerErr != nil:
		return located{}, fmt.Errorf("signing in to source account %s: %w", doc.Spec.Source.Account, callerErr)
	case caller.Account != doc.Spec.Source.Account:
		return located{}, doc.ErrorAt("spec.source.access",
			fmt.Sprintf("leads to account %s, not to %s", caller.Account, doc.Spec.Source.Account), "give the source its own profile")
	case errors.Is(err, awsclient.ErrNoSubscription):
		return located{}, doc.ErrorAt("spec.registry.subscription",
			fmt.Sprintf("account %s has no such subscription in %s", caller.Account, spec.Region),
			"aws eks list-eks-anywhere-subscriptions shows those that it has")
	case hasCode("AccessDeniedException", "AccessDenied")(err):
		return located{}, withHint(err, "the source's access needs eks:DescribeEksAnywhereSubscription; without spec.registry.subscription "+
			"the Region table decides")
	case err != nil:
		return located{}, err
	}
	return fromSubscription(spec, subscription)
}

// asking bounds how long EKS is asked for what a proof can do without.
const asking = 20 * time.Second

// locateAnyway is locate for those who can do without EKS: what keeps them from asking is said, and the share or the Region
// table decides.
func (s *session) locateAnyway(ctx context.Context, doc *share.Document) (located, error) {
	hurried, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	found, err := s.locate(hurried, doc)
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	s.app.progress("note: EKS could not be asked about the subscription: %s", awserror.InBrief(err).Error())
	return fallback(doc.Spec.Registry, nil)
}

// noteSubscription says that the subscription has ended or is about to, before anybody builds on it.
func (s *session) noteSubscription() {
	for _, notice := range s.subscription().Notices(s.app.env.Now()) {
		s.app.progress("note: %s", notice)
	}
}

// fromSubscription reads the host that EKS gives, which must be that of an ECR registry in the subscription's Region.
func fromSubscription(spec share.RegistrySpec, s awsclient.Subscription) (located, error) {
	if s.PackageRegistry == "" {
		return fallback(spec, &s)
	}
	found, err := registry.ParseHost(s.PackageRegistry)
	if err != nil {
		return located{}, fmt.Errorf("reading the packages registry of subscription %s: %w", s.ID, err)
	}
	return located{registry: found, by: bySubscription, subscription: &s}, nil
}

func fallback(spec share.RegistrySpec, s *awsclient.Subscription) (located, error) {
	if spec.Account != "" {
		return located{registry: registry.Registry{Account: spec.Account, Region: spec.Region}, by: byShare, subscription: s}, nil
	}
	found, err := fromTable(spec.Region)
	found.subscription = s
	return found, err
}

func fromTable(region arn.Region) (located, error) {
	found, err := registry.ForRegion(region)
	if err != nil {
		return located{}, err
	}
	return located{registry: found, by: byTable}, nil
}
