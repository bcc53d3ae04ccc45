package sandbox

import (
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// hosts is the table of the real host names that the sandbox answers for. The names are those of "Service endpoints and
// quotas" (https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html); the layer store's is what ECR
// redirects to in "Amazon ECR interface VPC endpoints"
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html).
var hosts = []struct {
	pattern *regexp.Regexp // its one group, where there is one, is the Region
	service string
	region  arn.Region // where the pattern has no group
}{
	{regexp.MustCompile(`^sts\.amazonaws\.com$`), "sts", "us-east-1"},
	{regexp.MustCompile(`^sts\.([a-z0-9-]+)\.amazonaws\.com$`), "sts", ""},
	{regexp.MustCompile(`^iam\.amazonaws\.com$`), "iam", "us-east-1"},
	{regexp.MustCompile(`^eks\.([a-z0-9-]+)\.amazonaws\.com$`), "eks", ""},
	{regexp.MustCompile(`^api\.ecr\.([a-z0-9-]+)\.amazonaws\.com$`), "ecr", ""},
}

// layerHost is the name of the store that a registry redirects to.
var layerHost = regexp.MustCompile(`^prod-([a-z0-9-]+)-starport-layer-bucket\.s3\.([a-z0-9-]+)\.amazonaws\.com$`)

// apiEndpoint returns the API that a real host name stands for.
func apiEndpoint(host string) (endpoint, bool) {
	for _, h := range hosts {
		match := h.pattern.FindStringSubmatch(host)
		if match == nil {
			continue
		}
		at := endpoint{service: h.service, region: h.region}
		if len(match) > 1 {
			at.region = arn.Region(match[1])
		}
		return at, true
	}
	return endpoint{}, false
}

// route returns what answers under a real host name of AWS, or nil.
func (s *Server) route(host string) http.Handler {
	host = strings.ToLower(host)
	if at, ok := apiEndpoint(host); ok {
		return s.sandbox.gateway.handler(at)
	}
	if _, err := registry.ParseHost(host); err == nil {
		return s.registry
	}
	if match := layerHost.FindStringSubmatch(host); match != nil && match[1] == match[2] {
		return s.layers
	}
	return nil
}

// byHost answers under any host name: the real ones as AWS does, and loopback as an API of which the signature's scope
// tells the service.
func (s *Server) byHost(w http.ResponseWriter, r *http.Request) {
	host := hostname(r.Host)
	if handler := s.route(host); handler != nil {
		handler.ServeHTTP(w, r)
		return
	}
	s.sandbox.gateway.serve(w, r, endpoint{})
}

// registryOf tells which registry a request under a real host name is for.
func registryOf(r *http.Request) (arn.AccountID, arn.Region, bool) {
	reg, err := registry.ParseHost(strings.ToLower(hostname(r.Host)))
	return reg.Account, reg.Region, err == nil
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}
