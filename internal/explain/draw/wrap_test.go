package draw

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzWrap(f *testing.F) {
	for _, text := range []string{"", "one two", "arn:aws:iam::999999999999:user/pullpass/packages/x", strings.Repeat("é", 99), "a\nb\n\n", "\xff\xfe"} {
		f.Add(text, 20)
	}
	f.Fuzz(func(t *testing.T, text string, width int) {
		lines := wrap(text, width)
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); n > max(width, 8) {
				t.Errorf("a line has %d characters, of %d: %q", n, width, line)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := strings.Join(lines, ""); bare(got) != bare(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
