package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
)

// told is what pullpass explain says of the share as one of its documents has it, having changed nothing.
func (b *bench) told(document string) explain.Report {
	b.t.Helper()
	before := b.changes()
	code, stdout, stderr := b.run("", b.seen(document, "explain", "--cluster", "store-001", "-o", "json")...)
	if diff := cmp.Diff(before, b.changes()); diff != "" {
		b.t.Errorf("explaining changed something (-before +after):\n%s", diff)
	}
	var reports []explain.Report
	if err := json.Unmarshal([]byte(stdout), &reports); err != nil || len(reports) != 1 {
		b.t.Fatalf("explain: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	for _, secret := range b.secrets() {
		if strings.Contains(stdout+stderr, secret) {
			b.t.Errorf("a secret is shown")
		}
	}
	want := 1
	if reports[0].Outcome == explain.Works {
		want = 0
	}
	if code != want {
		b.t.Errorf("explain: exit code %d, want %d, where the outcome is %s", code, want, reports[0].Outcome)
	}
	return reports[0]
}

// changes counts the calls that had an effect. A simulation has none.
func (b *bench) changes() map[string]int {
	b.t.Helper()
	effective, _ := b.log.writes(b.t)
	delete(effective, "SimulatePrincipalPolicy")
	return effective
}

// secrets are those in the delivered file, if there is one.
func (b *bench) secrets() []string {
	b.t.Helper()
	text, err := b.deliveredFile()
	if err != nil {
		return nil
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "aws_secret_access_key="); found {
			return []string{value}
		}
	}
	return nil
}

// checkExplained checks that everything that there is to say is said to who can read both sides.
func (s setup) checkExplained(b *bench, report explain.Report) {
	b.t.Helper()
	if !report.Agrees {
		b.t.Errorf("our reading and AWS's answer are said to disagree: %s", shown(report))
	}
	if _, diffs := s.match(report); len(diffs) > 0 {
		b.t.Errorf("%s\n%s", strings.Join(diffs, "\n"), shown(report))
	}
	if want := s.conclusion(); report.Conclusion != want {
		b.t.Errorf("the conclusion is %s, want %s: %s", report.Conclusion, want, shown(report))
	}
}

// broken is the share once it is.
func (s setup) broken(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, s.maker, s.seed)
	if s.breaks != nil {
		s.breaks(b)
	}
	return b
}

func (s setup) conclusion() explain.Conclusion {
	if s.fault.likely {
		return explain.Likely
	}
	return explain.Certain
}

// checkAnswer checks that the report begins with what AWS said to the very call that failed.
func (s setup) checkAnswer(b *bench, report explain.Report) {
	b.t.Helper()
	if report.Outcome != explain.Denied {
		b.t.Errorf("the outcome is %s: %s", report.Outcome, shown(report))
	}
	if s.code == "" {
		if report.Answered != nil {
			b.t.Errorf("AWS was not asked, and is said to have answered %+v", *report.Answered)
		}
		return
	}
	answer := report.Answered
	if answer == nil || answer.Code != s.code || answer.Message == "" || answer.Service == "" || answer.Operation == "" {
		b.t.Errorf("AWS answers %s, and the report says %s", s.code, shown(report))
		return
	}
	if proof := b.proves(); !strings.Contains(proof.text, answer.Message) {
		b.t.Errorf("AWS says %s, and the report %q", proof.text, answer.Message)
	}
}

// match finds the fault that a report speaks of, and how it speaks otherwise than it should of the one that comes nearest.
func (s setup) match(report explain.Report) (fault, []string) {
	nearest, fewest := s.fault, s.fault.differs(report)
	for _, f := range s.faults()[1:] {
		if diffs := f.differs(report); len(diffs) < len(fewest) {
			nearest, fewest = f, diffs
		}
	}
	return nearest, fewest
}

