package draw

import (
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
)

// A Terminal says what a terminal can show.
type Terminal struct {
	// Columns is its width in characters; what is less than 40 counts as 40.
	Columns int
	// Unicode says that it shows UTF-8; else the tree is ASCII, and so is what came with other characters.
	Unicode bool
	// Colour says that it takes the colours of ECMA-48.
	Colour bool
}

// Tree draws reports for a terminal. Every line fits.
func Tree(reports []explain.Report, on Terminal) string {
	on.Columns = max(on.Columns, 40)
	t := tree{Terminal: on, signs: ascii()}
	if on.Unicode {
		t.signs = lines()
	}
	for i, r := range reports {
		if i > 0 {
			t.b.WriteByte('\n')
		}
		t.report(outlineOf(r))
	}
	return t.b.String()
}

// signs are what the branches are made of.
type signs struct {
	branch, last, through, none string
	ok, broken, unreached       string
	unseen, here                string
}

func ascii() signs {
	return signs{branch: "|- ", last: "`- ", through: "|  ", none: "   ", ok: "ok  ", broken: "FAIL", unreached: "-   ", unseen: "?   ", here: "<-- "}
}

func lines() signs {
	return signs{branch: "├─ ", last: "└─ ", through: "│  ", none: "   ", ok: "✓ ok", broken: "✗ FAIL", unreached: "· -", unseen: "? -", here: "◀ "}
}

type tree struct {
	Terminal
	signs
	b strings.Builder
}

// A node is a text with what hangs from it.
type node struct {
	text   string
	colour string
	below  []node
}

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	faint = "\x1b[2m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

func (t *tree) report(o outline) {
	t.put("", "", node{text: o.Title, colour: bold})
	t.put("", "", node{text: o.Verdict, colour: t.verdictColour(o)})
	var nodes []node
	if o.Disagrees != "" {
		nodes = append(nodes, node{text: o.Disagrees, colour: red})
	}
	if o.Answered != nil {
		nodes = append(nodes, node{text: "AWS answered", colour: bold, below: factNodes(o.Answered)})
	}
	for _, owner := range o.Owners {
		nodes = append(nodes, t.ownerNode(owner))
	}
	for _, p := range o.Parts {
		below := make([]node, 0, len(p.Texts)+len(p.Facts)+len(p.Code))
		for _, text := range p.Texts {
			below = append(below, node{text: text})
		}
		below = append(below, factNodes(p.Facts)...)
		for _, line := range p.Code {
			below = append(below, node{text: "$ " + line, colour: bold})
		}
		nodes = append(nodes, node{text: p.Name, colour: bold, below: below})
	}
	t.branches("", nodes)
}

func (t *tree) verdictColour(o outline) string {
	switch o.Outcome {
	case explain.Works:
		return green
	case explain.Denied, explain.Unused:
		return red
	case explain.Unknown:
	}
	return ""
}

func factNodes(facts []fact) []node {
	nodes := make([]node, len(facts))
	for i, f := range facts {
		nodes[i] = node{text: f.Label + ": " + f.Text}
	}
	return nodes
}

func (t *tree) ownerNode(o owner) node {
	n := node{text: o.Name, colour: bold}
	for _, l := range o.Links {
		n.below = append(n.below, t.linkNode(l))
	}
	return n
}

func (t *tree) linkNode(l link) node {
	n := node{below: factNodes(l.Facts)}
	switch l.State {
	case explain.OK:
		n.text, n.colour = t.ok+"  "+l.Name, green
	case explain.Failed:
		n.text, n.colour = t.broken+"  "+l.Name+"  "+t.here+"the chain breaks here", red
	case explain.NotSeen:
		n.text = t.unseen + "  " + l.Name + "  not seen"
	case explain.NotReached:
		n.text, n.colour = t.unreached+"  "+l.Name+"  not reached", faint
	}
	if l.Detail != "" {
		n.below = append(n.below, node{text: l.Detail})
	}
	for _, p := range l.Policies {
		below := node{text: p.Kind + ": " + p.Name}
		if p.Blame != "" {
			below.text, below.colour = below.text+"  "+t.here+p.Blame, red
		}
		n.below = append(n.below, below)
	}
	return n
}

// branches hangs nodes below a prefix.
func (t *tree) branches(prefix string, nodes []node) {
	for i, n := range nodes {
		first, rest := t.branch, t.through
		if i == len(nodes)-1 {
			first, rest = t.last, t.none
		}
		t.put(prefix+first, prefix+rest, n)
		t.branches(prefix+rest, n.below)
	}
}

// put writes the text of a node, its first line behind one prefix, the others behind another.
func (t *tree) put(first, rest string, n node) {
	if len(n.below) > 0 {
		rest += t.through
	} else if rest != "" {
		rest += t.none
	}
	for i, line := range wrap(t.shown(n.text), t.Columns-max(length(first), length(rest))) {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		t.b.WriteString(prefix)
		if t.Colour && n.colour != "" {
			line = n.colour + line + plain
		}
		t.b.WriteString(line + "\n")
	}
}

// shown is a text as the terminal can show it. Nothing that was read can move its cursor or colour it.
func (t *tree) shown(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\n', r == 0x7f, r >= 0x80 && r < 0xa0:
			return ' '
		case !t.Unicode && r > '~':
			return '?'
		}
		return r
	}, text)
}
