package simulation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// Errors that the errors of Compile wrap, beside ErrPrincipal and *PolicyError.
var (
	ErrAction   = errors.New("invalid action")
	ErrResource = errors.New("invalid resource")
	ErrContext  = errors.New("invalid context")
	ErrPolicies = errors.New("policies that cannot be together")
)

// A Compiled case is ready to be decided any number of times, by several goroutines at once.
type Compiled struct {
	request  authz.Request
	policies authz.Policies
	// levels holds the orgIdentifier of each SCP and RCP that the case gives.
	levels map[*authz.Policy]string
	// free is for sts:GetCallerIdentity: "No permissions are required to perform this operation", and a policy that denies
	// it has no effect (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
	free bool
	// implied is RCPFullAWSAccess, where there are RCPs.
	implied *authz.Policy
}

// Compile reads what a simulation holds. Anything in it that is no valid policy, or makes no sense, is an error: there is
// no decision about what might have been meant.
func Compile(s Simulation) (*Compiled, error) {
	c := &Compiled{}
	if err := c.readRequest(&s.Request); err != nil {
		return nil, err
	}
	if err := c.fits(&s); err != nil {
		return nil, err
	}
	if err := c.readPolicies(&s); err != nil {
		return nil, err
	}
	return c, nil
}

// Decide makes the decision of AWS.
func (c *Compiled) Decide() authz.Decision {
	d := authz.Evaluate(&c.request, &c.policies)
	if c.free {
		d.Outcome, d.BlockedBy = authz.Allow, authz.NoPolicy
	}
	return d
}

func (c *Compiled) readRequest(r *Request) (err error) {
	if c.request.Principal, err = r.caller(); err != nil {
		return err
	}
	c.request.Action = r.Action
	service, name, _ := strings.Cut(r.Action, ":")
	if service == "" || name == "" || strings.ContainsAny(r.Action, "*? ") || strings.Contains(name, ":") {
		return fmt.Errorf("%w %q: want service:Name", ErrAction, r.Action)
	}
	c.free = strings.EqualFold(r.Action, "sts:GetCallerIdentity") && c.request.Principal.Kind != authz.Anonymous
	if err := c.readResource(r.Resource); err != nil {
		return err
	}
	return c.readContext(r.ContextVariables)
}

func (c *Compiled) readContext(variables map[string]Values) error {
	if _, found := variables[""]; found {
		return fmt.Errorf("%w: a condition key without a name", ErrContext)
	}
	var twice []string
	for key, values := range variables {
		name := strings.ToLower(key)
		if c.request.Context.Get(name) != nil {
			twice = append(twice, name)
		}
		c.request.Context.Set(name, values...)
	}
	if len(twice) > 0 {
		return fmt.Errorf("%w: %q is given twice; case makes no difference", ErrContext, slices.Min(twice))
	}
	return nil
}

// readResource refuses patterns: a case asks about one resource, and policies hold the patterns.
func (c *Compiled) readResource(r Resource) error {
	account, err := arn.ParseAccountID(r.AccountID)
	if err != nil {
		return fmt.Errorf("%w: the accountId that owns it: %w", ErrResource, err)
	}
	c.request.Resource, c.request.ResourceAccount = r.Resource, account
	if r.Resource == "*" {
		return nil
	}
	name, err := arn.Parse(r.Resource)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrResource, err)
	}
	if strings.Contains(r.Resource, "*") {
		return fmt.Errorf(`%w %q: want the ARN of one resource, or "*" for an action that concerns none`, ErrResource, r.Resource)
	}
	if _, err := arn.ParseAccountID(string(name.Account)); err == nil && name.Account != account {
		return fmt.Errorf("%w %q: the accountId says that %s owns it", ErrResource, r.Resource, account)
	}
	return nil
}