// faults are those that are there at once and may come up first.
func (s setup) faults() []fault {
	if s.fault.either != nil {
		return []fault{s.fault, *s.fault.either}
	}
	return []fault{s.fault}
}

// differs says how a report does not name the fault.
func (f fault) differs(report explain.Report) []string {
	c := report.Cause
	if c == nil {
		return []string{"no cause is named", "nothing is"}
	}
	var diffs []string
	differ := func(what string, got, want any) {
		if got != want {
			diffs = append(diffs, fmt.Sprintf("the %s is %v, want %v", what, got, want))
		}
	}
	differ("link", c.Link, f.link)
	differ("account", c.Account, f.account)
	differ("kind", c.Kind, f.kind)
	if f.as != "" {
		got := explain.Policy{}
		if c.Policy != nil {
			got = *c.Policy
		}
		differ("kind of the policy", got.Kind, f.as)
		if f.policy != "" && nameOf(got) != f.policy {
			differ("policy", nameOf(got), f.policy)
		}
	}
	if f.nth > 0 {
		got := explain.Statement{Index: -1}
		if c.Statement != nil {
			got = *c.Statement
		}
		differ("statement", got.Index+1, f.nth)
		differ("Sid", got.Sid, f.sid)
		if f.line > 0 {
			differ("line", got.Line, f.line)
		}
	} else if c.Statement != nil && f.kind == explain.ActionMissing {
		differ("statement", fmt.Sprint(*c.Statement), "none")
	}
	if slices.Contains([]explain.PolicyKind{explain.Identity, explain.Trust, explain.Boundary}, f.as) { // Of others nobody knows whether they deny.
		differ("word for a statement that is missing", c.Missing, f.missing)
	}
	if c.Text == "" || report.Fix == nil {
		return append(diffs, "it lacks a text or a fix")
	}
	text := advice(*report.Fix)
	if f.kind == explain.ConfigFile { // The rule of a mistake is said with the cause.
		text += "\n" + c.Text
	}
	if !strings.Contains(text, f.fix) {
		diffs = append(diffs, fmt.Sprintf("the fix does not name %s: %s", f.fix, advice(*report.Fix)))
	}
	if report.Fix.Account != "" && f.account != "" { // What belongs to no account is mended in one or in none.
		differ("account of the fix", report.Fix.Account, f.account)
	}
	return diffs
}

func nameOf(p explain.Policy) string {
	if name, err := arn.Parse(p.ARN); err == nil {
		return name.Resource[strings.LastIndex(name.Resource, "/")+1:]
	}
	if name, err := arn.Parse(p.Name); err == nil {
		return name.Name()
	}
	return p.Name
}

// advice is all that a fix says.
func advice(fix explain.Fix) string {
	return strings.Join(append([]string{fix.Text, fix.Pullpass}, fix.Commands...), "\n")
}

