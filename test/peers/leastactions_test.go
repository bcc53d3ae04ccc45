package peers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// assumeRole is the one action that the destination's side grants.
const assumeRole = "sts:AssumeRole"

// tryEachAction takes one action at a time away from what a posture grants, and runs every operation that worked.
func (l *lending) tryEachAction(t *testing.T, r *record) {
	document := l.document(t, source, l.readPolicy)
	needed := map[string]bool{}
	for _, action := range document.actions() {
		t.Run("without/"+action, func(t *testing.T) {
			version := l.replace(t, document.without(action))
			needed[action] = l.tryWithout(t, r, action)
			l.restore(t, version)
		})
	}
	t.Run("without/"+assumeRole, func(t *testing.T) {
		user := []string{"--user-name", base(l.user), "--policy-arn", l.rolePolicy}
		l.admin(t, destination, append([]string{"iam", "detach-user-policy"}, user...)...).succeeded(t)
		needed[assumeRole] = l.tryWithout(t, r, assumeRole)
		l.admin(t, destination, append([]string{"iam", "attach-user-policy"}, user...)...).succeeded(t)
	})
	r.needs(l.posture, needed)
}

// tryWithout runs what works as the share was applied, records who fails without the action, and tells whether a pull is
// among them.
func (l *lending) tryWithout(t *testing.T, r *record, action string) (needed bool) {
	fresh := l.freshPassword(t)
	for _, op := range l.operations() {
		if op.use == push || op.refused(l, asApplied).code != "" {
			continue
		}
		a := l.attempt(t)
		a.password = fresh.text()
		ended := op.run(t, a)
		if ended.code == 0 {
			op.shows(t, a, ended)
			continue
		}
		if fresh.code == 0 && !strings.Contains(ended.stderr, action) && !strings.Contains(ended.stderr, "403") {
			t.Errorf("without %s, %s failed to %s for another reason: %s", action, op.program, op.name, ended.stderr)
		}
		needed = needed || op.use == pulls
		r.fails(l.posture, action, op)
	}
	return needed
}

// A policyDocument is an IAM policy in one of the forms that the postures have.
type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid      string `json:",omitempty"`
	Effect   string
	Action   oneOrMore
	Resource string
}

// oneOrMore is a list that is written as a string where it has one member.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// document reads the default version of a policy.
func (l *lending) document(t *testing.T, account, policy string) policyDocument {
	t.Helper()
	shown := l.admin(t, account, "iam", "get-policy-version", "--policy-arn", policy, "--version-id", "v1",
		"--query", "PolicyVersion.Document").succeeded(t)
	var document policyDocument
	if err := json.Unmarshal(shown.stdout, &document); err != nil {
		t.Fatalf("reading the policy %s: %v", policy, err)
	}
	return document
}

// actions are all that the document names, sorted.
func (d policyDocument) actions() []string {
	var all []string
	for _, s := range d.Statement {
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	return all
}

// without is the document with one action less, and with no statement that is left without any.
func (d policyDocument) without(action string) policyDocument {
	less := policyDocument{Version: d.Version}
	for _, s := range d.Statement {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		if len(s.Action) > 0 {
			less.Statement = append(less.Statement, s)
		}
	}
	return less
}

// replace makes a document the default version of the role's policy, and returns the version.
func (l *lending) replace(t *testing.T, document policyDocument) string {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return printed(t, l.admin(t, source, "iam", "create-policy-version", "--policy-arn", l.readPolicy, "--set-as-default",
		"--policy-document", string(text), "--query", "PolicyVersion.VersionId"))
}

// restore makes the version that apply made the default again, and deletes the other.
func (l *lending) restore(t *testing.T, version string) {
	t.Helper()
	l.admin(t, source, "iam", "set-default-policy-version", "--policy-arn", l.readPolicy, "--version-id", "v1").succeeded(t)
	l.admin(t, source, "iam", "delete-policy-version", "--policy-arn", l.readPolicy, "--version-id", version).succeeded(t)
}
