package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
)

func config(path string) audit.Config {
	now := time.Date(2026, 11, 23, 7, 0, 0, 5_600_000, time.FixedZone("CET", 3600))
	return audit.Config{Path: path, Share: "packages", Run: "20261123T060000Z.9f86d081.lab_5e884898", Now: func() time.Time { return now }}
}

func opened(t *testing.T, path string) *audit.Trail {
	t.Helper()
	trail, err := audit.Open(config(path))
	if err != nil {
		t.Fatal(err)
	}
	return trail
}

func record(t *testing.T, trail *audit.Trail, resources ...string) {
	t.Helper()
	for _, resource := range resources {
		if err := trail.Record(effect(resource)); err != nil {
			t.Fatal(err)
		}
	}
}

func effect(resource string) audit.Effect {
	operator, _ := arn.Parse("arn:aws:iam::999999999999:user/admin")
	return audit.Effect{
		Place:    audit.Place{Account: "999999999999", Step: "destination/999999999999/user/u"},
		Operator: operator, Action: "iam:CreateUser", Resource: resource, Outcome: audit.Outcome{Result: audit.OK, RequestID: "r-1"},
	}
}

func closed(t *testing.T, trail *audit.Trail) {
	t.Helper()
	if err := trail.Close(); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, text []byte, heads ...audit.Hash) audit.Report {
	t.Helper()
	report, err := audit.Verify(bytes.NewReader(text), heads...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestALineHasAllThatIsKnownOfAnEffect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "share.audit.jsonl")
	trail := opened(t, path)
	e := effect("arn:aws:iam::999999999999:user/<u>")
	e.Earlier = []audit.Outcome{{Result: "Throttling", RequestID: "r-0"}, {Result: audit.Lost}}
	if err := trail.Record(e); err != nil {
		t.Fatal(err)
	}
	closed(t, trail)
	lines := strings.SplitAfter(string(mustRead(t, path)), "\n")
	first := `{"n":1,"time":"2026-11-23T06:00:00.005Z","run":"20261123T060000Z.9f86d081.lab_5e884898","share":"packages",` +
		`"action":"run:begin","result":"ok","prev":"` + strings.Repeat("0", 64) + `","hash":"`
	if !strings.HasPrefix(lines[0], first) {
		t.Errorf("the first line is\n%s, want it to begin\n%s", lines[0], first)
	}
	begin := lines[0][len(first) : len(first)+64]
	second := `{"n":2,"time":"2026-11-23T06:00:00.005Z","run":"20261123T060000Z.9f86d081.lab_5e884898","share":"packages",` +
		`"step":"destination/999999999999/user/u","account":"999999999999","operator":"arn:aws:iam::999999999999:user/admin",` +
		`"action":"iam:CreateUser","resource":"arn:aws:iam::999999999999:user/<u>","result":"ok","requestId":"r-1",` +
		`"earlier":[{"result":"Throttling","requestId":"r-0"},{"result":"lost"}],"prev":"` + begin + `","hash":"` + trail.Head().Hash.String() + "\"}\n"
	if diff := cmp.Diff(second, lines[1]); diff != "" {
		t.Error(diff)
	}
	if report := verified(t, mustRead(t, path)); !report.Intact() || report.Lines != 2 || report.Head != trail.Head().Hash || trail.Head().Lines != 2 {
		t.Errorf("verified: %+v, head %+v", report, trail.Head())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTextsThatTheOtherSideChoosesAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	trail := opened(t, path)
	long := strings.Repeat("\x01\xff\"", 1<<20)
	e := audit.Effect{
		Place: audit.Place{Account: arn.AccountID(long), Step: long}, Action: long, Resource: long,
		Outcome: audit.Outcome{Result: audit.Result(long), RequestID: long},
	}
	for range 100 {
		e.Earlier = append(e.Earlier, e.Outcome)
	}
	if err := trail.Record(e); err != nil {
		t.Fatal(err)
	}
	closed(t, trail)
	again := opened(t, path)
	closed(t, again)
	if report := verified(t, mustRead(t, path)); !report.Intact() || report.Lines != 3 {
		t.Errorf("verified: %+v", report)
	}
}

func TestWhatIsNoFileOfTheCallersOwnIsRefused(t *testing.T) {
	for sentence, test := range map[string]struct {
		make func(path string) error
		want error
	}{
		"a symbolic link": {func(path string) error { return os.Symlink(path+".elsewhere", path) }, audit.ErrNotAFile},
		"a symbolic link to a file": {func(path string) error {
			return errors.Join(os.WriteFile(path+".f", nil, 0o600), os.Symlink(path+".f", path))
		}, audit.ErrNotAFile},
		"a pipe":                {func(path string) error { return syscall.Mkfifo(path, 0o600) }, audit.ErrNotAFile},
		"what others may write": {func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o620)) }, audit.ErrNotAFile},
		"a directory":           {func(path string) error { return os.Mkdir(path, 0o700) }, syscall.EISDIR},
		"a full disk":           {func(path string) error { return os.Symlink("/dev/full", path) }, audit.ErrNotAFile},
		"a text":                {func(path string) error { return os.WriteFile(path, []byte("notes\n"), 0o600) }, audit.ErrBroken},
		"a line that was changed": {func(path string) error {
			trail, err := audit.Open(config(path))
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			return errors.Join(err, trail.Close(), os.WriteFile(path, bytes.Replace(text, []byte("ok"), []byte("ko"), 1), 0o600))
		}, audit.ErrBroken},
		"something longer than lines": {func(path string) error { return os.WriteFile(path, make([]byte, 1<<20), 0o600) }, audit.ErrBroken},
	} {
		t.Run(sentence, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = audit.Open(config(path))
			if !errors.Is(err, test.want) || !errors.Is(err, audit.ErrUnwritten) {
				t.Errorf("Open: %v, want %v", err, test.want)
			}
			if after, err := os.Lstat(path); err != nil || after.Size() != before.Size() || after.Mode() != before.Mode() {
				t.Errorf("it was changed to %v, %v", after, err)
			}
			if _, err := os.Stat(path + ".elsewhere"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the link was followed")
			}
		})
	}
}

