package cli_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// permission is an action in the accounts of one part.
type permission struct{ part, action string }

// documentedPermissions reads docs/operator-permissions.md: who runs a command needs which.
func documentedPermissions(t *testing.T) map[string][]permission {
	t.Helper()
	text, err := os.ReadFile("../../docs/operator-permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	var header []string
	found := map[string][]permission{}
	for line := range bytes.Lines(text) {
		row := strings.Split(strings.Trim(strings.TrimSpace(string(line)), "|"), "|")
		for i := range row {
			row[i] = strings.Trim(strings.TrimSpace(row[i]), "`")
		}
		switch {
		case len(row) < 3 || strings.HasPrefix(row[0], "-"):
		case row[0] == "action":
			header = row
		default:
			for i, mark := range row[2:] {
				if mark == "yes" {
					command := header[i+2]
					found[command] = append(found[command], permission{row[1], row[0]})
				}
			}
		}
	}
	return found
}

// asked adds what the sandbox was asked of IAM and EKS since the last time.
func (o *outdoors) asked(by map[permission]bool) {
	o.t.Helper()
	parts := map[arn.AccountID]string{sandboxtest.Source: "source", sandboxtest.Destination: "destination"}
	for account, actions := range o.log.calls(o.t) {
		for action := range actions {
			if strings.HasPrefix(action, "iam:") || strings.HasPrefix(action, "eks:") {
				by[permission{parts[account], action}] = true
			}
		}
	}
}

// Commands ask for nothing that the document does not name; and what it names for a command that only reads or rotates is
// asked for by the commands of this test, from nothing to a share that has changed its posture, rotated its keys and lost them.
func TestOperatorsNeedNoMoreThanIsDocumented(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	asked := map[string]map[permission]bool{"plan": {}, "status": {}, "apply": {}, "rotate": {}, "revoke": {}}
	run := func(command string, code int, args ...string) {
		t.Helper()
		o.ends(code, o.here(command, args...)...)
		o.asked(asked[command])
	}
	look := func(code int) {
		t.Helper()
		run("plan", code)
		run("status", 3)
	}
	o.twoStores("documented")
	o.subscribed()
	look(3)
	run("apply", 0, "--yes", "--no-verify")
	run("rotate", 1, "--yes", "--force")
	look(0)
	run("rotate", 0, "--yes", "--not-later-than", "2026-01-01")
	o.twoStores("hardened")
	o.subscribed()
	look(3)
	run("apply", 0, "--yes", "--no-verify")
	look(0)
	run("rotate", 0, "--yes", "--not-later-than", "2026-01-01")
	run("revoke", 0, "--yes", "--cluster", "store-001")
	look(1)
	o.later(plan.DenyAge)
	run("apply", 0, "--yes", "--no-verify")
	run("revoke", 0, "--yes", "--all")
	documented := documentedPermissions(t)
	for command, permissions := range asked {
		less := func(a, b permission) int { return strings.Compare(a.part+a.action, b.part+b.action) }
		got := slices.SortedFunc(maps.Keys(permissions), less)
		want := documented[command]
		if command == "apply" || command == "revoke" { // What it mends is not broken here, and what it gives back not adopted.
			want = slices.DeleteFunc(want, func(p permission) bool { return !permissions[p] })
		}
		slices.SortFunc(want, less)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(permission{})); diff != "" {
			t.Errorf("%s (-documented +asked):\n%s", command, diff)
		}
	}
}
