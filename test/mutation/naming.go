package main

// naming returns the changes to: whom a policy names (authz/principal.go).
func naming() []mutation {
	return []mutation{
		{
			"authz/principal.go", "if p.everyone {\n\t\treturn direct",
			"if p.everyone {\n\t\treturn delegated",
			"naming everyone delegates to the account",
		},
		{
			"authz/principal.go", "if p.everyone {\n\t\treturn direct",
			"if p.everyone {\n\t\treturn limited",
			"where everyone is named, boundary and session policy limit",
		},
		{"authz/principal.go", "best = delegated", "best = noGrant", "naming the account names nobody in it"},
		{"authz/principal.go", "best = delegated", "best = direct", "naming the account allows everybody in it"},
		{
			"authz/principal.go", "\tcase User:\n\t\tif name == caller.ARN || name == caller.ID {",
			"\tcase User:\n\t\tif name == caller.ID {",
			"a user is not named by its ARN",
		},
		{
			"authz/principal.go", "\tcase User:\n\t\tif name == caller.ARN || name == caller.ID {",
			"\tcase User:\n\t\tif name == caller.ARN {",
			"a user is not named by its unique id",
		},
		{
			"authz/principal.go", "if name == caller.ARN {\n\t\t\treturn direct",
			"if false {\n\t\t\treturn direct",
			"a session is not named by its ARN",
		},
		{"authz/principal.go", "return limited", "return direct", "naming the role is as good as naming the session"},
		{"authz/principal.go", "return limited", "return delegated", "naming the role delegates to the account"},
		{
			"authz/principal.go", "if name == caller.RoleARN || name == caller.ID {",
			"if name == caller.ID {",
			"a session is not named by its role's ARN",
		},
		{
			"authz/principal.go", "if name == caller.RoleARN || name == caller.ID {",
			"if name == caller.RoleARN {",
			"a session is not named by its role's unique id",
		},
		{
			"authz/principal.go", "p.Kind == RoleSession && strings",
			"p.Kind != RoleSession && strings",
			"no session is one of a service-linked role",
		},
		{
			"authz/principal.go", `strings.HasPrefix(path, "aws-service-role/")`,
			`strings.Contains(path, "aws-service-role/")`,
			"a role whose path holds that of service-linked roles anywhere is one",
		},
		{"authz/principal.go", "\tif bounded {\n", "\tif false {\n", "NotPrincipal exempts who has a permissions boundary"},
		{
			"authz/principal.go", "if p.everyone {\n\t\treturn true",
			"if p.everyone {\n\t\treturn false",
			"NotPrincipal with everyone exempts nobody",
		},
		{
			"authz/principal.go", "if !slices.Contains(p.accounts, caller.Account) {",
			"if false {",
			"NotPrincipal exempts a user whose account it does not list",
		},
		{
			"authz/principal.go", "return named(caller.ARN, caller.ID)",
			"return true",
			"NotPrincipal exempts every user of an account that it lists",
		},
		{
			"authz/principal.go", "slices.Contains(p.names, caller.ARN) && named(caller.RoleARN, caller.ID)",
			"named(caller.RoleARN, caller.ID)",
			"NotPrincipal exempts every session of a role that it lists",
		},
		{
			"authz/principal.go", "slices.Contains(p.names, caller.ARN) && named(caller.RoleARN, caller.ID)",
			"slices.Contains(p.names, caller.ARN)",
			"NotPrincipal exempts a session whose role it does not list",
		},
		{"authz/principal.go", `id != "" && slices.Contains(p.names, id)`, "false", "NotPrincipal exempts nobody by a unique id"},
	}
}