// short is a disk that takes so many more bytes.
type short struct {
	audit.Sink
	room int
}

func (s *short) Write(p []byte) (int, error) {
	n, err := s.Sink.Write(p[:min(len(p), s.room)])
	if s.room -= n; err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func TestAFullDiskIsSaidAndStopsWhatWouldFollow(t *testing.T) {
	for room := range 300 {
		path := filepath.Join(t.TempDir(), "a")
		trail := opened(t, path)
		record(t, trail, "one")
		disk := &short{room: room}
		trail.Through(func(s audit.Sink) audit.Sink { disk.Sink = s; return disk })
		err := trail.Record(effect("two"))
		if !errors.Is(err, audit.ErrUnwritten) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "iam:CreateUser of two, which ended: ok") {
			t.Fatalf("Record: %v", err)
		}
		if !errors.Is(trail.Ready(), audit.ErrUnwritten) {
			t.Fatal("more could be done")
		}
		// What was under way fails too, and leaves what stands there as it is.
		torn := mustRead(t, path)
		disk.room = min(room, 5)
		if err := trail.Record(effect("three")); err == nil {
			t.Fatal("the disk is not full")
		}
		if room > 0 && !bytes.Equal(torn, mustRead(t, path)) {
			t.Fatalf("with room for %d bytes another unfinished line was left", room)
		}
		if err := trail.Close(); !errors.Is(err, audit.ErrUnwritten) || !strings.Contains(err.Error(), "three") {
			t.Fatalf("Close: %v", err)
		}
		if report := verified(t, torn); report.Intact() != (room == 0) || room > 0 && report.Breaks[0].What != audit.TornLine {
			t.Fatalf("with room for %d bytes: %+v", room, report)
		}
		// The next run says so and goes on.
		next := opened(t, path)
		record(t, next, "four")
		closed(t, next)
		report := verified(t, mustRead(t, path))
		if !report.Intact() || len(report.Torn) != min(room, 1) || !bytes.HasPrefix(mustRead(t, path), torn) {
			t.Fatalf("with room for %d bytes, continued: %+v", room, report)
		}
	}
}

