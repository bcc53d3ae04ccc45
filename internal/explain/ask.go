package explain

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/verify"
)

// A Query is a question about a call that nobody made: may this principal do that. AWS is not asked, so that the answer is
// our reading alone.
type Query struct {
	// Principal is a user, a role, or a session of a role.
	Principal        arn.ARN
	Action, Resource string
	// Region is where the call would go; empty for nowhere in particular.
	Region arn.Region
	// Actor is the user or role as read, Target the role that would be assumed; nil for any other resource.
	Actor, Target *Entity
	Organizations map[OrganizationQuestion]OrganizationAnswer
	Now           time.Time
	// Refused is how AWS refused the call, where somebody has made it after all.
	Refused error
}

// Asks returns what is to be asked about the organizations of both sides, as Evidence.Asks does.
func (query *Query) Asks() []OrganizationQuestion {
	q := query.question()
	asks := []OrganizationQuestion{q.organization()}
	if q.trust && q.owner != q.principal.Account {
		asks = append(asks, membership(q.owner))
	}
	return asks
}

// Owner is the account of the resource: the principal's own where the ARN names none.
func (query *Query) Owner() arn.AccountID {
	if name, err := arn.Parse(query.Resource); err == nil && name.Account != "" {
		return name.Account
	}
	return query.Principal.Account
}

// LinkAction is the one link of the chain of a question.
const LinkAction verify.Link = "action"

// Ask answers a query.
func Ask(query Query) Report {
	report := query.answer()
	report.Send = report.letters()
	return report
}

func (query *Query) answer() Report {
	q := query.question()
	e := &Evidence{Role: query.Target, Organizations: query.Organizations, Now: query.Now}
	report := Report{
		Subject: Subject{Principal: query.Principal.String(), Action: query.Action, Resource: query.Resource},
		Agrees:  true, Nearest: []Miss{}, Unread: []Unread{}, Answered: answerIn(query.Refused),
		Chain: []Link{{Link: LinkAction, Account: query.Owner(), Principal: query.Principal.String(), Policies: q.named()}},
	}
	f := query.misnamed()
	if f == nil {
		f = e.ask(q, report.Answered)
	}
	if f != nil {
		report.take(*f)
		report.Outcome, report.Chain[0].Outcome = Denied, Failed
		if report.Cause == nil {
			report.Outcome, report.Chain[0].Outcome = Unknown, NotSeen
		} else {
			report.Cause.Link = LinkAction
		}
		return report
	}
	report.Outcome, report.Conclusion, report.Chain[0].Outcome = Works, Certain, OK
	if query.Refused != nil {
		report.Outcome, report.Conclusion, report.Agrees, report.Chain[0].Outcome = Denied, Open, false, Failed
	}
	return report
}

func (query *Query) question() *question {
	q := &question{
		actor: query.Actor, action: query.Action, resource: query.Resource, owner: query.Owner(), hypothetical: true, trust: query.Target != nil,
	}
	if query.Target != nil {
		q.target = query.Target.Trust
	}
	setRequest(&q.context, query.Now, query.Region, q.owner)
	name := query.Principal
	if query.Actor.Exists {
		name = query.Actor.ARN
	}
	switch session := query.Principal.Session(); {
	case name.Kind() == "user":
		q.principal = asUser(query.Actor, name, &q.context)
	case session != "":
		q.principal = asSession(query.Actor, name, session, query.Now, &q.context)
	default:
		q.principal = asSession(query.Actor, name, defaultSessionName, query.Now, &q.context)
	}
	return q
}

