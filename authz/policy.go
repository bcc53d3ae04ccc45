package authz

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
)

// ErrIncomplete is wrapped by the errors of Compile.
var ErrIncomplete = errors.New("incomplete statement")

// A Policy is a policy document made ready for decisions. It may be used by several goroutines at once.
type Policy struct {
	name       string
	document   *iampolicy.Document
	statements []statement
}

// Compile makes a document ready: actions in lower case, principals and operators told apart, variables found. The
// document must not be changed afterwards. Every document that iampolicy.Parse returns compiles; one that was put
// together by hand may lack what a statement needs.
func Compile(d *iampolicy.Document) (*Policy, error) {
	p := &Policy{document: d, statements: make([]statement, len(d.Statements))}
	for i := range d.Statements {
		source := &d.Statements[i]
		if err := check(source); err != nil {
			return nil, fmt.Errorf("compiling statement %d of a policy: %w", i+1, err)
		}
		p.statements[i] = compileStatement(source, d.Variables())
	}
	return p, nil
}

// Named returns the same policy under a name for reasons, such as its ARN or "user/x policy/y".
func (p *Policy) Named(name string) *Policy {
	named := *p
	named.name = name
	return &named
}

// Name returns the name that Named gave.
func (p *Policy) Name() string { return p.name }

// Document returns what the policy was compiled from.
func (p *Policy) Document() *iampolicy.Document { return p.document }

func check(s *iampolicy.Statement) error {
	switch {
	case s.Effect != iampolicy.Allow && s.Effect != iampolicy.Deny:
		return fmt.Errorf("%w: no Effect", ErrIncomplete)
	case len(s.Action) == 0 && len(s.NotAction) == 0:
		return fmt.Errorf("%w: no Action", ErrIncomplete)
	case s.Effect == iampolicy.Allow && s.NotPrincipal != nil:
		return fmt.Errorf("%w: NotPrincipal needs the Effect Deny", ErrIncomplete)
	}
	for _, c := range s.Conditions {
		if c.Operator.Test.String() == "" {
			return fmt.Errorf("%w: a condition on %s without an operator", ErrIncomplete, c.Key)
		}
	}
	return nil
}

// A statement is one of iampolicy in the form that is quick to match. The lists keep the order of the source.
type statement struct {
	allow        bool
	principal    *principals
	notPrincipal *principals
	action       []arn.Pattern // in lower case
	notAction    []arn.Pattern
	resource     []template
	notResource  []template
	conditions   []condition
}

func compileStatement(s *iampolicy.Statement, variables bool) statement {
	out := statement{
		allow:        s.Effect == iampolicy.Allow,
		principal:    compilePrincipals(s.Principal),
		notPrincipal: compilePrincipals(s.NotPrincipal),
		action:       compileActions(s.Action),
		notAction:    compileActions(s.NotAction),
		resource:     compileResources(s.Resource, variables),
		notResource:  compileResources(s.NotResource, variables),
	}
	for _, c := range s.Conditions {
		out.conditions = append(out.conditions, compileCondition(c, variables))
	}
	return out
}

func compileActions(actions []string) []arn.Pattern {
	out := make([]arn.Pattern, 0, len(actions))
	for _, a := range actions {
		out = append(out, arn.NewPattern(strings.ToLower(a)))
	}
	return out
}

func compileResources(texts []string, variables bool) []template {
	out := make([]template, 0, len(texts))
	for _, text := range texts {
		out = append(out, newResource(text, variables))
	}
	return out
}

// principals are those that a statement names, sorted by what a caller is compared with.
type principals struct {
	everyone bool
	accounts []arn.AccountID // an account's id or root ARN
	names    []string        // ARNs and unique ids
	services []string        // in lower case
}

// compilePrincipals leaves out federated and canonical users: no Principal of this package stands for one.
func compilePrincipals(p *iampolicy.Principals) *principals {
	if p == nil {
		return nil
	}
	out := &principals{everyone: p.Everyone || slices.Contains(p.AWS, "*")}
	for _, name := range p.AWS {
		if account, ok := delegate(name); ok {
			out.accounts = append(out.accounts, account)
		} else {
			out.names = append(out.names, name)
		}
	}
	for _, service := range p.Service {
		out.services = append(out.services, strings.ToLower(service))
	}
	return out
}

// delegate returns the account that a principal names as a whole: by its id, or by the ARN of its root.
func delegate(name string) (arn.AccountID, bool) {
	if !strings.HasPrefix(name, "arn:") {
		account, err := arn.ParseAccountID(name)
		return account, err == nil
	}
	a, err := arn.Parse(name)
	return a.Account, err == nil && a.Service == "iam" && a.Resource == "root"
}
