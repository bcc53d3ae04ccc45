package guard

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Scene is what a request tells beside its caller and its target.
type Scene struct {
	Now       time.Time
	Region    arn.Region
	SourceIP  string
	UserAgent string
	Secure    bool // the request came over TLS
	// Password says that the request bears a registry password in place of a signature. Which condition keys then reach
	// the decision is not documented, so those of temporary credentials are left out: nothing may depend on them.
	Password bool
}

// context fills in the condition keys of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
func (s Scene) context(world *state.World, caller *Caller, target Target) authz.Context {
	var c authz.Context
	s.request(&c)
	s.principal(&c, world, caller)
	owner := target.owner(caller)
	c.Set("aws:ResourceAccount", string(owner))
	if org := world.OrganizationOf(owner); org != nil {
		c.Set("aws:ResourceOrgID", org.ID)
	}
	// In order, because keys that differ by case alone are one: of two such tags the condition sees always the same.
	for _, tag := range target.Tags.List() {
		c.Set("aws:ResourceTag/"+tag.Key, tag.Value)
	}
	for _, key := range slices.Sorted(maps.Keys(target.Keys)) {
		c.Set(key, target.Keys[key]...)
	}
	return c
}

func (s Scene) request(c *authz.Context) {
	c.Set("aws:CurrentTime", s.Now.UTC().Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(s.Now.Unix(), 10))
	c.Set("aws:SecureTransport", strconv.FormatBool(s.Secure))
	c.Set("aws:ViaAWSService", "false")
	if s.Region != "" {
		c.Set("aws:RequestedRegion", string(s.Region))
	}
	if s.SourceIP != "" {
		c.Set("aws:SourceIp", s.SourceIP)
	}
	if s.UserAgent != "" {
		c.Set("aws:UserAgent", s.UserAgent)
	}
}

func (s Scene) principal(c *authz.Context, world *state.World, caller *Caller) {
	c.Set("aws:PrincipalAccount", string(caller.Account.ID))
	c.Set("aws:PrincipalIsAWSService", "false")
	c.Set("aws:userid", caller.UserID())
	if org := world.OrganizationOf(caller.Account.ID); org != nil {
		c.Set("aws:PrincipalOrgID", org.ID)
	}
	for _, tag := range caller.entity().Tags {
		c.Set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	if caller.User != nil {
		c.Set("aws:PrincipalArn", caller.Principal.ARN)
		c.Set("aws:PrincipalType", "User")
		c.Set("aws:username", caller.User.Name)
		return
	}
	c.Set("aws:PrincipalArn", caller.Principal.RoleARN)
	c.Set("aws:PrincipalType", "AssumedRole")
	s.session(c, caller)
}

// session sets what only temporary credentials have. A session's tags win over its role's.
func (s Scene) session(c *authz.Context, caller *Caller) {
	session := caller.Session
	for key, value := range session.Tags {
		c.Set("aws:PrincipalTag/"+key, value)
	}
	if session.SourceIdentity != "" {
		c.Set("aws:SourceIdentity", session.SourceIdentity)
	}
	if !s.Password {
		c.Set("aws:TokenIssueTime", session.Issued.UTC().Format(time.RFC3339))
		c.Set("aws:MultiFactorAuthPresent", "false")
	}
}
