package archtest

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestShape(t *testing.T) {
	for sentence, test := range map[string]struct {
		path, source string
		want         []string
	}{
		"a documented package": {
			path: "arn/arn.go", source: "// Package arn parses ARNs.\n//\n// More here, and there.\npackage arn",
		},
		"a package without a comment": {
			path: "arn/arn.go", source: "package arn",
			want: []string{"arn/arn.go: is in a package without a comment"},
		},
		"a comment that is apart from the package clause": {
			path: "arn/arn.go", source: "// Package arn parses ARNs.\n\npackage arn",
			want: []string{"arn/arn.go: is in a package without a comment"},
		},
		"a comment that speaks of another package": {
			path: "arn/arn.go", source: "// Package ran parses ARNs.\npackage arn",
			want: []string{`arn/arn.go: is in a package whose comment does not start with "Package arn"`},
		},
		"a main's comment is free in form": {
			path: "cmd/pullpass/main.go", source: "// Pullpass lends access.\npackage main",
		},
		"a program for go generate is no package": {
			path: "arn/gen.go", source: "//go:build ignore\n\npackage main",
		},
		"a package of tests alone needs no comment": {
			path: "test/a_test.go", source: "package test",
		},
		"a package with a vague name": {
			path: "internal/util/strings.go", source: "// Package util is.\npackage util",
			want: []string{"internal/util/strings.go: is in a package called util"},
		},
		"a file with a vague name": {
			path: "arn/interfaces.go", source: "// Package arn is.\npackage arn",
			want: []string{"arn/interfaces.go: is called interfaces"},
		},
		"init": {
			path: "arn/a_test.go", source: "package arn\n\nfunc init() {}",
			want: []string{"arn/a_test.go:3: declares init"},
		},
		"a method called init": {
			path: "arn/a_test.go", source: "package arn\n\nfunc (t) init() {}",
		},
		"panic in the program": {
			path: "arn/arn.go", source: "// Package arn is.\npackage arn\n\nfunc f() { panic(1) }",
			want: []string{"arn/arn.go:4: calls panic"},
		},
		"panic in a test": {
			path: "arn/a_test.go", source: "package arn\n\nfunc f() { panic(1) }",
		},
		"a skipped test": {
			path: "arn/a_test.go", source: "package arn\n\nfunc f() { t.Skip(); s.Skip() }",
			want: []string{"arn/a_test.go:3: skips a test"},
		},
		"work put off": {
			path: "arn/a_test.go", source: "package arn\n\n// TO" + "DO: more",
			want: []string{"arn/a_test.go:3: says TO" + "DO"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			tree := load(t, fstest.MapFS{test.path: {Data: []byte(test.source)}})
			if diff := cmp.Diff(test.want, unique(CheckShape(tree))); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestText(t *testing.T) {
	const workplace = "/wo" + "rk/main"
	fsys := fstest.MapFS{
		"docs/a.md":         {Data: []byte("first\nsee " + workplace + "\n")},
		"docs/start.md":     {Data: []byte(workplace)},
		"docs/longer.md":    {Data: []byte("test/work/main $HOME/work/main /workloads/main ../work/main")},
		"image.bin":         {Data: []byte("\x00 " + workplace)},
		".git":              {Data: []byte("gitdir: " + workplace)},
		".cache/bin/notes":  {Data: []byte(workplace)},
		"out/store-001/log": {Data: []byte(workplace)},
	}
	found, err := CheckText(fsys)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"docs/a.md:2: names the path /wo" + "rk/m…", "docs/start.md:1: names the path /wo" + "rk/m…"}
	if diff := cmp.Diff(want, unique(found)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestLoadLeavesOutWhatGoLeavesOut(t *testing.T) {
	bad := &fstest.MapFile{Data: []byte("not Go")}
	tree := load(t, fstest.MapFS{
		"arn/testdata/x.go": bad, ".hidden/x.go": bad, "_old/x.go": bad, "arn/_x.go": bad,
		"arn/arn_windows.go": {Data: []byte("package arn")},
	})
	if len(tree.Files) != 1 || tree.Files[0].Path != "arn/arn_windows.go" {
		t.Errorf("loaded %d files, want arn/arn_windows.go alone", len(tree.Files))
	}
}

func TestLoadFailsOnWhatDoesNotParse(t *testing.T) {
	if _, err := Load(fstest.MapFS{"arn/arn.go": {Data: []byte("not Go")}}); err == nil {
		t.Error("a file that does not parse was accepted")
	}
}
