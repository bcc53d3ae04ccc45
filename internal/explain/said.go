package explain

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
)

// sentenceOf is what AWS's text of a refusal says of policies; the zero sentence where there is none. Of a role's trust AWS
// may speak as of any resource's policy.
func (q *question) sentenceOf(answer *Answer) sentence {
	if answer == nil {
		return sentence{}
	}
	said := readSentence(answer.Message)
	if q.trust && said.blamed == authz.Resource {
		said.blamed = authz.Trust
	}
	return said
}

// unreadOf reports whether a type of policies that AWS blames was not, or not wholly, read.
func (q *question) unreadOf(gaps map[authz.PolicyType][]Unread, blamed authz.PolicyType) bool {
	switch blamed {
	case authz.Identity, authz.Boundary:
		return q.actor.Err != nil || len(gaps[blamed]) > 0
	case authz.Trust:
		return len(gaps[blamed]) > 0
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Resource, authz.Session:
	}
	return false
}

// contradicts reports whether AWS's text blames a type of policies all of which was read, and none of which blocks.
func (q *question) contradicts(found []blocker, gaps map[authz.PolicyType][]Unread, said sentence) bool {
	switch said.blamed {
	case authz.Identity, authz.Boundary, authz.Trust:
		return blamedIndex(found, said) < 0 && !q.unreadOf(gaps, said.blamed)
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Resource, authz.Session: // Nobody in the accounts reads these.
	}
	return false
}

// saidCause is what AWS's text tells of a policy that could not be read: its type, whether it denies, and since 2026 its ARN.
func (q *question) saidCause(said sentence) Cause {
	cause := Cause{Link: linkOf(q.action), Account: q.accountOf(said.blamed), Missing: !said.explicit, Kind: implicitKind(said.blamed)}
	if said.policy != "" {
		cause.Policy = &Policy{ARN: said.policy, Kind: kindOf(said.blamed)}
	}
	if said.explicit && said.blamed != authz.Boundary {
		cause.Kind = ExplicitDeny
	}
	verb := "no " + wordOf(said.blamed) + " allows"
	if said.explicit {
		verb = "a statement of the " + wordOf(said.blamed) + " denies"
	}
	cause.Text = fmt.Sprintf("In account %s, AWS says, %s %s to %s. What is in its policies could not be read.",
		cause.Account, verb, q.action, q.actorName())
	return cause
}

// saidFix is for whoever can read what AWS blames.
func (q *question) saidFix(said sentence) *Fix {
	text := fmt.Sprintf("let the %s of %s allow %s on %s", wordOf(said.blamed), q.holderName(said.blamed), q.action, q.resource)
	if said.explicit {
		text = fmt.Sprintf("find the statement that denies %s in the %s of %s", q.action, wordOf(said.blamed), q.holderName(said.blamed))
	}
	return &Fix{Account: q.accountOf(said.blamed), Text: text}
}

// holderName is whose policies of a type take part.
func (q *question) holderName(t authz.PolicyType) string {
	if t == authz.Trust {
		if role, err := arn.Parse(q.resource); err == nil {
			return describe(role)
		}
		return q.resource
	}
	return q.actorName()
}
