package sandbox_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// few are limits that a siege reaches quickly.
func few() bounds.Limits {
	limits := bounds.Standard()
	limits.Connections, limits.Grace = 64, 10*time.Millisecond
	return limits
}

// impatient are limits of time that a test does not wait long for, and that good clients keep to on a busy machine.
func impatient() bounds.Limits {
	limits := bounds.Standard()
	limits.Header, limits.Stall = time.Second, time.Second
	return limits
}

// TestThousandsOfHalfRequestsDoNotShutAGoodClientOut sends them to one port after the other, and in tunnels.
func TestThousandsOfHalfRequestsDoNotShutAGoodClientOut(t *testing.T) {
	const attackers = 2000
	half := "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "
	s := besiege(t, sandbox.Config{}, few())
	attack := map[string]func() net.Conn{
		"tunnels without TLS":      func() net.Conn { return s.tunnel(false, "") },
		"tunnels with half a head": func() net.Conn { return s.tunnel(true, half) },
	}
	for _, port := range s.names() {
		attack["half heads on the "+port+" port"] = func() net.Conn { return s.dial(port, half) }
	}
	for sentence, dial := range attack {
		t.Run(sentence, func(t *testing.T) {
			count := attackers
			if strings.HasPrefix(sentence, "tunnels") {
				count = attackers / 10 // TLS takes its time, and few are as many as there may be.
			}
			for range count {
				conn := dial()
				defer func() { _ = conn.Close() }()
			}
			s.works()
		})
	}
}

// TestWhoeverStandsStillIsHungUpOn waits for nothing but the end of its connections.
func TestWhoeverStandsStillIsHungUpOn(t *testing.T) {
	s := besiege(t, sandbox.Config{}, impatient())
	still := map[string]net.Conn{}
	for _, port := range s.names() {
		for _, begun := range []string{
			"", "P", "PUT /weather HTTP/1.1\r\nHost: localhost\r\n",
			"PUT /weather HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nseed",
			"PUT /weather HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nseed",
		} {
			still[fmt.Sprintf("%q on the %s port", begun, port)] = s.dial(port, begun)
		}
	}
	id, _, err := s.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	keyed := "POST / HTTP/1.1\r\nHost: sts.amazonaws.com\r\nX-Amz-Date: " + now.Format("20060102T150405Z") + "\r\n" +
		"Authorization: AWS4-HMAC-SHA256 Credential=" + string(id) + now.Format("/20060102/") + "us-east-1/sts/aws4_request, " +
		"SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64) + "\r\nContent-Length: 44\r\n\r\nAction="
	source := s.owner(sandboxtest.Source)
	half := source.request("PATCH", source.begin(), "Content-Length: 1000") + "a layer"
	maps.Copy(still, map[string]net.Conn{
		"a key's request without its body":      s.dial("endpoint", keyed),
		"the same in a tunnel":                  s.tunnel(true, keyed),
		"half a layer":                          s.dial("endpoint", half),
		"a tunnel on which nothing comes":       s.tunnel(false, ""),
		"a tunnel with half a handshake":        s.tunnel(false, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
		"a tunnel with a handshake and no more": s.tunnel(true, ""),
		"a tunnel with half a head":             s.tunnel(true, "GET / HTTP/1.1\r\n"),
	})
	for sentence, conn := range still {
		if got := ended(conn); strings.Contains(got, " 200 ") || strings.Contains(got, " 202 ") {
			t.Errorf("%s is answered with %q", sentence, got)
		}
	}
	s.works()
}

// TestAClientThatReadsNothingIsHungUpOn asks for a layer over and over and leaves the answers where they are.
func TestAClientThatReadsNothingIsHungUpOn(t *testing.T) {
	s := besiege(t, sandbox.Config{}, impatient())
	request := "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	conn := s.dial("layers", "")
	defer func() { _ = conn.Close() }()
	if err := conn.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for {
		// Once the server's answers find no room it reads no more requests, so that these find none either; then it hangs up.
		if _, err := io.WriteString(conn, strings.Repeat(request, 1000)); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("it is not hung up on")
			}
			break
		}
	}
	s.works()
}

