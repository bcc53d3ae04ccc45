package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/iampolicy"
)

// TagRevoked marks a role that bears denies of revocations, with the time of the last one. It is set before the first deny
// and goes after the last, so that a role without it need not be asked for its inline policies.
const TagRevoked = "pullpass:revoked"

// Mark is the value of TagRevoked for a role that gets the deny.
func (d Deny) Mark() string { return instant(d.At) }

// DenyAge is how long a deny stays. What it outlives was made before it: a session, which lives 12 hours at most
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html), and a registry token, which lives 12 hours
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html).
const DenyAge = 24 * time.Hour

const denyTime = "20060102T150405Z"

// A Deny refuses everything to sessions of a role. It is an inline policy of the role: one for each run that revokes, so
// that no two runs write the same one and IAM's showing things late makes nobody lose another's.
type Deny struct {
	// Policy is the name of the inline policy.
	Policy string
	// At is when the sessions were revoked, to the second.
	At time.Time
	// Sessions are the values of aws:userid that are denied, <role's unique id>:<session name>, sorted; empty for every
	// session of the role.
	Sessions []string
}

// NewDeny makes the deny of a run.
func NewDeny(share string, run RunID, now time.Time, sessions []string) Deny {
	at := now.UTC().Truncate(time.Second)
	sorted := slices.Sorted(slices.Values(sessions))
	return Deny{Policy: denyPrefix(share) + at.Format(denyTime) + "-" + run.nonce(), At: at, Sessions: slices.Compact(sorted)}
}

// denyPrefix begins the name of every inline policy by which a share revokes.
func denyPrefix(share string) string { return "pullpass-" + share + "-revoked-" }

// nonce is the random part of a run's id.
func (r RunID) nonce() string {
	parts := strings.SplitN(string(r), ".", 3)
	if len(parts) != 3 {
		return "0"
	}
	return parts[1]
}

// IsDeny reports whether an inline policy has the name of one of a share's denies, and since when it denies.
func IsDeny(share, policy string) (at time.Time, ok bool) {
	rest, found := strings.CutPrefix(policy, denyPrefix(share))
	text, nonce, cut := strings.Cut(rest, "-")
	at, err := time.Parse(denyTime, text)
	return at, found && cut && err == nil && nonce != "" && !strings.Contains(nonce, "-")
}

// denied is the text of a deny's policy.
type denied struct {
	Version   string
	Statement []deniedStatement
}

type deniedStatement struct {
	Sid, Effect, Action, Resource string
	Condition                     map[string]map[string][]string `json:",omitempty"`
}

// Document returns the policy. It tells sessions apart by aws:userid, which every request has ("AWS global condition
// context keys", IAM User Guide), and not by the time at which a session was issued, of which nobody says that it reaches a
// pull with a registry token.
func (d Deny) Document() (*iampolicy.Document, error) {
	statement := deniedStatement{Sid: "Revoked" + d.At.Format(denyTime), Effect: "Deny", Action: "*", Resource: "*"}
	if len(d.Sessions) > 0 {
		statement.Condition = map[string]map[string][]string{"StringEquals": {"aws:userid": d.Sessions}}
	}
	text, err := json.Marshal(denied{Version: iampolicy.Version2012, Statement: []deniedStatement{statement}})
	if err != nil {
		return nil, fmt.Errorf("composing the policy %s: %w", d.Policy, err)
	}
	doc, err := iampolicy.Parse(text, iampolicy.Identity)
	if err != nil {
		return nil, fmt.Errorf("composing the policy %s: %w", d.Policy, err)
	}
	return doc, nil
}

// ParseDeny reads an inline policy of a role; ok is false for one that is not a deny of the share as Document writes it.
func ParseDeny(share, policy string, doc *iampolicy.Document) (d Deny, ok bool) {
	at, ok := IsDeny(share, policy)
	if !ok || doc == nil || len(doc.Statements) != 1 {
		return Deny{}, false
	}
	d = Deny{Policy: policy, At: at}
	if conditions := doc.Statements[0].Conditions; len(conditions) > 0 {
		d.Sessions = slices.Sorted(slices.Values(conditions[0].Values))
	}
	again, err := d.Document()
	return d, err == nil && iampolicy.Equal(doc, again)
}

// Session is the value of aws:userid in a session of the role.
func (r *Role) Session(name string) string { return string(r.ID) + ":" + name }

// Over reports whether everything that the deny was for has ended by itself.
func (d Deny) Over(now time.Time) bool { return now.Sub(d.At) >= DenyAge }

// Covers reports whether the deny is in force for a session and stays so for as long as one that begins now can live.
func (d Deny) Covers(session string, now time.Time) bool {
	const longestSession = 12 * time.Hour
	return now.Sub(d.At) <= DenyAge-longestSession && d.denies(session)
}

// InForce reports whether the deny is in force for a session.
func (d Deny) InForce(session string, now time.Time) bool { return !d.Over(now) && d.denies(session) }

func (d Deny) denies(session string) bool {
	return len(d.Sessions) == 0 || slices.Contains(d.Sessions, session)
}

// DeniesAll reports whether every session of the role is denied at a time.
func (r *Role) DeniesAll(now time.Time) bool {
	return slices.ContainsFunc(r.Denies, func(d Deny) bool { return len(d.Sessions) == 0 && !d.Over(now) })
}

// denyOf returns the deny that is in force for a session of one name alone.
func (r *Role) denyOf(session string, now time.Time) (Deny, bool) {
	i := slices.IndexFunc(r.Denies, func(d Deny) bool { return len(d.Sessions) > 0 && d.denies(r.Session(session)) && !d.Over(now) })
	if i < 0 {
		return Deny{}, false
	}
	return r.Denies[i], true
}

// TagAdopted marks what was made by hand and taken over: a revocation releases it and does not delete it.
const TagAdopted = "pullpass:adopted"

// isAdopted is the value of TagAdopted.
const isAdopted = "true"

// Adopted reports whether the tags are of something that was taken over.
func Adopted(tags map[string]string) bool { return tags[TagAdopted] != "" }
