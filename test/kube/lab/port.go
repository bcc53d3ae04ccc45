package lab

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A port is one of loopback that nobody else gets until the test ends, whether or not its server runs.
type port int

// reservePort takes a free port with a socket that is bound and never listens. A server that sets SO_REUSEPORT may listen
// beside it; while none does, who connects is refused, as by a machine whose server is down.
func reservePort(t testing.TB) port {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(os.NewSyscallError("socket", err))
	}
	t.Cleanup(func() {
		if err := unix.Close(fd); err != nil {
			t.Error(os.NewSyscallError("close", err))
		}
	})
	taken, err := bind(fd)
	if err != nil {
		t.Fatalf("reserving a port: %v", err)
	}
	return taken
}

func bind(fd int) (port, error) {
	err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
	)
	if err != nil {
		return 0, err
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	bound, ok := address.(*unix.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("the socket has an address of type %T", address)
	}
	return port(bound.Port), nil
}

func (p port) String() string { return strconv.Itoa(int(p)) }

// url is the port's URL on loopback.
func (p port) url(scheme string) string { return scheme + "://127.0.0.1:" + p.String() }
