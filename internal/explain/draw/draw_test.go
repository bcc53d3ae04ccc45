package draw_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/explain/draw"
)

// reports are three: a role that the trust does not let a user assume, an access with which nothing is wrong, and one of
// which nothing is known, while AWS's answer contradicts what was read. test/look shows the same to a browser.
func reports(t *testing.T) (denied, works, unknown explain.Report) {
	t.Helper()
	src, err := os.ReadFile("testdata/reports.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []explain.Report
	if err := json.Unmarshal(src, &all); err != nil || len(all) != 3 {
		t.Fatalf("%d reports: %v", len(all), err)
	}
	return all[0], all[1], all[2]
}

func TestTree(t *testing.T) {
	denied, _, unknown := reports(t)
	for name, on := range map[string]draw.Terminal{
		"testdata/wide.txt":   {Columns: 100, Unicode: true},
		"testdata/narrow.txt": {Columns: 40},
	} {
		t.Run(name, func(t *testing.T) {
			got := draw.Tree([]explain.Report{denied, unknown}, on)
			if os.Getenv("UPDATE_TREES") != "" {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the tree differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTreesFitTheirTerminal(t *testing.T) {
	r, _, _ := reports(t)
	r.Cause.Text = strings.Repeat("x", 500) + " " + strings.Repeat("é", 300)
	for columns := range 140 {
		for _, unicode := range []bool{false, true} {
			tree := draw.Tree([]explain.Report{r}, draw.Terminal{Columns: columns, Unicode: unicode})
			for line := range strings.Lines(tree) {
				line = strings.TrimSuffix(line, "\n")
				if n := utf8.RuneCountInString(line); n > max(columns, 40) {
					t.Fatalf("%d columns: a line has %d: %s", columns, n, line)
				}
				if !unicode && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
					t.Fatalf("not ASCII: %s", line)
				}
			}
		}
	}
}

func TestTreesTakeNoOrdersFromWhatWasRead(t *testing.T) {
	r, _, _ := reports(t)
	r.Answered.Message = "\x1b[2J\x1b]0;owned\a\rfaked\u009b31m"
	tree := draw.Tree([]explain.Report{r}, draw.Terminal{Columns: 80, Unicode: true})
	if strings.ContainsAny(tree, "\x1b\a\r\u009b") {
		t.Errorf("it passes on control characters: %q", tree)
	}
}

func TestColourIsOnlyForWhatTakesIt(t *testing.T) {
	denied, _, _ := reports(t)
	with := draw.Tree([]explain.Report{denied}, draw.Terminal{Columns: 80, Colour: true})
	without := draw.Tree([]explain.Report{denied}, draw.Terminal{Columns: 80})
	if !strings.Contains(with, "\x1b[31m") || strings.Contains(without, "\x1b") {
		t.Error("colour is on where it is off, or the other way round")
	}
	bare := with
	for _, sequence := range []string{"\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"} {
		bare = strings.ReplaceAll(bare, sequence, "")
	}
	if bare != without {
		t.Error("colour changes the tree")
	}
}

// form is a kind of file.
type form func(io.Writer, []explain.Report) error

func forms() map[string]form { return map[string]form{"SVG": draw.SVG, "HTML": draw.HTML} }

func drawn(t *testing.T, f form, reports ...explain.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, reports); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFilesAreSelfContained(t *testing.T) {
	denied, works, unknown := reports(t)
	for name, f := range forms() {
		t.Run(name, func(t *testing.T) {
			file := drawn(t, f, denied, works, unknown)
			for _, word := range []string{"<script", "http://", "https://", "url(", "@import", "src=", "href=", "<link", "onload"} {
				if strings.Contains(strings.ReplaceAll(file, `xmlns="http://www.w3.org/2000/svg"`, ""), word) {
					t.Errorf("it has %s", word)
				}
			}
			if again := drawn(t, f, denied, works, unknown); again != file {
				t.Error("the same reports give another file")
			}
		})
	}
}

func TestFilesShowTextAsText(t *testing.T) {
	r, _, _ := reports(t)
	r.Cause.Text = `</style><script>alert(1)</script>"&`
	r.Answered.Message = "\x00\x1b</text></svg>"
	for name, f := range forms() {
		t.Run(name, func(t *testing.T) {
			file := drawn(t, f, r)
			if strings.Contains(file, "<script") || strings.Count(file, "</style>") != 1 || strings.Count(file, "</svg>") > 1 {
				t.Error("text of a policy became markup")
			}
		})
	}
}

func TestSVGIsXMLWithATitle(t *testing.T) {
	denied, works, _ := reports(t)
	decoder, seen := xml.NewDecoder(strings.NewReader(drawn(t, draw.SVG, denied, works))), map[string]int{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			seen[start.Name.Local]++
		}
	}
	if seen["title"] != 1 || seen["desc"] != 1 || seen["text"] < 50 || seen["rect"] < 20 {
		t.Errorf("it has %v", seen)
	}
}

func TestFilesSayEverything(t *testing.T) {
	denied, _, unknown := reports(t)
	for name, f := range forms() {
		t.Run(name, func(t *testing.T) {
			file := drawn(t, f, denied, unknown)
			for _, want := range []string{
				"share packages, account 999999999999, cluster store-001", "denied, and that is certain", "AccessDenied", "account 111111111111",
				"The chain breaks here.", "lacks the statement that allows", "Lend, number 1, line 4", "the session name differs",
				"not reached", "Not read", "pullpass apply", "contradict each other",
			} {
				if !strings.Contains(strings.ReplaceAll(file, "</text>\n", " "), want) {
					t.Errorf("it does not say %q", want)
				}
			}
		})
	}
}

// brokenWriter takes nothing.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAFileThatCannotBeWrittenIsAnError(t *testing.T) {
	_, works, _ := reports(t)
	for name, f := range forms() {
		if err := f(brokenWriter{}, []explain.Report{works}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
