package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/explain"
)

// A way is how a fix is carried out.
type way string

// The ways.
const (
	byCommands way = "with the AWS CLI"
	byPullpass way = "with pullpass"
	byPeople   way = "as its text says"
)

// checkFix carries the fix out, each way that it gives: then the share works, or the second fault comes up.
func (s setup) checkFix(b *bench, report explain.Report) {
	b.t.Helper()
	made := map[string]string{}
	for i, w := range s.ways(b.t, report) {
		if i > 0 { // The first way has mended that share.
			b = s.broken(b.t)
		}
		b.mustMend(s, w)
		for _, op := range report.Fix.Patch {
			got := b.canonical(op.Of, b.document(op.Of))
			if before, found := made[op.Of]; found && s.then == nil && !b.mean(op.Of, before, got) {
				b.t.Errorf("%s makes another document of %s: %s\nthan the way before it: %s", w, op.Of, got, before)
			}
			made[op.Of] = got
		}
	}
}

// mean reports whether two texts of a document mean the same, in whatever order they say it.
func (b *bench) mean(of, one, other string) bool {
	b.t.Helper()
	first, err := iampolicy.Parse([]byte(one), kindOf(of))
	b.did(first, err)
	second, err := iampolicy.Parse([]byte(other), kindOf(of))
	b.did(second, err)
	return iampolicy.Equal(first, second)
}

func kindOf(of string) iampolicy.Kind {
	if strings.HasPrefix(of, "trust of ") {
		return iampolicy.Trust
	}
	return iampolicy.Identity
}

// ways are those of a fix. What nobody can mend here has none.
func (s setup) ways(t *testing.T, report explain.Report) []way {
	t.Helper()
	if report.Fix == nil {
		t.Fatalf("there is no fix: %s", shown(report))
	}
	var ways []way
	if len(report.Fix.Commands) > 0 {
		ways = append(ways, byCommands)
	}
	if report.Fix.Pullpass != "" {
		ways = append(ways, byPullpass)
	}
	if s.mend != nil {
		ways = []way{byPeople}
	}
	if len(ways) == 0 && !s.beyond {
		t.Fatalf("the fix cannot be carried out: %s", shown(report))
	}
	return ways
}

// mustMend explains and mends until the share works, as often as it has faults.
func (b *bench) mustMend(s setup, w way) {
	b.t.Helper()
	expected := s.faults()
	if s.then != nil {
		expected = append(expected, *s.then)
	}
	for round := range expected {
		report := b.told("share.yaml")
		if round > 0 && s.then != nil {
			if diffs := s.then.differs(report); len(diffs) > 0 {
				b.t.Errorf("%s, the second fault: %s\n%s", w, strings.Join(diffs, "\n"), shown(report))
			}
		}
		if report.Fix == nil {
			b.t.Fatalf("%s, round %d: there is no fix: %s", w, round+1, shown(report))
		}
		b.carryOut(s, *report.Fix, w)
		got := b.proves()
		if got.ok {
			return
		}
		if len(expected) == round+1 {
			b.t.Fatalf("%s, the share still fails at %s: %s\nafter %s", w, got.link, got.text, shown(report))
		}
	}
}

// carryOut does what a fix says. A second fault's may have one way alone.
func (b *bench) carryOut(s setup, fix explain.Fix, w way) {
	b.t.Helper()
	switch {
	case w == byPeople:
		s.mend(b)
	case w == byPullpass && fix.Pullpass != "", len(fix.Commands) == 0 && fix.Pullpass != "":
		b.runsPullpass(fix.Pullpass)
	case len(fix.Commands) > 0:
		wanted := b.patchedDocuments(fix.Patch)
		for _, line := range fix.Commands {
			b.runs(fix.Account, line)
		}
		for of, want := range wanted {
			if diff := cmp.Diff(want, b.canonical(of, b.document(of))); diff != "" {
				b.t.Errorf("%s: the commands do not make what the patch makes (-patch +commands):\n%s", of, diff)
			}
		}
	}
}

