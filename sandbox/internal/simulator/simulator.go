// Package simulator decides hypothetical requests as IAM's policy simulator does.
//
// The simulator "uses the same policy evaluation engine that is used during real requests" (access_policies_testing-policies.html
// of the IAM User Guide): here that is authz, whose reasons tell which statements match. What the simulator makes of them
// differs from a real decision: resource-based policies count only where the request brings one, role trusts, session
// policies and RCPs never. That is in the API reference ("API_…" in comments, [doc]) or in answers recorded from AWS in
// September 2026 ([seen], testdata/aws/iam of github.com/radkawar/stackd), which are followed where the two differ.
package simulator

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A Policy is one that takes part in a simulation.
type Policy struct {
	ID       string // how results name it
	Text     string // in which they say where a statement stands
	Compiled *authz.Policy
}

// An Entry is a condition key of the simulated requests, with its values.
type Entry struct {
	Key    string
	Values []string
}

// A Case is a caller with its policies, of whom the simulation is.
type Case struct {
	// Caller is the user, or a role as its sessions: only the RoleARN of those is known, not their own names.
	Caller   authz.Principal
	Identity []Policy
	// Boundary is the caller's permissions boundary, nil for none.
	Boundary *Policy
	// Resource is a policy that every resource is taken to have, nil for none.
	Resource *Policy
	// Organized says that SCPs are part of the simulation: the lists of authz.Policies, one a level.
	Organized bool
	SCPs      [][]*authz.Policy
	// Owner has the resources whose ARN does not say whose they are. Empty means the caller's account.
	Owner arn.AccountID
	// Given are the condition keys that the request gives.
	Given []Entry
}

// A Simulator decides on a Case.
type Simulator struct {
	Case
	context authz.Context
	spans   map[*authz.Policy][]Span
}

// New returns a simulator of the case, which must not change afterwards.
func New(c Case) *Simulator {
	s := &Simulator{Case: c, spans: map[*authz.Policy][]Span{}}
	s.setDefaults()
	for _, entry := range c.Given {
		s.context.Set(entry.Key, entry.Values...)
	}
	for _, policy := range s.sources() {
		s.spans[policy.Compiled] = spans(policy.Text)
	}
	return s
}

// setDefaults sets the keys that the simulator knows by itself. The user id is no unique id but the caller's ARN, or a
// fixed word where no caller is named [seen].
func (s *Simulator) setDefaults() {
	s.context.Set("aws:PrincipalAccount", string(s.Caller.Account))
	caller, err := arn.Parse(s.callerARN())
	if err != nil {
		s.context.Set("aws:userid", "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR")
		return
	}
	s.context.Set("aws:PrincipalArn", caller.String())
	s.context.Set("aws:userid", caller.String())
	if caller.Kind() == "user" {
		s.context.Set("aws:username", caller.Name())
	}
}

func (s *Simulator) callerARN() string {
	if s.Caller.Kind == authz.RoleSession {
		return s.Caller.RoleARN
	}
	return s.Caller.ARN
}

// sources returns the policies whose statements results name: "This field doesn't include statements from service control
// policies" (API_EvaluationResult).
func (s *Simulator) sources() []Policy {
	sources := slices.Clone(s.Identity)
	for _, one := range []*Policy{s.Boundary, s.Resource} {
		if one != nil {
			sources = append(sources, *one)
		}
	}
	return sources
}

// Decide simulates an action on a resource, which is an ARN or Everything.
func (s *Simulator) Decide(action, resource string) Verdict {
	request := authz.Request{Principal: s.Caller, Action: action, Resource: resource, Context: s.context}
	var v Verdict
	if s.Organized {
		organization := s.organization(request)
		v.ByOrganization = &organization
		if organization != Allowed {
			// "If an Organizations SCP included in the evaluation denies access, the simulation ends" (API_EvaluationResult).
			v.Decision = organization
			return v
		}
	}
	var reasons []authz.Reason
	if eligible(action, resource) {
		reasons = authz.Evaluate(&request, s.policies()).Reasons
	}
	s.combine(&v, reasons, s.acrossAccounts(resource))
	switch v.Decision {
	case ImplicitDeny:
		v.Missing = s.missing()
	case Allowed, ExplicitDeny:
		v.Matched = s.matched(reasons, v.Decision)
	}
	return v
}

// organization decides by the SCPs alone: a root user needs no other permission.
func (s *Simulator) organization(request authz.Request) Decision {
	request.Principal = authz.Principal{Kind: authz.AccountRoot, Account: s.Caller.Account}
	switch authz.Evaluate(&request, &authz.Policies{SCPs: s.SCPs}).Outcome {
	case authz.Allow:
		return Allowed
	case authz.ExplicitDeny:
		return ExplicitDeny
	case authz.ImplicitDeny:
	}
	return ImplicitDeny
}

