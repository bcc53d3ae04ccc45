package requestlog_test

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
)

func TestALineHasAllThatIsKnown(t *testing.T) {
	var lines bytes.Buffer
	log := requestlog.New(1, &lines, nil)
	entry := requestlog.Entry{
		Time: time.Date(2026, 11, 23, 1, 2, 3, 4000, time.UTC), ID: "id", Account: "111111111111",
		Principal: "arn:aws:iam::111111111111:user/u", Service: "iam", Action: "iam:GetUser", UserAgent: "curl/8",
		Resources: []string{"arn:aws:iam::111111111111:user/v"}, Decision: requestlog.Deny, Outcome: "AccessDenied", Status: 403,
		Weather: []string{"latency 80ms"},
	}
	entry.Took(entry.Time.Add(81500 * time.Microsecond))
	log.Add(entry)
	want := `{"time":"2026-11-23T01:02:03.000004Z","id":"id","account":"111111111111",` +
		`"principal":"arn:aws:iam::111111111111:user/u","service":"iam","action":"iam:GetUser",` +
		`"resources":["arn:aws:iam::111111111111:user/v"],"decision":"deny","outcome":"AccessDenied","status":403,` +
		`"latency":81.5,"weather":["latency 80ms"],"userAgent":"curl/8"}` + "\n"
	if diff := cmp.Diff(want, lines.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTheLastEntriesAreKept(t *testing.T) {
	log := requestlog.New(3, nil, nil)
	var want []string
	for i := range 8 {
		id := strings.Repeat("x", i)
		log.Add(requestlog.Entry{ID: id})
		want = append(want, id)
		want = want[max(0, len(want)-3):]
		var got []string
		for _, entry := range log.Recent() {
			got = append(got, entry.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWhatAClientSendsIsKeptWithinBounds(t *testing.T) {
	log := requestlog.New(1, nil, nil)
	given := make([]string, 100)
	for i := range given {
		given[i] = strings.Repeat("r", 5000)
	}
	log.Add(requestlog.Entry{Resources: given, Action: given[0], UserAgent: given[0]})
	entry := log.Recent()[0]
	kept := entry.Resources
	if len(entry.Action) != 2048 || len(entry.UserAgent) != 2048 || len(kept) != 10 || len(kept[0]) != 2048 || len(kept[9]) != 2048 {
		t.Errorf("kept %d resources", len(kept))
	}
	if len(given[0]) != 5000 {
		t.Error("the caller's were changed")
	}
}

func TestAWriteThatFailsIsTheLastAndSaid(t *testing.T) {
	full := errors.New("no space left")
	var said []error
	broken := &failing{err: full}
	log := requestlog.New(1, broken, func(err error) { said = append(said, err) })
	log.Add(requestlog.Entry{ID: "one"})
	log.Add(requestlog.Entry{ID: "two"})
	if len(said) != 1 || !errors.Is(said[0], full) || broken.tried != 1 {
		t.Errorf("said %v after %d tries", said, broken.tried)
	}
	if log.Recent()[0].ID != "two" {
		t.Error("what is kept ended with it")
	}
	var none *requestlog.Log
	none.Add(requestlog.Entry{})
}

type failing struct {
	err   error
	tried int
}

func (f *failing) Write([]byte) (int, error) { f.tried++; return 0, f.err }

func TestAnAnswersStatusIsRemembered(t *testing.T) {
	for sentence, test := range map[string]struct {
		serve func(*requestlog.Answer)
		want  int
	}{
		"nothing":                {func(*requestlog.Answer) {}, 0},
		"a status":               {func(a *requestlog.Answer) { a.WriteHeader(404) }, 404},
		"a body alone":           {func(a *requestlog.Answer) { _, _ = a.Write([]byte("x")) }, 200},
		"a file alone":           {func(a *requestlog.Answer) { _, _ = io.Copy(a, strings.NewReader("x")) }, 200},
		"a status, then another": {func(a *requestlog.Answer) { a.WriteHeader(202); a.WriteHeader(500) }, 202},
	} {
		answer := &requestlog.Answer{ResponseWriter: httptest.NewRecorder()}
		test.serve(answer)
		if answer.Status != test.want {
			t.Errorf("%s: %d, want %d", sentence, answer.Status, test.want)
		}
	}
}
