package audit_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/audit"
)

// sixLines is a trail of two runs.
func sixLines(t testing.TB) [][]byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	for range 2 {
		trail, err := audit.Open(config(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, resource := range []string{"one", "two"} {
			if err := trail.Record(effect(resource)); err != nil {
				t.Fatal(err)
			}
		}
		if err := trail.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text := mustRead(t, path)
	return slices.Collect(bytes.Lines(text))
}

// rehashed is a line that was changed by somebody who knows how hashes are made.
func rehashed(text []byte, old, with string) []byte {
	object, _, _ := bytes.Cut(bytes.Replace(text, []byte(old), []byte(with), 1), []byte(`,"hash":"`))
	sum := sha256.Sum256(append(bytes.Clone(object), '}'))
	return fmt.Appendf(nil, "%s,\"hash\":\"%x\"}\n", object, sum)
}

func TestWhatBecameOfALineShows(t *testing.T) {
	lines := sixLines(t)
	for sentence, test := range map[string]struct {
		lines [][]byte
		want  []string
	}{
		"nothing":                 {lines, nil},
		"no line":                 {nil, nil},
		"the end is not there":    {lines[:4], nil}, // What nobody can tell who has not noted the head.
		"a line was changed":      {with(lines, 2, bytes.Replace(lines[2], []byte("two"), []byte("2wo"), 1)), []string{"3 changed"}},
		"the first was changed":   {with(lines, 0, bytes.Replace(lines[0], []byte("ok"), []byte("OK"), 1)), []string{"1 changed"}},
		"the last was changed":    {with(lines, 5, bytes.Replace(lines[5], []byte("ok"), []byte("OK"), 1)), []string{"6 changed"}},
		"two were changed":        {with(with(lines, 2, []byte("{}\n")), 3, []byte("\n")), []string{"3 changed", "4 changed"}},
		"its hash was made anew":  {with(lines, 2, rehashed(lines[2], "two", "2wo")), []string{"3 changed"}},
		"the first, made anew":    {with(lines, 0, rehashed(lines[0], "ok", "OK")), []string{"1 changed"}},
		"the first names another": {with(lines, 0, rehashed(lines[0], "00000000", "11111111")), []string{"1 changed", "1 changed"}},
		"a line was removed":      {slices.Concat(lines[:2], lines[3:]), []string{"3 removed"}},
		"two were removed":        {slices.Concat(lines[:2], lines[4:]), []string{"3 removed"}},
		"the first was removed":   {lines[1:], []string{"1 removed"}},
		"two changed places":      {slices.Concat(lines[:2], [][]byte{lines[3], lines[2]}, lines[4:]), []string{"3 moved", "4 moved"}},
		"one was moved on":        {slices.Concat(lines[:1], lines[2:5], lines[1:2], lines[5:]), []string{"2 moved", "5 moved"}},
		"one was written twice":   {slices.Concat(lines[:3], lines[2:]), []string{"4 inserted"}},
		"an old one was inserted": {slices.Concat(lines[:4], lines[1:2], lines[4:]), []string{"5 inserted"}},
		"one was made up": {slices.Concat(lines[:3], [][]byte{rehashed(lines[3], "ok", "OK")}, lines[3:]),
			[]string{"5 inserted"}},
		"something was inserted":   {slices.Concat(lines[:3], [][]byte{[]byte("# so\n")}, lines[3:]), []string{"4 changed"}},
		"the last was cut":         {with(lines, 5, lines[5][:20]), []string{"6 torn"}},
		"a line before was cut":    {with(lines, 3, append(lines[3][:20:20], '\n')), []string{"4 changed"}},
		"the newline is not there": {with(lines, 5, bytes.TrimSpace(lines[5])), nil},
		"two became one":           {with(lines, 2, bytes.TrimSpace(lines[2])), []string{"3 changed", "4 removed"}},
		"something endless":        {with(lines, 2, append(make([]byte, 1<<20), '\n')), []string{"3 changed"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			report := verified(t, slices.Concat(test.lines...))
			if diff := cmp.Diff(test.want, whats(report)); diff != "" {
				t.Errorf("%s\n%v", diff, report.Breaks)
			}
		})
	}
}

func with(lines [][]byte, i int, text []byte) [][]byte {
	lines = slices.Clone(lines)
	lines[i] = text
	return lines
}

func whats(r audit.Report) []string {
	var all []string
	for _, b := range r.Breaks {
		all = append(all, fmt.Sprint(b.Line, " ", b.What))
	}
	return all
}

func TestNoByteCanBeChangedUnseen(t *testing.T) {
	text := slices.Concat(sixLines(t)...)
	for i := range text {
		changed := bytes.Clone(text)
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			changed[i] = text[i] ^ flip
			if verified(t, changed).Intact() {
				t.Errorf("byte %d, %q, became %q unseen", i, text[i], changed[i])
			}
		}
	}
}

func TestATornLineMustStandBeforeTheLineThatNamesIt(t *testing.T) {
	lines := sixLines(t)
	path := filepath.Join(t.TempDir(), "a")
	mustWrite(t, path, slices.Concat(append(slices.Clone(lines), []byte(`{"n":7,"ti`))...))
	closed(t, opened(t, path))
	text := mustRead(t, path)
	if report := verified(t, text); !report.Intact() || !cmp.Equal(report.Torn, []int{7}) {
		t.Errorf("verified: %+v", report)
	}
	for sentence, test := range map[string]struct {
		text []byte
		want []string
	}{
		"removed":  {bytes.Replace(text, []byte("{\"n\":7,\"ti\n"), nil, 1), []string{"7 removed"}},
		"changed":  {bytes.Replace(text, []byte("{\"n\":7,\"ti\n"), []byte("{\"n\":7,\"to\n"), 1), []string{"7 changed"}},
		"restored": {bytes.Replace(text, []byte("{\"n\":7,\"ti\n"), lines[5], 1), []string{"7 inserted", "8 removed"}},
	} {
		if diff := cmp.Diff(test.want, whats(verified(t, test.text))); diff != "" {
			t.Errorf("%s: %s", sentence, diff)
		}
	}
}

func TestAHeadThatWasNotedShowsThatTheEndIsGone(t *testing.T) {
	lines := sixLines(t)
	head := verified(t, slices.Concat(lines...)).Head
	earlier := verified(t, slices.Concat(lines[:3]...)).Head
	if report := verified(t, slices.Concat(lines...), head, earlier); !report.Intact() {
		t.Errorf("verified: %+v", report)
	}
	for _, left := range [][][]byte{lines[:5], lines[:1], nil} {
		if report := verified(t, slices.Concat(left...), head); report.Intact() || report.Breaks[0].What != audit.Removed {
			t.Errorf("with %d lines: %+v", len(left), report)
		}
	}
}

func TestWhatIsNoTrailIsNotToldLineByLine(t *testing.T) {
	if report := verified(t, bytes.Repeat([]byte("x\n"), 5000)); len(report.Breaks) != 100 || report.Lines != 5000 {
		t.Errorf("%d breaks of %d lines", len(report.Breaks), report.Lines)
	}
}

func TestATrailThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := audit.Verify(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("Verify: %v", err)
	}
}