// ask returns nil where everything allows, and everything was read.
func (e *Evidence) ask(q *question, answer *Answer) *finding {
	if f := e.gone(q); f != nil {
		return f
	}
	if f := e.elsewhere(q); f != nil {
		return f
	}
	said := q.sentenceOf(answer)
	gaps := q.gaps(e.targetOf(q))
	b := e.weigh(q, gaps, said)
	f := open(append(flat(gaps), q.unknowns(b.doubtful)...)...)
	unread := q.resourceUnread()
	if len(b.definite)+len(b.simulated) > 0 {
		e.blame(q, &f, slices.Concat(b.definite, b.simulated), said)
		f.agrees = !q.contradicts(b.all(), gaps, said)
		f.conclusion = Certain
		if len(b.definite) == 0 {
			f.unread = append(f.unread, q.policiesAbove(authz.SCP))
		}
		if q.owner == q.principal.Account && f.cause.Missing && unread != nil { // There the resource's policy can allow on its own.
			f.unread = append(f.unread, *unread)
		}
		if len(f.unread) > 0 || !f.agrees {
			f.conclusion = Likely
		}
		return &f
	}
	if unread != nil {
		f.unread = append(f.unread, *unread)
	}
	if answer, asked := e.Organizations[q.organization()]; !asked || answer.Err != nil {
		f.unread = append(f.unread, q.policiesAbove(authz.SCP))
	}
	if e.resourcesBound(q) {
		f.unread = append(f.unread, q.policiesAbove(authz.RCP))
	}
	if len(f.unread) == 0 {
		return nil
	}
	return &f
}

// gone is for a principal or a role that does not exist.
func (e *Evidence) gone(q *question) *finding {
	kinds := map[string]Kind{"user": UserMissing, "role": RoleMissing}
	for _, entity := range []*Entity{q.actor, e.Role} {
		if entity == nil || entity.Exists || entity.Err != nil {
			continue
		}
		f := certain(Cause{Account: entity.Asked.Account, Kind: kinds[entity.Asked.Kind()],
			Text: fmt.Sprintf("In account %s there is no %s.", entity.Asked.Account, describe(entity.Asked))},
			&Fix{Account: entity.Asked.Account, Text: "make " + describe(entity.Asked)})
		return &f
	}
	return nil
}

// elsewhere is for a role that is there under another path: IAM knows it by that name alone.
func (e *Evidence) elsewhere(q *question) *finding {
	role := e.Role
	if role == nil || !role.Exists || role.ARN == role.Asked {
		return nil
	}
	return underAnotherPath(RolePath, "the resource", role.ARN, q.resource)
}

// misnamed is for a user or role that is asked about and is there under another path: nobody can sign by the name that was given.
func (query *Query) misnamed() *finding {
	actor := query.Actor
	if query.Principal.Session() != "" || !actor.Exists || actor.ARN == query.Principal {
		return nil // A session does not tell its role's path.
	}
	kind := PrincipalPath
	if actor.ARN.Kind() == "role" {
		kind = RolePath
	}
	return underAnotherPath(kind, "the principal", actor.ARN, query.Principal.String())
}

func underAnotherPath(kind Kind, where string, name arn.ARN, asked string) *finding {
	f := certain(Cause{Account: name.Account, Kind: kind,
		Text: fmt.Sprintf("In account %s, %s is %s, and the question is about %s.", name.Account, describe(name), name, asked)},
		&Fix{Text: "ask about " + name.String()})
	f.nearest = []Miss{{Kind: kind, Where: where, Expected: name.String(), Found: asked, Text: fmt.Sprintf("the path of %s is %s", describe(name), name.Path())}}
	return &f
}

// resourcesBound reports whether resource control policies may bind the role that would be assumed: nobody in its account
// can read them, so that only an account without an organization is known to have none.
func (e *Evidence) resourcesBound(q *question) bool {
	if !q.trust {
		return false
	}
	ask := q.organization()
	if q.owner != q.principal.Account {
		ask = membership(q.owner)
	}
	answer, asked := e.Organizations[ask]
	return !asked || answer.Err != nil || answer.Member
}

// resourceUnread says that the resource may have a policy, which is not read; nil where there can be none, or it was read.
func (q *question) resourceUnread() *Unread {
	name, err := arn.Parse(q.resource)
	if err != nil || q.trust || slices.Contains([]string{"iam", "sts"}, name.Service) {
		return nil
	}
	return &Unread{What: "the policy of " + q.resource, Account: q.owner, Error: "only policies of users and roles, and trusts, are read",
		Follows: fmt.Sprintf("if it denies %s, or across accounts does not allow it, that would be the cause", q.action)}
}
