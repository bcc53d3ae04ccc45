package fieldcheck

import "context"

// subscriptionChecks are about what EKS tells of a subscription.
func subscriptionChecks() []Check {
	return []Check{{
		ID: "subscription/registry", Mark: Seen, run: (*stage).subscriptionRegistry,
		Assumption: "EKS answers with a field packageRegistry that no published model has: the host of the Region's registry.",
	}}
}

func (s *stage) subscriptionRegistry(ctx context.Context) error {
	if s.Subscription == "" {
		return notSeen("no subscription was given (--subscription)")
	}
	got, err := s.Source.Subscriptions.Describe(ctx, s.Subscription)
	if err != nil {
		return err
	}
	packages, known := s.packages()
	switch {
	case got.PackageRegistry == "":
		s.note("the answer has no packageRegistry")
	case known && got.PackageRegistry == packages.Host():
		s.note("packageRegistry is the host of the Region table")
	default:
		s.note("packageRegistry is another host than the Region table's: %s", got.PackageRegistry)
	}
	return nil
}
