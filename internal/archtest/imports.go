package archtest

import (
	"path"
	"slices"
	"strings"
)

// ImportRule says what a group of packages may import.
//
// Packages are named by their directory, and each name covers everything beneath it; "..." is every package. Imports
// are named by their path, "./…" for this repository, and likewise cover what is beneath: "os" covers "os/exec". "std" is
// the whole standard library.
type ImportRule struct {
	Who    []string
	Except []string
	Only   []string // what they may import; empty means anything
	Never  []string // what they may not
	// Deep extends Never to what they import by way of other packages of this repository.
	Deep bool
	// Tests extends the rule to their test files.
	Tests bool
	Why   string
}

// CheckImports reports every import that breaks a rule, and by which way where the rule is deep.
func CheckImports(tree *Tree, rules []ImportRule) []Violation {
	var found []Violation
	graph := importGraph(tree)
	for _, rule := range rules {
		for _, file := range tree.Files {
			if !rule.covers(file) {
				continue
			}
			for _, imported := range file.Imports {
				if what := rule.breach(graph, imported.Path); what != "" {
					found = append(found, Violation{file.Path, imported.Line, what, rule.Why})
				}
			}
		}
	}
	return sorted(found)
}

func (r ImportRule) covers(file *File) bool {
	if file.Test() && !r.Tests {
		return false
	}
	return among(file.Package(), r.Who) && !among(file.Package(), r.Except)
}

// breach says how an import breaks the rule, or "" where it does not.
func (r ImportRule) breach(graph map[string][]string, imported string) string {
	if among(imported, r.Never) || len(r.Only) > 0 && !among(imported, r.Only) {
		return "imports " + imported
	}
	if !r.Deep {
		return ""
	}
	if way := wayTo(graph, imported, r.Never); way != nil {
		return "imports " + strings.Join(way, ", which imports ")
	}
	return ""
}

// wayTo is the shortest chain of imports that starts with start, itself imported, and ends in one of the targets.
func wayTo(graph map[string][]string, start string, targets []string) []string {
	ways := [][]string{{start}}
	seen := map[string]bool{start: true}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		for _, next := range graph[way[len(way)-1]] {
			longer := append(slices.Clone(way), next)
			if among(next, targets) {
				return longer
			}
			if !seen[next] {
				seen[next] = true
				ways = append(ways, longer)
			}
		}
	}
	return nil
}

// importGraph maps each package of the repository, as "./…", to the imports of its files, the tests left out.
func importGraph(tree *Tree) map[string][]string {
	graph := map[string][]string{}
	for _, file := range tree.Files {
		if file.Test() {
			continue
		}
		name := "./" + file.Package()
		for _, imported := range file.Imports {
			graph[name] = append(graph[name], imported.Path)
		}
	}
	return graph
}

// among tells whether name is covered by one of the patterns of a rule.
func among(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		switch pattern {
		case "...":
			return true
		case "std":
			return standard(name)
		}
		return name == pattern || strings.HasPrefix(name, strings.TrimSuffix(pattern, "/")+"/")
	})
}

// standard tells the standard library apart as the go command does: the first element of its paths has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(path.Clean(imported), "/")
	return !strings.HasPrefix(imported, "./") && !strings.Contains(first, ".")
}
