// Package registry knows the ECR registries that hold the EKS Anywhere curated packages.
package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// Errors that callers branch on.
var (
	// ErrUnknownRegion says that the Region table has no row for a Region of the commercial partition. A registry
	// account that is known from elsewhere (the subscription, or the share) makes such a Region usable all the same.
	ErrUnknownRegion = errors.New("no packages registry is known")
	// ErrNoRegistry says that a Region belongs to a partition in which AWS runs no packages registry.
	ErrNoRegistry = errors.New("no packages registry exists")
	// ErrHost says that a host name is not that of an ECR registry.
	ErrHost = errors.New("not the host of an ECR registry")
)

// A Registry is one private ECR registry: an account, owned by AWS where it holds the packages, in one Region.
type Registry struct {
	Account arn.AccountID
	Region  arn.Region
}

// Legacy returns the registry that served trials and the subscriptions made before October 2023. It is no row of the
// Region table: us-west-2 has a registry of its own there.
func Legacy() Registry {
	return Registry{Account: "783794618700", Region: "us-west-2"}
}

const (
	hostService = "dkr.ecr"
	hostDomain  = "amazonaws.com"
)

// Host returns the DNS name under which the registry speaks the registry protocol,
// <account>.dkr.ecr.<region>.amazonaws.com.
func (r Registry) Host() string {
	return string(r.Account) + "." + hostService + "." + string(r.Region) + "." + hostDomain
}

// String returns the host.
func (r Registry) String() string { return r.Host() }

// IsZero reports whether r names no registry at all.
func (r Registry) IsZero() bool { return r == Registry{} }

// ParseHost reads the host name of a private ECR registry in the commercial partition, which is the only one with
// packages. It is strict: a port, a path, capitals, the FIPS and dual-stack names, the names of other partitions are all
// refused, with an error that wraps ErrHost (and ErrNoRegistry for another partition). The Region need not be in the
// table, because AWS may open a Region before the table learns of it.
func ParseHost(host string) (Registry, error) {
	rest, ok := strings.CutSuffix(host, "."+hostDomain)
	if !ok {
		return Registry{}, hostError(host)
	}
	account, region, ok := strings.Cut(rest, "."+hostService+".")
	if !ok {
		return Registry{}, hostError(host)
	}
	r := Registry{Account: arn.AccountID(account), Region: arn.Region(region)}
	if _, err := arn.ParseAccountID(account); err != nil {
		return Registry{}, hostError(host)
	}
	if _, err := arn.ParseRegion(region); err != nil {
		return Registry{}, hostError(host)
	}
	if err := checkPartition(r.Region); err != nil {
		return Registry{}, fmt.Errorf("parsing registry host %q: %w: %w", host, ErrHost, err)
	}
	return r, nil
}

func hostError(host string) error {
	if strings.HasSuffix(host, "."+hostDomain+".cn") {
		return fmt.Errorf("parsing registry host %q: %w: %w in the China Regions", host, ErrHost, ErrNoRegistry)
	}
	return fmt.Errorf("parsing registry host %q: %w: want <account>.%s.<region>.%s", host, ErrHost, hostService, hostDomain)
}

// checkPartition refuses Regions of the partitions without packages, which the Region codes tell apart
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func checkPartition(region arn.Region) error {
	for _, p := range []struct{ prefix, name string }{
		{"cn-", "the China Regions"},
		{"us-gov-", "AWS GovCloud (US)"},
		{"us-iso", "the AWS ISO partitions"},
		{"eu-iso", "the AWS ISO partitions"},
		{"eusc-", "the AWS European Sovereign Cloud"},
	} {
		if strings.HasPrefix(string(region), p.prefix) {
			return fmt.Errorf("%w in %s", ErrNoRegistry, p.name)
		}
	}
	return nil
}
