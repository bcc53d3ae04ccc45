package main

// reading returns the changes to: what operators and patterns are (iampolicy, arn).
func reading() []mutation {
	return []mutation{
		{
			"iampolicy/operator.go", "case StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike,",
			"case StringNotEqualsIgnoreCase, StringNotLike,",
			"StringNotEquals is not negated",
		},
		{
			"iampolicy/operator.go", "case StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike,",
			"case StringNotEquals, StringNotLike,",
			"StringNotEqualsIgnoreCase is not negated",
		},
		{
			"iampolicy/operator.go", "case StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike,",
			"case StringNotEquals, StringNotEqualsIgnoreCase,",
			"StringNotLike is not negated",
		},
		{
			"iampolicy/operator.go", "NumericNotEquals, DateNotEquals, NotIPAddress,\n",
			"DateNotEquals, NotIPAddress,\n",
			"NumericNotEquals is not negated",
		},
		{
			"iampolicy/operator.go", "NumericNotEquals, DateNotEquals, NotIPAddress,\n",
			"NumericNotEquals, NotIPAddress,\n",
			"DateNotEquals is not negated",
		},
		{
			"iampolicy/operator.go", "NumericNotEquals, DateNotEquals, NotIPAddress,\n",
			"NumericNotEquals, DateNotEquals,\n",
			"NotIpAddress is not negated",
		},
		{
			"iampolicy/operator.go", "\t\tARNNotEquals, ARNNotLike:\n\t\treturn true",
			"\t\tARNNotLike:\n\t\treturn true",
			"ArnNotEquals is not negated",
		},
		{
			"iampolicy/operator.go", "\t\tARNNotEquals, ARNNotLike:\n\t\treturn true",
			"\t\tARNNotEquals:\n\t\treturn true",
			"ArnNotLike is not negated",
		},
		{"iampolicy/condition.go", `time.DateOnly, "2006-01", "2006",`, `"2006-01", "2006",`, "a day alone is no date"},
		{"iampolicy/condition.go", `time.DateOnly, "2006-01", "2006",`, `time.DateOnly, "2006",`, "a month alone is no date"},
		{
			"iampolicy/condition.go", `time.DateOnly, "2006-01", "2006",`,
			`time.DateOnly, "2006-01",`,
			"a year alone counts seconds",
		},
		{"iampolicy/condition.go", "time.Unix(seconds, 0)", "time.UnixMilli(seconds)", "epoch time is in milliseconds"},
		{
			"iampolicy/condition.go", "netip.PrefixFrom(addr, addr.BitLen())",
			"netip.PrefixFrom(addr, 24)",
			"an address without a prefix is a range",
		},
		{"arn/pattern.go", "for range 5 {", "for range 4 {", "the account and the resource of an ARN are one component"},
		{
			"arn/pattern.go", "if strings.HasSuffix(want, string([]byte{anyRun})) {",
			"if false {",
			"an asterisk at the end of a segment stays within it",
		},
		{"arn/glob.go", "return ok && n == len(s)", "return ok && n <= len(s)", "a pattern is not anchored at its end"},
		{
			"arn/glob.go", "return strings.HasSuffix(s, run)",
			"return strings.Contains(s, run)",
			"what follows the last asterisk may stand anywhere",
		},
	}
}