// shown is a report as a failing test prints it: without its chain, which the proof shows.
func shown(report explain.Report) string {
	report.Chain = nil
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// checkSides checks that who can read one side alone is told no wrong cause, and nothing for certain that he cannot see.
func (s setup) checkSides(b *bench) {
	b.t.Helper()
	for document, sees := range map[string]func(witnesses) bool{
		"source.yaml":      func(w witnesses) bool { return w.source },
		"destination.yaml": func(w witnesses) bool { return w.destination },
	} {
		s.checkSide(b.t, document, b.told(document), sees)
	}
}

func (s setup) checkSide(t *testing.T, document string, report explain.Report, sees func(witnesses) bool) {
	t.Helper()
	seen := false
	for _, f := range s.faults() {
		seen = seen || sees(f.from)
	}
	if report.Cause == nil {
		if seen || report.Conclusion != explain.Open {
			t.Errorf("%s: no cause is named, and the conclusion is %s: %s", document, report.Conclusion, shown(report))
		}
		return
	}
	found, diffs := s.named(report)
	if len(diffs) > 0 {
		t.Errorf("%s: a wrong cause: %s\n%s", document, strings.Join(diffs, "; "), shown(report))
	}
	if report.Conclusion == explain.Certain && !sees(found.from) {
		t.Errorf("%s: it is certain, and cannot be seen from there: %s", document, shown(report))
	}
	if report.Conclusion != explain.Certain && len(report.Unread) == 0 {
		t.Errorf("%s: it is %s, and nothing is said not to have been read: %s", document, report.Conclusion, shown(report))
	}
}

// named finds the fault whose kind and account a report names, leaving its details and the fix to whoever sees more.
func (s setup) named(report explain.Report) (fault, []string) {
	var diffs []string
	for _, f := range s.faults() {
		if report.Cause.Kind == f.kind && report.Cause.Account == f.account && report.Cause.Link == f.link {
			return f, nil
		}
		diffs = append(diffs, fmt.Sprintf("%s in %s at %s, want %s in %s at %s",
			report.Cause.Kind, report.Cause.Account, report.Cause.Link, f.kind, f.account, f.link))
	}
	return s.fault, diffs
}

// A clock that is off is told of though the proof succeeds, because other clients do not correct themselves.
func TestAClockThatIsOffIsToldOf(t *testing.T) {
	t.Parallel()
	for sentence, c := range clocksOff() {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, byApply, nil)
			b.weather(c.forecast)
			report := b.told("share.yaml")
			for _, miss := range report.Nearest {
				if miss.Kind == explain.Clock && strings.Contains(miss.Text, c.found) && report.Outcome == explain.Works {
					return
				}
			}
			t.Errorf("nothing is said of the clock: %s", shown(report))
		})
	}
}

// What works is said to work, and nothing is blamed.
func TestASetupThatWorksIsSaidToWork(t *testing.T) {
	t.Parallel()
	for sentence, m := range map[string]maker{
		"hardened": byApply, "documented": byThePage, "made by hand": byHand, "with an external id": byExternal, "of another registry": byElsewhere,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			report := newBench(t, m, nil).told("share.yaml")
			if report.Outcome != explain.Works || report.Cause != nil || report.Fix != nil || len(report.Nearest) > 0 || !report.Agrees {
				t.Error(shown(report))
			}
		})
	}
}

// The kinds of faults that issue threads tell of all have a setup.
func TestEveryKindOfFaultHasASetup(t *testing.T) {
	found := map[explain.Kind]bool{}
	for _, s := range brokenSetups() {
		for _, f := range s.faults() {
			found[f.kind] = true
		}
	}
	elsewhere := map[explain.Kind]bool{
		explain.Clock: true, explain.Network: true, // Of clocks that are off, and of hosts that are not reached.
		explain.BySession: true, // No config file asks for a session policy.
		explain.Cluster:   true, // Of clusters, in test/kube.
		explain.Revoked:   true, // Of what was done on purpose, in a script.
	}
	for kind := range maps.Keys(kindsOfFault()) {
		if found[kind] == elsewhere[kind] {
			t.Errorf("%s has a setup: %t", kind, found[kind])
		}
	}
}

func kindsOfFault() map[explain.Kind]bool {
	all := map[explain.Kind]bool{}
	for _, kind := range []explain.Kind{
		explain.ActionMissing, explain.ExplicitDeny, explain.WrongRegion, explain.ExternalID, explain.SessionName,
		explain.PrincipalPath, explain.PrincipalRecreated, explain.RolePath, explain.RoleMissing, explain.TrustMissing,
		explain.ByScp, explain.ByRcp, explain.ByBoundary, explain.BySession, explain.KeyInactive, explain.KeyDeleted,
		explain.Clock, explain.Subscription, explain.RegistryRegion, explain.ByRepository, explain.UserMissing,
		explain.ConfigFile, explain.Network, explain.Cluster, explain.Revoked,
	} {
		all[kind] = true
	}
	return all
}
