package trouble

import (
	"regexp"

	"github.com/pullpass/pullpass/internal/explain"
)

var (
	// botocore is how the AWS CLI and other programs in Python tell an answer [run].
	botocore = regexp.MustCompile(`An error occurred \((?P<code>[A-Za-z0-9.]+)\) when calling the (?P<operation>[A-Za-z0-9]+) operation`)
	// goSDK is how the AWS SDK for Go tells the operation; the last one in a chain of credentials is that which failed [run].
	goSDK = regexp.MustCompile(`operation error (?P<service>[A-Za-z0-9 ]+): (?P<operation>[A-Za-z0-9]+)`)
	// apiError is how it tells the code [run].
	apiError = regexp.MustCompile(`api error (?P<code>[A-Za-z0-9._]+):`)
	// requestID is AWS's own, a UUID: v2 and v1 of the AWS SDK for Go, and boto.
	requestID = regexp.MustCompile(`(?i)request ?id[:=]? *(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	// atRegistry is what stands only in answers of the registry's protocol.
	atRegistry = regexp.MustCompile(`\bDENIED\b|\bdenied: |https://[^ /"]+/v2/|RegionalRegistryAccessIssue`)
)

// envelope is what a program tells of an answer beside its message. The code is the one that the text gives, or that given.
func (h hit) envelope(code string) explain.Answer {
	line := h.around()
	a := explain.Answer{Code: code}
	if m := botocore.FindStringSubmatch(line); m != nil {
		a.Code, a.Operation = m[1], m[2]
	}
	if all := goSDK.FindAllStringSubmatch(line, maxHits); all != nil {
		last := all[len(all)-1]
		a.Service, a.Operation = last[1], last[2]
	}
	if m := apiError.FindStringSubmatch(line); m != nil {
		a.Code = m[1]
	}
	if m := requestID.FindStringSubmatch(line); m != nil {
		a.RequestID = m[1]
	}
	if a.Service == "" {
		a.Service = serviceOf(a.Operation)
	}
	a.Service, a.Operation, a.Code = veil(a.Service), veil(a.Operation), veil(a.Code)
	return a
}

// serviceOf is the service of an operation of the chain, where a program names the operation alone.
func serviceOf(operation string) string {
	switch operation {
	case "AssumeRole", "GetCallerIdentity":
		return "STS"
	case "GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer", "DescribeRepositories", "DescribeImages":
		return "ECR"
	case "DescribeEksAnywhereSubscription", "ListEksAnywhereSubscriptions":
		return "EKS"
	}
	return ""
}
