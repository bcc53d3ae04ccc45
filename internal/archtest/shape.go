package archtest

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// CheckShape reports what no file of the repository may be, whichever package it is in.
func CheckShape(tree *Tree) []Violation {
	var found []Violation
	for _, file := range tree.Files {
		found = slices.Concat(found,
			misnamed(file), unfinished(tree, file), initialised(tree, file), panicking(tree, file), skipped(tree, file))
	}
	return sorted(append(found, undocumented(tree)...))
}

// misnamed reports packages and files whose name says nothing of what is in them.
func misnamed(file *File) []Violation {
	const why = "a name says what is inside; everything is a helper"
	vague := []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "types", "interfaces"}
	var found []Violation
	if name := strings.TrimSuffix(file.syntax.Name.Name, "_test"); slices.Contains(vague, name) {
		found = append(found, Violation{file.Path, 0, "is in a package called " + name, why})
	}
	if name := strings.TrimSuffix(path.Base(file.Path), ".go"); slices.Contains(vague, name) {
		found = append(found, Violation{file.Path, 0, "is called " + name, why})
	}
	return found
}

// unfinished reports comments that put work off.
func unfinished(tree *Tree, file *File) []Violation {
	marker := regexp.MustCompile(`\b(TOD[O]|FIXM[E]|XX[X])\b`)
	var found []Violation
	for _, group := range file.syntax.Comments {
		for _, comment := range group.List {
			if word := marker.FindString(comment.Text); word != "" {
				found = append(found, Violation{
					file.Path, tree.line(comment.Pos()), "says " + word, "what is here is finished; what is to come is an issue",
				})
			}
		}
	}
	return found
}

func initialised(tree *Tree, file *File) []Violation {
	var found []Violation
	for _, declared := range file.syntax.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if ok && function.Recv == nil && function.Name.Name == "init" {
			found = append(found, Violation{
				file.Path, tree.line(function.Pos()), "declares init", "nothing happens until main asks for it",
			})
		}
	}
	return found
}

// panicking reports calls of panic outside tests.
func panicking(tree *Tree, file *File) []Violation {
	if file.Test() {
		return nil
	}
	var found []Violation
	ast.Inspect(file.syntax, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
			found = append(found, Violation{file.Path, tree.line(call.Pos()), "calls panic", "failures are errors"})
		}
		return true
	})
	return found
}

// skipped reports tests that may pass without having tested anything.
func skipped(tree *Tree, file *File) []Violation {
	var found []Violation
	ast.Inspect(file.syntax, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method.Sel.Name) {
			return true
		}
		if receiver, ok := method.X.(*ast.Ident); ok && slices.Contains([]string{"t", "b", "f", "tb"}, receiver.Name) {
			found = append(found, Violation{
				file.Path, tree.line(call.Pos()), "skips a test", "a test that did not run is no reason to pass",
			})
		}
		return true
	})
	return found
}

// undocumented reports packages whose comment is missing, or is not in the form that godoc shows. Packages of tests
// alone and files that are run by themselves (build constraint ignore) are not for importing, and need none.
func undocumented(tree *Tree) []Violation {
	first := map[string]*File{}
	comments := map[string]string{}
	var order []string
	for _, file := range tree.Files {
		if file.Test() || alone(file) {
			continue
		}
		name := file.Package()
		if first[name] == nil {
			first[name] = file
			order = append(order, name)
		}
		comments[name] += file.syntax.Doc.Text()
	}
	var found []Violation
	for _, name := range order {
		if what := docFault(first[name].syntax.Name.Name, comments[name]); what != "" {
			found = append(found, Violation{first[name].Path, 0, what, "a package says in its comment what it is"})
		}
	}
	return found
}

func docFault(name, comment string) string {
	switch {
	case comment == "":
		return "is in a package without a comment"
	case name != "main" && !strings.HasPrefix(comment, "Package "+name+" "):
		return "is in a package whose comment does not start with \"Package " + name + "\""
	}
	return ""
}

// alone tells whether a file is run by itself, as go:generate programs are, rather than built into its package.
func alone(file *File) bool {
	for _, group := range file.syntax.Comments {
		if group.Pos() > file.syntax.Package {
			break
		}
		if slices.ContainsFunc(group.List, func(c *ast.Comment) bool { return c.Text == "//go:build ignore" }) {
			return true
		}
	}
	return false
}
