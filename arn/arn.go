// Package arn holds Amazon Resource Names as values that can be parsed, printed, built or matched.
package arn

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that the parsing functions wrap.
var (
	ErrInvalidARN     = errors.New("invalid ARN")
	ErrInvalidAccount = errors.New("invalid account id")
	ErrInvalidRegion  = errors.New("invalid Region")
)

// An AccountID is the id of an AWS account: 12 decimal digits, leading zeros kept.
type AccountID string

// ParseAccountID checks that s is exactly 12 digits. It does not accept the owners that stand in the account field of
// some ARNs without being accounts, such as "aws".
func ParseAccountID(s string) (AccountID, error) {
	if len(s) != 12 || strings.Trim(s, "0123456789") != "" {
		return "", fmt.Errorf("%w %q: want 12 digits", ErrInvalidAccount, s)
	}
	return AccountID(s), nil
}

// String returns the digits.
func (a AccountID) String() string { return string(a) }

// A Region is the code of an AWS Region, such as us-west-2 or us-gov-west-1.
type Region string

// ParseRegion checks the shape of a Region code: words of lower case letters and a number, joined by hyphens, at least
// three in all. Whether such a Region exists is not its concern.
func ParseRegion(s string) (Region, error) {
	words := strings.Split(s, "-")
	last := len(words) - 1
	ok := last >= 2 && len(words[0]) >= 2 && words[last] != "" && strings.Trim(words[last], "0123456789") == ""
	for _, w := range words[:last] {
		ok = ok && w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == ""
	}
	if !ok {
		return "", fmt.Errorf("%w %q: want a code such as us-west-2", ErrInvalidRegion, s)
	}
	return Region(s), nil
}

// String returns the Region's code.
func (r Region) String() string { return string(r) }

// An ARN names one resource of AWS: arn:Partition:Service:Region:Account:Resource. Region and Account are empty where
// the service has none in its ARNs (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
type ARN struct {
	Partition string
	Service   string
	Region    Region
	// Account is the owner: an account id, empty, or a word that stands for AWS itself ("aws" for managed policies).
	Account  AccountID
	Resource string
}

// Parse reads an ARN. It wants a name, not a pattern: a wildcard in the account or Region is refused.
func Parse(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, fmt.Errorf("%w %q: want arn:partition:service:region:account:resource", ErrInvalidARN, s)
	}
	a := ARN{
		Partition: parts[1],
		Service:   parts[2],
		Region:    Region(parts[3]),
		Account:   AccountID(parts[4]),
		Resource:  parts[5],
	}
	if err := a.check(); err != nil {
		return ARN{}, fmt.Errorf("%w %q: %w", ErrInvalidARN, s, err)
	}
	return a, nil
}

func (a ARN) check() error {
	const lower, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	if a.Partition == "" || strings.Trim(a.Partition, lower+"-") != "" {
		return errors.New("the partition must be a word such as aws")
	}
	if a.Service == "" || strings.Trim(a.Service, lower+digits+"-") != "" {
		return errors.New("the service must be a word such as iam")
	}
	if a.Region != "" {
		if _, err := ParseRegion(string(a.Region)); err != nil {
			return err
		}
	}
	if a.Account != "" && strings.Trim(string(a.Account), lower) != "" {
		if _, err := ParseAccountID(string(a.Account)); err != nil {
			return err
		}
	}
	if a.Resource == "" {
		return errors.New("the resource must not be empty")
	}
	return nil
}

// String prints the ARN; the zero ARN is the empty string.
func (a ARN) String() string {
	if a.IsZero() {
		return ""
	}
	return "arn:" + a.Partition + ":" + a.Service + ":" + string(a.Region) + ":" + string(a.Account) + ":" + a.Resource
}

// IsZero reports whether a names nothing at all.
func (a ARN) IsZero() bool { return a == ARN{} }

// MarshalText prints the ARN; the zero ARN is empty text.
func (a ARN) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText parses an ARN; empty text gives the zero ARN.
func (a *ARN) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = ARN{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
