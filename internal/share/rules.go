package share

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// Limits of IAM, in characters unless said otherwise ("IAM and AWS STS quotas",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const (
	maxUserName    = 64
	maxRoleName    = 64
	maxPolicyName  = 128
	maxPath        = 512
	maxTagKey      = 128
	maxTagValue    = 256
	maxTags        = 50 - 5 // tags on one entity, less pullpass's own: three that stay, two while a key is made or replaced
	maxExternalID  = 1224
	minExternalID  = 2
	maxShareName   = maxRoleName - len(hardenedPrefix) - len("-123456789012")
	maxClusterName = 80 // eksctl anywhere refuses longer names
	// maxAgeLimit bounds keys.maxAge: ten years, beyond which a duration no longer means rotation.
	maxAgeLimit = 3650 * 24 * time.Hour
)

// Shapes of names: those of IAM, STS and Organizations are the patterns of their API references, the tag's that of "Rules
// for tagging in IAM and AWS STS" (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
var (
	shareNameShape    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	clusterNameShape  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-]*$`)
	iamNameShape      = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPathShape      = regexp.MustCompile(`^/([\w+=,.@-]+/)*$`)
	externalIDShape   = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	organizationShape = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	subscriptionShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}$`)
	tagShape          = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+@-]*$`)
	durationShape     = regexp.MustCompile(`^([1-9][0-9]{0,5})([dh])$`)
)

func exactly(want string) func(string) (string, error) {
	return func(s string) (string, error) {
		if s != want {
			return "", wrong("", "must be %s, not %q", want, s)
		}
		return s, nil
	}
}

// anyText refuses what no name of a file, profile or context holds.
func anyText(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", wrong("", "must be one line without control characters")
	}
	return s, nil
}

func shareName(s string) (string, error) {
	if !shareNameShape.MatchString(s) {
		return "", wrong("", "must be lower case letters, digits and inner hyphens, not %q", s)
	}
	if len(s) > maxShareName {
		return "", wrong("", "has %d characters; at most %d leave room for an account id in IAM's role names of %d", len(s), maxShareName, maxRoleName)
	}
	return s, nil
}

func clusterName(s string) (string, error) {
	if !clusterNameShape.MatchString(s) {
		return "", wrong("", "must be letters, digits and hyphens, as EKS Anywhere wants cluster names, not %q", s)
	}
	if len(s) > maxClusterName {
		return "", wrong("", "has %d characters; EKS Anywhere takes at most %d", len(s), maxClusterName)
	}
	return s, nil
}

func accountID(s string) (arn.AccountID, error) {
	a, err := arn.ParseAccountID(s)
	if err != nil {
		return "", wrong("", "an account id is 12 digits, not %q", s)
	}
	return a, nil
}

func region(s string) (arn.Region, error) {
	r, err := arn.ParseRegion(s)
	if err != nil {
		return "", wrong("", "a Region is a code such as us-west-2, not %q", s)
	}
	if _, err := registry.ForRegion(r); errors.Is(err, registry.ErrNoRegistry) {
		return "", wrong("curated packages are for the commercial Regions", "%v", err)
	}
	return r, nil
}

// knownRegion refuses a Region that the table lacks. It is not asked where the document gives the registry's account,
// which is the way into a Region that is newer than the table.
func (d *decoder) knownRegion(v value, r arn.Region) {
	if _, err := registry.ForRegion(r); err == nil {
		return
	}
	var known []string
	for _, k := range registry.Regions() {
		known = append(known, string(k))
	}
	d.fail(v, "known Regions: "+strings.Join(known, ", ")+"; for another give the registry's account too", "unknown Region %q", r)
}

func organizationID(s string) (string, error) {
	if !organizationShape.MatchString(s) {
		return "", wrong("", "an organization id is like o-a1b2c3d4e5, not %q", s)
	}
	return s, nil
}

func subscriptionID(s string) (string, error) {
	if subscriptionShape.MatchString(s) {
		return s, nil
	}
	hint := ""
	if a, err := arn.Parse(s); err == nil {
		hint = "of the ARN give the last part: " + a.Name()
	}
	return "", wrong(hint, "a subscription id is like e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964, not %q", s)
}

func posture(s string) (Posture, error) {
	switch p := Posture(s); p {
	case Documented, Hardened:
		return p, nil
	}
	return "", wrong(nearestHint(s, []string{string(Documented), string(Hardened)}), "unknown posture %q", s)
}

func externalID(s string) (string, error) {
	if n := len(s); n < minExternalID || n > maxExternalID {
		return "", wrong("", "has %d characters; STS takes %d to %d", n, minExternalID, maxExternalID)
	}
	if !externalIDShape.MatchString(s) {
		return "", wrong("", "must be letters, digits and any of _+=,.@:/-")
	}
	return s, nil
}

func roleARN(s string) (arn.ARN, error) {
	a, err := arn.Parse(s)
	if err != nil || a.Service != "iam" || a.Kind() != "role" || a.Name() == "" || a.Partition != arn.Partition {
		return arn.ARN{}, wrong("", "a role's ARN is like arn:aws:iam::111111111111:role/name, not %q", s)
	}
	if _, err := arn.ParseAccountID(string(a.Account)); err != nil {
		return arn.ARN{}, wrong("", "a role's ARN names its account: arn:aws:iam::111111111111:role/name, not %q", s)
	}
	return a, nil
}

// iamPath is narrower than IAM, whose paths take any printable character: a wildcard in the path would reach into the
// trust's pattern for users.
func iamPath(s string) (string, error) {
	if !iamPathShape.MatchString(s) {
		return "", wrong("write it like /pullpass/", "a path begins and ends with a slash and is made of letters, digits and any of _+=,.@- between slashes, not %q", s)
	}
	if len(s) > maxPath {
		return "", wrong("", "has %d characters; IAM takes %d", len(s), maxPath)
	}
	return s, nil
}

// boundary takes the ARN of a policy that AWS manages, or the name of a policy, with its path where it has one. An ARN
// with an account is refused because one policy cannot bound entities of another account.
func boundary(s string) (Boundary, error) {
	if a, err := arn.Parse(s); err == nil && a.Service == "iam" && a.Kind() == "policy" && a.Partition == arn.Partition && iamNameShape.MatchString(a.Name()) {
		if a.Account == "aws" {
			return Boundary{aws: a}, nil
		}
		return Boundary{}, wrong("give "+a.Path()+a.Name()+", which then names the policy of each account",
			"an ARN ties the boundary to account %s, but it bounds entities of every account of the share", a.Account)
	}
	i := strings.LastIndexByte(s, '/') + 1
	b := Boundary{path: s[:i], name: s[i:]}
	if b.path == "" {
		b.path = "/"
	}
	if !iamNameShape.MatchString(b.name) || len(b.name) > maxPolicyName || !iamPathShape.MatchString(b.path) || len(b.path) > maxPath {
		return Boundary{}, wrong("", "a boundary is the name of a policy, like Developer or /company/Developer, or the ARN of one that AWS manages, not %q", s)
	}
	return b, nil
}

func tagKey(s string) error {
	switch n := utf8.RuneCountInString(s); {
	case n < 1 || n > maxTagKey:
		return wrong("", "a tag's key has 1 to %d characters, this one %d", maxTagKey, n)
	case !tagShape.MatchString(s):
		return wrong("", "a tag's key is letters, digits, spaces and any of _.:/=+-@")
	case hasPrefixFold(s, "aws:"):
		return wrong("", "keys that begin with aws: are AWS's own")
	case hasPrefixFold(s, "pullpass:"):
		return wrong("", "keys that begin with pullpass: are set by pullpass")
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func tagValue(s string) (string, error) {
	if n := utf8.RuneCountInString(s); n > maxTagValue {
		return "", wrong("", "a tag's value has at most %d characters, this one %d", maxTagValue, n)
	}
	if !tagShape.MatchString(s) {
		return "", wrong("", "a tag's value is letters, digits, spaces and any of _.:/=+-@")
	}
	return s, nil
}

func iamName(limit int) func(string) (string, error) {
	return func(s string) (string, error) {
		if !iamNameShape.MatchString(s) {
			return "", wrong("", "a name in IAM is letters, digits and any of _+=,.@-, not %q", s)
		}
		if len(s) > limit {
			return "", wrong("", "has %d characters; IAM takes %d", len(s), limit)
		}
		return s, nil
	}
}

func duration(s string) (time.Duration, error) {
	m := durationShape.FindStringSubmatch(s)
	if m == nil {
		return 0, wrong("", "a duration is whole days or hours, such as 90d or 12h, not %q", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, wrong("", "a duration is whole days or hours, such as 90d or 12h, not %q", s)
	}
	unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour}[m[2]]
	if age := time.Duration(n) * unit; age <= maxAgeLimit {
		return age, nil
	}
	return 0, wrong("", "%s is more than ten years", s)
}

// plainText returns the text of a scalar that is text.
func plainText(n ast.Node) (string, bool) {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return "", false
	}
	return s.Value, true
}
