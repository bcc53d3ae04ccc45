package bounds_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
)

func TestHalfAHeadIsNotWaitedForLong(t *testing.T) {
	l := serve(t, impatient(), false, func(http.ResponseWriter, *http.Request) { t.Error("it was served") })
	for _, text := range []string{"", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "} {
		ended(l.dial(text))
	}
}

// drip is a body that comes in pieces of one size, with a pause before each, and does not end before it is closed.
type drip struct {
	size   int
	pause  time.Duration
	pieces int // 0 for no end
	ended  <-chan struct{}
}

func (d *drip) Read(p []byte) (int, error) {
	timer := time.NewTimer(d.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ended:
		return 0, io.EOF
	}
	if d.pieces--; d.pieces == 0 {
		return 0, io.EOF
	}
	return copy(p, make([]byte, d.size)), nil
}

func TestABodyMustMove(t *testing.T) {
	for proto, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		for sentence, body := range map[string]*drip{
			"it stands still":      {pause: time.Hour},
			"a byte comes at once": {size: 1, pause: 5 * time.Millisecond},
		} {
			t.Run(proto+" "+sentence, func(t *testing.T) {
				read := make(chan error, 1)
				l := serve(t, impatient(), secure, func(_ http.ResponseWriter, r *http.Request) {
					if r.Proto != proto {
						t.Errorf("the request came by %s", r.Proto)
					}
					_, err := io.Copy(io.Discard, r.Body)
					read <- err
				})
				over := make(chan struct{})
				body.ended = over
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, l.url(), body)
				if err != nil {
					t.Fatal(err)
				}
				answered := make(chan struct{})
				go func() {
					defer close(answered)
					if response, err := l.client.Do(request); err == nil {
						_ = response.Body.Close()
					}
				}()
				if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the handler read %v, want its deadline", err)
				}
				close(over)
				<-answered
			})
		}
	}
}

func TestABodyThatMovesMayTakeAsLongAsItLikes(t *testing.T) {
	limits := impatient()
	limits.Stall = time.Second
	for proto, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			l := serve(t, limits, secure, func(w http.ResponseWriter, r *http.Request) {
				n, err := io.Copy(io.Discard, r.Body)
				_, _ = fmt.Fprint(w, n, err)
			})
			// All of it takes longer than a piece may.
			_, got := l.ask(&drip{size: limits.Piece, pause: limits.Stall / 10, pieces: 16})
			if want := fmt.Sprint(15*limits.Piece, nil); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestABodyThatNobodyReadsIsNotWaitedFor has a client that promises what a refusal does not ask for.
func TestABodyThatNobodyReadsIsNotWaitedFor(t *testing.T) {
	l := serve(t, impatient(), false, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	for _, promise := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
		got := ended(l.dial("PUT / HTTP/1.1\r\nHost: x\r\n" + promise + "\r\n\r\n"))
		if !strings.HasPrefix(got, "HTTP/1.1 403 ") {
			t.Errorf("%s: got %q", promise, got)
		}
	}
}

func TestAfterABodyTheHandlerMayTakeItsTime(t *testing.T) {
	limits := impatient()
	for proto, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		l := serve(t, limits, secure, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "one ")
			timer := time.NewTimer(2 * limits.Stall)
			defer timer.Stop()
			select {
			case <-timer.C:
				_, _ = io.WriteString(w, "two")
			case <-r.Context().Done():
			}
		})
		if _, got := l.ask(strings.NewReader("body")); got != "one two" {
			t.Errorf("%s: got %q", proto, got)
		}
	}
}

func TestAnAnswerMustBeRead(t *testing.T) {
	const size = 64 << 20
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		secure bool
		send   func(http.ResponseWriter) error
	}{
		"bytes over HTTP/1.1": {false, func(w http.ResponseWriter) error {
			_, err := w.Write(make([]byte, size))
			return err
		}},
		"a file over HTTP/1.1": {false, func(w http.ResponseWriter) error {
			file, err := os.Open(name)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, file)
			return errors.Join(err, file.Close())
		}},
		"bytes over HTTP/2": {true, func(w http.ResponseWriter) error {
			_, err := w.Write(make([]byte, size))
			return err
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			sent := make(chan error, 1)
			l := serve(t, impatient(), test.secure, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(size))
				sent <- test.send(w)
			})
			response, err := l.client.Get(l.url())
			if err != nil {
				t.Fatal(err)
			}
			if err := <-sent; err == nil {
				t.Error("all of it was sent")
			}
			_ = response.Body.Close()
		})
	}
}

func TestAFileComesWholeAndInPart(t *testing.T) {
	content := make([]byte, 3<<20+17)
	for i := range content {
		content[i] = byte(i * i >> 8)
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	l := serve(t, bounds.Standard(), false, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	for asked, want := range map[string][]byte{
		"": content, "bytes=1000-2999999": content[1000:3000000], "bytes=3145700-": content[3145700:],
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if asked != "" {
			request.Header.Set("Range", asked)
		}
		response, err := l.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: got %d bytes, %v; want %d others", asked, len(got), err, len(want))
		}
		_ = response.Body.Close()
	}
}
