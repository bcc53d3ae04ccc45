package trouble

import (
	"regexp"
	"slices"
	"strings"
)

// A recogniser knows one kind of message. Its pattern has named groups.
type recogniser struct {
	pattern *regexp.Regexp
	// read says what a match means; false for a match that is no such message after all.
	read func(hit) (Finding, bool)
}

// recognisers are tried in this order: what says more comes first, and what it has recognised nobody reads again.
func recognisers() []recogniser {
	return []recogniser{
		{sentence, readDenial},
		{clockOff, readClock},
		{fileFault, readFileFault},
		{coded, readCode},
		{missingRepository, readMissingRepository},
		{registryFault, readRegistryFault},
		{unreachable, readUnreachable},
		{inCluster, readInCluster},
	}
}

func patternsOf(all []recogniser) []*regexp.Regexp {
	patterns := make([]*regexp.Regexp, len(all))
	for i, r := range all {
		patterns[i] = r.pattern
	}
	return patterns
}

// A scan is a text that is being read.
type scan struct {
	text    string
	place   Place
	claimed map[int]bool // lines whose message has been recognised
	found   []Finding
}

// run finds the messages that one recogniser knows in lines that none before it has recognised.
func (s *scan) run(r recogniser) {
	var claims []int
	line, counted := 1, 0
	for _, at := range r.pattern.FindAllStringSubmatchIndex(s.text, maxHits) {
		line += strings.Count(s.text[counted:at[0]], "\n")
		counted = at[0]
		h := hit{scan: s, pattern: r.pattern, at: at, line: line}
		last := h.line + strings.Count(s.text[at[0]:at[1]], "\n")
		if s.claimed[h.line] {
			continue
		}
		f, ok := r.read(h)
		if !ok {
			continue
		}
		for line := h.line; line <= last; line++ {
			claims = append(claims, line)
		}
		s.add(h, f)
	}
	for _, line := range claims {
		s.claimed[line] = true
	}
}

// add keeps a message unless the same has been found before.
func (s *scan) add(h hit, f Finding) {
	f.Line = h.line
	if f.Proven == nil {
		f.Proven = before(f.Link)
	}
	f.Next = append(f.Next, s.place.look(f)...)
	if !slices.ContainsFunc(s.found, f.repeats) {
		s.found = append(s.found, f)
	}
}

// repeats reports whether another message tells the same: in the same words, of the same rules, or in the same line.
func (f Finding) repeats(known Finding) bool {
	return known.Link == f.Link && (len(f.Rules) > 0 && slices.Equal(known.Rules, f.Rules) ||
		known.Line == f.Line && known.Meaning == f.Meaning ||
		known.Said.Code == f.Said.Code && known.Said.Message == f.Said.Message && known.Host == f.Host)
}

// A hit is one match of a pattern.
type hit struct {
	*scan
	pattern *regexp.Regexp
	at      []int
	line    int
}

// group is what a named group of the pattern matched, on one line and without secrets.
func (h hit) group(name string) string {
	i := h.pattern.SubexpIndex(name)
	if i < 0 || h.at[2*i] < 0 {
		return ""
	}
	return veil(strings.Join(strings.Fields(h.scan.text[h.at[2*i]:h.at[2*i+1]]), " "))
}

// reach is how far around a match a line is read: a log may have everything on one.
const reach = 4 << 10

// around is the whole of the lines in which the match is, as far as reach.
func (h hit) around() string {
	before := h.text[max(0, h.at[0]-reach):h.at[0]]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ := strings.Cut(h.text[h.at[1]:min(len(h.text), h.at[1]+reach)], "\n")
	return before + h.text[h.at[0]:h.at[1]] + after
}

var (
	// escaped are the escape sequences of JSON and of terminals (ECMA-48, "CSI") that come between words in logs.
	escaped = regexp.MustCompile(`\\[nrt"\\]|\x1b\[[0-9;]*m`)
	// key is the id of an access key (IAM User Guide, "Understanding unique ID prefixes"): no secret.
	key = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z2-7]{16}\b`)
	// secretLike is a run of base64 as long as a secret access key or longer.
	secretLike = regexp.MustCompile(`[A-Za-z0-9+/=]{40,}`)
)

// level takes the escapes out of a text that a log has quoted. Every byte keeps its place, and so every line.
func level(text string) string {
	return escaped.ReplaceAllStringFunc(text, func(found string) string {
		if found == `\"` {
			return ` "`
		}
		return strings.Repeat(" ", len(found))
	})
}

// veil drops what may be a secret: long runs of base64 with letters of both cases, which digests and paths do not have.
func veil(text string) string {
	return secretLike.ReplaceAllStringFunc(text, func(run string) string {
		if strings.ToLower(run) == run || strings.ToUpper(run) == run {
			return run
		}
		return "…"
	})
}
