package draw

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
)

// The measures of the picture, in pixels. Text does not flow in SVG: lines are broken here, by the width of a character of
// a monospaced font, and the style asks for one. None that is common is wider than 0.602 of its size.
const (
	narrowWidth = 360 // of the drawing that shows below wideFrom
	wideWidth   = 1160
	wideFrom    = 1200 // of the window
	fontSize    = 14
	charWidth   = 8.5
	lineHeight  = 20
	padding     = 12
	gap         = 10
)

// svgStyle has both drawings in one file: the window decides which one shows, and how high the picture is.
const svgStyle = `svg.pullpass { --ground: #ffffff; --card: #f6f8fa; --edge: #8c959f; --text: #1f2328; --quiet: #57606a;
  --ok: #116329; --bad: #a40e26; --unsure: #7d4e00; background: var(--ground); color-scheme: light dark; height: %dpx; }
@media (prefers-color-scheme: dark) { svg.pullpass { --ground: #0d1117; --card: #161b22; --edge: #6e7681; --text: #e6edf3;
  --quiet: #9da7b1; --ok: #56d364; --bad: #ff9a92; --unsure: #e3b341; } }
svg.pullpass text { font: %dpx "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; fill: var(--text); white-space: pre; }
svg.pullpass text.head { font-weight: bold; }
svg.pullpass text.quiet { fill: var(--quiet); }
svg.pullpass text.ok { fill: var(--ok); }
svg.pullpass text.bad { fill: var(--bad); font-weight: bold; }
svg.pullpass text.unsure { fill: var(--unsure); }
svg.pullpass rect { fill: var(--card); stroke: var(--edge); }
svg.pullpass rect.bad { stroke: var(--bad); stroke-width: 2; }
svg.pullpass line { stroke: var(--edge); stroke-width: 2; }
svg.pullpass .wide { display: none; }
@media (min-width: %dpx) { svg.pullpass { height: %dpx; } svg.pullpass .narrow { display: none; } svg.pullpass .wide { display: inline; } }
`

