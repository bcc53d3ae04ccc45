package sandbox

import (
	"errors"
	"fmt"
	"net"
)

// Errors of Listen about its address.
var (
	// ErrNotLoopback is for an address that other machines could reach, where the Config does not say Expose.
	ErrNotLoopback = errors.New("no address of loopback")
	// ErrAddress is for one that cannot be listened on: it is none, is another machine's, or its port is taken.
	ErrAddress = errors.New("cannot listen on the address")
)

// OnLoopback reports whether an address such as "127.0.0.1:0" is one that this machine alone can reach. What is no address
// is an error that wraps ErrAddress.
func OnLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return isLoopback(host), nil
}

// check refuses an address that others than this machine could reach, unless that is wanted: the sandbox's accounts are
// open to whoever reads its directory, and its proxy stands for hosts that are not its own.
func (s *Sandbox) check(address string) error {
	loopback, err := OnLoopback(address)
	if err != nil {
		return err
	}
	if !loopback && !s.expose {
		return fmt.Errorf("%q is %w", address, ErrNotLoopback)
	}
	return nil
}

// beside returns an address on the same host with a free port.
func beside(at net.Addr) string {
	host, _, err := net.SplitHostPort(at.String())
	if err != nil {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, "0")
}

// inside returns such an address for what other machines never reach.
func inside(at net.Addr) string {
	if host, _, err := net.SplitHostPort(at.String()); err == nil && isLoopback(host) {
		return beside(at)
	}
	return "127.0.0.1:0"
}

// base is the URL of a listener. One that has every address of the machine is on loopback too, where this machine's clients
// use no proxy.
func base(at net.Addr) string {
	address := at.String()
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return "http://" + address
}
