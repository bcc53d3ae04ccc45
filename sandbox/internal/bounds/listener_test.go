package bounds_test

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
)

// patient are limits of which only the number of connections is ever reached.
func patient(connections int) bounds.Limits {
	limits := bounds.Standard()
	limits.Connections, limits.Grace = connections, time.Hour
	return limits
}

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func TestWhoeverHasBeenIdleForLongestGivesWay(t *testing.T) {
	limits := patient(3)
	limits.Grace = 0
	l := serve(t, limits, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })
	first, second := l.dial("GET / HT"), l.dial("")
	third := l.dial(request) // The order of accepting is that of connecting.
	if _, err := third.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	fourth := l.dial(request)
	if got := ended(first); got != "" {
		t.Errorf("the first was sent %q", got)
	}
	if n, err := fourth.Read(make([]byte, 1)); n != 1 {
		t.Errorf("the fourth was not served: %v", err)
	}
	// The second has had no request for longer than the third.
	l.dial(request)
	if got := ended(second); got != "" {
		t.Errorf("the second was sent %q", got)
	}
	if _, err := io.WriteString(third, request); err != nil {
		t.Fatal(err)
	}
	if open := l.listener.Open(); open != 3 {
		t.Errorf("%d connections are open, want 3", open)
	}
}

func TestAGoodClientIsServedAmongThousandsOfHalfRequests(t *testing.T) {
	limits := patient(64)
	limits.Grace = 10 * time.Millisecond
	l := serve(t, limits, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })
	for range 2000 {
		l.dial("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	}
	if status, body := l.ask(strings.NewReader("x")); status != http.StatusOK || body != "served" {
		t.Errorf("got %d %q", status, body)
	}
	if open := l.listener.Open(); open > 64 {
		t.Errorf("%d connections are open", open)
	}
}

func TestWhileAllAreServedOthersWait(t *testing.T) {
	const most = 2
	entered, release := make(chan struct{}, 16), make(chan struct{})
	var inside atomic.Int32
	l := serve(t, patient(most), false, func(w http.ResponseWriter, _ *http.Request) {
		if n := inside.Add(1); n > most {
			t.Errorf("%d requests are under way", n)
		}
		defer inside.Add(-1)
		entered <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "served")
	})
	var clients sync.WaitGroup
	for range 8 {
		conn := l.dial("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		clients.Go(func() {
			if got := ended(conn); !strings.HasSuffix(got, "served") {
				t.Errorf("got %q", got)
			}
		})
	}
	for range most {
		<-entered
	}
	close(release)
	clients.Wait()
}

// TestWhoeverHasBeenServedGivesWayToWhoWaits has a client that keeps its connection when it has its answer.
func TestWhoeverHasBeenServedGivesWayToWhoWaits(t *testing.T) {
	limits := patient(1)
	limits.Grace = 10 * time.Millisecond
	entered, release := make(chan struct{}, 2), make(chan struct{})
	l := serve(t, limits, false, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "served")
	})
	served := l.dial(request)
	<-entered
	waiting := l.dial(request)
	for stacks := make([]byte, 1<<20); !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("(*Listener).wait(")); {
		runtime.Gosched() // Nothing else tells that it is at the door.
	}
	close(release)
	if got := ended(served); !strings.HasSuffix(got, "served") {
		t.Errorf("the one that was served got %q", got)
	}
	if n, err := waiting.Read(make([]byte, 1)); n != 1 {
		t.Errorf("the one that waited was not served: %v", err)
	}
}

// TestAListenerThatWaitsForRoomCanBeClosed ends while a connection is at the door: the clean-up would hang.
func TestAListenerThatWaitsForRoomCanBeClosed(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	l := serve(t, patient(1), false, func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	})
	l.dial(request)
	<-entered
	waiting := l.dial(request)
	if err := l.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ended(waiting); got != "" {
		t.Errorf("it was sent %q", got)
	}
	close(release)
}
