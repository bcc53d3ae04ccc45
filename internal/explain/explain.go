package explain

import (
	"errors"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// Explain says why the access of a config file is denied, or that it works. It asks nobody: the same evidence gives the
// same report.
func Explain(e Evidence) Report {
	if e.Artifact == (registry.Artifact{}) {
		e.Artifact = registry.Probe()
	}
	report := Report{Subject: e.Subject, Agrees: true, Chain: e.links(), Nearest: []Miss{}, Unread: []Unread{}}
	broken, isBroken := e.Proofs.Broken()
	switch {
	case isBroken:
		report.Outcome, report.Answered = Denied, answered(broken)
		report.take(e.find(broken))
	case e.Proofs.OK():
		report.Outcome = Works
		report.take(e.confirm())
		e.lookInside(&report)
	default:
		report.Outcome = Unknown
		report.take(e.unseen())
	}
	e.tellClock(&report)
	report.Send = report.letters()
	return report
}

func (r *Report) take(f finding) {
	r.Conclusion, r.Agrees, r.Cause, r.Fix = f.conclusion, f.agrees, f.cause, f.fix
	r.Nearest = append(r.Nearest, f.nearest...)
	r.Unread = append(r.Unread, f.unread...)
}

// find explains a broken link.
func (e *Evidence) find(broken verify.Proof) finding {
	if f, found := e.findNetwork(broken); found {
		return f
	}
	if f, found := e.findRevocation(broken); found {
		return f
	}
	switch link := broken.Link; {
	case link == verify.LinkConfig:
		return e.findConfig(broken)
	case link == verify.LinkIdentity:
		return e.findIdentity(broken)
	case link == verify.LinkRole:
		return e.findRole(broken)
	}
	return e.findPull(broken)
}

// confirm holds our reading against links that work: where the policies that were read would not let them through, one of
// the two is about to change, or the reading is wrong.
func (e *Evidence) confirm() finding {
	f := finding{conclusion: Certain, agrees: true}
	for _, link := range []verify.Link{verify.LinkRole, verify.LinkToken, verify.LinkManifest, verify.LinkLayer} {
		q := e.question(link)
		if q == nil || len(q.gaps(e.targetOf(q))) > 0 {
			continue
		}
		for _, b := range q.blockers() {
			if q.doubts(b) {
				continue
			}
			f.agrees = false
			f.nearest = append(f.nearest, q.misses(b)...)
		}
	}
	return f
}

// unseen is the finding where nothing is broken that could be looked at.
func (e *Evidence) unseen() finding {
	f := finding{conclusion: Open, agrees: true}
	for _, p := range e.Proofs.Proofs {
		if errors.Is(p.Err, verify.ErrUnseen) {
			f.unread = append(f.unread, Unread{What: "link " + string(p.Link), Error: p.Err.Error(),
				Follows: "nothing is known about this link, nor about those behind it"})
		}
	}
	return f
}

// links describes every link.
func (e *Evidence) links() []Link {
	links := make([]Link, 0, len(e.Proofs.Proofs))
	for _, p := range e.Proofs.Proofs {
		link := Link{Link: p.Link, Outcome: state(p.Outcome), Detail: p.Detail}
		link.Account, link.Principal = e.parties(p.Link)
		if q := e.question(p.Link); q != nil {
			link.Policies = q.named()
		}
		links = append(links, link)
	}
	return links
}

func state(o verify.Outcome) State {
	switch o {
	case verify.Passed:
		return OK
	case verify.Failed:
		return Failed
	case verify.NotReached:
		return NotReached
	case verify.Unseen:
	}
	return NotSeen
}

// parties returns the account that decides about a link, and who acts.
func (e *Evidence) parties(link verify.Link) (arn.AccountID, string) {
	caller := e.caller()
	switch {
	case link == verify.LinkConfig:
		return "", ""
	case link == verify.LinkIdentity:
		return caller.Account, caller.String()
	case link == verify.LinkRole:
		return e.File.Config.RoleARN.Account, caller.String()
	case link == verify.LinkToken:
		return e.File.Config.RoleARN.Account, e.session().String()
	}
	return e.Registry.Account, e.session().String()
}

// caller is the user of the key: as STS names it, else as it was looked for.
func (e *Evidence) caller() arn.ARN {
	for _, p := range e.Proofs.Proofs {
		if p.Link == verify.LinkIdentity && p.Outcome == verify.Passed {
			if name, err := arn.Parse(p.Detail); err == nil {
				return name
			}
		}
	}
	switch {
	case e.User == nil:
		return arn.ARN{}
	case e.User.Exists:
		return e.User.ARN
	}
	return e.User.Asked
}

// session is the session of the role, zero where the file names no role.
func (e *Evidence) session() arn.ARN {
	role := e.File.Config.RoleARN
	if role.IsZero() {
		return arn.ARN{}
	}
	return arn.AssumedRole(role.Account, role.Name(), e.sessionName())
}

func (e *Evidence) sessionName() string {
	if name := e.File.Config.RoleSessionName; name != "" {
		return name
	}
	if e.File.Missing && e.Wanted != nil && e.Wanted.Config.RoleSessionName != "" {
		return e.Wanted.Config.RoleSessionName
	}
	return defaultSessionName
}

// question returns what a link asks of policies, nil for a link that asks nothing, or where nobody is known to ask.
func (e *Evidence) question(link verify.Link) *question {
	role := e.File.Config.RoleARN
	if e.User == nil || e.Role == nil || role.IsZero() {
		return nil
	}
	pull := func(action, resource string, owner arn.AccountID) *question {
		q := &question{actor: e.Role, action: action, resource: resource, owner: owner}
		setRequest(&q.context, e.Now, e.File.Config.Region, owner)
		name := role
		if e.Role.Exists {
			name = e.Role.ARN
		}
		q.principal = asSession(e.Role, name, e.sessionName(), e.Now, &q.context)
		return q
	}
	repository := arn.Repository(e.Registry.Region, e.Registry.Account, e.Artifact.Repository).String()
	switch {
	case link == verify.LinkRole:
		return e.assuming(role)
	case link == verify.LinkToken:
		return pull("ecr:GetAuthorizationToken", "*", role.Account)
	case link == verify.LinkManifest:
		return pull("ecr:BatchGetImage", repository, e.Registry.Account)
	case link == verify.LinkLayer:
		return pull("ecr:GetDownloadUrlForLayer", repository, e.Registry.Account)
	}
	return nil
}

func (e *Evidence) assuming(role arn.ARN) *question {
	q := &question{actor: e.User, action: "sts:AssumeRole", resource: role.String(), owner: role.Account, target: e.Role.Trust, trust: true}
	setRequest(&q.context, e.Now, e.File.Config.Region, role.Account)
	q.context.Set("sts:RoleSessionName", e.sessionName())
	if id := e.File.Config.ExternalID; id != "" {
		q.context.Set("sts:ExternalId", id)
	}
	q.principal = asUser(e.User, e.caller(), &q.context)
	return q
}

// targetOf is the role that a question is about, nil for others.
func (e *Evidence) targetOf(q *question) *Entity {
	if q.trust {
		return e.Role
	}
	return nil
}

// named lists the policies that take part, each once.
func (q *question) named() []Policy {
	var all []Policy
	add := func(d *Document) {
		if d != nil && !slices.Contains(all, d.Policy) {
			all = append(all, d.Policy)
		}
	}
	for _, d := range q.actor.Identity {
		add(d)
	}
	add(q.actor.Boundary)
	add(q.target)
	return all
}
