package plainyaml_test

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/plainyaml"
)

type shelf struct {
	Books []struct {
		Title string `yaml:"title"`
		Pages int    `yaml:"pages"`
	} `yaml:"books"`
}

func TestAMistakeIsPlaced(t *testing.T) {
	for sentence, test := range map[string]struct{ src, want string }{
		"no YAML":                   {"books: [", "[1:8]"},
		"a field that is unknown":   {"books:\n  - tittle: x\n", `[2:5] unknown field "tittle"`},
		"a field that stands twice": {"books: []\nbooks: []\n", "[2:1]"},
		"a value of another kind":   {"books:\n  - pages: many\n", "[2:12]"},
		"a tag":                     {"books: !a []", `[1:8] a shelf has no use for "!a"`},
		"an anchor":                 {"books: &a []", `[1:8] a shelf has no use for "&"`},
		"an alias":                  {"books: [*a]", `[1:9] a shelf has no use for "*"`},
		"a second document":         {"books: []\n---\nbooks: []\n", "want one YAML document"},
		"nothing":                   {"", "want one YAML document"},
		"nesting without end":       {strings.Repeat("[", 100), "[1:65] nests deeper than any field of a shelf"},
		"lists in lists":            {strings.Repeat("- ", 100), "nests deeper than any field of a shelf"},
	} {
		t.Run(sentence, func(t *testing.T) {
			var into shelf
			document, err := plainyaml.Parse("a shelf", []byte(test.src))
			if err == nil {
				err = document.Decode(&into)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestAFieldIsFoundByItsPath(t *testing.T) {
	document, err := plainyaml.Parse("a shelf", []byte("books:\n  - title: x\n    pages: 12\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"$.books[0].pages": "[3:12] 12 pages",
		"$.books[1].pages": "12 pages",
		"$.nothing":        "12 pages",
	} {
		if got := document.Errorf(path, "%d pages", 12).Error(); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("books:\n  - {title: x, pages: 12}\n"))
	f.Add([]byte("books: !00 00"))
	f.Fuzz(func(t *testing.T, src []byte) {
		document, err := plainyaml.Parse("a shelf", src)
		if err != nil {
			return
		}
		var into shelf
		if err := document.Decode(&into); err != nil && err.Error() == "" {
			t.Error("an error says nothing")
		}
	})
}
