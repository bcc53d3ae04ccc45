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
	prefix  string // what stands before the Region, or before the domain
	service string
	// region is the Region that a host without one stands for; empty where the name holds the Region.
	region arn.Region
}{
	{"sts", "sts", "us-east-1"},
	{"sts.", "sts", ""},
	{"iam", "iam", "us-east-1"},
	{"eks.", "eks", ""},
	{"api.ecr.", "ecr", ""},
}

const domain = ".amazonaws.com"

// layerHost is the name of the store that a registry redirects to.
var layerHost = regexp.MustCompile(`^prod-([a-z0-9-]+)-starport-layer-bucket\.s3\.([a-z0-9-]+)\.amazonaws\.com$`)

// apiEndpoint returns the API that a real host name stands for.
func apiEndpoint(host string) (endpoint, bool) {
	name, ok := strings.CutSuffix(host, domain)
	if !ok {
		return endpoint{}, false
	}
	for _, h := range hosts {
		if h.region != "" && name == h.prefix {
			return endpoint{service: h.service, region: h.region}, true
		}
		region, ok := strings.CutPrefix(name, h.prefix)
		if _, err := arn.ParseRegion(region); ok && err == nil && h.region == "" {
			return endpoint{service: h.service, region: arn.Region(region)}, true
		}
	}
	return endpoint{}, false
}

// servedHosts lists the names for people.
func servedHosts() []string {
	var names []string
	for _, h := range hosts {
		name := h.prefix
		if h.region == "" {
			name += "<region>"
		}
		names = append(names, name+domain)
	}
	return append(names, "<account>.dkr.ecr.<region>"+domain)
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
		return s.sandbox.layers
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

// registryByHost tells which registry a request under a real host name is for.
func registryByHost(r *http.Request) (arn.AccountID, arn.Region, bool) {
	named, err := registry.ParseHost(strings.ToLower(hostname(r.Host)))
	return named.Account, named.Region, err == nil
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}
