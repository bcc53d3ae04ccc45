package trouble

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// missingRepository is the registry's answer for a repository that is not there [seen].
var missingRepository = regexp.MustCompile(`The\s+repository\s+with\s+name\s+'(?P<name>[a-z0-9._/-]+)'\s+does\s+not\s+exist\s+in\s+the\s+registry\s+` +
	`with\s+id\s+'(?P<id>\d{12})'`)

func readMissingRepository(h hit) (Finding, bool) {
	account := arn.AccountID(h.group("id"))
	f := Finding{
		Link: verify.LinkManifest, Conclusion: explain.Likely, Kind: explain.RegistryRegion,
		Said: explain.Answer{Service: "ECR", Code: "NAME_UNKNOWN", Message: "The repository with name '" + h.group("name") +
			"' does not exist in the registry with id '" + string(account) + "'"},
		Host: h.host(),
	}
	row, known := registry.ByAccount(account)
	switch {
	case account == registry.Legacy().Account:
		f.Meaning = "This is the registry for trials and for subscriptions from before October 2023. Newer subscriptions have one " +
			"in each Region."
	case known:
		f.Kind, f.Conclusion = "", explain.Open
		f.Meaning = "This is the packages registry of " + string(row.Region) + ", and it has no such repository: the name is " +
			"mistaken, or the package is not in the bundle."
	default:
		f.Meaning = "Account " + string(account) + " has none of the packages registries: the program asks the wrong one."
	}
	f.Next = []Step{{Text: "see which registry the subscription opens", Command: "pullpass registry"}}
	return f, true
}

// registryFault is what the registry says, and what clients make of it: the distribution specification's codes, ECR's words
// [seen], and those of docker, containerd, helm, oras and crane, which test/peers makes them say [run]. The layer store's
// answer to a forwarded Authorization header is S3's [seen].
var registryFault = regexp.MustCompile(`Only one auth mechanism allowed|(?i:Your\s+authorization\s+token\s+has\s+expired)|authorization token is not valid in|\b400[: ]+Bad Request|` +
	`\b401[: ]+Unauthorized|\bstatus:? 401\b|no basic auth credentials|basic credential not found|credential required for basic auth|` +
	`authentication required|\bUNAUTHORIZED\b|\bNot Authorized\b|` +
	`\b403[: ]+Forbidden|^\s*40[134]\b|\bDENIED\b|\bdenied: |\bNAME_UNKNOWN\b|\bMANIFEST_UNKNOWN\b|\bmanifest unknown\b|\bname unknown\b|` +
	`\b404[: ]+Not Found|Requested image not found|` +
	`Request has expired|digest mismatch|failed size validation|unexpected commit digest|error verifying (?:sha256|digest)|` +
	`\b50[0234][: ]+(?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)`)

func readRegistryFault(h hit) (Finding, bool) {
	words := strings.ToLower(spoken(h))
	f := registryMeaning(words, h)
	f.Host = h.host()
	f.Said.Message = spoken(h)
	return f, true
}

func registryMeaning(words string, h hit) Finding {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(words, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("auth mechanism"):
		return forwarded()
	case has("token has expired"):
		return expiredPassword()
	case has("400", "not valid in"):
		return otherRegion()
	case has("401", "unauthorized", "credential", "authentication required", "not authorized"):
		return noPassword()
	case has("request has expired"):
		return lateRedirect()
	case has("digest", "verifying", "size validation"):
		return otherBytes()
	case has("403", "denied"):
		return forbidden(h)
	case has("404", "unknown", "not found"):
		return notThere()
	}
	return Finding{
		Link: verify.LinkRegistry, Conclusion: explain.Likely, Kind: explain.Network, vague: true,
		Meaning: "The registry, or something on the way to it, could not answer.",
		Next:    []Step{{Text: "try again in a minute; if it stays, look at the proxy on the way"}},
	}
}

func expiredPassword() Finding {
	return Finding{
		Link: verify.LinkRegistry, Conclusion: explain.Certain, Said: explain.Answer{Service: "ECR", Code: "DENIED"},
		Meaning: "The password for the registry is more than 12 hours old. AWS let its owner in when it was made; whoever keeps it " +
			"has not got a new one since.",
		Next: []Step{
			{Text: "in a cluster, see why the packages controller does not renew it", Command: "kubectl -n eksa-packages logs deployment/eks-anywhere-packages"},
			{Text: "elsewhere, log in again", Command: "aws ecr get-login-password --region REGION | docker login --username AWS --password-stdin HOST"},
		},
	}
}

