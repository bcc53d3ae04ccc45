package authz

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// A template is a text of a policy with its variables found (reference_policies_variables.html).
type template struct {
	pattern arn.Pattern // the whole, if there are no variables
	text    string      // the same, without wildcards
	parts   []part      // empty if there are no variables
}

// A part is literal text, a variable, or both empty for a variable that can never be resolved.
type part struct {
	text       string // taken with its wildcards if wild
	wild       bool
	key        string // the variable's condition key
	fallback   string
	defaulted  bool
	impossible bool
}

// newTemplate finds the variables in text, unless the policy's version gives them no meaning.
func newTemplate(text string, variables bool) template {
	if !variables || !strings.Contains(text, "${") {
		return template{pattern: arn.NewPattern(text), text: text}
	}
	var t template
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		if before != "" {
			t.parts = append(t.parts, part{text: before, wild: true})
		}
		if !found {
			break
		}
		var v part
		v, rest = variable(after)
		t.parts = append(t.parts, v)
	}
	return t
}

// newResource is newTemplate for a Resource or NotResource: "You can use a policy variable in the Resource element, but only
// in the resource portion of the ARN. This portion of the ARN appears after the fifth colon"
// (reference_policies_variables.html#policy-vars-resourceelement). One that comes before it never resolves.
func newResource(text string, variables bool) template {
	t := newTemplate(text, variables)
	colons := 0
	for i := range t.parts {
		if p := &t.parts[i]; p.wild {
			colons += strings.Count(p.text, ":")
		} else if colons < 5 {
			p.impossible = true
		}
	}
	return t
}

// variable reads what follows `${`: a key and `}`, a key with a default as in `key, 'text'}`, or one of the characters
// that would otherwise be special. What is none of these is kept as a part that never resolves.
func variable(s string) (v part, rest string) {
	if len(s) >= 2 && strings.IndexByte("*?$", s[0]) >= 0 && s[1] == '}' {
		return part{text: s[:1]}, s[2:]
	}
	end := strings.IndexAny(s, ",}")
	if end < 0 {
		return part{impossible: true}, ""
	}
	key := strings.ToLower(strings.TrimSpace(s[:end]))
	if s[end] == '}' {
		return part{key: key, impossible: key == ""}, s[end+1:]
	}
	fallback, quoted := strings.CutPrefix(strings.TrimLeft(s[end+1:], " "), "'")
	text, after, closed := strings.Cut(fallback, "'")
	after, ended := strings.CutPrefix(strings.TrimLeft(after, " "), "}")
	if !quoted || !closed || !ended || key == "" {
		_, after, _ = strings.Cut(s, "}")
		return part{impossible: true}, after
	}
	return part{key: key, fallback: text, defaulted: true}, after
}

// A resolution is what became of the variables in a text; of several, the worst counts.
type resolution uint8

const (
	resolved resolution = iota // each has a value or a default
	// valueless: one has neither. It "is effectively null": "there is no equal or like value"
	// (reference_policies_variables.html#policy-vars-no-value), so that the text equals nothing and matches nothing.
	valueless
	// invalid: one is malformed, or its key has several values, which AWS has no rule for: "you can use any available
	// single-valued context key as a policy variable, but can't use a multivalued context key"
	// (reference_policies_condition-single-vs-multi-valued-context-keys.html).
	invalid
)

// resolve returns the pattern for one request, unless the resolution is another than resolved.
func (t *template) resolve(ctx *Context) (p arn.Pattern, r resolution) {
	if len(t.parts) == 0 {
		return t.pattern, resolved
	}
	for i := range t.parts {
		if part := &t.parts[i]; part.wild {
			p = p.Append(arn.NewPattern(part.text))
			continue
		}
		value, found := t.parts[i].value(ctx)
		p, r = p.Append(arn.Literally(value)), max(r, found)
	}
	return p, r
}

// resolveText does the same for operators that know no wildcards.
func (t *template) resolveText(ctx *Context) (text string, r resolution) {
	if len(t.parts) == 0 {
		return t.text, resolved
	}
	var b strings.Builder
	for i := range t.parts {
		value, found := t.parts[i].value(ctx)
		b.WriteString(value)
		r = max(r, found)
	}
	return b.String(), r
}

func (p *part) value(ctx *Context) (string, resolution) {
	switch {
	case p.impossible:
		return "", invalid
	case p.key == "":
		return p.text, resolved
	}
	values := ctx.values[p.key]
	switch {
	case len(values) == 1:
		return values[0], resolved
	case len(values) > 1:
		return "", invalid
	case p.defaulted:
		return p.fallback, resolved
	}
	return "", valueless
}
