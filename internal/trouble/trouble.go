// Package trouble reads what programs say when a pull fails.
//
// It knows the words of AWS, of the registry and of the programs between them: kubelet, the packages controller, docker,
// containerd, helm, oras, crane, the AWS CLI and the AWS SDKs. Each says which link of the chain is broken, what that
// means, and what to run next. Where one text has several causes, as a refused AssumeRole has, it says so instead of
// guessing. What it does not know it does not repeat: a text that was pasted may hold a secret.
package trouble

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/verify"
)

// A Reading is what was recognised in a text.
type Reading struct {
	// Cause is the message of the earliest broken link; nil where nothing was recognised.
	Cause *Finding `json:"cause"`
	// Also are the other messages, in the order of the chain. Most follow from the cause.
	Also []Finding `json:"also"`
	// Lines is how many lines were read.
	Lines int `json:"lines"`
}

// A Finding is one message and what it means. It holds no text but what was recognised.
type Finding struct {
	// Link is the broken one; empty for what is none of the chain's, such as a push.
	Link verify.Link `json:"link,omitempty"`
	// Proven are the links that must have held for this message to come.
	Proven []verify.Link `json:"proven"`
	// Kind is the cause where the text alone tells it, or points at it: see Conclusion.
	Kind explain.Kind `json:"kind,omitempty"`
	// Candidates are the causes that the text leaves open, the likelier first.
	Candidates []explain.Kind `json:"candidates,omitempty"`
	// Conclusion says how sure the cause is. The link is no guess.
	Conclusion explain.Conclusion `json:"conclusion"`
	// Said is the message, as far as it was recognised.
	Said explain.Answer `json:"said"`
	// Line is where it begins, from 1.
	Line int `json:"line"`
	// Principal, Action and Resource are those of IAM's sentence. Resource may be `*`.
	Principal string `json:"principal,omitempty"`
	Action    string `json:"action,omitempty"`
	Resource  string `json:"resource,omitempty"`
	// Key is the id of an access key, Host a host that was asked.
	Key  string `json:"key,omitempty"`
	Host string `json:"host,omitempty"`
	// Rules are those of lint that a program is known to answer with this message.
	Rules []lint.Code `json:"rules,omitempty"`
	// Meaning says it in a few sentences for people.
	Meaning string `json:"meaning"`
	// Next is what to run or to do, in order.
	Next []Step `json:"next"`

	// vague says that the message tells of a failure and of no cause.
	vague bool
}

// A Step is something to do.
type Step struct {
	Text string `json:"text"`
	// Account is whose administrator does it; empty where it does not matter or is not known.
	Account string `json:"account,omitempty"`
	// Command is for a POSIX shell; empty for what no command does.
	Command string `json:"command,omitempty"`
}

// A Place is where the text comes from, as far as it is known. It names the cluster in what to run next.
type Place struct {
	// Share is the share's file, Cluster the name of a cluster in it; each may be empty.
	Share, Cluster string
}

// maxHits bounds how many messages of one kind are looked at: a log repeats itself.
const maxHits = 4096

// Read recognises the messages in a text of one or many lines. It takes logs, events, terminal output, and JSON in which
// these are quoted.
func Read(text string, place Place) Reading {
	all := recognisers()
	s := &scan{text: sift(level(text), patternsOf(all)), place: place, claimed: map[int]bool{}}
	for _, r := range all {
		s.run(r)
	}
	slices.SortStableFunc(s.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(doubt(a), doubt(b)), cmp.Compare(a.Line, b.Line))
	})
	reading := Reading{Also: []Finding{}, Lines: lines(text)}
	for i, f := range s.found {
		if i == 0 {
			reading.Cause = &s.found[0]
		} else {
			reading.Also = append(reading.Also, f)
		}
	}
	return reading
}

// rank puts causes before what follows from them: an earlier link breaks all later ones. What says no cause comes last.
func rank(f Finding) int {
	links := verify.Links()
	switch at := slices.Index(links, f.Link); {
	case f.vague && at < 0:
		return 2*len(links) + 1
	case f.vague:
		return len(links) + 1 + at
	case at < 0:
		return len(links)
	default:
		return at
	}
}

// doubt orders the messages of one link: what tells more of the cause comes first.
func doubt(f Finding) int {
	switch {
	case f.Kind == explain.ConfigFile && len(f.Rules) > 0:
		return len(f.Rules)
	case f.Kind == explain.ConfigFile:
		return len(lint.Rules())
	}
	return slices.Index([]explain.Conclusion{explain.Certain, explain.Likely, explain.Open}, f.Conclusion)
}

// lines counts the lines of a text, an unfinished last one too.
func lines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}

// before are the links that come before one, which a message of that link proves.
func before(link verify.Link) []verify.Link {
	links := verify.Links()
	at := slices.Index(links, link)
	if at < 0 {
		return []verify.Link{}
	}
	return links[:at]
}

// through are the links up to one, that one too.
func through(link verify.Link) []verify.Link { return append(before(link), link) }
