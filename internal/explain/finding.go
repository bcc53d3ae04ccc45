package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/verify"
)

// A finding is what is known about one broken link.
type finding struct {
	conclusion Conclusion
	agrees     bool
	cause      *Cause
	nearest    []Miss
	unread     []Unread
	fix        *Fix
}

// open is a finding without a cause.
func open(unread ...Unread) finding { return finding{conclusion: Open, agrees: true, unread: unread} }

func certain(cause Cause, fix *Fix) finding {
	return finding{conclusion: Certain, agrees: true, cause: &cause, fix: fix}
}

func likely(cause Cause, fix *Fix, unread ...Unread) finding {
	f := certain(cause, fix)
	f.conclusion, f.unread = Likely, unread
	return f
}

// gaps lists what of both sides could have decided a question and was not read. Every entry names the type of policy that
// it would have belonged to.
func (q *question) gaps(target *Entity) map[authz.PolicyType][]Unread {
	found := map[authz.PolicyType][]Unread{}
	if q.actor.Err != nil {
		found[authz.Identity] = append(found[authz.Identity], Unread{
			What: describe(q.actor.Asked), Account: q.actor.Asked.Account, Error: q.actor.Err.Error(), Follows: q.followsIdentity(),
			Command: showing(q.actor.Asked),
		})
	}
	for _, g := range q.actor.Gaps {
		switch g.Part {
		case GapIdentity:
			found[authz.Identity] = append(found[authz.Identity], unread(q.actor, g, q.followsIdentity()))
		case GapBoundary:
			found[authz.Boundary] = append(found[authz.Boundary], unread(q.actor, g,
				fmt.Sprintf("if it does not allow %s, it would be the cause", q.action)))
		case GapTrust, GapKeys:
		}
	}
	if !q.trust || target == nil {
		return found
	}
	follows := fmt.Sprintf("if it does not exist, or its trust does not let %s in%s, that would be the cause", q.principal.ARN, q.chosen())
	if target.Err != nil {
		found[authz.Trust] = append(found[authz.Trust], Unread{
			What: "the trust of " + describe(target.Asked), Account: target.Asked.Account, Error: target.Err.Error(), Follows: follows,
			Command: showing(target.Asked),
		})
	}
	for _, g := range target.Gaps {
		if g.Part == GapTrust {
			found[authz.Trust] = append(found[authz.Trust], unread(target, g, follows))
		}
	}
	return found
}

// chosen is what the caller chose that a trust may ask for; empty where nobody has called.
func (q *question) chosen() string {
	var sent []string
	for _, c := range []struct{ key, what string }{{"sts:RoleSessionName", "session name"}, {"sts:ExternalId", "external id"}} {
		if value := q.context.Get(c.key); len(value) == 1 {
			sent = append(sent, c.what+" "+value[0])
		}
	}
	if len(sent) == 0 {
		return ""
	}
	return " (" + strings.Join(sent, ", ") + ")"
}

func (q *question) followsIdentity() string {
	return fmt.Sprintf("if no policy of %s allows %s on %s, that would be the cause", describe(q.actor.Asked), q.action, q.resource)
}

func unread(of *Entity, g Gap, follows string) Unread {
	return Unread{What: g.What, Account: of.Asked.Account, Error: g.Err.Error(), Follows: follows, Command: showing(of.Asked)}
}

// showing is the command that shows an administrator a user or role: a trust, the policies that stand in it, the names of the
// others.
func showing(entity arn.ARN) string {
	filter := "User"
	if entity.Kind() == "role" {
		filter = "Role"
	}
	return awsIAM("get-account-authorization-details", "--filter", filter, "--query",
		fmt.Sprintf("%sDetailList[?%sName=='%s']", filter, filter, entity.Name()))
}

// describe names a user or role for people.
func describe(entity arn.ARN) string {
	if name := entity.Name(); name != "" {
		return entity.Kind() + " " + name
	}
	return entity.String()
}

// kindOf is the kind of the policies of a type.
func kindOf(t authz.PolicyType) PolicyKind {
	switch t {
	case authz.RCP:
		return RCP
	case authz.SCP:
		return SCP
	case authz.Resource:
		return Repository
	case authz.Trust:
		return Trust
	case authz.Boundary:
		return Boundary
	case authz.Session:
		return Session
	case authz.NoPolicy, authz.Identity:
	}
	return Identity
}

// wordOf names a type of policy as a sentence needs it.
func wordOf(t authz.PolicyType) string {
	if t == authz.Trust {
		return "trust policy"
	}
	return t.String()
}

// where gives the place of a statement for people.
func (p *place) where(t authz.PolicyType) string {
	var notes []string
	if p.statement.Sid != "" {
		notes = append(notes, p.statement.Sid)
	}
	if p.statement.Line > 0 && p.document.hasLines() {
		notes = append(notes, fmt.Sprintf("line %d", p.statement.Line))
	}
	text := fmt.Sprintf("statement %d", p.index+1)
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text + " of the " + p.document.words(t)
}

// words names a policy for people: `identity-based policy x`, `trust policy of role y`.
func (d *Document) words(t authz.PolicyType) string {
	switch {
	case t == authz.Trust:
		return "trust policy of " + describe(d.Holder)
	case d.ARN != "":
		return wordOf(t) + " " + d.ARN
	case d.Holder.IsZero():
		return wordOf(t) + " " + d.Name
	}
	return fmt.Sprintf("inline policy %s of %s", d.Name, describe(d.Holder))
}

func (p *place) at() *Statement {
	return &Statement{Sid: p.statement.Sid, Index: p.index, Line: p.statement.Line, Text: p.document.statement(p.index)}
}

// hasLines reports whether the document has more than one, so that the number of a line tells something.
func (d *Document) hasLines() bool { return strings.Contains(strings.TrimSpace(d.Text), "\n") }

// statement is the text of a statement without white space, empty where the document holds none.
func (d *Document) statement(index int) string {
	var held struct{ Statement json.RawMessage }
	var one json.RawMessage
	var all []json.RawMessage
	var compact bytes.Buffer
	if json.Unmarshal([]byte(d.Text), &held) != nil {
		return ""
	}
	if one = held.Statement; json.Unmarshal(held.Statement, &all) == nil {
		if index >= len(all) {
			return ""
		}
		one = all[index]
	}
	if json.Compact(&compact, one) != nil {
		return ""
	}
	return compact.String()
}

// linkOf is the link that an action belongs to.
func linkOf(action string) verify.Link {
	switch strings.ToLower(action) {
	case "sts:assumerole":
		return verify.LinkRole
	case "ecr:getauthorizationtoken":
		return verify.LinkToken
	case "ecr:getdownloadurlforlayer":
		return verify.LinkLayer
	}
	return verify.LinkManifest
}
