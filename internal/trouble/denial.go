package trouble

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
)

// sentence is IAM's denial, which may have been wrapped: IAM User Guide, "Troubleshoot access denied error messages"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html) [doc]. Whoever reports it may have
// taken the ARNs out. Some of IAM's own operations leave out the colon behind perform [seen].
var sentence = regexp.MustCompile(`(?i)User:\s+(?P<principal>[^\s"'\\]+)\s+is\s+not\s+authorized\s+to\s+perform:?\s+` +
	`(?P<action>[a-z0-9-]+:[a-z0-9]+)(?:\s+on\s+resource:\s+(?:(?:policy|access\s+key|user|role)\s+)?(?P<resource>[^\s"'\\}\])]+))?` +
	`(?:\s+because\s+no\s+(?P<lacking>[a-z -]+?)\s+allows\s+the|\s+with\s+an\s+explicit\s+deny\s+in\s+(?:an?|the)\s+` +
	`(?P<denying>(?:[a-z-]+\s+)?(?:[a-z-]+\s+)?(?:policy|boundary)))?`)

// A denial is IAM's sentence, taken apart.
type denial struct {
	principal, action, resource string
	caller                      arn.ARN // zero where the principal is no ARN
	policy                      string  // the type of policy that IAM blames; empty where it does not say
	explicit                    bool
	byRegistry                  bool // it came by the registry's protocol, not by an API
}

func readDenial(h hit) (Finding, bool) {
	d := denial{
		principal: h.group("principal"), action: h.group("action"),
		resource: strings.TrimRight(h.group("resource"), ".,:;"), policy: strings.ToLower(h.group("lacking")),
	}
	if denying := h.group("denying"); denying != "" {
		d.policy, d.explicit = strings.ToLower(denying), true
	}
	if caller, err := arn.Parse(d.principal); err == nil {
		d.caller = caller
	} else {
		d.principal = "" // It was taken out, or is none: nothing is known of what stands there.
	}
	d.byRegistry = atRegistry.MatchString(h.around())
	f := d.read()
	f.Principal, f.Action, f.Resource = d.principal, d.action, d.resource
	f.Said = h.envelope(codeOfDenial(d))
	f.Said.Message = d.String()
	return f, true
}

// codeOfDenial is the code where the text does not give it: by API reference, IAM and STS say AccessDenied, the JSON
// services AccessDeniedException, the registry DENIED.
func codeOfDenial(d denial) string {
	service, _, _ := strings.Cut(d.action, ":")
	switch {
	case d.byRegistry:
		return "DENIED"
	case service == "sts" || service == "iam":
		return "AccessDenied"
	}
	return "AccessDeniedException"
}

