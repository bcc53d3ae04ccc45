package trouble

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/verify"
)

// coded is an answer of AWS without IAM's sentence: by its code ("Common error types" in the API references of STS, IAM, ECR
// and EKS) [sdk], or by the words that stand for it where a program drops the code [seen].
var coded = regexp.MustCompile(`\b(?P<code>InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|` +
	`InvalidSignatureException|IncompleteSignature|ExpiredTokenException|ExpiredToken|RequestExpired|RegionDisabledException|` +
	`ResourceNotFoundException|ValidationError|MalformedPolicyDocument|LimitExceededException|LimitExceeded|NoSuchEntity|` +
	`ThrottlingException|Throttling|TooManyRequestsException|AccessDeniedException|AccessDenied)\b` +
	`|(?P<words>The\s+security\s+token\s+included\s+in\s+the\s+request\s+is\s+(?:invalid|expired)|` +
	`The\s+request\s+signature\s+we\s+calculated\s+does\s+not\s+match|MultiFactorAuthentication failed|` +
	`Cannot exceed quota for|Invalid principal in policy|Rate exceeded|toomanyrequests:)`)

// codeOf is the code that words stand for, empty for no words.
func codeOf(words string) string {
	for _, w := range []struct{ part, code string }{
		{"expired", "ExpiredToken"},
		{"security token", "InvalidClientTokenId"},
		{"signature", "SignatureDoesNotMatch"},
		{"MultiFactor", "AccessDenied"},
		{"quota", "LimitExceeded"},
		{"principal", "MalformedPolicyDocument"},
		{"Rate exceeded", "ThrottlingException"},
		{"toomanyrequests", "ThrottlingException"},
	} {
		if strings.Contains(words, w.part) {
			return w.code
		}
	}
	return ""
}

func readCode(h hit) (Finding, bool) {
	code := orElse(h.group("code"), codeOf(h.group("words")))
	f := meaningOf(code, h.operation())
	if code == "InvalidClientTokenId" && atRegistry.MatchString(h.around()) {
		f = ownerGone()
	}
	f.Said = h.envelope(code)
	f.Said.Code = code
	f.Said.Message = messageOf(code)
	f.Key = key.FindString(h.around())
	return f, true
}

// operation is the one that a line names last, empty where it names none.
func (h hit) operation() string { return h.envelope("").Operation }

// messageOf is AWS's sentence for a code that has always the same.
func messageOf(code string) string {
	switch code {
	case "InvalidClientTokenId", "UnrecognizedClientException":
		return "The security token included in the request is invalid."
	case "ExpiredToken", "ExpiredTokenException":
		return "The security token included in the request is expired"
	case "SignatureDoesNotMatch", "InvalidSignatureException":
		return "The request signature we calculated does not match the signature you provided."
	}
	return ""
}

func meaningOf(code, operation string) Finding {
	switch code {
	case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
		return unknownKey()
	case "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature":
		return wrongSecret()
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return endedSession()
	case "RegionDisabledException":
		return Finding{
			Link: verify.LinkRole, Conclusion: explain.Likely, Kind: explain.WrongRegion,
			Meaning: "STS is switched off for this Region in the account of the role or of the user.",
			Next:    []Step{{Text: "switch it on: IAM console, Account settings, or take a Region where it is on"}},
		}
	case "AccessDenied", "AccessDeniedException":
		return bareDenial(code, operation)
	case "ValidationError":
		return invalidRequest(operation)
	case "ThrottlingException", "Throttling", "TooManyRequestsException":
		return Finding{
			Conclusion: explain.Certain, vague: true, Proven: []verify.Link{},
			Meaning: "AWS limits the rate of calls. That is no fault of the share, and passes.",
			Next:    []Step{{Text: "try again in a minute, and with fewer at once"}},
		}
	case "ResourceNotFoundException":
		return Finding{
			Conclusion: explain.Likely, Kind: explain.Subscription, Proven: []verify.Link{},
			Meaning: "EKS knows no such subscription in this account and Region. It is no link of a pull: the registry is found by it.",
			Next:    []Step{{Text: "list those that there are, in the Region of the share", Command: "aws eks list-eks-anywhere-subscriptions"}},
		}
	}
	return Finding{
		Conclusion: explain.Certain, Proven: []verify.Link{},
		Meaning: "IAM refused a change of an administrator's (" + code + "). It is no link of a pull: something could not be made.",
		Next:    []Step{{Text: "see what is left to make", Command: "pullpass plan"}},
	}
}

