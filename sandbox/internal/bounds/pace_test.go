package bounds_test

import (
	"bytes"
	"crypto/tls"
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
	limits := bounds.Standard()
	limits.Header = 100 * time.Millisecond // A good client's handshake could take as long on a busy machine.
	l := serve(t, limits, false, func(http.ResponseWriter, *http.Request) { t.Error("it was served") })
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
			if n, err := io.Copy(io.Discard, r.Body); n != int64(limits.Piece) || err != nil {
				t.Errorf("%s: %d bytes and %v", proto, n, err)
			}
			if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("%s: after the end %d bytes and %v", proto, n, err)
			}
			_, _ = io.WriteString(w, "one ")
			timer := time.NewTimer(2 * limits.Stall)
			defer timer.Stop()
			select {
			case <-timer.C:
				_, _ = io.WriteString(w, "two")
			case <-r.Context().Done():
			}
		})
		if _, got := l.ask(strings.NewReader(strings.Repeat("b", limits.Piece))); got != "one two" {
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
		"bytes over HTTP/1.1":  {false, func(w http.ResponseWriter) error { return sendBytes(w, size) }},
		"a file over HTTP/1.1": {false, func(w http.ResponseWriter) error { return sendFile(w, name) }},
		"bytes over HTTP/2":    {true, func(w http.ResponseWriter) error { return sendBytes(w, size) }},
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

// TestAnAnswerThatIsReadMayTakeAsLongAsItLikes has a client that reads so slowly that a quarter of what the system likes to
// take for it, 4 MiB, comes in the time for a piece, and for longer than that time.
func TestAnAnswerThatIsReadMayTakeAsLongAsItLikes(t *testing.T) {
	const size, reads, slowReads = 6 << 20, 64, 24
	limits := impatient()
	limits.Stall = time.Second
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		secure bool
		send   func(http.ResponseWriter) error
	}{
		"bytes over HTTP/1.1":  {false, func(w http.ResponseWriter) error { return sendBytes(w, size) }},
		"a file over HTTP/1.1": {false, func(w http.ResponseWriter) error { return sendFile(w, name) }},
		"bytes over HTTP/2":    {true, func(w http.ResponseWriter) error { return sendBytes(w, size) }},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			sent := make(chan error, 1)
			l := serve(t, limits, test.secure, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(size)) // Else a file would not go by sendfile.
				sent <- test.send(w)
			})
			response, err := l.client.Get(l.url())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			ticker := time.NewTicker(limits.Stall / 10)
			defer ticker.Stop()
			for range slowReads {
				if n, err := io.CopyN(io.Discard, response.Body, size/reads); err != nil {
					t.Fatalf("%d bytes and %v", n, err)
				}
				<-ticker.C
			}
			if n, err := io.Copy(io.Discard, response.Body); n != size*(reads-slowReads)/reads || err != nil {
				t.Errorf("%d bytes more and %v", n, err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		})
	}
}

func sendBytes(w http.ResponseWriter, size int) error {
	_, err := w.Write(make([]byte, size))
	return err
}

func sendFile(w http.ResponseWriter, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	return errors.Join(err, file.Close())
}

// TestAnAnswerThatHTTP2HoldsBackIsNotHeldForLong has a client that gives no room for any body: what the handler has written
// waits in buffers when the handler is done, or when it flushes them.
func TestAnAnswerThatHTTP2HoldsBackIsNotHeldForLong(t *testing.T) {
	for sentence, flush := range map[string]bool{"the handler is done": false, "the handler flushes": true} {
		t.Run(sentence, func(t *testing.T) {
			l := serve(t, impatient(), true, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "held back")
				if flush && http.NewResponseController(w).Flush() == nil {
					t.Error("all of it was sent")
				}
			})
			l.getWithoutRoom()
		})
	}
}

// getWithoutRoom asks over HTTP/2 for what it gives no room to, and wants the head of an answer, then the stream's end.
func (l *lab) getWithoutRoom() {
	l.t.Helper()
	transport, ok := l.client.Transport.(*http.Transport)
	if !ok {
		l.t.Fatalf("%T", l.client.Transport)
	}
	config := transport.TLSClientConfig.Clone()
	config.NextProtos, config.ServerName = []string{"h2"}, "example.com"
	conn := tls.Client(l.dial(""), config)
	const (
		settings = "\x00\x00\x06\x04\x00\x00\x00\x00\x00" + "\x00\x04\x00\x00\x00\x00" // INITIAL_WINDOW_SIZE = 0
		headers  = "\x00\x00\x06\x01\x05\x00\x00\x00\x01" + "\x82\x87\x84\x41\x01x"    // GET https://x/, END_STREAM
	)
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+settings+headers); err != nil {
		l.t.Fatal(err)
	}
	const headersFrame, rstFrame = 1, 3 // RFC 9113, section 6
	answered := false
	for {
		var frame [9]byte
		if _, err := io.ReadFull(conn, frame[:]); err != nil {
			l.t.Fatalf("the connection ends before the stream: %v", err)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(frame[0])<<16|int64(frame[1])<<8|int64(frame[2])); err != nil {
			l.t.Fatal(err)
		}
		answered = answered || frame[3] == headersFrame
		if frame[3] == rstFrame {
			break
		}
	}
	if !answered {
		l.t.Error("there was no answer to hold back")
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
