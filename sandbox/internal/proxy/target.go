package proxy

import (
	"fmt"
	"net"

	"github.com/pullpass/pullpass/sandbox/internal/ca"
)

// parseTarget reads the target of a CONNECT line, "host:port" (RFC 9112, section
// 3.2.3), of which only port 443 of AWS's names will do.
func parseTarget(target string) (ca.Host, error) {
	name, port, err := net.SplitHostPort(target)
	if err != nil {
		return "", fmt.Errorf("no such target %q", target)
	}
	host, err := ca.ParseHost(name)
	if err != nil {
		return "", fmt.Errorf("no such host %q", name)
	}
	if target != name+":"+port {
		// A name in the brackets of an address.
		return "", fmt.Errorf("no such target %q", target)
	}
	if port != "443" {
		return "", fmt.Errorf("no port %q on %s", port, host)
	}
	return host, nil
}
