package verify

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// proveRegistry does what every client does first: it reads the registry's challenge, then asks for /v2/ with the token.
func (w *walk) proveRegistry(ctx context.Context) (string, error) {
	host, err := name.NewRegistry(w.in.Registry.Host(), name.StrictValidation)
	if err != nil {
		return "", &Fault{Side: Cluster, Err: fmt.Errorf("naming the registry: %w", err)}
	}
	doing := func(err error) error { return fmt.Errorf("asking https://%s/v2/: %w", host, err) }
	auth := authn.FromConfig(authn.AuthConfig{Auth: w.basic})
	w.puller, err = transport.NewWithContext(ctx, host, auth, w.retrying(), nil)
	if err != nil {
		return "", w.registryFault(doing(err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host.RegistryStr()+"/v2/", nil)
	if err != nil {
		return "", w.registryFault(doing(err))
	}
	resp, err := w.puller.RoundTrip(req)
	if err != nil {
		return "", w.registryFault(doing(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		return "", w.registryFault(doing(err))
	}
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection serves the next link
	return "https://" + host.RegistryStr() + "/v2/ takes the token", nil
}

// retrying sends again what failed for reasons that pass.
func (w *walk) retrying() http.RoundTripper {
	base := w.HTTPClient.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	return again{RoundTripper: base, attempts: w.Attempts, wait: w.Wait}
}
