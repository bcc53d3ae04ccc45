package sandbox

// Ready is what a client needs to reach a sandbox.
type Ready struct {
	// Endpoint is the URL of the APIs: the service is told by a request's signature.
	Endpoint string `json:"endpoint"`
	// Proxy is the URL of a forward proxy that answers for AWS's real host names, and CA the file with the certificate
	// that vouches for it.
	Proxy string `json:"proxy"`
	CA    string `json:"ca"`
	// Registries lead from a registry's real host name to a URL on loopback.
	Registries map[string]string `json:"registries"`
}
