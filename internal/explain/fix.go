package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// fix is the smallest change that takes a blocker out of the way.
func (e *Evidence) fix(q *question, b blocker, cause Cause, said sentence) *Fix {
	if b.by == authz.SCP || b.by == authz.RCP || b.by == authz.Session {
		return q.organizationFix(b.by, said)
	}
	if p := q.denier(b); b.explicit && p != nil {
		if deny, is := revocationIn(q.actor, p.document); is {
			return readmit(q.actor, deny)
		}
		return e.withoutStatement(q, p)
	}
	p := q.nearest(b)
	switch {
	case b.by == authz.Resource:
		return q.repositoryFix()
	case b.by == authz.Trust && p != nil && e.fileDiffers(p):
		return e.fileFix(q, p)
	case b.by == authz.Trust && p != nil && e.pathDiffers(q, p):
		return e.userPathFix(cause)
	case p != nil && p.document.editable() && p.document.Group.IsZero(): // What a group has, others have, too.
		if f := e.meet(q, p, b.by); f != nil {
			return f
		}
	}
	return e.allow(q, b.by)
}

// organizationFix is for those who keep the organization's policies: nobody in the account can do it.
func (q *question) organizationFix(t authz.PolicyType, said sentence) *Fix {
	which := "its " + strings.TrimSuffix(t.String(), "y") + "ies"
	if said.policy != "" {
		which = t.String() + " " + said.policy
	}
	if t == authz.Session {
		return &Fix{Text: fmt.Sprintf("make the session of %s with a policy that allows %s, or with none", q.principal.ARN, q.action)}
	}
	return &Fix{Account: q.accountOf(t), Text: fmt.Sprintf("ask the administrators of the organization of account %s to let %s do %s on %s in %s",
		q.accountOf(t), q.principalARN(), q.action, q.resource, which)}
}

// withoutStatement removes the statement that denies. A policy that says nothing else is taken off.
func (e *Evidence) withoutStatement(q *question, p *place) *Fix {
	d := p.document
	account := q.accountOf(typeOf(d.Kind))
	if !d.Group.IsZero() {
		return &Fix{
			Account: account,
			Text: fmt.Sprintf("take %s out of %s, if nothing else that it needs comes from there: %s is for everybody in it",
				q.actorName(), describe(d.Group), d.words(authz.Identity)),
			Commands: []string{awsIAM("remove-user-from-group", "--user-name", q.holder().Name(), "--group-name", d.Group.Name())},
		}
	}
	if d.Kind == Identity && (len(d.Parsed.Statements) == 1 || !d.editable()) {
		f := &Fix{Account: account, Text: fmt.Sprintf("take %s off %s", d.words(authz.Identity), q.actorName())}
		if d.ARN != "" {
			f.Commands = []string{detach(q.holder(), d.ARN)}
		} else {
			f.Commands = []string{inline("delete", d.Holder, d.Name)}
		}
		return f
	}
	change := newEdit(d)
	if len(d.Parsed.Statements) == 1 {
		change.do("replace", change.statement(p.index), q.allowing(typeOf(d.Kind)))
	} else {
		change.do("remove", change.statement(p.index), nil)
	}
	return e.edited(change, account, fmt.Sprintf("remove %s", p.where(typeOf(d.Kind))))
}

func typeOf(k PolicyKind) authz.PolicyType {
	switch k {
	case Trust:
		return authz.Trust
	case Boundary:
		return authz.Boundary
	case SCP:
		return authz.SCP
	case RCP:
		return authz.RCP
	case Session:
		return authz.Session
	case Repository:
		return authz.Resource
	case Identity:
	}
	return authz.Identity
}

// holder is the actor's real name.
func (q *question) holder() arn.ARN {
	if q.actor.Exists {
		return q.actor.ARN
	}
	return q.actor.Asked
}

// allow adds what allows: the policy that the share wants and that is not attached, else a statement.
func (e *Evidence) allow(q *question, t authz.PolicyType) *Fix {
	if t == authz.Identity {
		if f := e.attachWanted(q); f != nil {
			return f
		}
	}
	account := q.accountOf(t)
	if d := e.extensible(q, t); d != nil {
		change := newEdit(d)
		if _, isList := change.at("/Statement").([]any); isList {
			change.do("add", "/Statement/-", q.allowing(t))
		} else {
			change.do("replace", "/Statement", []any{change.at("/Statement"), q.allowing(t)})
		}
		return e.edited(change, account, fmt.Sprintf("add a statement that allows %s to %s to the %s", q.action, q.actorName(), d.words(t)))
	}
	if t != authz.Identity {
		return &Fix{Account: account, Text: fmt.Sprintf("let %s allow %s on %s", q.holderOf(t), q.action, q.resource)}
	}
	document := iampolicy.Document{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{{
		Effect: iampolicy.Allow, Action: q.actions(), Resource: []string{q.broad()},
	}}}
	return &Fix{
		Account:  account,
		Text:     fmt.Sprintf("give %s a policy that allows %s on %s", q.actorName(), q.action, q.resource),
		Commands: []string{inline("put", q.holder(), q.freeName(), "--policy-document", string(document.JSON()))},
	}
}