func TestAHashHasOneForm(t *testing.T) {
	head := verified(t, slices.Concat(sixLines(t)...)).Head
	if again, err := audit.ParseHash(head.String()); err != nil || again != head {
		t.Errorf("ParseHash: %v, %v", again, err)
	}
	for _, text := range []string{"", "ab", head.String() + "00", head.String()[:62] + "AB", head.String()[:63] + "x"} {
		if _, err := audit.ParseHash(text); err == nil {
			t.Errorf("ParseHash(%q) is not refused", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	lines := sixLines(f)
	f.Add(slices.Concat(lines...))
	f.Add(slices.Concat(lines[:2]...))
	f.Add([]byte("{\"hash\":\"\"}\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := audit.Verify(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range report.Breaks {
			if b.Line < 1 || b.Line > report.Lines {
				t.Errorf("%v, of %d lines", b, report.Lines)
			}
		}
	})
}

// FuzzGoingOn holds that what a run accepts as the end of a trail it can go on after, without breaking it.
func FuzzGoingOn(f *testing.F) {
	lines := sixLines(f)
	f.Add(slices.Concat(lines...))
	f.Add(append(slices.Concat(lines[:2]...), "{\"n\":3"...))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := verified(t, text)
		path := filepath.Join(t.TempDir(), "a")
		mustWrite(t, path, text)
		trail, err := audit.Open(config(path))
		if err != nil {
			return
		}
		closed(t, trail)
		after := verified(t, mustRead(t, path))
		goesOn := before.Intact() || len(before.Breaks) == 1 && before.Breaks[0].What == audit.TornLine
		if goesOn != after.Intact() {
			t.Errorf("before: %v, after: %v", before.Breaks, after.Breaks)
		}
	})
}
