package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pullpass/pullpass/internal/cli"
)

// TestATreeIsWhatItsTerminalCanShow draws the chain of a cluster to which nothing was delivered.
func TestATreeIsWhatItsTerminalCanShow(t *testing.T) {
	term := newTerminal(t)
	for sentence, test := range map[string]struct {
		environ []string
		stdout  bool // is a terminal
		columns int
		widest  int
		unicode bool
		colour  bool
	}{
		"a terminal of its width":              {[]string{"LANG=C.UTF-8"}, true, 60, 60, true, true},
		"COLUMNS is another width":             {[]string{"LANG=C.UTF-8", "COLUMNS=50"}, true, 60, 50, true, true},
		"nobody knows the width":               {[]string{"LANG=de_DE.utf8"}, true, 0, 80, true, true},
		"a locale that is not UTF-8":           {[]string{"LANG=de_DE.ISO-8859-1"}, true, 60, 60, false, true},
		"LC_ALL counts before LANG":            {[]string{"LANG=C.UTF-8", "LC_ALL=C"}, true, 60, 60, false, true},
		"LC_CTYPE counts before LANG":          {[]string{"LANG=C", "LC_CTYPE=en_US.UTF-8"}, true, 60, 60, true, true},
		"no locale":                            {nil, true, 60, 60, false, true},
		"no colour":                            {[]string{"LANG=C.UTF-8", "NO_COLOR=1"}, true, 60, 60, true, false},
		"a file is plain ASCII without colour": {[]string{"LANG=C.UTF-8"}, false, 0, 80, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			var out, errs bytes.Buffer
			env := term.unattended(&out, &errs)
			env.Terminals, env.Columns = cli.Terminals{Stdout: test.stdout}, test.columns
			env.Environ, env.TempDir = append(test.environ, "AWS_EC2_METADATA_DISABLED=true"), filepath.Join(term.dir, "tmp")
			code := discreetly(t.Context(), t, term.here("explain", "--tree", "--cluster", "store-001"), env)
			if code != 1 || out.Len() == 0 {
				t.Fatalf("exit code %d, stderr:\n%s", code, &errs)
			}
			tree, widest := out.String(), 0
			if got := strings.Contains(tree, "\x1b["); got != test.colour {
				t.Errorf("colour: %t", got)
			}
			for _, sequence := range []string{"\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"} {
				tree = strings.ReplaceAll(tree, sequence, "")
			}
			for line := range strings.Lines(tree) {
				widest = max(widest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
			}
			if widest > test.widest || widest < test.widest*3/4 {
				t.Errorf("the widest line has %d characters, of %d:\n%s", widest, test.widest, tree)
			}
			if got := strings.Contains(tree, "├─"); got != test.unicode {
				t.Errorf("Unicode: %t:\n%s", got, tree)
			}
		})
	}
}
