package fresh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/fresh"
)

// TestAConnectionWithoutARequestDoesNotOutliveItsServer waits for the end of a connection on which nothing was sent, and
// lets a request that is under way finish.
func TestAConnectionWithoutARequestDoesNotOutliveItsServer(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	accepted := make(chan struct{}, 2)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-finish
			_, _ = io.WriteString(w, "done")
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				accepted <- struct{}{}
			}
		},
	}
	fresh.Track(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()

	silent, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	<-accepted
	answer := make(chan string)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-arrived

	// Shutdown gives up at once, so that nothing else of it ends the silent connection later.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Shutdown(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown = %v, want it to give up on the request under way", err)
	}
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the silent connection gave %d bytes, %v", n, err)
	}
	close(finish)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way was answered with %q", got)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