func (s *Simulator) policies() *authz.Policies {
	var p authz.Policies
	for _, policy := range s.Identity {
		p.Identity = append(p.Identity, policy.Compiled)
	}
	if s.Boundary != nil {
		p.Boundary = s.Boundary.Compiled
	}
	if s.Resource != nil {
		p.Resource = s.Resource.Compiled
	}
	return &p
}

// acrossAccounts: the simulator "does not automatically retrieve policies for the specified resources"
// (API_SimulatePrincipalPolicy), so that without a resource's policy there is one side only.
func (s *Simulator) acrossAccounts(resource string) bool {
	return s.Resource != nil && s.owner(resource) != s.Caller.Account
}

// owner is the account of a resource. Owner is for "any simulated resource that does not identify its owner in the
// resource ARN. … If the ResourceOwner parameter is not specified, then the owner … defaults to the account of the identity
// provided in CallerArn" (API_SimulateCustomPolicy).
func (s *Simulator) owner(resource string) arn.AccountID {
	if name, err := arn.Parse(resource); err == nil && name.Account != "" {
		return name.Account
	}
	if s.Owner != "" {
		return s.Owner
	}
	return s.Caller.Account
}

// combine fills in the decision. Across accounts "the request is allowed only if both evaluations return true"
// (API_EvaluationResult). Inside one account a resource's policy that allows is enough, whomever it names and whatever the
// boundary leaves out [seen]; a real decision is stricter on policies that name the account or a role.
func (s *Simulator) combine(v *Verdict, reasons []authz.Reason, across bool) {
	identity, shared := layer(reasons, authz.Identity), layer(reasons, authz.Resource)
	bounds := Allowed
	if s.Boundary != nil {
		bounds = layer(reasons, authz.Boundary)
		v.ByBoundary = &bounds
	}
	v.Decision = strictest(identity, bounds)
	switch {
	case across:
		v.Decision = strictest(v.Decision, shared)
		v.Details = map[SourceType]Decision{IAMPolicy: identity, ResourcePolicy: shared}
		if s.Boundary != nil {
			v.Details[BoundaryPolicy] = bounds
		}
	case shared == ExplicitDeny, shared == Allowed && v.Decision == ImplicitDeny:
		v.Decision = shared
	}
}

// layer returns what the policies of one type say.
func layer(reasons []authz.Reason, t authz.PolicyType) Decision {
	said := ImplicitDeny
	for _, r := range reasons {
		switch {
		case r.Type != t || !r.Matched:
		case r.Effect() == iampolicy.Deny:
			return ExplicitDeny
		default:
			said = Allowed
		}
	}
	return said
}

// matched returns the statements that made the decision: those that deny, or else those that allow. What a boundary allows
// is no permission, so that it is not among them [seen].
func (s *Simulator) matched(reasons []authz.Reason, decision Decision) []Statement {
	effect := iampolicy.Allow
	if decision == ExplicitDeny {
		effect = iampolicy.Deny
	}
	var found []Statement
	for _, r := range reasons {
		if r.Matched && r.Effect() == effect && (effect == iampolicy.Deny || r.Type != authz.Boundary) {
			found = append(found, s.statement(r))
		}
	}
	return found
}

func (s *Simulator) statement(r authz.Reason) Statement {
	statement := Statement{Span: s.spans[r.Policy][r.Statement]}
	switch r.Type {
	case authz.Resource:
		statement.SourceType, statement.PolicyID = ResourcePolicy, s.Resource.ID
	case authz.Boundary:
		statement.SourceType, statement.PolicyID = BoundaryPolicy, s.Boundary.ID
	default:
		statement.SourceType = IAMPolicy
		for _, policy := range s.Identity {
			if policy.Compiled == r.Policy {
				statement.PolicyID = policy.ID
			}
		}
	}
	return statement
}

// missing returns the keys to which any of the policies refers and which the request does not give. That a statement is
// about another action makes no difference, nor that the simulator has a value of its own [seen].
func (s *Simulator) missing() []string {
	var documents []*iampolicy.Document
	for _, policy := range s.sources() {
		if d := policy.Compiled.Document(); d != nil {
			documents = append(documents, d)
		}
	}
	return slices.DeleteFunc(ContextKeys(documents...), func(key string) bool {
		return slices.ContainsFunc(s.Given, func(e Entry) bool { return strings.EqualFold(e.Key, key) })
	})
}
