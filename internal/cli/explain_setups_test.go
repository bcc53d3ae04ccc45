package cli_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox"
)

// A setup is a share that would work, had somebody not done something.
type setup struct {
	maker maker
	seed  func(*sandbox.Seed)
	// breaks does what somebody did; nil where the seed is what is wrong.
	breaks func(*bench)
	// code is the one that AWS answers at the link of the fault; empty where AWS is not asked.
	code  string
	fault fault
	// mend does what the fix says where that is for people to do; nil where the fix gives commands.
	mend func(*bench)
	// beyond says that nobody can do it here: no client of the sandbox changes what an organization or a subscription is.
	beyond bool
	// then is the second fault, which comes up once the first is mended.
	then *fault
}

// A fault is what has to be said about a setup.
type fault struct {
	link verify.Link
	// account is where it is to be mended; empty for the delivered file.
	account arn.AccountID
	kind    explain.Kind
	// policy is the name of the policy, the role's for a trust; empty where no policy is the matter.
	policy string
	as     explain.PolicyKind
	// nth is the statement, from 1; 0 for none. line is where it begins.
	nth, line int
	sid       string
	missing   bool
	// fix is what the fix names: the thing to change, or the value to write.
	fix string
	// likely says that it is not certain even to who has the access to both sides: something takes part that neither can read.
	likely bool
	// byShare says that only a share tells on which side the fault is.
	byShare bool
	// from is who can tell with the access to his own side alone.
	from witnesses
	// either is the other fault, where two are there at once and nothing says which comes first.
	either *fault
}

// witnesses say from which side alone a fault can be seen.
type witnesses struct{ source, destination bool }

// The witnesses. Whoever explains holds the delivered file and AWS's answers too.
var (
	anybody       = witnesses{source: true, destination: true}
	inSource      = witnesses{source: true}
	inDestination = witnesses{destination: true}
	nobody        = witnesses{}
)

// brokenSetups are all of them.
func brokenSetups() map[string]setup {
	all := map[string]setup{}
	for _, theme := range []map[string]setup{
		brokenFiles(), brokenKeys(), brokenUsers(), brokenTrusts(), brokenRoles(), brokenFences(), brokenRegistries(), brokenTwice(),
	} {
		maps.Copy(all, theme)
	}
	return all
}

// Every setup is broken as it says, is explained from wherever it can be looked at, and is mended by what the fix says.
func TestBrokenSetups(t *testing.T) {
	t.Parallel()
	for sentence, s := range brokenSetups() {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, s.maker, s.seed)
			if s.breaks != nil {
				b.mustPull()
				s.breaks(b)
			}
			s.checkBroken(b)
			report := b.told("share.yaml")
			s.checkAnswer(b, report)
			s.checkExplained(b, report)
			s.checkSides(b)
			s.checkFile(b)
			s.checkCall(b)
			s.checkFix(b, report)
		})
	}
}

// checkBroken checks by AWS's own answer that the setup is broken as it says.
func (s setup) checkBroken(b *bench) {
	b.t.Helper()
	if got := b.proves(); got.ok || got.link != s.fault.link || got.code != s.code {
		b.t.Errorf("link %s breaks with %q, want %s with %q: %s", got.link, got.code, s.fault.link, s.code, got.text)
	}
}

// A clock that is off breaks no proof of pullpass, whose client corrects itself.
func TestAClockThatIsOffBreaksNoProof(t *testing.T) {
	t.Parallel()
	for sentence, c := range clocksOff() {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, byApply, nil)
			b.weather(c.forecast)
			b.mustPull()
		})
	}
}

// Setups are told apart by their sentence, so that none is lost among two of one name.
func TestThereAreFortySetups(t *testing.T) {
	counted := 0
	for _, theme := range []map[string]setup{
		brokenFiles(), brokenKeys(), brokenUsers(), brokenTrusts(), brokenRoles(), brokenFences(), brokenRegistries(), brokenTwice(),
	} {
		counted += len(theme)
	}
	if all := brokenSetups(); counted < 40 || len(all) != counted {
		t.Errorf("%d setups, %d of them with a sentence of their own: %q", counted, len(all), slices.Sorted(maps.Keys(all)))
	}
}

// mustPull checks that the share works.
func (b *bench) mustPull() {
	b.t.Helper()
	if got := b.proves(); !got.ok {
		b.t.Fatalf("link %s breaks with %q: %s", got.link, got.code, got.text)
	}
}
