package share

import (
	"encoding/json"
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/registry"
)

// policyText is a policy document before it is parsed. Statement is one statement or a list of them.
type policyText struct {
	Version   string
	Statement any
}

type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal *awsPrincipal `json:",omitempty"`
	Action    any
	Resource  string                       `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

// awsPrincipal holds one principal or a list of them.
type awsPrincipal struct{ AWS any }

func compose(kind iampolicy.Kind, statements any) (*iampolicy.Document, error) {
	text, err := json.Marshal(policyText{Version: iampolicy.Version2012, Statement: statements})
	if err != nil {
		return nil, fmt.Errorf("composing a %s: %w", kind, err)
	}
	doc, err := iampolicy.Parse(text, kind)
	if err != nil {
		return nil, fmt.Errorf("composing a %s: %w", kind, err)
	}
	return doc, nil
}

// documentedRead is the policy of the page's step 2.
func documentedRead(reg registry.Registry) (*iampolicy.Document, error) {
	return compose(iampolicy.Identity, []statement{
		{
			Sid:    "ECRRead",
			Effect: "Allow",
			Action: []string{
				"ecr:DescribeImageScanFindings",
				"ecr:GetDownloadUrlForLayer",
				"ecr:DescribeRegistry",
				"ecr:DescribePullThroughCacheRules",
				"ecr:DescribeImageReplicationStatus",
				"ecr:ListTagsForResource",
				"ecr:ListImages",
				"ecr:BatchGetImage",
				"ecr:DescribeImages",
				"ecr:DescribeRepositories",
				"ecr:BatchCheckLayerAvailability",
			},
			Resource: arn.Repository("*", reg.Account, "*").String(),
		},
		{Sid: "ECRLogin", Effect: "Allow", Action: []string{"ecr:GetAuthorizationToken"}, Resource: "*"},
	})
}

// hardenedRead allows what a pull needs (the manifest, the layers, the login) in the one Region of the share.
// GetAuthorizationToken takes no resource ("Actions, resources, and condition keys for Amazon Elastic Container
// Registry" in the Service Authorization Reference).
func hardenedRead(reg registry.Registry) (*iampolicy.Document, error) {
	return compose(iampolicy.Identity, []statement{
		{
			Sid:      "ECRRead",
			Effect:   "Allow",
			Action:   []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resource: arn.Repository(reg.Region, reg.Account, "*").String(),
		},
		{Sid: "ECRLogin", Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*"},
	})
}

// assumeRole is the policy of the page's step 4, which the hardened posture needs as well.
func assumeRole(role arn.ARN) (*iampolicy.Document, error) {
	return compose(iampolicy.Identity, statement{Effect: "Allow", Action: "sts:AssumeRole", Resource: role.String()})
}

// documentedTrust is the trust of the page's step 3, which for several accounts becomes a list.
func documentedTrust(accounts []arn.AccountID) (*iampolicy.Document, error) {
	var principal any
	roots := make([]string, len(accounts))
	for i, account := range accounts {
		roots[i] = arn.Root(account).String()
	}
	principal = roots
	if len(roots) == 1 {
		principal = roots[0]
	}
	return compose(iampolicy.Trust, []statement{
		{Effect: "Allow", Principal: &awsPrincipal{AWS: principal}, Action: "sts:AssumeRole"},
	})
}

// fences are what the trust of a hardened role asks for.
type fences struct {
	destination  arn.AccountID
	userPath     string
	organization string
	externalID   string
}

// hardenedTrust lets in the users of one destination under the share's path, each under its own name. It names the users
// by a condition, because a principal would have to exist already and would be rewritten to its unique id; so the trust
// stays the same however many clusters come and go. ArnLike is what AWS recommends for aws:PrincipalArn ("AWS global
// condition context keys"); the comparison of sts:RoleSessionName with ${aws:username} is the example of "IAM and AWS
// STS condition context keys". Neither the path nor the external id can hold a wildcard or a variable (see iamPath and
// externalIDShape).
func hardenedTrust(f fences) (*iampolicy.Document, error) {
	equals := map[string]string{"sts:RoleSessionName": "${aws:username}"}
	if f.organization != "" {
		equals["aws:PrincipalOrgID"] = f.organization
	}
	if f.externalID != "" {
		equals["sts:ExternalId"] = f.externalID
	}
	users := arn.IAM(f.destination, "user", f.userPath, "*")
	return compose(iampolicy.Trust, []statement{{
		Effect:    "Allow",
		Principal: &awsPrincipal{AWS: arn.Root(f.destination).String()},
		Action:    "sts:AssumeRole",
		Condition: map[string]map[string]string{
			"ArnLike":      {"aws:PrincipalArn": users.String()},
			"StringEquals": equals,
		},
	}})
}