func TestAWholeLineWithoutItsNewlineIsAWholeLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	trail := opened(t, path)
	record(t, trail, "one")
	closed(t, trail)
	if err := os.Truncate(path, int64(len(mustRead(t, path))-1)); err != nil {
		t.Fatal(err)
	}
	next := opened(t, path)
	closed(t, next)
	if report := verified(t, mustRead(t, path)); !report.Intact() || report.Lines != 3 || len(report.Torn) != 0 {
		t.Errorf("verified: %+v", report)
	}
}

func TestARunThatCannotBeginLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "a")
	if _, err := audit.Open(config(path)); !errors.Is(err, audit.ErrUnwritten) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v", err)
	}
}

// A chain stands in the order in which it was written, whatever the clock does meanwhile.
func TestAClockThatGoesBackBreaksNoChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	c := config(path)
	now := c.Now()
	c.Now = func() time.Time {
		now = now.Add(-time.Hour)
		return now
	}
	trail, err := audit.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	first := audit.Proof{Account: "999999999999", Cluster: "a", Broken: "role"}
	last := audit.Proof{Account: "999999999999", Cluster: "a"}
	if err := errors.Join(trail.Record(first.Effect()), trail.Record(last.Effect())); err != nil {
		t.Fatal(err)
	}
	closed(t, trail)
	closed(t, opened(t, path)) // another run, by a clock that is right
	text := mustRead(t, path)
	if report := verified(t, text); !report.Intact() || report.Lines != 4 {
		t.Errorf("verified: %+v", report)
	}
	proofs, err := audit.LastProofs(bytes.NewReader(text), c.Share)
	if err != nil || len(proofs) != 1 || proofs[0].Broken != "" {
		t.Errorf("the last proofs are %+v, %v", proofs, err)
	}
}

func TestAFileThatIsTakenAwayIsNotWrittenToInTheDark(t *testing.T) {
	for sentence, take := range map[string]func(path string) error{
		"removed":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".1") },
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
		"cut":      func(path string) error { return os.Truncate(path, 10) },
	} {
		path := filepath.Join(t.TempDir(), "a")
		trail := opened(t, path)
		if err := take(path); err != nil {
			t.Fatal(err)
		}
		if err := trail.Record(effect("one")); !errors.Is(err, audit.ErrUnwritten) {
			t.Errorf("%s: Record: %v", sentence, err)
		}
		if err := trail.Close(); !errors.Is(err, audit.ErrUnwritten) {
			t.Errorf("%s: Close: %v", sentence, err)
		}
	}
}

func TestRunsAppendToOneFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	const runs, workers, each = 4, 8, 10
	var all sync.WaitGroup
	for run := range runs {
		c := config(path)
		c.Run = fmt.Sprint(run)
		trail, err := audit.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, trail)
		for worker := range workers {
			all.Go(func() {
				for i := range each {
					if err := errors.Join(trail.Ready(), trail.Record(effect(fmt.Sprintf("%d/%d/%d", run, worker, i)))); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	report := verified(t, mustRead(t, path))
	if !report.Intact() || report.Lines != runs*(workers*each+1) {
		t.Errorf("verified: %+v", report)
	}
	seen := map[string]int{}
	for text := range bytes.Lines(mustRead(t, path)) {
		var l struct{ Resource string }
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatal(err)
		}
		seen[l.Resource]++
	}
	if len(seen) != runs*workers*each+1 {
		t.Errorf("%d effects are there, want %d", len(seen)-1, runs*workers*each)
	}
}

func BenchmarkRecord(b *testing.B) {
	trail, err := audit.Open(config(filepath.Join(b.TempDir(), "a")))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := trail.Record(effect("arn:aws:iam::999999999999:user/u")); err != nil {
			b.Fatal(err)
		}
	}
	if err := trail.Close(); err != nil {
		b.Fatal(err)
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustWrite(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
