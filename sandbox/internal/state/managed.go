package state

import (
	"fmt"
	"sync"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
)

// AdministratorAccess is the policy that AWS manages for administrators.
var AdministratorAccess = arn.ARN{Partition: "aws", Service: "iam", Account: "aws", Resource: "policy/AdministratorAccess"}

// awsManaged returns the policies that AWS manages and that people attach beside those of a share. Names, paths and
// documents are those of the AWS Managed Policy Reference Guide
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html).
var awsManaged = sync.OnceValue(func() map[arn.ARN]*Policy {
	policies := map[arn.ARN]*Policy{}
	for _, p := range []struct{ id, name, actions string }{
		{"ANPAIWMBCKSKIEE64ZLYK", "AdministratorAccess", `"*"`},
		{"ANPAI7XKCFMBPM3QQRRVQ", "IAMFullAccess",
			`["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization",` +
				`"organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren",` +
				`"organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots",` +
				`"organizations:ListPolicies","organizations:ListTargetsForPolicy"]`},
		{"ANPAIKSO7NDY4T57MWDSQ", "IAMReadOnlyAccess",
			`["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*",` +
				`"iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"]`},
		{"ANPAIFYZPA37OOHVIH7KQ", "AmazonEC2ContainerRegistryReadOnly",
			`["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer",` +
				`"ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages",` +
				`"ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview",` +
				`"ecr:ListTagsForResource","ecr:DescribeImageScanFindings"]`},
	} {
		policy := managedPolicy(p.id, p.name, p.actions)
		policies[policy.ARN()] = policy
	}
	return policies
})

func managedPolicy(id, name, actions string) *Policy {
	text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":"*"}]}`, actions)
	document, err := NewDocument(iampolicy.Identity, "arn:aws:iam::aws:policy/"+name, text)
	if err != nil {
		// The texts are constants of this file: this is unreachable, and a policy without a document denies.
		document = &Document{Kind: iampolicy.Identity}
	}
	created := time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)
	return &Policy{
		Path: "/", Name: name, ID: awsid.UniqueID(id), Created: created, Updated: created, Default: "v1", Minted: 1,
		Versions: []*PolicyVersion{{ID: "v1", Document: document, Created: created}},
	}
}

// AWSManaged returns the policies that AWS manages, sorted by name.
func AWSManaged() []*Policy {
	byName := map[string]*Policy{}
	for _, policy := range awsManaged() {
		byName[policy.Name] = policy
	}
	return Sorted(byName)
}
