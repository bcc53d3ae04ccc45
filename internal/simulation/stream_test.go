package simulation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/simulation"
)

const small = `{"id":"ID","simulation":{"request":{"principal":"arn:aws:iam::111111111111:root","action":"a:b","resource":{"resource":"*","accountId":"111111111111"}}}}`

// text writes a small case under an id.
func text(id string) string { return strings.Replace(small, "ID", id, 1) }

// answers reads results back.
func answers(t *testing.T, out string) []simulation.Result {
	t.Helper()
	var results []simulation.Result
	for line := range strings.Lines(out) {
		var r simulation.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("a result that is no JSON: %s: %v", line, err)
		}
		results = append(results, r)
	}
	return results
}

func TestStreamAnswersEachLineInItsPlace(t *testing.T) {
	long := strings.Repeat(" ", simulation.MaxLine) + text("long")
	full := text("full") + strings.Repeat(" ", simulation.MaxLine-len(text("full")))
	in := strings.Join([]string{text("a"), "", " \t\r", ` {"id":"b","x":1}`, long, full, "nonsense", text("c") + "\r", text("last")}, "\n")
	for how, r := range map[string]io.Reader{
		"at once": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in)), "with the end": iotest.DataErrReader(strings.NewReader(in)),
	} {
		t.Run(how, func(t *testing.T) {
			var out bytes.Buffer
			summary, err := simulation.Stream(t.Context(), r, &out)
			if err != nil {
				t.Fatal(err)
			}
			if want := (simulation.Summary{Cases: 7, Undecided: 3}); summary != want {
				t.Errorf("got %+v; want %+v", summary, want)
			}
			var got []string
			for _, r := range answers(t, out.String()) {
				got = append(got, strings.TrimSpace(r.ID+" "+string(r.Decision)+" "+r.Error))
			}
			want := []string{
				"a Allowed", `b error line 4: column 12: unknown field "x": a case has id and simulation`,
				"error line 5: longer than 1048576 bytes", "full Allowed",
				"error line 7: column 2: not valid JSON: invalid character 'o' in literal null (expecting 'u')",
				"c Allowed", "last Allowed",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// However a line is cut up in reading, its bytes are all there: a carriage return within a string is no JSON.
func TestStreamLosesNoByte(t *testing.T) {
	in := strings.Repeat(" ", 1<<16-8) + `{"id":"` + "\r" + `"}` + "\n"
	var out bytes.Buffer
	summary, err := simulation.Stream(t.Context(), strings.NewReader(in), &out)
	if err != nil || summary.Undecided != 1 || !strings.Contains(out.String(), `invalid character '\\r' in string literal`) {
		t.Errorf("got %+v, %v, %s", summary, err, out.String())
	}
}

func TestStreamWritesWhatIsStable(t *testing.T) {
	var out bytes.Buffer
	if _, err := simulation.Stream(t.Context(), strings.NewReader(text("<a>&")), &out); err != nil {
		t.Fatal(err)
	}
	if want := `{"id":"<a>&","decision":"Allowed","statements":[]}` + "\n"; out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestNothingIsASummaryOfNothing(t *testing.T) {
	var out bytes.Buffer
	summary, err := simulation.Stream(t.Context(), strings.NewReader("\n \n"), &out)
	if err != nil || summary != (simulation.Summary{}) || out.Len() > 0 {
		t.Errorf("got %+v, %v, %q", summary, err, out.String())
	}
}

// A program that waits for each answer before it asks on must not wait for ever.
func TestStreamAnswersBeforeItWaits(t *testing.T) {
	in, ask := io.Pipe()
	answer, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := simulation.Stream(t.Context(), in, out)
		ended <- errors.Join(err, out.Close())
	}()
	decoder := json.NewDecoder(answer)
	for _, id := range []string{"a", "b", "c"} {
		if _, err := io.WriteString(ask, text(id)+"\n"); err != nil {
			t.Fatal(err)
		}
		var r simulation.Result
		if err := decoder.Decode(&r); err != nil || r.ID != id {
			t.Fatalf("got %+v, %v; want the answer to %s", r, err, id)
		}
	}
	if err := ask.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	in, ask := io.Pipe() // a read of it ends only when the test does
	defer func() { _ = ask.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	answer, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := simulation.Stream(ctx, in, out)
		ended <- err
	}()
	if _, err := io.WriteString(ask, text("a")+"\n"); err != nil {
		t.Fatal(err)
	}
	var r simulation.Result
	if err := json.NewDecoder(answer).Decode(&r); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want the context's error", err)
	}
}

func TestStreamTellsErrors(t *testing.T) {
	failure := errors.New("the disk is gone")
	t.Run("of reading, after the answers", func(t *testing.T) {
		var out bytes.Buffer
		in := io.MultiReader(strings.NewReader(text("a")+"\n"), iotest.ErrReader(failure))
		summary, err := simulation.Stream(t.Context(), in, &out)
		if !errors.Is(err, failure) || !strings.HasPrefix(err.Error(), "reading cases: ") {
			t.Errorf("got %v", err)
		}
		if summary.Cases != 1 || len(answers(t, out.String())) != 1 {
			t.Errorf("got %+v, %s; want the answer to the case before the failure", summary, out.String())
		}
	})
	for name, failure := range map[string]error{"of writing": failure, "of writing, even if it is called an end": io.EOF} {
		t.Run(name, func(t *testing.T) {
			in := strings.NewReader(strings.Repeat(text("a")+"\n", 5000))
			_, err := simulation.Stream(t.Context(), in, broken{failure})
			if !errors.Is(err, failure) || err.Error() != "writing results: "+failure.Error() {
				t.Errorf("got %v", err)
			}
		})
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
