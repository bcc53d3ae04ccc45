// Package draw shows the explanation of a denial as a picture: a tree for a terminal, SVG, or HTML.
//
// Every form has the same parts in the same order: what AWS answered, the chain with its accounts, principals and policies,
// the cause, the near misses, what could not be read, the fix. A picture is one file, without scripts and without anything
// from elsewhere; the same reports give the same bytes.
package draw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
)

// An outline is a report as all forms show it.
type outline struct {
	// Title names what is explained, Verdict what came out.
	Title, Verdict string
	Outcome        explain.Outcome
	// Disagrees is the main finding where AWS's answer and our reading contradict each other; empty where they agree.
	Disagrees string
	// Answered is what AWS said; nil where it was not asked.
	Answered []fact
	Owners   []owner
	Parts    []part
}

// A fact is a text with what it is.
type fact struct{ Label, Text string }

// An owner is who decides about links that follow each other: an account, or whoever keeps the file.
type owner struct {
	Name  string
	Links []link
}

// A link is one link of the chain.
type link struct {
	Name     string
	State    explain.State
	Detail   string
	Broken   bool
	Facts    []fact
	Policies []policy
}

// A policy is one that takes part in the decision about a link.
type policy struct {
	Kind, Name string
	// Blame is what it has to do with the cause; empty for most.
	Blame string
}

// A part is what follows the chain: the cause, the near misses and so on.
type part struct {
	Name  string
	Texts []string
	Facts []fact
	// Code are lines to be taken over as they stand.
	Code []string
}

func outlineOf(r explain.Report) outline {
	o := outline{Title: title(r.Subject), Verdict: verdict(r), Outcome: r.Outcome, Owners: owners(r)}
	if !r.Agrees {
		o.Disagrees = "AWS's answer and our reading of the policies contradict each other. AWS's answer counts."
	}
	if a := r.Answered; a != nil {
		o.Answered = facts("call", strings.TrimSpace(a.Service+" "+a.Operation), "code", a.Code, "message", a.Message, "request", a.RequestID)
	}
	for _, p := range []part{causePart(r.Cause), nearestPart(r.Nearest), unreadPart(r.Unread), fixPart(r.Fix)} {
		if p.Name != "" {
			o.Parts = append(o.Parts, p)
		}
	}
	return o
}

// facts pairs labels with texts and leaves out those without text.
func facts(pairs ...string) []fact {
	var found []fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			found = append(found, fact{pairs[i], pairs[i+1]})
		}
	}
	return found
}

func title(s explain.Subject) string {
	var words []string
	for _, f := range facts("share", s.Share, "account", string(s.Account), "cluster", s.Cluster, "file", s.Config,
		"principal", s.Principal, "action", s.Action, "resource", s.Resource) {
		words = append(words, f.Label+" "+f.Text)
	}
	if len(words) == 0 {
		return "one access"
	}
	return strings.Join(words, ", ")
}

func verdict(r explain.Report) string {
	word := string(r.Outcome)
	switch r.Outcome {
	case explain.Unknown:
		word = "not known whether it works"
	case explain.Unused:
		return "works, and the cluster does not use it as it should"
	case explain.Works, explain.Denied:
	}
	switch r.Conclusion {
	case explain.Certain:
		return word + ", and that is certain"
	case explain.Likely:
		return word + "; the cause is likely, and something that was not read could be another"
	case explain.Open:
		return word + "; the cause is open: what was not read decides"
	}
	return word
}

// owners puts links of one account that follow each other under it.
func owners(r explain.Report) []owner {
	var found []owner
	for _, l := range r.Chain {
		name := "account " + string(l.Account)
		switch {
		case l.Account != "":
		case slices.Contains(verify.Links(), l.Link):
			name = "the delivered file"
		default:
			name = "the cluster"
		}
		if len(found) == 0 || found[len(found)-1].Name != name {
			found = append(found, owner{Name: name})
		}
		last := &found[len(found)-1]
		last.Links = append(last.Links, linkOf(l, r.Cause))
	}
	return found
}

func linkOf(l explain.Link, cause *explain.Cause) link {
	shown := link{Name: string(l.Link), State: l.Outcome, Broken: l.Outcome == explain.Failed}
	if l.Detail != string(l.Outcome) { // Some links have no more to tell than what became of them.
		shown.Detail = l.Detail
	}
	if l.Principal != l.Detail { // The link of the key proves who it is: once is enough.
		shown.Facts = facts("principal", l.Principal)
	}
	for _, p := range l.Policies {
		shown.Policies = append(shown.Policies, policy{Kind: kind(p.Kind), Name: name(p), Blame: blame(p, l, cause)})
	}
	return shown
}

func name(p explain.Policy) string {
	if p.ARN != "" {
		return p.ARN
	}
	return p.Name
}

func kind(k explain.PolicyKind) string {
	switch k {
	case explain.SCP:
		return "service control policy"
	case explain.RCP:
		return "resource control policy"
	case explain.Boundary:
		return "permissions boundary"
	case explain.Identity, explain.Trust, explain.Session, explain.Repository:
	}
	return string(k) + " policy"
}

// blame says what a policy has to do with the cause.
func blame(p explain.Policy, l explain.Link, cause *explain.Cause) string {
	switch {
	case cause == nil || cause.Policy == nil || *cause.Policy != p || cause.Link != l.Link:
		return ""
	case cause.Missing:
		return "lacks the statement that allows"
	}
	return "denies"
}

func causePart(c *explain.Cause) part {
	if c == nil {
		return part{}
	}
	p := part{Name: "Cause", Texts: []string{c.Text}, Facts: facts("kind", string(c.Kind), "link", string(c.Link), "account", string(c.Account))}
	if c.Policy != nil {
		p.Facts = append(p.Facts, fact{kind(c.Policy.Kind), name(*c.Policy)})
	}
	if s := c.Statement; s != nil {
		text := fmt.Sprintf("number %d, line %d", s.Index+1, s.Line)
		if s.Sid != "" {
			text = s.Sid + ", " + text
		}
		p.Facts = append(p.Facts, fact{"statement", text})
		p.Facts = append(p.Facts, facts("says", s.Text)...)
	}
	return p
}

func nearestPart(misses []explain.Miss) part {
	p := part{}
	for _, m := range misses {
		p.Name = "Near misses"
		p.Facts = append(p.Facts, facts("differs", m.Text, "where", m.Where, "expected", m.Expected, "found", m.Found)...)
	}
	return p
}

func unreadPart(unread []explain.Unread) part {
	p := part{}
	for _, u := range unread {
		p.Name = "Not read"
		p.Facts = append(p.Facts, facts("what", u.What, "account", string(u.Account), "error", u.Error, "follows", u.Follows)...)
	}
	return p
}

func fixPart(f *explain.Fix) part {
	if f == nil {
		return part{}
	}
	p := part{Name: "Fix", Texts: []string{f.Text}, Facts: facts("account", string(f.Account))}
	if f.Pullpass != "" {
		p.Code = append(p.Code, f.Pullpass)
	}
	p.Code = append(p.Code, f.Commands...)
	for _, op := range f.Patch {
		p.Facts = append(p.Facts, fact{"patch", op.Of}, fact{"change", change(op)})
	}
	return p
}

// change is a patch operation on one line.
func change(op explain.PatchOp) string {
	text := op.Op + " " + op.Path
	var compact bytes.Buffer
	if len(op.Value) > 0 && json.Compact(&compact, op.Value) == nil {
		text += " " + compact.String()
	}
	return text
}
