package trouble

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// unreachable is how programs in Go, Python and JavaScript tell that a host did not answer, or not as itself [run]. What has
// no host in it is told for what it is.
var unreachable = regexp.MustCompile(`no such host|server misbehaving|Temporary failure in name resolution|Name or service not known|` +
	`Could not resolve host|\bENOTFOUND\b|\bEAI_AGAIN\b|` +
	`x509: [a-z]+|CERTIFICATE_VERIFY_FAILED|certificate verify failed|unable to get local issuer certificate|` +
	`SELF_SIGNED_CERT_IN_CHAIN|server gave HTTP response to HTTPS client|` +
	`connection refused|\bECONNREFUSED\b|connection reset by peer|\bECONNRESET\b|i/o timeout|TLS handshake timeout|\bETIMEDOUT\b|` +
	`Client\.Timeout exceeded|context deadline exceeded|network is unreachable|no route to host|proxyconnect tcp|` +
	`Could not connect to the endpoint URL|Connect timeout on endpoint URL|Read timeout on endpoint URL|request send failed`)

// hostName is a name of AWS's in a message.
var hostName = regexp.MustCompile(`\b(?:[a-z0-9-]+\.)+amazonaws\.com\b`)

// host is the last host of AWS's that the lines of a match name, empty if there is none.
func (h hit) host() string {
	all := hostName.FindAllString(h.around(), maxHits)
	if len(all) == 0 {
		return ""
	}
	return veil(all[len(all)-1])
}

func readUnreachable(h hit) (Finding, bool) {
	host, words := h.host(), strings.ToLower(spoken(h))
	f := Finding{
		Link: linkOf(host), Kind: explain.Network, Conclusion: explain.Certain, Host: host,
		Said: explain.Answer{Message: spoken(h)},
	}
	if host == "" {
		f.Conclusion, f.vague = explain.Open, true
	}
	if region := strangeRegion(host); region != "" {
		f.Link, f.Kind, f.Conclusion, f.Rules = verify.LinkConfig, explain.ConfigFile, explain.Likely, existing("PP012")
		f.Meaning = "The program asks in Region " + region + ", in which there is no packages registry, if it is a Region at all."
		f.Next = lintSteps(f.Rules)
		return f, true
	}
	of := orElse(host, "a host that the message does not name")
	switch around := h.around(); {
	case strings.Contains(around, "not yet valid"), strings.Contains(around, "certificate has expired"):
		f.Kind, f.Candidates, f.Conclusion, f.vague = explain.Clock, []explain.Kind{explain.Clock, explain.Network}, explain.Likely, false
		f.Meaning = "The certificate of " + of + " is not valid at the time that the machine has: its clock is wrong, or what answered is " +
			"something in between with an old certificate."
		f.Next = []Step{{Text: "look at the clock of that machine", Command: "timedatectl status"}}
	case strings.Contains(words, "x509"), strings.Contains(words, "cert"), strings.Contains(words, "http response"):
		f.Meaning = "What answered for " + of + " is not AWS, or the machine's clock is far off: its certificate is not accepted. " +
			"A proxy that ends TLS needs its authority in the cluster's trust."
		f.Next = []Step{{Text: "see who answers", Command: "openssl s_client -connect " + orElse(host, "HOST") + ":443 </dev/null"}}
	case dns(words):
		f.Meaning = "The name of " + of + " does not resolve there. An EKS Anywhere network must resolve AWS's public names, or " +
			"those of its VPC endpoints."
		f.Next = []Step{{Text: "ask from the same machine", Command: "nslookup " + orElse(host, "HOST")}}
	default:
		f.Meaning = "The program cannot reach " + of + ". No policy is the matter: AWS was not asked."
		f.Next = []Step{{Text: "ask from the same machine, through its HTTPS_PROXY", Command: "curl -sS -o /dev/null https://" + orElse(host, "HOST") + "/"}}
	}
	return f, true
}

// regional is a host of a service in a Region.
var regional = regexp.MustCompile(`(?:^sts|\becr)\.([a-z0-9-]+)\.amazonaws\.com$`)

// strangeRegion is the Region in the name of a host that has no packages registry; empty for any other host.
func strangeRegion(host string) string {
	m := regional.FindStringSubmatch(host)
	if m == nil {
		return ""
	}
	if _, err := registry.ForRegion(arn.Region(m[1])); err == nil {
		return ""
	}
	return m[1]
}

func dns(words string) bool {
	for _, part := range []string{"no such host", "misbehaving", "resol", "not known", "enotfound", "eai_again"} {
		if strings.Contains(words, part) {
			return true
		}
	}
	return false
}

// linkOf is the first link that asks a host; empty for a host of none.
func linkOf(host string) verify.Link {
	switch {
	case strings.HasPrefix(host, "sts."):
		return verify.LinkIdentity
	case strings.HasPrefix(host, "api.ecr."), strings.HasPrefix(host, "ecr."):
		return verify.LinkToken
	case strings.Contains(host, ".dkr.ecr."):
		return verify.LinkRegistry
	case strings.Contains(host, "starport-layer-bucket"), strings.Contains(host, ".s3."):
		return verify.LinkLayer
	}
	return ""
}