// comeAndGo opens a connection to a port and ends it in one of the ways that a client has.
func (s *siege) comeAndGo(port string, way int) error {
	conn, err := net.Dial("tcp", s.ports[port])
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if tcp, ok := conn.(*net.TCPConn); ok {
		// After a reset the kernel keeps nothing of a connection; it could not of so many.
		if err := tcp.SetLinger(0); err != nil {
			return err
		}
	}
	ways := []string{"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", connect, "\x16\x03\x01 no TLS"}
	sent := ways[way%len(ways)]
	if _, err := io.WriteString(conn, sent); err != nil {
		return err
	}
	if strings.HasSuffix(sent, "\r\n\r\n") {
		_, err = conn.Read(make([]byte, 1))
	}
	return err
}

// flood lets connections come and go, some at the same time, and waits until the sandbox has none.
func (s *siege) flood(count int) {
	s.t.Helper()
	const clients = 16
	names := s.names()
	var running sync.WaitGroup
	for client := range clients {
		running.Go(func() {
			for i := client; i < count; i += clients {
				if err := s.comeAndGo(names[i%len(names)], i/len(names)); err != nil {
					s.t.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	if !until(s.t.Context(), func() bool { return s.Server.Connections() == 0 }) {
		s.t.Errorf("%d connections are still open", s.Server.Connections())
	}
}

func TestConnectionsThatComeAndGoLeaveNothing(t *testing.T) {
	s := besiege(t, sandbox.Config{}, bounds.Standard())
	s.flood(1000) // What is made once is there from now on.
	goroutines, heap := runtime.NumGoroutine(), alive()
	s.flood(connections)
	if !until(t.Context(), func() bool { return runtime.NumGoroutine() <= goroutines }) {
		t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), goroutines)
	}
	const tolerated = 4 << 20
	if now := alive(); now > heap+tolerated {
		t.Errorf("%d bytes are alive, before there were %d", now, heap)
	}
	s.works()
}

// alive is how many bytes of memory are in use.
func alive() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // Twice, for what the first one frees of pools.
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestRandomBytesDoNoHarm sends noise, and requests with noise in them, to every port and into tunnels.
func TestRandomBytesDoNoHarm(t *testing.T) {
	s := besiege(t, sandbox.Config{}, impatient())
	noise := rand.New(rand.NewPCG(1, 2))
	random := func(most int) string {
		b := make([]byte, noise.IntN(most))
		for i := range b {
			b[i] = byte(noise.Uint32())
		}
		return string(b)
	}
	requests := []string{
		"GET /v2/hello-eks-anywhere/manifests/latest HTTP/1.1\r\nHost: " + packagesHost + "\r\nAuthorization: Basic QVdTOng=\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: sts.amazonaws.com\r\nX-Amz-Date: 20260102T030405Z\r\nAuthorization: AWS4-HMAC-SHA256 " +
			"Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00\r\n" +
			"Content-Length: 9\r\n\r\nAction=XX",
		"PUT /weather HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nrules: []",
		connect, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	}
	for i := range 400 {
		text := random(2000)
		if i%2 == 0 {
			request := []byte(requests[noise.IntN(len(requests))])
			for range 1 + noise.IntN(4) {
				request[noise.IntN(len(request))] = byte(noise.Uint32())
			}
			text = string(request)
		}
		var conns []net.Conn
		for _, port := range s.names() {
			conns = append(conns, s.dial(port, text))
		}
		conns = append(conns, s.tunnel(i%4 < 2, text))
		for _, conn := range conns {
			// What was a request may be waiting for the next one.
			if half, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			ended(conn)
		}
	}
	s.works()
}