// runsPullpass carries out a command line of pullpass, as somebody does who is where the share is and says yes.
func (b *bench) runsPullpass(line string) {
	b.t.Helper()
	words, err := shellWords(line)
	b.did(words, err)
	if len(words) < 2 || words[0] != "pullpass" {
		b.t.Fatalf("%q is no command of pullpass", line)
	}
	args := words[1:]
	for i, word := range args {
		if delivered := filepath.Join(b.dir, word); strings.HasPrefix(word, "out/") {
			args[i] = delivered
		}
	}
	if args[0] == "apply" {
		args = append(args, "--sandbox", filepath.Join(b.dir, "box"), "--yes")
	}
	if code, stdout, stderr := b.run("", args...); code != 0 && code != 4 { // A second fault is for the proof to find.
		b.t.Fatalf("%s: exit code %d\n%s%s", line, code, stdout, stderr)
	}
}

// runs carries out a command line of the AWS CLI as the administrator of an account.
func (b *bench) runs(account arn.AccountID, line string) {
	b.t.Helper()
	calls, err := cliCalls(line)
	b.did(calls, err)
	clients := map[string]any{"iam": b.box.IAM(account), "sts": b.box.STS(account), "ecr": b.box.ECR(account)}
	for _, c := range calls {
		if _, err := call(clients[c.service], c.operation, c.input); err != nil {
			b.t.Fatalf("as administrator of %s, %s: %v", account, line, err)
		}
	}
}

// patchedDocuments are the documents of a patch, as they are to be.
func (b *bench) patchedDocuments(patch []explain.PatchOp) map[string]string {
	b.t.Helper()
	ops := map[string][]explain.PatchOp{}
	for _, op := range patch {
		ops[op.Of] = append(ops[op.Of], op)
	}
	all := map[string]string{}
	for of, ops := range ops {
		changed, err := patched(b.document(of), ops)
		if err != nil {
			b.t.Fatalf("patching %s: %v", of, err)
		}
		text, err := json.Marshal(changed)
		b.did(text, err)
		all[of] = b.canonical(of, string(text))
	}
	return all
}

// canonical is a policy's text as iampolicy prints it.
func (b *bench) canonical(of, text string) string {
	b.t.Helper()
	document, err := iampolicy.Parse([]byte(text), kindOf(of))
	if err != nil {
		b.t.Fatalf("%s: %v in %s", of, err, text)
	}
	return string(document.JSON())
}

// document is what AWS holds now of what explain.PatchOp.Of names.
func (b *bench) document(of string) string {
	b.t.Helper()
	if role, found := strings.CutPrefix(of, "trust of "); found {
		if role != b.role.String() {
			b.t.Fatalf("there is no role %s", role)
		}
		return b.trust()
	}
	if inline, found := strings.CutPrefix(of, "policy "); found {
		name, holder, _ := strings.Cut(inline, " of ")
		text, err := b.inlineDocument(b.t.Context(), name, holder)
		b.did(text, err)
		return text
	}
	name, err := arn.Parse(of)
	b.did(name, err)
	return b.policy(name)
}

func (b *bench) inlineDocument(ctx context.Context, policy, holder string) (string, error) {
	name, err := arn.Parse(holder)
	if err != nil {
		return "", err
	}
	if name.Kind() == "role" {
		out, err := b.admin(name).GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(name.Name()), PolicyName: &policy})
		if err != nil {
			return "", fmt.Errorf("reading policy %s of %s: %w", policy, holder, err)
		}
		return b.unescape(out.PolicyDocument), nil
	}
	out, err := b.admin(name).GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String(name.Name()), PolicyName: &policy})
	if err != nil {
		return "", fmt.Errorf("reading policy %s of %s: %w", policy, holder, err)
	}
	return b.unescape(out.PolicyDocument), nil
}
