package peers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// permissions is docs/permissions.md.
func (r *record) permissions() string {
	var text strings.Builder
	text.WriteString(`# Permissions

Which programs need which action. Each action that a posture grants was taken away by itself, and every program of
[compatibility.md](compatibility.md) was run again on all that had worked. A pull is what getting packages onto a cluster
takes; a look-up is what an administrator may like to see and no pull asks for. ` + "`make peers`" + ` makes this file, and fails where
the hardened posture grants an action too many or too few for the pulls.
`)
	for _, p := range postures {
		fmt.Fprintf(&text, "\n## %s\n\n| action | pulls that fail without it | look-ups that fail without it |\n|---|---|---|\n", p)
		for _, action := range slices.Sorted(maps.Keys(r.granted[p])) {
			failing := r.failing[p][action]
			fmt.Fprintf(&text, "| `%s` | %s | %s |\n", action, names(failing, pulls), names(failing, looks))
		}
	}
	return text.String()
}

// names lists operations of one use, without versions: a program's several versions agree, or the run says otherwise.
func names(operations []operation, u use) string {
	byProgram := map[string][]string{}
	for _, op := range operations {
		if op.use == u && !slices.Contains(byProgram[op.program.name], op.name) {
			byProgram[op.program.name] = append(byProgram[op.program.name], op.name)
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(byProgram)) {
		all = append(all, name+": "+strings.Join(byProgram[name], ", "))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, "; ")
}