// SVG writes reports as one picture, which has a drawing for narrow windows and one for wide ones. It runs no script and
// asks nothing of the network.
func SVG(w io.Writer, reports []explain.Report) error {
	narrow, wide := &canvas{width: narrowWidth}, &canvas{width: wideWidth}
	for _, o := range outlines(reports) {
		narrow.outline(o)
		wide.outline(o)
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" class="pullpass" role="img" aria-labelledby="title desc" width="100%">` + "\n")
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", escaped(nameOf(reports)), escaped(described(reports)))
	fmt.Fprintf(&b, "<style>"+svgStyle+"</style>\n", narrow.height(), fontSize, wideFrom, wide.height())
	fmt.Fprintf(&b, "<g class=\"narrow\">\n%s</g>\n<g class=\"wide\">\n%s</g>\n</svg>\n", &narrow.b, &wide.b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

// described is the picture in words, for whoever cannot see it.
func described(reports []explain.Report) string {
	var all []string
	for _, o := range outlines(reports) {
		text := o.Title + ": " + o.Verdict + "."
		for _, owner := range o.Owners {
			for _, l := range owner.Links {
				text += " " + l.Name + " (" + owner.Name + "): " + string(l.State) + "."
			}
		}
		for _, p := range o.Parts {
			text += " " + p.Name + ": " + strings.Join(p.Texts, " ")
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// A canvas is drawn on from the top down.
type canvas struct {
	width, y int
	b        strings.Builder
}

func (c *canvas) height() int { return c.y + padding }

// A row is a line of text, or what wraps to several. What it is stands before it, or above it where there is no room.
type row struct {
	class, label, text string
	indent             int
}

func (c *canvas) outline(o outline) {
	c.y += padding
	c.rows(0, []row{{class: "head", text: o.Title}, {class: verdictClass(o.Outcome), text: o.Verdict}})
	if o.Disagrees != "" {
		c.y += gap
		c.box("bad", []row{{class: "bad", text: o.Disagrees}})
	}
	if o.Answered != nil {
		c.part(part{Name: "AWS answered", Facts: o.Answered})
	}
	c.chain(o.Owners)
	for _, p := range o.Parts {
		c.part(p)
	}
	c.y += gap
}

func verdictClass(o explain.Outcome) string {
	switch o {
	case explain.Works:
		return "ok"
	case explain.Denied, explain.Unused:
		return "bad"
	case explain.Unknown:
	}
	return "unsure"
}

// chain draws a card a link, which a line joins.
func (c *canvas) chain(owners []owner) {
	c.y += gap
	c.rows(0, []row{{class: "head", text: "The chain"}})
	for _, o := range owners {
		c.y += gap / 2
		c.rows(0, []row{{class: "quiet", text: o.Name}})
		for i, l := range o.Links {
			if i > 0 {
				c.join()
			}
			edge := ""
			if l.Broken {
				edge = "bad"
			}
			c.box(edge, linkRows(l))
		}
	}
}

func linkRows(l link) []row {
	rows := []row{{class: stateClass(l.State), text: mark(l.State) + " " + l.Name}}
	if l.Broken {
		rows = append(rows, row{class: "bad", text: "The chain breaks here.", indent: 2})
	}
	if l.Detail != "" {
		rows = append(rows, row{text: l.Detail, indent: 2})
	}
	for _, f := range l.Facts {
		rows = append(rows, row{label: f.Label, text: f.Text, indent: 2})
	}
	for _, p := range l.Policies {
		rows = append(rows, row{label: p.Kind, text: p.Name, indent: 2})
		if p.Blame != "" {
			rows = append(rows, row{class: "bad", label: " ", text: p.Blame, indent: 2})
		}
	}
	return rows
}

func stateClass(s explain.State) string {
	switch s {
	case explain.OK:
		return "ok"
	case explain.Failed:
		return "bad"
	case explain.NotSeen:
		return "unsure"
	case explain.NotReached:
	}
	return "quiet"
}

func (c *canvas) part(p part) {
	c.y += gap
	c.rows(0, []row{{class: "head", text: p.Name}})
	var rows []row
	for _, text := range p.Texts {
		rows = append(rows, row{text: text})
	}
	for _, f := range p.Facts {
		rows = append(rows, row{label: f.Label, text: f.Text})
	}
	for _, line := range p.Code {
		rows = append(rows, row{class: "head", text: line})
	}
	c.box("", rows)
}

// box draws rows on a card.
func (c *canvas) box(class string, rows []row) {
	card := &canvas{width: c.width, y: c.y + padding/2} // Its height is known when the rows are drawn.
	card.rows(padding, rows)
	top := c.y
	c.y = card.y + padding/2
	fmt.Fprintf(&c.b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", class, padding, top, c.width-2*padding, c.y-top)
	c.b.WriteString(card.b.String())
}

// join draws the line from one card to the next.
func (c *canvas) join() {
	x := 2 * padding
	fmt.Fprintf(&c.b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x, c.y, x, c.y+gap)
	c.y += gap
}

// labelled is how many characters labels take that stand before their text.
const labelled = 26

// rows writes rows from the left edge on.
func (c *canvas) rows(left int, rows []row) {
	for _, r := range rows {
		x := padding + left + columns(r.indent)
		switch label := strings.TrimSpace(r.label); {
		case r.label == "":
		case c.width == wideWidth:
			if label != "" {
				fmt.Fprintf(&c.b, "<text class=\"quiet\" x=\"%d\" y=\"%d\">%s</text>\n", x, c.y+lineHeight-5, escaped(label))
			}
			x += columns(labelled)
		default:
			if label != "" {
				c.lines(x, left, row{class: "quiet", text: label})
			}
			x += columns(2)
		}
		c.lines(x, left, r)
	}
}

// columns is how wide so many characters are.
func columns(n int) int { return int(float64(n) * charWidth) }

// lines writes the text of a row, broken into lines that end before the right edge.
func (c *canvas) lines(x, left int, r row) {
	for _, line := range wrap(r.text, int(float64(c.width-padding-left-x)/charWidth)) {
		c.y += lineHeight
		fmt.Fprintf(&c.b, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", r.class, x, c.y-5, escaped(line))
	}
}

// escaped is a text within XML. What XML cannot hold becomes the replacement character.
func escaped(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
