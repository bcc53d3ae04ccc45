package archtest

import "go/ast"

// UseRule names functions and variables that a group of packages does not use.
type UseRule struct {
	Never  []string // "os.Exit", "./authz.Evaluate": the import's path, a dot, the name
	Only   []string // the packages that the rule is for; empty means all
	Except []string
	Tests  bool // holds in test files
	Why    string
}

// CheckUses reports every use that breaks a rule. An identifier that is spelled like an import is taken for the
// import: a variable that shadows it is better renamed.
func CheckUses(tree *Tree, rules []UseRule) []Violation {
	var found []Violation
	for _, file := range tree.Files {
		reasons := forbidden(file, rules)
		if len(reasons) == 0 {
			continue
		}
		imports := map[string]string{}
		for _, imported := range file.Imports {
			imports[imported.Name] = imported.Path
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			qualifier, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			use := imports[qualifier.Name] + "." + selector.Sel.Name
			if why, ok := reasons[use]; ok {
				found = append(found, Violation{file.Path, tree.line(selector.Pos()), "uses " + use, why})
			}
			return true
		})
	}
	return sorted(found)
}

// forbidden maps what a file may not use to the reason.
func forbidden(file *File, rules []UseRule) map[string]string {
	reasons := map[string]string{}
	for _, rule := range rules {
		if file.Test() && !rule.Tests {
			continue
		}
		if among(file.Package(), rule.Except) || len(rule.Only) > 0 && !among(file.Package(), rule.Only) {
			continue
		}
		for _, name := range rule.Never {
			reasons[name] = rule.Why
		}
	}
	return reasons
}
