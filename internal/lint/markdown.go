package lint

import (
	"fmt"
	"strings"
)

// groups name the hundreds of codes.
func groups() []struct{ title, intro string } {
	return []struct{ title, intro string }{
		{"AWS config files", "For the file itself and for `config` of a Secret."},
		{"Secrets", "For manifests, and for the Secret in a running cluster."},
		{"The environment of a new cluster", "With `--environment`, for the variables in which `eksctl anywhere create cluster` would run now."},
		{"Running clusters", "For what is read from a cluster."},
	}
}

// Markdown is all rules as a document.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# What pullpass lint finds

Codes never change their meaning. A **safe** rule is mended by ` + "`--fix`" + `. What happens is what the real programs do; how
that is known stands under each rule: [run] tried with the program, [code] read in its source, [doc] documented.
` + "`pullpass lint --explain CODE`" + ` prints a rule. ` + "`go generate`" + ` makes this file from the rules.
`)
	rules := Rules()
	for i, group := range groups() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", group.title, group.intro)
		for _, rule := range rules {
			if rule.group() == i {
				b.WriteString("\n" + rule.Markdown())
			}
		}
	}
	return b.String()
}

// group is the hundred of a rule's code.
func (r Rule) group() int { return int(r.Code[2] - '0') }

// Markdown is the rule as a section.
func (r Rule) Markdown() string {
	var b strings.Builder
	safe := ""
	if r.Safe {
		safe = ", safe"
	}
	fmt.Fprintf(&b, "### %s: %s\n\n**%s**%s. %s\n\nFix: %s\n", r.Code, r.Title, r.Severity, safe, r.Today, r.Fix)
	if len(r.Quotes) > 0 {
		b.WriteString("\n")
		for _, q := range r.Quotes {
			fmt.Fprintf(&b, "- %s: `%s`\n", q.By, strings.ReplaceAll(q.Text, "\n", `\n`))
		}
	}
	fmt.Fprintf(&b, "\nKnown from: [%s] %s.\n", r.Mark, r.Source)
	return b.String()
}