// fits checks that the principal can have the policies of its side.
func (c *Compiled) fits(s *Simulation) error {
	kind := c.request.Principal.Kind
	if len(s.PermissionBoundaryPolicies) > 1 {
		return fmt.Errorf("%w: %d permission boundaries, where a principal has one at most", ErrPolicies, len(s.PermissionBoundaryPolicies))
	}
	if given(s.SessionPolicy) && kind != authz.RoleSession && kind != authz.FederatedUser {
		return fmt.Errorf("%w: a session policy goes with a role's or a federated user's session", ErrPolicies)
	}
	if kind != authz.Anonymous && kind != authz.Service {
		return nil
	}
	if len(s.IdentityPolicies)+len(s.PermissionBoundaryPolicies)+len(s.ServiceControlPolicies) > 0 {
		return fmt.Errorf("%w: a principal without an account has no identity policies, no boundary and no service control policies", ErrPolicies)
	}
	return nil
}

// trusts reports whether the resource's policy is the trust policy of a role: it is for STS's actions on one.
func (c *Compiled) trusts() bool {
	role, err := arn.Parse(c.request.Resource)
	if err != nil || role.Service != "iam" || role.Kind() != "role" {
		return false
	}
	service, _, _ := strings.Cut(c.request.Action, ":")
	return strings.EqualFold(service, "sts")
}

func (c *Compiled) readPolicies(s *Simulation) (err error) {
	p := &c.policies
	if p.Identity, err = compileAll(s.IdentityPolicies, iampolicy.Identity); err != nil {
		return inField(err, "identityPolicies")
	}
	p.Trust = c.trusts()
	if p.Resource, err = compileOne(s.ResourcePolicy, c.resourceKind()); err != nil {
		return inField(err, "resourcePolicy")
	}
	session, err := compileOne(s.SessionPolicy, iampolicy.Session)
	if err != nil {
		return inField(err, "sessionPolicy")
	}
	if session != nil {
		p.Session = []*authz.Policy{session}
	}
	boundaries, err := compileAll(s.PermissionBoundaryPolicies, iampolicy.Boundary)
	if err != nil {
		return inField(err, "permissionBoundaryPolicies")
	}
	if len(boundaries) > 0 {
		p.Boundary = boundaries[0]
	}
	if p.SCPs, err = c.readLevels(s.ServiceControlPolicies, iampolicy.SCP); err != nil {
		return inField(err, "serviceControlPolicies")
	}
	if p.RCPs, err = c.readLevels(s.ResourceControlPolicies, iampolicy.RCP); err != nil {
		return inField(err, "resourceControlPolicies")
	}
	return c.addFullAccess()
}

func (c *Compiled) resourceKind() iampolicy.Kind {
	if c.policies.Trust {
		return iampolicy.Trust
	}
	return iampolicy.Resource
}

func (c *Compiled) readLevels(levels []OrgPolicies, kind iampolicy.Kind) ([][]*authz.Policy, error) {
	if len(levels) == 0 {
		return nil, nil
	}
	if c.levels == nil {
		c.levels = make(map[*authz.Policy]string)
	}
	out := make([][]*authz.Policy, len(levels))
	for i, level := range levels {
		policies, err := compileAll(level.Policies, kind)
		if err != nil {
			return nil, inField(err, fmt.Sprintf("[%d].policies", i))
		}
		for _, policy := range policies {
			c.levels[policy] = level.OrgIdentifier
		}
		out[i] = policies
	}
	return out, nil
}

// addFullAccess adds RCPFullAWSAccess to each level of RCPs: it "is automatically attached to the organization root, every
// OU, and every account in your organization, when you enable resource control policies (RCPs). You cannot detach this
// policy" (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html).
func (c *Compiled) addFullAccess() (err error) {
	if len(c.policies.RCPs) == 0 {
		return nil
	}
	if c.implied, err = fullAccess(); err != nil {
		return err
	}
	for i := range c.policies.RCPs {
		c.policies.RCPs[i] = append(c.policies.RCPs[i], c.implied)
	}
	return nil
}

// fullAccess is RCPFullAWSAccess. It is the same for all cases and never changes.
var fullAccess = sync.OnceValues(func() (*authz.Policy, error) {
	return authz.Compile(&iampolicy.Document{Kind: iampolicy.RCP, Version: iampolicy.Version2012, Statements: []iampolicy.Statement{{
		Effect: iampolicy.Allow, Principal: &iampolicy.Principals{Everyone: true}, Action: []string{"*"}, Resource: []string{"*"},
	}}})
})
