package main

// comparing returns the changes to: what a condition holds of (authz/condition.go, authz/operand.go).
func comparing() []mutation {
	return []mutation{
		{"authz/condition.go", "strings.ToLower(c.Key)", "strings.Clone(c.Key)", "the case of a condition key matters"},
		{"authz/condition.go", "if c.operator.Test == iampolicy.Null {", "if false {", "Null compares like Bool"},
		{
			"authz/condition.go", `(v.template.text == "true") == missing`,
			`(v.template.text == "true") != missing`,
			"Null true wants the key",
		},
		{"authz/condition.go", "if missing && c.operator.IfExists &&", "if false &&", "IfExists is ignored"},
		{
			"authz/condition.go", " && c.operator.Qualifier != iampolicy.ForAnyValue {",
			" {",
			"ForAnyValue with IfExists holds without the key",
		},
		{
			"authz/condition.go", "return verdictOf(c.negated), true",
			"return fails, true",
			"a missing key fails a negated operator",
		},
		{"authz/condition.go", "return verdictOf(c.negated), true", "return holds, true", "a missing key meets every operator"},
		{
			"authz/condition.go", "return c.forAll(values, ctx), missing",
			"return c.forAny(values, ctx), missing",
			"ForAllValues is ForAnyValue",
		},
		{
			"authz/condition.go", "return c.forAny(values, ctx), missing",
			"return c.forAll(values, ctx), missing",
			"ForAnyValue is ForAllValues",
		},
		{
			"authz/condition.go", "if null(values) {\n\t\treturn holds",
			"if null(values) {\n\t\treturn fails",
			"ForAllValues wants a value",
		},
		{
			"authz/condition.go", "if null(values) {\n\t\treturn fails",
			"if false {\n\t\treturn fails",
			"ForAnyValue takes an empty text for a value",
		},
		{"authz/condition.go", "\t\tif v != \"\" {", "\t\tif v != \"\" || true {", "an empty text is a value"},
		{
			"authz/condition.go", "func (c *condition) all(values []string, ctx *Context) verdict {\n\tresult := holds\n\tfor _, v := range values {\n\t\tswitch c.test(v, ctx) {\n\t\tcase fails:\n\t\t\treturn fails",
			"func (c *condition) all(values []string, ctx *Context) verdict {\n\tresult := holds\n\tfor _, v := range values {\n\t\tswitch c.test(v, ctx) {\n\t\tcase fails:\n\t\t\tresult = fails",
			"the last value says how ForAllValues comes out",
		},
		{
			"authz/condition.go", "case fails:\n\t\t\treturn fails\n\t\tcase odd:\n\t\t\tresult = odd",
			"case fails:\n\t\t\treturn fails\n\t\tcase odd:",
			"ForAllValues passes over what cannot be compared",
		},
		{
			"authz/condition.go", "case holds:\n\t\t\treturn holds\n\t\tcase odd:\n\t\t\tresult = odd",
			"case holds:\n\t\t\treturn holds\n\t\tcase odd:",
			"ForAnyValue takes what cannot be compared for unequal",
		},
		{"authz/condition.go", "return verdictOf(!c.negated)", "return holds", "a negated operator holds of what it lists"},
		{
			"authz/condition.go", "\tif result == fails {\n\t\treturn verdictOf(c.negated)",
			"\tif result == fails {\n\t\treturn fails",
			"a negated operator holds of nothing",
		},
		{
			"authz/condition.go", "\tif result == fails {\n\t\treturn verdictOf(c.negated)",
			"\tif result != holds {\n\t\treturn verdictOf(c.negated)",
			"what cannot be compared is unequal",
		},
		{
			"authz/operand.go", "return c.compared(r, p.Match(value))",
			"return c.compared(r, p.MatchComponents(value))",
			"StringLike keeps to the components of an ARN",
		},
		{
			"authz/operand.go", "return c.compared(r, p.MatchComponents(value))",
			"return c.compared(r, p.Match(value))",
			"ArnLike reaches over colons",
		},
		{"authz/operand.go", "strings.EqualFold(text, value)", "text == value", "StringEqualsIgnoreCase minds case"},
		{
			"authz/operand.go", "c.compared(r, text == value)",
			"c.compared(r, strings.EqualFold(text, value))",
			"StringEquals ignores case",
		},
		{
			"authz/operand.go", "if r == invalid && c.negated {",
			"if false {",
			"a negated operator holds of a variable that is none",
		},
		{
			"authz/operand.go", "if r == invalid && c.negated {",
			"if r != resolved && c.negated {",
			"a negated operator cannot be compared with a variable without a value",
		},
		{
			"authz/operand.go", "verdictOf(r == resolved && equal)",
			"verdictOf(r != invalid && equal)",
			"a variable without a value is an empty text",
		},
		{
			"authz/operand.go", "if err != nil {\n\t\treturn odd\n\t}\n\tswitch",
			"if err != nil {\n\t\treturn fails\n\t}\n\tswitch",
			"what is no number or date is unequal",
		},
		{
			"authz/operand.go", "if err != nil {\n\t\treturn odd\n\t}\n\treturn",
			"if err != nil {\n\t\treturn fails\n\t}\n\treturn",
			"what is no address or base-64 is unequal",
		},
		{"authz/operand.go", "order < 0", "order <= 0", "LessThan holds at its bound"},
		{"authz/operand.go", "order <= 0", "order < 0", "LessThanEquals fails at its bound"},
		{"authz/operand.go", "order > 0", "order >= 0", "GreaterThan holds at its bound"},
		{"authz/operand.go", "order >= 0", "order > 0", "GreaterThanEquals fails at its bound"},
		{"authz/operand.go", "order == 0", "order <= 0", "NumericEquals holds below"},
		{"authz/operand.go", "order == 0", "order >= 0", "NumericEquals holds above"},
		{
			"authz/operand.go", "r == resolved && strings.EqualFold(value, text)",
			`r == resolved && text != ""`,
			"Bool holds of either word",
		},
		{"authz/operand.go", "bytes.Equal(b, o.bytes)", "bytes.HasPrefix(b, o.bytes)", "BinaryEquals compares the beginning"},
	}
}
