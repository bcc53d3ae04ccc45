package share

import (
	"fmt"
	"unicode/utf8"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
)

// Quotas of IAM beside the lengths of names ("IAM and AWS STS quotas",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). The one on trust policies can be raised
// to 4,096, the one on attached policies to 20; pullpass stays within what every account has.
const (
	maxTrustSize        = 2048
	maxPolicySize       = 6144
	maxAttachedPolicies = 10
)

// QuotaProblem is a thing that IAM would refuse to make.
type QuotaProblem struct {
	Entity arn.ARN
	// Quota says what is limited, such as "characters in the trust policy".
	Quota       string
	Have, Limit int
}

// Error says the whole problem in one line.
func (p QuotaProblem) Error() string {
	return fmt.Sprintf("%s: %d %s; IAM takes %d", p.Entity, p.Have, p.Quota, p.Limit)
}

// Quotas returns every quota that d would pass, in the order of d. It is to be asked before anything is made.
func (d Desired) Quotas() []QuotaProblem {
	var c quotaCheck
	c.policies(d.Source.Policies)
	for _, r := range d.Source.Roles {
		c.named(r.ARN(), r.Path, r.Name, maxRoleName)
		c.check(r.ARN(), "characters in the trust policy", iampolicy.Size(r.Trust.JSON()), maxTrustSize)
		c.check(r.ARN(), "attached policies", len(r.Policies), maxAttachedPolicies)
	}
	for _, side := range d.Destinations {
		c.policies(side.Policies)
		for _, u := range side.Users {
			c.named(u.ARN(), u.Path, u.Name, maxUserName)
			c.check(u.ARN(), "attached policies", len(u.Policies), maxAttachedPolicies)
		}
	}
	return c.problems
}

type quotaCheck struct{ problems []QuotaProblem }

func (c *quotaCheck) check(entity arn.ARN, quota string, have, limit int) {
	if have > limit {
		c.problems = append(c.problems, QuotaProblem{Entity: entity, Quota: quota, Have: have, Limit: limit})
	}
}

func (c *quotaCheck) named(entity arn.ARN, path, name string, limit int) {
	c.check(entity, "characters in the name", utf8.RuneCountInString(name), limit)
	c.check(entity, "characters in the path", utf8.RuneCountInString(path), maxPath)
}

func (c *quotaCheck) policies(policies []Policy) {
	for _, p := range policies {
		c.named(p.ARN(), p.Path, p.Name, maxPolicyName)
		c.check(p.ARN(), "characters in the policy", iampolicy.Size(p.Document.JSON()), maxPolicySize)
	}
}
