package peers

import (
	"encoding/json"
	"strings"
	"testing"
)

// noLink is what pullpass says of a refusal that no pull meets, such as that of a push.
const noLink = ""

// explained demands that `pullpass explain --message` knows what a program said when it was refused, and names the link that
// is broken in that condition.
func (l *lending) explained(t *testing.T, said string, want string) {
	t.Helper()
	read := l.programs.pullpass.run(t, alone(), strings.NewReader(said), "explain", "--message", "-", "-o", "json").succeeded(t)
	var reading struct {
		Cause *struct {
			Link string `json:"link"`
		} `json:"cause"`
	}
	if err := json.Unmarshal(read.stdout, &reading); err != nil {
		t.Fatalf("reading what pullpass explains: %v", err)
	}
	if reading.Cause == nil || reading.Cause.Link != want {
		t.Errorf("pullpass explains it by %+v, want link %q: %s", reading.Cause, want, said)
	}
}

// brokenLink is the link that a refusal shows, by what was broken and what was tried.
func (op operation) brokenLink(c condition, r refusal) string {
	switch says := strings.Join(r.says, " "); {
	case strings.HasPrefix(r.code, "401"):
		return "registry"
	case c.name == keyDeleted:
		return "identity"
	case c.name == trustDropped:
		return "role"
	case strings.Contains(says, "ecr:GetAuthorizationToken"):
		return "token"
	case strings.Contains(says, "ecr:BatchGetImage"), strings.HasPrefix(r.code, "403") && op.use == pulls:
		return "manifest"
	}
	return noLink
}