// String is the sentence as IAM says it.
func (d denial) String() string {
	text := "User: " + orElse(d.principal, "…") + " is not authorized to perform: " + d.action
	if d.resource != "" {
		text += " on resource: " + d.resource
	}
	switch {
	case d.policy == "":
	case d.explicit:
		text += " with an explicit deny in the " + d.policy
	default:
		text += " because no " + d.policy + " allows the " + d.action + " action"
	}
	return text
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// read finds the link by the action: it is what was being done.
func (d denial) read() Finding {
	service, _, _ := strings.Cut(d.action, ":")
	switch {
	case strings.EqualFold(d.action, "sts:AssumeRole"):
		return d.assuming()
	case strings.EqualFold(d.action, "ecr:GetAuthorizationToken"):
		return d.asking()
	case strings.EqualFold(d.action, "ecr:BatchGetImage"):
		return d.pulling(verify.LinkManifest)
	case strings.EqualFold(d.action, "ecr:GetDownloadUrlForLayer"):
		return d.pulling(verify.LinkLayer)
	case service == "ecr":
		return d.beyondPulling()
	}
	return Finding{
		Conclusion: explain.Certain, Kind: d.kind(), Proven: []verify.Link{},
		Meaning: "No link of a pull needs " + d.action + ". Whoever ran this is an administrator's access that lacks it, or a " +
			"cluster's credential that is used for something that it is not for." + d.because(),
	}
}

// kind is the cause that IAM's words name. Where it says nothing, a permission is missing on one side or the other.
func (d denial) kind() explain.Kind {
	switch {
	case strings.Contains(d.policy, "service control"):
		return explain.ByScp
	case strings.Contains(d.policy, "resource control"):
		return explain.ByRcp
	case strings.Contains(d.policy, "boundary"):
		return explain.ByBoundary
	case strings.Contains(d.policy, "session"):
		return explain.BySession
	case d.explicit:
		return explain.ExplicitDeny
	case strings.Contains(d.policy, "endpoint"):
		return explain.Network
	case strings.Contains(d.policy, "trust"), strings.Contains(d.policy, "resource-based") && strings.EqualFold(d.action, "sts:AssumeRole"):
		return explain.TrustMissing
	case strings.Contains(d.policy, "resource-based"):
		return explain.ByRepository
	}
	return explain.ActionMissing
}

// because adds what IAM says of the policies; nothing where it says nothing.
func (d denial) because() string {
	switch {
	case d.policy == "":
		return ""
	case d.explicit:
		return " AWS says that a statement denies it, in the " + d.policy + "."
	}
	return " AWS says that no " + d.policy + " allows it."
}

// assuming is a refused AssumeRole. Across accounts the text is the same for a trust that says no, a missing permission and
// a role that does not exist [seen].
func (d denial) assuming() Finding {
	f := Finding{Link: verify.LinkRole, Conclusion: explain.Certain, Kind: d.kind()}
	if d.policy == "" {
		f.Kind, f.Conclusion = "", explain.Open
		f.Candidates = []explain.Kind{
			explain.TrustMissing, explain.ActionMissing, explain.RoleMissing, explain.RolePath, explain.SessionName,
			explain.ExternalID, explain.PrincipalPath, explain.PrincipalRecreated, explain.ByScp, explain.ByRcp, explain.ByBoundary,
		}
	}
	f.Meaning = "AWS knows the key, and does not let its user assume the role." + d.because()
	if d.policy == "" {
		f.Meaning += " It says the same whether the role's trust says no, the user lacks the permission, or there is no such " +
			"role: only a look at both accounts tells."
	}
	if role, err := arn.Parse(d.resource); err == nil && role.Partition != arn.Partition {
		f.Kind, f.Candidates, f.Conclusion = explain.ConfigFile, nil, explain.Certain
		f.Link, f.Meaning = verify.LinkConfig, "The file names a role of partition "+role.Partition+". No user of another "+
			"partition can assume it, and there is no packages registry there."
	}
	return f
}

// asking is a refused GetAuthorizationToken. Who asks with the user's own key has a file without a role.
func (d denial) asking() Finding {
	if d.caller.Kind() == "user" {
		return Finding{
			Link: verify.LinkConfig, Conclusion: explain.Likely, Kind: explain.ConfigFile, Rules: existing("PP017"),
			Meaning: "The user itself asked ECR, not the role: the program read a key and no role. Its profile default lacks " +
				"role_arn, or the program did not read the file." + d.because(),
		}
	}
	f := Finding{Link: verify.LinkToken, Conclusion: explain.Certain, Kind: d.kind()}
	if d.policy == "" {
		f.Conclusion = explain.Likely
	}
	f.Meaning = "The role was assumed, and may not ask ECR for a password." + d.because() +
		" Role and policies are the source account's."
	return f
}

// pulling is a refusal by the registry. It is another account: without IAM's own words nobody knows which side refuses.
func (d denial) pulling(link verify.Link) Finding {
	f := Finding{Link: link, Conclusion: explain.Certain, Kind: d.kind(), Proven: through(verify.LinkRole)}
	if d.byRegistry {
		f.Proven = before(link)
	}
	f.Meaning = "The role was assumed, and the registry refuses it " + d.action + "." + d.because()
	switch {
	case d.policy == "":
		f.Kind, f.Conclusion = "", explain.Open
		f.Candidates = []explain.Kind{
			explain.Subscription, explain.ActionMissing, explain.WrongRegion, explain.RegistryRegion, explain.ByRepository,
			explain.ByScp, explain.ByRcp, explain.ByBoundary,
		}
		f.Meaning += " Across accounts it does not say which side refuses: the role's policy, or the registry's own, which a " +
			"subscription that has ended closes."
	case f.Kind == explain.ByRepository:
		f.Conclusion = explain.Likely
		f.Candidates = []explain.Kind{explain.Subscription, explain.RegistryRegion, explain.ByRepository}
		f.Meaning += " That is the registry's side: the subscription may have ended, or be of another Region."
	}
	return f
}

// beyondPulling is what only those who look around or push need.
func (d denial) beyondPulling() Finding {
	proven := through(verify.LinkRole)
	if d.byRegistry {
		proven = through(verify.LinkRegistry)
	}
	if d.caller.Kind() == "user" {
		proven = through(verify.LinkIdentity)
	}
	return Finding{
		Conclusion: explain.Certain, Kind: d.kind(), Proven: proven,
		Meaning: "Pulling does not need " + d.action + ", and the hardened posture does not grant it: a listing or a push is " +
			"refused, rightly. It says nothing about pulls." + d.because(),
	}
}
