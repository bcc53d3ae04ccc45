package share

import "github.com/goccy/go-yaml/ast"

// IsInvitation reports whether a text calls itself an invitation. What else it says is for ParseInvitation to tell.
func IsInvitation(src []byte) bool {
	d := &decoder{positions: positions{fields: map[string]Position{}}}
	root := d.parseYAML(src)
	return root != nil && d.mistaken(root, InvitationKind, "", "")
}

// mistaken says of a document of the other kind what it is, and reports whether it is one. Its fields are then not read:
// that each of them is unknown would hide what the matter is.
func (d *decoder) mistaken(root ast.Node, other, msg, hint string) bool {
	look := &decoder{positions: positions{fields: map[string]Position{}}} // Its mistakes are for the reading proper to tell.
	entries, _ := look.entries(look.note("", root))
	for _, e := range entries {
		if e.key != "kind" {
			continue
		}
		if kind, _ := look.text(look.note("kind", e.node)); kind == other {
			d.fail(d.note("kind", e.node), hint, "%s", msg)
			return true
		}
	}
	return false
}
