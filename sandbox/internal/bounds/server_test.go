package bounds_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
)

func TestAHeadHasItsLimits(t *testing.T) {
	limits := bounds.Standard()
	l := serve(t, limits, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for sentence, test := range map[string]struct {
		fields string
		status string
	}{
		"a few fields":    {"X-A: 1\r\nX-B: 2\r\n", "204"},
		"too many names":  {numbered(limits.HeaderFields + 1), "431"},
		"too many values": {strings.Repeat("X-A: 1\r\n", limits.HeaderFields+1), "431"},
		"too long":        {"X-A: " + strings.Repeat("x", limits.HeaderBytes+8<<10) + "\r\n", "431"},
	} {
		got := ended(l.dial("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + test.fields + "\r\n"))
		if !strings.HasPrefix(got, "HTTP/1.1 "+test.status+" ") {
			t.Errorf("%s: got %.80q, want %s", sentence, got, test.status)
		}
	}
}

func numbered(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "X-%d: 1\r\n", i)
	}
	return b.String()
}

func TestAPanicEndsItsConnectionAlone(t *testing.T) {
	for proto, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		l := serve(t, bounds.Standard(), secure, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if string(body) == "panic" {
				panic("a mistake")
			}
			_, _ = io.WriteString(w, "fine")
		})
		if response, err := l.client.Post(l.url(), "text/plain", strings.NewReader("panic")); err == nil {
			t.Errorf("%s: it was answered with %s", proto, response.Status)
			_ = response.Body.Close()
		}
		if _, got := l.ask(strings.NewReader("other")); got != "fine" {
			t.Errorf("%s: the next request got %q", proto, got)
		}
		for _, want := range []string{"level=ERROR", `value="a mistake"`, "server_test.go"} {
			if !strings.Contains(l.logged(), want) {
				t.Errorf("%s: the log does not have %s:\n%s", proto, want, l.logged())
			}
		}
	}
}
