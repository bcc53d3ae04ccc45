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

// resolve returns the pattern for one request; ok is false if a variable has no value there, nor a default. A key with
// several values is no value: a variable must be single-valued.
func (t *template) resolve(ctx *Context) (p arn.Pattern, ok bool) {
	if len(t.parts) == 0 {
		return t.pattern, true
	}
	for _, part := range t.parts {
		if part.wild {
			p = p.Append(arn.NewPattern(part.text))
			continue
		}
		value, ok := part.value(ctx)
		if !ok {
			return arn.Pattern{}, false
		}
		p = p.Append(arn.Literally(value))
	}
	return p, true
}

// resolveText does the same for operators that know no wildcards.
func (t *template) resolveText(ctx *Context) (text string, ok bool) {
	if len(t.parts) == 0 {
		return t.text, true
	}
	var b strings.Builder
	for _, part := range t.parts {
		value, ok := part.value(ctx)
		if !ok {
			return "", false
		}
		b.WriteString(value)
	}
	return b.String(), true
}

func (p *part) value(ctx *Context) (string, bool) {
	switch {
	case p.impossible:
		return "", false
	case p.key == "":
		return p.text, true
	}
	values := ctx.values[p.key]
	switch {
	case len(values) == 1:
		return values[0], true
	case len(values) == 0 && p.defaulted:
		return p.fallback, true
	}
	return "", false
}