func otherRegion() Finding {
	return Finding{
		Link: verify.LinkRegistry, Conclusion: explain.Likely, Kind: explain.RegistryRegion,
		Candidates: []explain.Kind{explain.RegistryRegion, explain.WrongRegion},
		Meaning: "ECR does not take a password of another Region: the Region in the file, or the one that was logged in to, is " +
			"not that of the registry's host.",
		Next: []Step{{Text: "compare the Region in the file with that in the host's name", Command: "pullpass registry"}},
	}
}

// noPassword is the end of every way on which no password was got: it names no cause.
func noPassword() Finding {
	return Finding{
		Link: verify.LinkRegistry, Conclusion: explain.Open, vague: true, Proven: []verify.Link{},
		Meaning: "The registry was asked without a password, or with one that it does not know. That has a cause before it: the " +
			"program did not get one, or did not look for one for this host.",
		Next: []Step{
			{Text: "find the earlier message: of the packages controller", Command: "kubectl -n eksa-packages logs deployment/eks-anywhere-packages"},
			{Text: "or of kubelet, on the node", Command: "journalctl -u kubelet | grep -i credential"},
			{Text: "see whether the cluster is set up to ask for this host", Command: "pullpass lint --live"},
		},
	}
}

func forwarded() Finding {
	return Finding{
		Link: verify.LinkLayer, Conclusion: explain.Likely, Kind: explain.Network,
		Meaning: "The registry let the layer go. The client, or a proxy, then sent the registry's password to the layer store, which " +
			"refuses two ways of signing in.",
		Next: []Step{{Text: "have the proxy or mirror follow redirects without the header Authorization"}},
	}
}

func lateRedirect() Finding {
	return Finding{
		Link: verify.LinkLayer, Conclusion: explain.Likely, Kind: explain.Clock,
		Candidates: []explain.Kind{explain.Clock, explain.Network},
		Meaning: "The registry let the layer go, and the address in the layer store was used too late: by a cache on the way, or " +
			"by a machine whose clock is wrong.",
		Next: []Step{{Text: "look at the clock, and for a proxy that caches redirects", Command: "timedatectl status"}},
	}
}

func otherBytes() Finding {
	return Finding{
		Link: verify.LinkLayer, Conclusion: explain.Likely, Kind: explain.Network,
		Meaning: "What came is not what the manifest promises. AWS let it go; something on the way changed it or cut it off.",
		Next:    []Step{{Text: "look for a proxy on the way, and for a full disk"}},
	}
}

// forbidden is a refusal without IAM's sentence: HEAD has no body. What was asked for stands in the URL, if there is one.
func forbidden(h hit) Finding {
	f := Finding{
		Link: verify.LinkManifest, Conclusion: explain.Open,
		Candidates: []explain.Kind{explain.Subscription, explain.ActionMissing, explain.WrongRegion, explain.ByRepository},
		Meaning: "The registry knows the password and refuses its owner. The program does not say what AWS gave for a reason: the " +
			"role's policy, or the registry's own, which a subscription that has ended closes.",
	}
	switch line := h.around(); {
	case strings.Contains(line, "/blobs/") && strings.Contains(line, "HEAD"):
		f.Link, f.Proven, f.Candidates = "", through(verify.LinkRegistry), nil
		f.Kind, f.Conclusion = explain.ActionMissing, explain.Likely
		f.Meaning = "The registry does not tell the role whether it has a layer. Only a push asks that, and the hardened posture " +
			"does not grant it (ecr:BatchCheckLayerAvailability). It says nothing about pulls."
	case strings.Contains(line, "/tags/list"):
		f.Link, f.Proven, f.Candidates = "", through(verify.LinkRegistry), nil
		f.Kind, f.Conclusion = explain.ActionMissing, explain.Likely
		f.Meaning = "The registry does not list tags for the role. Pulling does not need it (ecr:ListImages)."
	case strings.Contains(line, "/blobs/"):
		f.Link = verify.LinkLayer
	}
	return f
}

func notThere() Finding {
	return Finding{
		Link: verify.LinkManifest, Conclusion: explain.Open, Candidates: []explain.Kind{explain.RegistryRegion},
		Meaning: "The registry let the program in and holds nothing under this name: the tag or the digest is mistaken, or it is " +
			"the registry of another Region. `eksctl anywhere` takes this answer for success, which proves nothing.",
		Next: []Step{{Text: "see which registry the subscription opens", Command: "pullpass registry"}},
	}
}
