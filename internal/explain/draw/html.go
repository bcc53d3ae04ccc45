package draw

import (
	_ "embed" // the page and its style
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
)

var (
	//go:embed page.html
	page string
	//go:embed style.css
	style string
)

// HTML writes reports as one page for any width, in light or dark as the reader prefers. It runs no script and asks
// nothing of the network.
func HTML(w io.Writer, reports []explain.Report) error {
	parsed, err := template.New("page").Funcs(template.FuncMap{"class": class, "mark": mark}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	data := struct {
		Name     string
		Style    template.CSS
		Outlines []outline
	}{Name: nameOf(reports), Style: template.CSS(style), Outlines: outlines(reports)}
	if err := parsed.Execute(w, data); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

func outlines(reports []explain.Report) []outline {
	all := make([]outline, len(reports))
	for i, r := range reports {
		all[i] = outlineOf(r)
	}
	return all
}

// nameOf is the title of a file that shows reports.
func nameOf(reports []explain.Report) string {
	if len(reports) == 1 {
		return "pullpass explain: " + title(reports[0].Subject)
	}
	return fmt.Sprintf("pullpass explain: %d explanations", len(reports))
}

// class is the state as a class of the style.
func class(s explain.State) string { return strings.ReplaceAll(string(s), " ", "-") }

// mark is the state as a sign and a word, so that no colour is needed to tell it.
func mark(s explain.State) string {
	switch s {
	case explain.OK:
		return "✓ ok:"
	case explain.Failed:
		return "✗ broken:"
	case explain.NotSeen:
		return "? not seen:"
	case explain.NotReached:
	}
	return "· not reached:"
}
