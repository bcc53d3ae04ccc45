package settled

// Differences returns what is settled, in the order in which the rewrites of several are applied. Sources and rules stand
// with each; the entries of the corpus pin what authz does.
func Differences() []Difference {
	return []Difference{
		{
			Name:    "variables of version 2008-10-17",
			Page:    "reference_policies_elements_version.html",
			Rule:    "Without the version 2012-10-17 a variable is no variable but literal text.",
			Oracle:  "resolves variables in every version",
			Corpus:  []string{"in version 2008-10-17 a Deny on a variable denies nobody"},
			Rewrite: literalVariables,
		},
		{
			Name:    "special characters in exact comparisons",
			Page:    "reference_policies_variables.html#policy-vars-specialchars",
			Rule:    "${*}, ${?} and ${$} may stand in any string in which variables may, and mean the character itself.",
			Oracle:  "takes ${*} and the others as they are written where an operator knows no wildcards",
			Corpus:  []string{"a special character in an exact negated comparison means itself"},
			Rewrite: plainCharacters,
		},
		{
			Name:    "a variable at the start of a name that has no type",
			Page:    "reference_policies_variables.html#policy-vars-resourceelement",
			Rule:    "A variable may stand anywhere behind the fifth colon; the page's own example is a queue whose name begins with one.",
			Oracle:  "splits such a name at the colon within the variable, and so never matches it",
			Corpus:  []string{"a default at the start of the name of a queue"},
			Rewrite: resolvedNames,
		},
		{
			Name:    "a variable without a value in NotResource",
			Page:    "reference_policies_variables.html#policy-vars-no-value",
			Rule:    "A resource that holds a variable without a value matches no resource; in NotResource it exempts none.",
			Oracle:  "lets no statement match whose NotResource holds such a variable",
			Corpus:  []string{"a variable without a value in NotResource of a Deny spares nothing"},
			Rewrite: emptyExemptions,
		},
		{
			Name:    "a variable without a value in a negated condition",
			Page:    "reference_policies_variables.html#policy-vars-no-value",
			Rule:    "No value is equal to or like a variable without a value, so that negated operators hold.",
			Oracle:  "lets no condition hold whose variable has no value",
			Corpus:  []string{"a variable without a value in a negated condition of a Deny denies"},
			Rewrite: unlikeVariables,
		},
		{
			Name: "a variable whose value is empty",
			Page: "reference_policies_variables.html#policy-vars-no-value",
			Rule: "A variable whose key has no value is null. AWS does not say whether an empty string is a value: authz takes it for " +
				"one, as a tag may be empty.",
			Oracle:  "takes the default, or lets nothing match",
			Corpus:  []string{"an empty value is the value of a variable"},
			Rewrite: emptyValues,
		},
		{
			Name:   "an asterisk that reaches past colons",
			Page:   "reference_policies_elements_resource.html",
			Rule:   "An asterisk at the end of a part of an ARN can match beyond the colon, so that an ARN may have fewer than six parts.",
			Oracle: "adds the missing parts at the end alone, never does so in an RCP, and lets no statement match whose NotResource is so short",
			Corpus: []string{
				"NotResource with a short ARN holds for an action without a resource", "an asterisk in the middle of an ARN reaches past colons",
				"an RCP with a short ARN",
			},
			Rewrite: wholeARNs,
		},
		{
			Name:    "single addresses and the whole address space",
			Page:    "reference_policies_elements_condition_operators.html#Conditions_IPAddress",
			Rule:    "Values are in CIDR format; an address without a prefix is the range of that address alone, and a prefix of no bits leaves every address in the range.",
			Oracle:  "lets NotIpAddress fail for a single address of the other IP version, and compares all bits for 0.0.0.0/0",
			Corpus:  []string{"an IPv4 address is not a single IPv6 address", "no IPv4 address is outside the range of all of them"},
			Rewrite: ranges,
		},
		{
			Name:    "seconds since 1970",
			Page:    "reference_policies_elements_condition_operators.html#Conditions_Date",
			Rule:    "A date may be given in epoch (UNIX) time, which counts seconds.",
			Oracle:  "takes the number for milliseconds",
			Corpus:  []string{"epoch time in the policy counts seconds"},
			Rewrite: calendarDates,
		},
		{
			Name:    "a key whose only value is empty",
			Page:    "reference_policies_condition-single-vs-multi-valued-context-keys.html",
			Rule:    "Where a key resolves to a null dataset, such as an empty string, ForAllValues is true and ForAnyValue is false.",
			Oracle:  "compares the empty string like any other",
			Corpus:  []string{"ForAllValues holds for a key whose only value is empty", "ForAnyValue fails for a key whose only value is empty"},
			Rewrite: nullSets,
		},
		{
			Name: "a key of several values without a set operator",
			Page: "reference_policies_condition-single-vs-multi-valued-context-keys.html",
			Rule: "Such a key requires a set operator. AWS does not say what comes of a condition without one: authz, which knows no " +
				"keys, compares as ForAnyValue does, or where the operator is negated as ForAllValues does.",
			Oracle:  "lets no such condition hold",
			Corpus:  []string{"a key of several values with one, compared without a set operator", "a key of several values, negated without a set operator", "a key of several values in a Deny without a set operator"},
			Rewrite: setOperators,
		},
		{
			Name: "a key of several values as a variable",
			Page: "reference_policies_condition-single-vs-multi-valued-context-keys.html",
			Rule: "Such a key cannot be a variable. AWS does not say what comes of it: authz takes the value where there is one, and " +
				"where there are more lets the variable let nothing through.",
			Oracle:  "takes the default, or lets nothing match",
			Corpus:  []string{"a key of several values as a variable stands for its only one", "a key with several values as a variable spares nothing from a Deny"},
			Rewrite: onlyValues,
		},
		{
			Name:    "NotPrincipal wants account, role and session",
			Page:    "reference_policies_elements_notprincipal.html",
			Rule:    "A Deny spares a caller whose account is listed too, and for a session its role; who is listed without may be denied.",
			Oracle:  "spares whoever one entry of the list names, be it the account or the role alone",
			Corpus:  []string{"NotPrincipal with a unique id alone denies", "NotPrincipal with the account alone denies a federated user"},
			Rewrite: wholeExemptions,
		},
		{
			Name:    "service-linked roles",
			Page:    "orgs_manage_policies_scps.html and orgs_manage_policies_rcps.html (AWS Organizations User Guide)",
			Rule:    "Neither SCPs nor RCPs affect service-linked roles.",
			Oracle:  "binds them like other roles",
			Corpus:  []string{"neither SCPs nor RCPs bind a service-linked role"},
			Rewrite: unbound,
		},
		{
			Name:    "a federated user without a session policy",
			Page:    "id_credentials_temp_control-access_getfederationtoken.html",
			Rule:    "Without a session policy the session has no permissions but those of policies that name the session.",
			Oracle:  "takes a federated user without a session policy for unlimited",
			Corpus:  []string{"a federated user across accounts has no rights without a session policy"},
			Rewrite: noRights,
		},
		{
			Name:    "a resource policy that names the session",
			Page:    "reference_policies_evaluation-logic_policy-eval-denyallow.html",
			Rule:    "Inside one account, what a resource's policy allows to the session itself or to everyone is not limited by what a session policy leaves out.",
			Oracle:  "refuses what the session policy does not allow, whoever is named",
			Corpus:  []string{"everyone of a resource policy is past a session policy that leaves the action out", "a trust policy that names the session is past its session policy"},
			Rewrite: namedAlone, AllowsAlone: true,
		},
	}
}
