// Package archtest holds the repository to the rules of its architecture.
//
// The rules are tables: [ImportRules] says which package may import what, [UseRules] which functions are called where.
// The checks read the source files themselves rather than ask the go command, so files for every platform and the
// nested modules are seen, and a package that does not compile yet hides nothing.
package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Module is the path of the main module. Nested modules have it as their prefix.
const Module = "github.com/pullpass/pullpass"

// Tree is every Go file below a module's root.
type Tree struct {
	Files []*File // sorted by path
	fset  *token.FileSet
}

// File is one Go file, read but not type-checked.
type File struct {
	Path    string // slash-separated, from the root: "authz/glob.go"
	Imports []Import
	syntax  *ast.File
}

// Import is one import of a file.
type Import struct {
	Path string // "./arn" for a package of this repository, else as written: "os", "github.com/spf13/cobra"
	Name string // what the file calls it
	Line int
}

// Package is the directory of the file, which names its package in the rules: "internal/plan", or "." for the root.
func (f *File) Package() string { return path.Dir(f.Path) }

// Test tells whether only go test compiles the file.
func (f *File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Violation is one breach of one rule.
type Violation struct {
	Path string
	Line int // 0 where the whole file is meant
	What string
	Why  string // the rule, as a reason
}

// String is one line as compilers print them: "file:line: what (why)".
func (v Violation) String() string {
	where := v.Path
	if v.Line > 0 {
		where += ":" + strconv.Itoa(v.Line)
	}
	return fmt.Sprintf("%s: %s (%s)", where, v.What, v.Why)
}

// Load parses every Go file of fsys, the root of the main module, in every build configuration. Directories that the
// go command ignores (testdata, and names that start with a dot or an underscore) are left out.
func Load(fsys fs.FS) (*Tree, error) {
	tree := &Tree{fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && ignored(entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || ignored(entry.Name()) {
			return nil
		}
		file, err := tree.parse(fsys, name)
		if err != nil {
			return err
		}
		tree.Files = append(tree.Files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the Go files: %w", err)
	}
	return tree, nil
}

func ignored(name string) bool {
	return name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func (t *Tree) parse(fsys fs.FS, name string) (*File, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	file := &File{Path: name, syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", spec.Path.Value, err)
		}
		file.Imports = append(file.Imports, Import{
			Path: fromRoot(imported),
			Name: localName(spec, imported),
			Line: t.line(spec.Pos()),
		})
	}
	return file, nil
}

func (t *Tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

// fromRoot writes imports of this repository as the rules do, from the root.
func fromRoot(imported string) string {
	if rest, ok := strings.CutPrefix(imported, Module+"/"); ok {
		return "./" + rest
	}
	return imported
}

// localName is what the file calls an import. Without a name of its own that is the path's last element, which holds
// for the standard library and this repository, the only imports whose use is looked at.
func localName(spec *ast.ImportSpec, imported string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(imported)
}

func sorted(violations []Violation) []Violation {
	slices.SortFunc(violations, func(a, b Violation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.What, b.What))
	})
	return violations
}
