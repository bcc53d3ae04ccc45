package sandbox

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func TestOnlyAnAddressOfLoopbackIsServedUnasked(t *testing.T) {
	embedded, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = embedded.Close() }()
	for address, want := range map[string]error{
		"0.0.0.0:0": ErrNotLoopback, ":0": ErrNotLoopback, "[::]:0": ErrNotLoopback, "192.0.2.1:0": ErrNotLoopback,
		"example.com:0": ErrNotLoopback, "127.0.0.1": ErrAddress, "foo": ErrAddress, "127.0.0.1:99999": ErrAddress,
	} {
		server, err := embedded.Listen(t.Context(), address)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
		if err == nil {
			_ = server.Close(t.Context())
		}
	}
}

// TestWhatIsNotForOthersStaysOnLoopback looks at the listeners of a sandbox that is exposed on every address.
func TestWhatIsNotForOthersStaysOnLoopback(t *testing.T) {
	embedded, err := New(Config{Expose: true})
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.Listen(t.Context(), "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(server.Close(t.Context()), embedded.Close()); err != nil {
			t.Error(err)
		}
	}()
	open := map[string]bool{} // by port, whether others can reach it
	for _, listener := range server.listeners.open {
		host, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open[port] = !isLoopback(host)
	}
	ready := server.Ready()
	for sentence, test := range map[string]struct {
		url     string
		exposed bool
	}{
		"the endpoint": {ready.Endpoint, true}, "the proxy": {ready.Proxy, true},
		"the packages registry": {ready.Registries["346438352937.dkr.ecr.us-west-2.amazonaws.com"], true},
		"the control endpoint":  {ready.Control, false}, "the layer store": {embedded.layerBase(), false},
	} {
		// Clients of this machine come by loopback, whatever is listened on: their proxy settings leave that alone.
		port, ok := strings.CutPrefix(strings.Replace(test.url, "localhost", "127.0.0.1", 1), "http://127.0.0.1:")
		if exposed, listens := open[port]; !ok || !listens || exposed != test.exposed {
			t.Errorf("%s is at %s, exposed %t, want %t", sentence, test.url, exposed, test.exposed)
		}
	}
}
