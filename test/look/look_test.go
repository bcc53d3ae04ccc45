package look

import (
	"bytes"
	_ "embed" // the measuring script
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/explain/draw"
)

//go:embed measure.js
var measure string

// What a look at a file comes to.
type sight struct {
	Faults   []string `json:"faults"`
	Texts    int      `json:"texts"`
	Words    string   `json:"words"`
	Contrast float64  `json:"contrast"`
	Ground   string   `json:"ground"`
}

// The widths of a desktop's window and of a phone's.
var widths = []int{1280, 400}

var schemes = []string{"light", "dark"}

func reports(t *testing.T) []explain.Report {
	t.Helper()
	src, err := os.ReadFile("../../internal/explain/draw/testdata/reports.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []explain.Report
	if err := json.Unmarshal(src, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// endless has texts that nothing breaks.
func endless(t *testing.T) []explain.Report {
	t.Helper()
	r := reports(t)[0]
	long := strings.Repeat("W", 300)
	r.Cause.Text, r.Fix.Commands, r.Subject.Cluster = long, []string{long, "aws " + strings.Repeat("é", 200)}, long
	r.Chain[0].Detail, r.Chain[1].Principal = long, "arn:aws:iam::999999999999:user/"+long
	return []explain.Report{r}
}

// pictures are drawn of all that explain can come to.
func pictures(t *testing.T) map[string][]explain.Report {
	t.Helper()
	all := reports(t)
	return map[string][]explain.Report{"denied": all[:1], "several": all, "endless": endless(t)}
}

func TestPicturesAreReadable(t *testing.T) {
	b := startBrowser(t)
	for name, drawn := range pictures(t) {
		for form, write := range map[string]func(io.Writer, []explain.Report) error{"html": draw.HTML, "svg": draw.SVG} {
			var file bytes.Buffer
			if err := write(&file, drawn); err != nil {
				t.Fatal(err)
			}
			path := put(t, name+"."+form, file.Bytes())
			for _, width := range widths {
				for _, scheme := range schemes {
					t.Run(fmt.Sprintf("%s.%s/%d/%s", name, form, width, scheme), func(t *testing.T) {
						w := b.open(path, width, scheme)
						got := w.measure()
						w.keep(t.Name())
						if len(got.Faults) > 0 {
							t.Errorf("%d faults:\n%s", len(got.Faults), strings.Join(got.Faults, "\n"))
						}
						got.check(t, scheme)
					})
				}
			}
		}
	}
}

// check demands that there is something to see, in the colours of the scheme.
func (s sight) check(t *testing.T, scheme string) {
	t.Helper()
	if s.Texts < 30 || !strings.Contains(s.Words, "The chain breaks here.") {
		t.Errorf("only %d texts show: %s", s.Texts, s.Words)
	}
	if want := map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]; s.Ground != want {
		t.Errorf("the ground is %s, want %s", s.Ground, want)
	}
}

func (w *window) measure() sight {
	w.t.Helper()
	var s sight
	w.evaluate(measure, &s)
	return s
}

func put(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFaultsAreSeen: a look that never finds anything proves nothing.
func TestFaultsAreSeen(t *testing.T) {
	b := startBrowser(t)
	svg := func(body string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100" style="background: #fff">` + body + `</svg>`
	}
	for sentence, test := range map[string]struct{ name, content, want string }{
		"text in grey on grey":           {"a.html", `<body style="background:#fff"><p style="color:#999">Words</p>`, `"Words" has a contrast of 2.85`},
		"a page wider than the window":   {"a.html", `<pre>` + strings.Repeat("x", 400) + `</pre>`, "pixels wide, in a window of 400"},
		"text on text":                   {"a.html", `<p>One</p><p style="margin-top:-35px">Two</p>`, `"One" lies on "Two"`},
		"text that is cut off":           {"a.html", `<div style="width:50px;overflow:hidden;white-space:nowrap">Words that go on</div>`, "reaches past what holds it"},
		"tiny text":                      {"a.html", `<p style="font-size:8px">Words</p>`, `"Words" is 8px high`},
		"a picture's text on its ground": {"a.svg", svg(`<text x="10" y="20" fill="#aaa">Words</text>`), `has a contrast of`},
		"a picture's text on text":       {"a.svg", svg(`<text x="10" y="20">One</text><text x="12" y="24">Two</text>`), `"One" lies on "Two"`},
		"text past its card":             {"a.svg", svg(`<rect x="5" y="5" width="30" height="30" fill="#eee"/><text x="10" y="20">Words</text>`), "reaches past its card"},
		"text past the window":           {"a.svg", svg(`<text x="380" y="20">Words</text>`), "reaches past the window"},
		"text below the end":             {"a.svg", svg(`<text x="10" y="140">Words</text>`), "below the picture's end"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := b.open(put(t, test.name, []byte(test.content)), 400, "light").measure()
			if !slices.ContainsFunc(got.Faults, func(fault string) bool { return strings.Contains(fault, test.want) }) {
				t.Errorf("it saw %q, want %q", got.Faults, test.want)
			}
		})
	}
	good := b.open(put(t, "good.html", []byte("<!DOCTYPE html><p>Words</p>")), 400, "light").measure()
	if len(good.Faults) > 0 {
		t.Errorf("where nothing is wrong it saw %q", good.Faults)
	}
}
