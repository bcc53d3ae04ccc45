package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAChangeIsMadeOnceOrNotAtAll(t *testing.T) {
	tests := map[string]struct {
		source, changed, problem string
	}{
		"a text that stands once": {"if a == b {", "if a != b {", ""},
		"a text that is gone":     {"if a < b {", "", "0 times"},
		"a text that stands twice": {
			"a == b || a == b", "", "2 times",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := mutation{"x/x.go", "a == b", "a != b", "what is equal differs"}
			changed, err := m.apply(fstest.MapFS{"x/x.go": {Data: []byte(test.source)}})
			if test.problem == "" && (err != nil || string(changed) != test.changed) {
				t.Errorf("got %q, %v", changed, err)
			}
			if test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("got %q, %v; want an error with %q", changed, err, test.problem)
			}
		})
	}
	if _, err := (mutation{file: "gone.go"}).apply(fstest.MapFS{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

// Every change of the table can be made in the tree as it stands, and is one: no two are the same.
func TestTheTableFollowsTheCode(t *testing.T) {
	tree, seen := os.DirFS("../.."), make(map[mutation]bool)
	for _, m := range mutations() {
		if _, err := m.apply(tree); err != nil {
			t.Error(err)
		}
		if seen[m] || m.old == m.new {
			t.Errorf("%q is no change, or there twice", m.what)
		}
		seen[m] = true
	}
}

func TestFailuresAreReadFromTheOutput(t *testing.T) {
	tests := map[string]struct {
		out  string
		want []string
	}{
		"subtests stand for their parents": {
			"--- FAIL: TestCorpus (0.1s)\n    --- FAIL: TestCorpus/dates/a_day/printed (0.0s)\n        x.go:1: allow\n--- FAIL: TestOther (0s)\nFAIL\n",
			[]string{"TestCorpus/dates/a_day/printed", "TestOther"},
		},
		"a panic has no name": {"panic: index out of range\n", []string{"a panic"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := failures([]byte(test.out)); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q; want %q", got, test.want)
			}
		})
	}
}

func TestASummaryCountsCasesNotForms(t *testing.T) {
	failed := []string{"TestReasons", "TestCorpus/dates/a/printed", "TestCorpus/dates/a/reversed", "TestCorpus/dates/b/printed"}
	if got, want := summary(failed), "dates (2), TestReasons (1)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	failed = append(failed, "TestCorpus/arns/a/printed", "TestCorpus/tags/a/printed", "TestCorpus/null/a/printed")
	if got, want := summary(failed), "dates (2), TestReasons (1), arns (1), 2 more"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// A change in a small tree of its own is noticed, one that no test looks at survives, and the tree is as it was.
func TestChangesAreTriedInACopy(t *testing.T) {
	root := t.TempDir()
	write(t, root, "go.mod", "module example.com/x\n\ngo 1.26.0\n")
	write(t, root, "go.sum", "")
	write(t, root, "authz/a.go", "package authz\n\nfunc Less(a, b int) bool { return a < b }\n\nfunc More(a, b int) bool { return a > b }\n")
	write(t, root, "authz/a_test.go", "package authz\n\nimport \"testing\"\n\nfunc TestCorpus(t *testing.T) {\n\tif Less(1, 1) {\n\t\tt.Error(1)\n\t}\n}\n")
	lab, err := newLab(context.Background(), root, "^TestCorpus$")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.unchanged(context.Background()); err != nil {
		t.Fatal(err)
	}
	results, err := lab.all(context.Background(), []mutation{
		{"authz/a.go", "a < b", "a <= b", "Less holds at its bound"},
		{"authz/a.go", "a > b", "a >= b", "More holds at its bound"},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := results[0].caughtBy; !reflect.DeepEqual(got, []string{"TestCorpus"}) || len(results[1].caughtBy) > 0 {
		t.Errorf("got %v", results)
	}
	var out strings.Builder
	if err := report(&out, results); !errors.Is(err, errSurvived) || !strings.Contains(out.String(), "| authz/a.go | More holds at its bound | **nothing** |\n") {
		t.Errorf("got %v\n%s", err, out.String())
	}
	if _, err := lab.all(context.Background(), []mutation{{"authz/a.go", "a < b", "a <", "no Go"}}, 1); err == nil {
		t.Error("a change that does not build passes for one that is noticed")
	}
	src, err := os.ReadFile(filepath.Join(root, "authz", "a.go"))
	if err != nil || !strings.Contains(string(src), "return a < b") {
		t.Errorf("the tree was changed: %v\n%s", err, src)
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
