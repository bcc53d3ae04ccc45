package main

// deciding returns the changes to: the order of the types, and what each is worth (authz/evaluate.go).
func deciding() []mutation {
	return []mutation{
		{"authz/evaluate.go", "if req.Principal.serviceLinked() {", "if false {", "SCPs and RCPs bind a service-linked role"},
		{
			"authz/evaluate.go", "unguarded.SCPs, unguarded.RCPs = nil, nil",
			"unguarded.SCPs = nil",
			"RCPs bind a service-linked role",
		},
		{
			"authz/evaluate.go", "action: strings.ToLower(req.Action)",
			"action: strings.Clone(req.Action)",
			"the case of the request's action matters",
		},
		{
			"authz/evaluate.go", "e.bounded = e.bound() && p.Boundary != nil",
			"e.bounded = false",
			"NotPrincipal may exempt who has a permissions boundary",
		},
		{
			"authz/evaluate.go", "if d.BlockedBy = e.denied(); d.BlockedBy != NoPolicy {",
			"if d.BlockedBy = e.denied(); false {",
			"no Deny is looked for",
		},
		{"authz/evaluate.go", "e.levels(RCP, p.RCPs)", "e.levels(RCP, nil)", "RCPs bind nobody"},
		{"authz/evaluate.go", "\tif e.bound() {\n\t\te.levels(SCP", "\tif true {\n\t\te.levels(SCP", "SCPs bind services"},
		{"authz/evaluate.go", "e.policy(Boundary, p.Boundary)", "_ = p.Boundary", "a boundary denies nothing"},
		{
			"authz/evaluate.go", "everyLevel = everyLevel && e.allows[t]",
			"everyLevel = everyLevel || e.allows[t]",
			"no level of an organization need allow",
		},
		{
			"authz/evaluate.go", "\t\te.allows[t] = false\n",
			"\n",
			"one level of an organization that allows is enough for those below",
		},
		{
			"authz/evaluate.go", "\te.allows[t] = everyLevel\n",
			"\te.allows[t] = everyLevel || e.allows[t]\n",
			"the last level of an organization alone must allow",
		},
		{
			"authz/evaluate.go", "best = max(best, named)",
			"best = named",
			"the last of the statements that allow says how closely the caller is named",
		},
		{
			"authz/evaluate.go", "for t := RCP; t <= Session; t++ {",
			"for t := RCP; t < Session; t++ {",
			"a session policy denies nothing",
		},
		{"authz/evaluate.go", "for t := RCP; t <= Session; t++ {", "for t := SCP; t <= Session; t++ {", "an RCP denies nothing"},
		{"authz/evaluate.go", "case !e.allows[RCP]:", "case false:", "RCPs need not allow"},
		{"authz/evaluate.go", "case e.bound() && !e.allows[SCP]:", "case false:", "SCPs need not allow"},
		{"authz/evaluate.go", "case e.bound() && !e.allows[SCP]:", "case !e.allows[SCP]:", "services need an SCP that allows"},
		{
			"authz/evaluate.go", "(p.Trust || !e.bound() || e.crossAccount())",
			"(!e.bound() || e.crossAccount())",
			"inside one account a trust need not allow",
		},
		{
			"authz/evaluate.go", "(p.Trust || !e.bound() || e.crossAccount())",
			"(p.Trust || e.crossAccount())",
			"a service or an anonymous caller needs no policy of the resource",
		},
		{
			"authz/evaluate.go", "(p.Trust || !e.bound() || e.crossAccount())",
			"(p.Trust || !e.bound())",
			"across accounts the resource need not allow",
		},
		{
			"authz/evaluate.go", "case !e.bound() || e.named == direct",
			"case e.named == direct",
			"a service needs an identity-based policy",
		},
		{
			"authz/evaluate.go", "e.named == direct && !e.crossAccount()",
			"e.named == direct",
			"across accounts a caller that the resource names needs no policy of its own",
		},
		{
			"authz/evaluate.go", "e.named == direct && !e.crossAccount()",
			"false",
			"a caller that the resource names is limited like any other",
		},
		{
			"authz/evaluate.go", "e.named == direct && !e.crossAccount()",
			"e.named >= limited && !e.crossAccount()",
			"a session whose role is named is past boundary and session policy",
		},
		{
			"authz/evaluate.go", "e.allows[Identity] || e.req.Principal.Kind == AccountRoot",
			"e.allows[Identity]",
			"a root user needs a permission",
		},
		{
			"authz/evaluate.go", "e.allows[Identity] || e.req.Principal.Kind == AccountRoot",
			"true",
			"no caller needs an identity-based policy",
		},
		{
			"authz/evaluate.go", "(e.named <= delegated || e.crossAccount())",
			"(e.named < delegated || e.crossAccount())",
			"a resource that names the account stands in for the identity-based policy",
		},
		{
			"authz/evaluate.go", "(e.named <= delegated || e.crossAccount())",
			"(e.named <= delegated)",
			"across accounts a session whose role is named needs no identity-based policy",
		},
		{
			"authz/evaluate.go", "(e.named <= delegated || e.crossAccount())",
			"true",
			"inside one account a session whose role is named needs an identity-based policy",
		},
		{"authz/evaluate.go", "p.Boundary != nil && !e.allows[Boundary]", "false", "a boundary need not allow"},
		{
			"authz/evaluate.go", "(len(p.Session) > 0 || e.req.Principal.Kind == FederatedUser) && !e.allows[Session]",
			"e.req.Principal.Kind == FederatedUser && !e.allows[Session]",
			"the session policy of a role's session need not allow",
		},
		{
			"authz/evaluate.go", "(len(p.Session) > 0 || e.req.Principal.Kind == FederatedUser) && !e.allows[Session]",
			"len(p.Session) > 0 && !e.allows[Session]",
			"a federated user has rights without a session policy",
		},
		{
			"authz/evaluate.go", `e.req.ResourceAccount != "" && e.req`,
			"e.req",
			"a resource without an owner belongs to another account",
		},
		{
			"authz/evaluate.go", "e.req.ResourceAccount != e.req.Principal.Account",
			"false",
			"every resource is of the caller's account",
		},
	}
}
