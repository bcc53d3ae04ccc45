package plainyaml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/plainyaml"
)

func TestAListIsTakenApart(t *testing.T) {
	for sentence, test := range map[string]struct {
		src     string
		entries []string
		rest    string
	}{
		"indented entries": {"books:\n  - title: a\n    pages: 1\n  - title: b\n",
			[]string{"    title: a\n    pages: 1\n", "    title: b\n"}, "books: []\n"},
		"entries that are not indented": {"books:\n- title: a\n- title: b\n",
			[]string{"  title: a\n", "  title: b\n"}, "books: []\n"},
		"what stands around the list": {"# mine\nname: x\nbooks: \r\n  - title: a\r\nowner: y\n- z\n",
			[]string{"    title: a\r\n"}, "# mine\nname: x\nbooks: []\nowner: y\n- z\n"},
		"comments and empty lines": {"books:\n\n# first\n  -\n    title: a\n# second\n\n    pages: 1\n  - title: b",
			[]string{"   \n    title: a\n# second\n\n    pages: 1\n", "    title: b"}, "books: []\n"},
		"a list in an entry": {"books:\n  - pages:\n      - 1\n  - pages: [\n      2]\n",
			[]string{"    pages:\n      - 1\n", "    pages: [\n      2]\n"}, "books: []\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			entries, rest, ok := plainyaml.Entries([]byte(test.src), "books")
			if !ok {
				t.Fatal("it was left whole")
			}
			var got []string
			for _, entry := range entries {
				got = append(got, string(entry))
			}
			if diff := cmp.Diff(test.entries, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.rest, string(rest)); diff != "" {
				t.Errorf("rest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatLooksOtherwiseIsLeftWhole(t *testing.T) {
	for sentence, src := range map[string]string{
		"no such field":                       "papers:\n  - title: a\n",
		"a field that is not at the top":      "shelf:\n  books:\n    - title: a\n",
		"a list in flow style":                "books: [{title: a}]\n",
		"an empty list":                       "books:\nowner: y\n",
		"a line to the left of the entries":   "books:\n  - title: a\n - title: b\n",
		"a line beside the dashes":            "books:\n  - title: a\n  title: b\n",
		"a mapping in the place of a list":    "books:\n  title: a\n",
		"dashes without a space between them": "books:\n  -title: a\n",
	} {
		if entries, rest, ok := plainyaml.Entries([]byte(src), "books"); ok {
			t.Errorf("%s: it was taken apart into %q and %q", sentence, entries, rest)
		}
	}
}
