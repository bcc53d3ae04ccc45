package main

// resolving returns the changes to: what a variable stands for (authz/template.go).
func resolving() []mutation {
	return []mutation{
		{"authz/template.go", `strings.IndexByte("*?$", s[0])`, `strings.IndexByte("?$", s[0])`, "${*} is no asterisk"},
		{"authz/template.go", `strings.IndexByte("*?$", s[0])`, `strings.IndexByte("*$", s[0])`, "${?} is no question mark"},
		{"authz/template.go", `strings.IndexByte("*?$", s[0])`, `strings.IndexByte("*?", s[0])`, "${$} is no dollar sign"},
		{"authz/template.go", "key := strings.ToLower(", "key := (", "the case of a variable's key matters"},
		{"authz/template.go", "wild: true", "wild: false", "text beside a variable has no wildcards"},
		{
			"authz/template.go", "p.Append(arn.Literally(value))",
			"p.Append(arn.NewPattern(value))",
			"a wildcard in a variable's value is a wildcard",
		},
		{
			"authz/template.go", "case len(values) == 1:",
			"case len(values) >= 1:",
			"a key with several values is the first of them",
		},
		{
			"authz/template.go", "case len(values) > 1:",
			"case len(values) > 1 && !p.defaulted:",
			"a default stands for several values",
		},
		{"authz/template.go", "colons < 5", "colons < 4", "a variable may stand in the place of an ARN's account"},
		{"authz/template.go", "colons < 5", "colons <= 5", "a variable may not begin a resource's name"},
		{"authz/template.go", "\tcase p.defaulted:", "\tcase false:", "a default is ignored"},
		{"authz/template.go", "\tcase p.defaulted:", "\tcase true:", "every variable has a default"},
	}
}