// unknownKey: the same answer for a key that was deleted, deactivated, never existed, or is seconds old (2 to 15 s) [seen].
func unknownKey() Finding {
	return Finding{
		Link: verify.LinkIdentity, Conclusion: explain.Open,
		Candidates: []explain.Kind{explain.KeyDeleted, explain.KeyInactive, explain.UserMissing, explain.ConfigFile},
		Rules:      existing("PP013", "PP025"),
		Meaning: "AWS does not know the access key: it was deleted or deactivated, its user is gone, or what stands in the file " +
			"is none. A key that was made seconds ago is not known everywhere yet.",
		Next: []Step{{Text: "see which keys there are, and which of them the cluster has", Command: "pullpass status"}},
	}
}

// ownerGone is the registry's answer to a password whose owner is no longer there. The text is that of ECR's API; that the
// registry has the same is our inference.
func ownerGone() Finding {
	return Finding{
		Link: verify.LinkRegistry, Conclusion: explain.Open,
		Candidates: []explain.Kind{explain.RoleMissing, explain.KeyDeleted, explain.KeyInactive},
		Meaning: "The registry knows the password, and its owner is gone: the role was deleted, or made anew, or the key was " +
			"switched off, since the password was given.",
	}
}

func wrongSecret() Finding {
	return Finding{
		Link: verify.LinkIdentity, Conclusion: explain.Likely, Kind: explain.ConfigFile, Rules: existing("PP014", "PP106"),
		Meaning: "AWS knows the key, and the secret beside it is not that of the key: cut short, of another key, or with white " +
			"space at its end.",
		Next: lintSteps(nil),
	}
}

func endedSession() Finding {
	return Finding{
		Link: verify.LinkToken, Conclusion: explain.Likely, Kind: explain.ConfigFile, Proven: []verify.Link{},
		Meaning: "A session has ended. Sessions that the program takes itself are renewed by it, so that this one was likely " +
			"given to it: keys that begin with ASIA, in a file, in a Secret or in the environment.",
		Next: []Step{{Text: "give the program the config file with the user's own key", Command: "pullpass apply"}},
	}
}

// bareDenial is a code whose sentence was cut off.
func bareDenial(code, operation string) Finding {
	link := verify.LinkToken // ECR and EKS give this code, and the first thing that is asked of them is a token.
	switch {
	case operation == "AssumeRole", operation == "" && code == "AccessDenied":
		link = verify.LinkRole // Of the services of a pull, STS alone gives this code.
	case operation == "BatchGetImage":
		link = verify.LinkManifest
	case operation == "GetDownloadUrlForLayer":
		link = verify.LinkLayer
	}
	f := Finding{
		Link: link, Conclusion: explain.Open, vague: true,
		Meaning: "AWS denies it. The sentence behind the code is missing, which names the caller, the action and the resource.",
		Next:    []Step{{Text: "find the whole line: it goes on with `User: … is not authorized to perform: …`"}},
	}
	if operation == "" {
		f.Proven = []verify.Link{}
	}
	return f
}

func invalidRequest(operation string) Finding {
	f := Finding{
		Conclusion: explain.Certain, Proven: []verify.Link{},
		Meaning: "AWS does not understand what it was asked. It is no refusal.",
	}
	if operation == "AssumeRole" {
		f.Link, f.Kind, f.Conclusion, f.Rules = verify.LinkConfig, explain.ConfigFile, explain.Likely, existing("PP011")
		f.Meaning = "STS does not understand what the file says of the role: role_arn is no ARN of a role, or role_session_name, " +
			"external_id or duration_seconds is out of bounds."
		f.Next = lintSteps(f.Rules)
	}
	return f
}

// existing are the rules of these codes.
func existing(codes ...lint.Code) []lint.Code {
	return slices.DeleteFunc(codes, func(c lint.Code) bool { _, found := lint.Find(c); return !found })
}
