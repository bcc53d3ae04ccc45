package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A mutation replaces a text, which stands once in the file, by another.
type mutation struct {
	file     string // from the root of the tree
	old, new string
	what     string // the rule that holds after the change
}

// apply returns the file with the change made.
func (m mutation) apply(tree fs.FS) ([]byte, error) {
	src, err := fs.ReadFile(tree, m.file)
	if err != nil {
		return nil, fmt.Errorf("changing %q: %w", m.what, err)
	}
	if n := bytes.Count(src, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("changing %q: %s has %d times, not once, the text\n%s", m.what, m.file, n, m.old)
	}
	return bytes.Replace(src, []byte(m.old), []byte(m.new), 1), nil
}

// A result is what became of a change.
type result struct {
	mutation
	caughtBy []string // the tests that failed, by name; empty if the change survived
}

// A lab tests changes in copies of the tree.
type lab struct {
	root     string
	test     string
	packages []string // the directories, from the root, of what the tests of authz are built from
}

func newLab(ctx context.Context, root, test string) (lab, error) {
	list := exec.CommandContext(ctx, "go", "list", "-deps", "-test", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "./authz")
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return lab{}, fmt.Errorf("listing what authz is built from: %w", err)
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		return lab{}, fmt.Errorf("finding the tree: %w", err)
	}
	l := lab{root: root, test: test}
	for _, dir := range strings.Fields(string(out)) {
		name, err := filepath.Rel(absolute, dir)
		if err != nil {
			return lab{}, fmt.Errorf("finding a package: %w", err)
		}
		l.packages = append(l.packages, name)
	}
	slices.Sort(l.packages)
	l.packages = slices.Compact(l.packages)
	return l, nil
}

// copied makes a copy of what the decision is made of, and returns its directory, also with an error.
func (l lab) copied() (string, error) {
	dir, err := os.MkdirTemp("", "mutation-")
	for _, file := range []string{"go.mod", "go.sum"} {
		if err == nil {
			err = copyFile(filepath.Join(dir, file), filepath.Join(l.root, file))
		}
	}
	for _, name := range l.packages {
		if err == nil {
			err = copyPackage(filepath.Join(dir, name), filepath.Join(l.root, name))
		}
	}
	if err != nil {
		return dir, fmt.Errorf("copying the tree: %w", err)
	}
	return dir, nil
}

// copyPackage copies the files of a package and its test data, not the packages below it.
func copyPackage(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		switch {
		case entry.Name() == "testdata":
			err = os.CopyFS(target, os.DirFS(source))
		case entry.Type().IsRegular():
			err = copyFile(target, source)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to, from string) error {
	src, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, src, 0o600)
}

// unchanged makes sure that the tests pass where nothing is changed: otherwise they would notice everything.
func (l lab) unchanged(ctx context.Context) error {
	dir, err := l.copied()
	defer func() { _ = os.RemoveAll(dir) }()
	if err != nil {
		return err
	}
	failed, err := l.tests(ctx, dir)
	if err == nil && len(failed) > 0 {
		err = fmt.Errorf("testing the tree without a change: %s", strings.Join(failed, ", "))
	}
	return err
}

// try makes the change in the copy, tests it, and takes it back.
func (l lab) try(ctx context.Context, dir string, m mutation) (r result, err error) {
	changed, err := m.apply(os.DirFS(dir))
	if err != nil {
		return r, err
	}
	file := filepath.Join(dir, filepath.FromSlash(m.file))
	src, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("changing %q: %w", m.what, err)
	}
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		return r, fmt.Errorf("changing %q: %w", m.what, err)
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, src, 0o600)) }()
	failed, err := l.tests(ctx, dir)
	if err != nil {
		return r, fmt.Errorf("testing %q: %w", m.what, err)
	}
	return result{mutation: m, caughtBy: failed}, nil
}

// tests returns which tests fail. A tree that does not build is an error: it says nothing about the tests.
func (l lab) tests(ctx context.Context, dir string) ([]string, error) {
	binary := filepath.Join(dir, "authz.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", binary, "./authz")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building: %w\n%s", err, out)
	}
	test := exec.CommandContext(ctx, binary, "-test.run", l.test, "-test.timeout", "1m")
	test.Dir = filepath.Join(dir, "authz")
	out, err := test.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &exit) || ctx.Err() != nil:
		return nil, fmt.Errorf("running the tests: %w", err)
	}
	return failures(out), nil
}

// failures reads the names of the failed tests, without those that are there only because a subtest failed.
func failures(out []byte) []string {
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`).FindAllSubmatch(out, -1) {
		names = append(names, string(match[1]))
	}
	parents := slices.Clone(names)
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(parents, func(other string) bool { return strings.HasPrefix(other, name+"/") })
	})
	if len(names) == 0 {
		return []string{"a panic"}
	}
	return names
}

// summary names the themes of the corpus, or the tests, that noticed a change, each with its number of failed cases. Of
// many it names the first three.
func summary(failed []string) string {
	cases := make(map[string]map[string]bool)
	for _, name := range failed {
		parts := strings.Split(name, "/")
		theme := strings.TrimPrefix(strings.Join(parts[:min(2, len(parts))], "/"), "TestCorpus/")
		if cases[theme] == nil {
			cases[theme] = make(map[string]bool)
		}
		cases[theme][strings.Join(parts[:min(3, len(parts))], "/")] = true
	}
	themes := slices.SortedFunc(maps.Keys(cases), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(cases[b]), len(cases[a])), strings.Compare(a, b))
	})
	var out []string
	for _, theme := range themes[:min(3, len(themes))] {
		out = append(out, fmt.Sprintf("%s (%d)", theme, len(cases[theme])))
	}
	if more := len(themes) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}
