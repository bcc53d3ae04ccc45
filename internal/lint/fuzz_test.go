package lint_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/lint"
)

// seed adds every example.
func seed(f *testing.F) {
	f.Helper()
	for _, table := range []map[lint.Code]map[string]example{examples(), secretExamples()} {
		for _, tests := range table {
			for _, test := range tests {
				if len(test.bad) < 1<<16 {
					f.Add([]byte(test.good))
					f.Add([]byte(test.bad))
				}
			}
		}
	}
}

// FuzzFix holds that every input is taken, places and edits lie within it, and what was mended stays so.
func FuzzFix(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := bytes.Count(src, []byte("\n")) + 1
		for _, found := range lint.Check("f", src) {
			if found.Line < 1 || found.Line > lines || found.Column < 1 {
				t.Errorf("%s is at %s, of %d lines", found.Rule.Code, found.Position, lines)
			}
			if fix := found.Fix; fix != nil && (fix.Start < 0 || fix.Start > fix.End || fix.End > len(src)) {
				t.Errorf("%s would change bytes %d to %d of %d", found.Rule.Code, fix.Start, fix.End, len(src))
			}
		}
		fixed, mended := lint.Fix("f", src)
		if len(mended) == 0 && !bytes.Equal(fixed, src) {
			t.Error("it was changed without a word")
		}
		again, more := lint.Fix("f", fixed)
		if diff := cmp.Diff(fixed, again); diff != "" || len(more) > 0 {
			t.Errorf("the second run mends more (-first +second):\n%s", diff)
		}
	})
}

// FuzzConfig holds that the strict reader and the lenient one agree: what pullpass can read whole, leads to a key.
func FuzzConfig(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if bytes.ContainsAny(src, "\"'") || regexp.MustCompile(`(?m)^[^=\n]*:`).Match(src) {
			return // The strict reader leaves quotes on, and takes no colon for an equals sign.
		}
		file, err := credential.Parse(src)
		if err != nil {
			return
		}
		if _, err := file.Config(); err != nil {
			return
		}
		for _, found := range lint.Check("f", src) {
			switch found.Rule.Code {
			case "PP001", "PP002", "PP003", "PP005", "PP006", "PP007", "PP008", "PP016", "PP018", "PP019", "PP020":
				t.Errorf("the strict reader reads it, and lint has %s: %s", found.Rule.Code, found.Message)
			}
		}
	})
}
