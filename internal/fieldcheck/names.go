package fieldcheck

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/internal/registry"
)

// names puts names in place of what differs from account to account and from run to run, so that observations compare, and
// can be shown to anybody.
type names struct {
	known    *strings.Replacer
	patterns []pattern
}

type pattern struct {
	shape *regexp.Regexp
	name  string
}

func newNames(f *Field) names {
	pairs := []string{
		string(f.Source.Account), "<source>", string(f.Destination.Account), "<destination>", f.run, "<run>",
	}
	if f.Subscription != "" {
		pairs = append(pairs, f.Subscription, "<subscription>")
	}
	if packages, err := registry.ForRegion(f.Region); err == nil {
		pairs = append(pairs, string(packages.Account), "<packages>")
	}
	return names{known: strings.NewReplacer(pairs...), patterns: patterns()}
}

// patterns are the shapes of what names nobody; the more particular come first.
func patterns() []pattern {
	const id = `[A-Z2-7]{16,17}\b`
	return []pattern{
		{regexp.MustCompile(`\b(AKIA|ASIA)` + id), "<key id>"},
		{regexp.MustCompile(`\bAIDA` + id), "<user id>"},
		{regexp.MustCompile(`\bAROA` + id), "<role id>"},
		{regexp.MustCompile(`\bANPA` + id), "<policy id>"},
		{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "<request>"},
		{regexp.MustCompile(`\bsha256:[0-9a-f]{64}\b`), "<digest>"},
		{regexp.MustCompile(`\b\d{8}T\d{6}Z\b`), "<time>"},
		{regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})`), "<time>"},
		{regexp.MustCompile(`\b\d{12}\b`), "<account>"},
	}
}

// normal returns a text with the names, on one line.
func (n names) normal(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = n.known.Replace(text)
	for _, p := range n.patterns {
		text = p.shape.ReplaceAllString(text, p.name)
	}
	return text
}
