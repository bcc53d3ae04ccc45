// Package layers serves layers at addresses that are grants by themselves, as the S3 bucket does that ECR redirects to.
package layers

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// Lifetime is how long an address is good: ECR's addresses have an X-Amz-Expires of 3600 seconds [seen].
const Lifetime = time.Hour

// Config is what a Store is made of. Every field is needed but where it says otherwise.
type Config struct {
	Images *images.Store
	Sealer *token.Sealer
	Clock  func() time.Time
	// Loopback returns the base URL, such as "http://localhost:4567", under which clients reach the store that came by an
	// address of this machine. Its host name should not be theirs, for a client must not send its password on.
	Loopback func() string
	// Weather is nil for fair weather, and Requests for no log of requests.
	Weather  *weather.Weather
	Requests *requestlog.Log
}

// Store is the layer store. It is safe for concurrent use.
type Store struct{ config Config }

// New returns the layer store.
func New(config Config) *Store { return &Store{config: config} }

// Address returns where a layer can be downloaded for an hour by whoever has the address. A client that asked a real
// host name of AWS is sent to another real one, any other to Loopback.
func (s *Store) Address(clientHost string, region arn.Region, digest v1.Hash) (string, error) {
	now := s.config.Clock()
	grant, err := token.Seal(s.config.Sealer, token.Layer{Digest: digest.String(), Expires: now.Add(Lifetime)})
	if err != nil {
		return "", fmt.Errorf("addressing layer %s: %w", digest, err)
	}
	base := s.config.Loopback()
	if isAWS(clientHost) {
		base = fmt.Sprintf("https://prod-%s-starport-layer-bucket.s3.%s.amazonaws.com", region, region)
	}
	query := url.Values{
		"X-Amz-Date":    {now.UTC().Format("20060102T150405Z")},
		"X-Amz-Expires": {fmt.Sprint(int(Lifetime.Seconds()))},
		grantParameter:  {grant},
	}
	return base + "/" + digest.Hex + "?" + query.Encode(), nil
}

// grantParameter holds the sealed grant, in the place of the signature that S3 would check.
const grantParameter = "X-Amz-Signature"

func isAWS(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.HasSuffix(strings.ToLower(host), ".amazonaws.com")
}