// freeName is a name for an inline policy that the actor does not have yet: putting one under a name that is taken replaces it.
func (q *question) freeName() string {
	const first = "pullpass-access"
	name := first
	for n := 2; slices.ContainsFunc(q.actor.Identity, func(d *Document) bool { return d.ARN == "" && strings.EqualFold(d.Name, name) }); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name
}

// extensible is the policy that a statement can be added to, nil for none: a role's trust, a boundary of the account's own,
// a policy that the share wants.
func (e *Evidence) extensible(q *question, t authz.PolicyType) *Document {
	switch t {
	case authz.Trust:
		return q.target
	case authz.Boundary:
		if d := q.actor.Boundary; d != nil && d.Parsed != nil && d.editable() {
			return d
		}
	case authz.Identity:
		for _, d := range q.actor.Identity {
			if d.Parsed != nil && d.editable() && e.wants(d) {
				return d
			}
		}
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Resource, authz.Session:
	}
	return nil
}

// allowing is the statement that is missing.
func (q *question) allowing(t authz.PolicyType) any {
	statement := map[string]any{"Effect": "Allow", "Action": q.actions()}
	if t == authz.Trust {
		statement["Principal"] = map[string]any{"AWS": q.principalARN()}
	} else {
		statement["Resource"] = q.broad()
	}
	return statement
}

// actions are those that a statement has to allow for more than one link: whoever may read no manifest needs the layers too.
func (q *question) actions() []string {
	if q.action == "ecr:BatchGetImage" {
		return []string{q.action, "ecr:GetDownloadUrlForLayer"}
	}
	return []string{q.action}
}

// attachWanted attaches a policy that the share wants, and that would allow.
func (e *Evidence) attachWanted(q *question) *Fix {
	for _, want := range e.wantedPolicies(q) {
		name := want.ARN()
		if slices.ContainsFunc(q.actor.Identity, func(d *Document) bool { return d.ARN == name.String() }) {
			continue
		}
		var ops []plan.Op
		if found, read := e.Policies[name.String()]; read && found == nil {
			ops = append(ops, plan.CreatePolicy{Policy: want})
		}
		return &Fix{
			Account:  name.Account,
			Text:     fmt.Sprintf("attach policy %s to %s", name, q.actorName()),
			Commands: steps(name.Account, append(ops, plan.AttachPolicy{Entity: q.holder(), Policy: name})...),
			Pullpass: e.commandFor(q.actor.Tags),
		}
	}
	return nil
}

func (e *Evidence) wantedPolicies(q *question) []share.Policy {
	switch {
	case e.Wanted == nil:
		return nil
	case q.actor == e.User:
		return e.Wanted.UserPolicies
	}
	return e.Wanted.RolePolicies
}

// wants reports whether a managed policy is one of the share's.
func (e *Evidence) wants(d *Document) bool {
	return e.Wanted != nil && d.ARN != "" && slices.ContainsFunc(slices.Concat(e.Wanted.RolePolicies, e.Wanted.UserPolicies),
		func(p share.Policy) bool { return p.ARN().String() == d.ARN })
}

// commandFor is the command that makes the share so, if what has these tags is the share's: nothing else is touched.
func (e *Evidence) commandFor(tags map[string]string) string {
	if e.Wanted == nil || tags[share.TagShare] != e.Wanted.Share {
		return ""
	}
	return e.Wanted.Command
}

// applies is the command that makes the share so, empty where it would refuse: it touches nothing that is not the share's.
func (e *Evidence) applies() string {
	if e.Wanted == nil {
		return ""
	}
	for _, entity := range []*Entity{e.User, e.Role} {
		if entity != nil && entity.Exists && entity.Tags[share.TagShare] != e.Wanted.Share {
			return ""
		}
	}
	for _, d := range e.Policies {
		if d != nil && d.Tags[share.TagShare] != e.Wanted.Share {
			return ""
		}
	}
	return e.Wanted.Command
}

// edited is the fix that a change of a document makes, nil where the change cannot be made. A document that apply would put
// back is put back wholly: what a change of the one difference leaves could let in more than the share wants.
func (e *Evidence) edited(change *edit, account arn.AccountID, text string) *Fix {
	kind := change.document.kindOfDocument()
	changed := change.result(kind)
	if changed == nil {
		return nil
	}
	command := e.restores(change.document)
	if wanted := e.wantedDocument(change.document); command != "" && !iampolicy.Equal(changed, wanted) {
		change = newEdit(change.document)
		change.become("", wanted)
		if changed = change.result(kind); changed == nil {
			return nil
		}
		text += ", and put back what else is not as the share has it"
	}
	return &Fix{Account: account, Text: text, Patch: change.ops, Commands: change.document.commands(changed), Pullpass: command}
}

// restores is the command that gives a document the share's text, empty where it has it already or is not the share's.
func (e *Evidence) restores(d *Document) string {
	switch {
	case e.Wanted == nil:
	case d.Kind == Trust && e.Wanted.Role != nil && d.Holder == e.Wanted.Role.ARN() && !iampolicy.Equal(d.Parsed, e.Wanted.Role.Trust):
		return e.commandFor(e.Role.Tags)
	case d.ARN != "":
		for _, want := range slices.Concat(e.Wanted.RolePolicies, e.Wanted.UserPolicies) {
			if want.ARN().String() == d.ARN && !iampolicy.Equal(d.Parsed, want.Document) {
				return e.commandFor(d.Tags)
			}
		}
	}
	return ""
}
