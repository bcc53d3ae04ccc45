package simulator

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// ContextKeys returns the condition keys to which policies refer, in conditions or as variables, sorted. They are spelled
// as the policies spell them: two spellings of one key are two [seen].
func ContextKeys(documents ...*iampolicy.Document) []string {
	var keys []string
	for _, d := range documents {
		for i := range d.Statements {
			keys = append(keys, statementKeys(&d.Statements[i], d.Variables())...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func statementKeys(s *iampolicy.Statement, variables bool) []string {
	var keys []string
	texts := slices.Concat(s.Resource, s.NotResource)
	for _, c := range s.Conditions {
		keys = append(keys, c.Key)
		texts = append(texts, c.Values...)
	}
	if variables {
		for _, text := range texts {
			keys = append(keys, variableKeys(text)...)
		}
	}
	return keys
}

// variableKeys returns the keys of the variables in a text: `${key}`, or `${key, 'default'}`. What stands for one of the
// special characters, such as `${*}`, is no key (reference_policies_variables.html of the IAM User Guide).
func variableKeys(text string) []string {
	var keys []string
	for {
		_, rest, found := strings.Cut(text, "${")
		if !found {
			return keys
		}
		end := strings.IndexAny(rest, ",}")
		if end < 0 {
			return keys
		}
		if key := strings.TrimSpace(rest[:end]); strings.Trim(key, "*?$") != "" {
			keys = append(keys, key)
		}
		text = rest[end:]
	}
}
