package awsclient

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
)

// An operation is a call of a service, both as in the name of its IAM action.
type operation struct{ service, name string }

// String is such as iam:CreateUser.
func (o operation) String() string { return o.service + ":" + o.name }

// reads reports whether the operation is known to change nothing. What is not in the table counts as a change.
//
// AssumeRole and its like make a session and change nothing that the account holds.
func (o operation) reads() bool {
	switch o.service {
	case "iam":
		return iamReads(o.name)
	case "sts":
		return o.name == "GetCallerIdentity" || strings.HasPrefix(o.name, "AssumeRole")
	case "ecr":
		switch o.name {
		case "GetAuthorizationToken", "BatchGetImage", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer",
			"DescribeImages", "DescribeRepositories", "ListImages":
			return true
		}
	case "eks":
		return o.name == "DescribeEksAnywhereSubscription" || o.name == "ListEksAnywhereSubscriptions"
	}
	return false
}

func iamReads(name string) bool {
	switch name {
	case "GetPolicy", "GetPolicyVersion", "ListPolicies", "ListPolicyVersions", "ListEntitiesForPolicy", "ListPolicyTags",
		"GetRole", "GetRolePolicy", "ListRoles", "ListRolePolicies", "ListAttachedRolePolicies", "ListRoleTags",
		"ListInstanceProfilesForRole",
		"GetUser", "GetUserPolicy", "ListUsers", "ListUserPolicies", "ListAttachedUserPolicies", "ListUserTags",
		"ListGroupsForUser", "GetLoginProfile", "ListMFADevices", "ListSSHPublicKeys", "ListServiceSpecificCredentials",
		"ListSigningCertificates",
		"ListAccessKeys", "GetAccessKeyLastUsed",
		"SimulatePrincipalPolicy", "SimulateCustomPolicy":
		return true
	}
	return false
}

// resourceOf names what a call of IAM changes: by its ARN where the call or its answer says it, else by kind and name, which
// are unique in an account, for what a path is before the name nothing tells. Nothing else of the input or the answer is
// looked at. It is empty for what is not in the table.
func resourceOf(caller arn.ARN, in, out any) string {
	if made := madeBy(caller, in, out); made != "" {
		return made
	}
	if entity := policyOf(in); entity != "" {
		return entity
	}
	if entity := roleOf(in); entity != "" {
		return entity
	}
	return userOf(in)
}

func madeBy(caller arn.ARN, in, out any) string {
	entity := func(kind string, path, name *string) string {
		begin := cmp.Or(aws.ToString(path), "/")
		return arn.ARN{
			Partition: caller.Partition, Service: "iam", Account: caller.Account, Resource: kind + begin + aws.ToString(name),
		}.String()
	}
	switch in := in.(type) {
	case *iam.CreatePolicyInput:
		return entity("policy", in.Path, in.PolicyName)
	case *iam.CreateRoleInput:
		return entity("role", in.Path, in.RoleName)
	case *iam.CreateUserInput:
		return entity("user", in.Path, in.UserName)
	case *iam.CreateAccessKeyInput:
		if made, ok := out.(*iam.CreateAccessKeyOutput); ok && made != nil && made.AccessKey != nil {
			return user(in.UserName, accessKey(made.AccessKey.AccessKeyId))
		}
		return user(in.UserName)
	}
	return ""
}

func policyOf(in any) string {
	switch in := in.(type) {
	case *iam.CreatePolicyVersionInput:
		return aws.ToString(in.PolicyArn)
	case *iam.DeletePolicyVersionInput:
		return aws.ToString(in.PolicyArn) + " " + aws.ToString(in.VersionId)
	case *iam.SetDefaultPolicyVersionInput:
		return aws.ToString(in.PolicyArn) + " " + aws.ToString(in.VersionId)
	case *iam.DeletePolicyInput:
		return aws.ToString(in.PolicyArn)
	case *iam.TagPolicyInput:
		return aws.ToString(in.PolicyArn)
	case *iam.UntagPolicyInput:
		return aws.ToString(in.PolicyArn)
	}
	return ""
}

func roleOf(in any) string {
	switch in := in.(type) {
	case *iam.UpdateAssumeRolePolicyInput:
		return role(in.RoleName)
	case *iam.PutRolePermissionsBoundaryInput:
		return role(in.RoleName, aws.ToString(in.PermissionsBoundary))
	case *iam.DeleteRolePermissionsBoundaryInput:
		return role(in.RoleName)
	case *iam.AttachRolePolicyInput:
		return role(in.RoleName, aws.ToString(in.PolicyArn))
	case *iam.DetachRolePolicyInput:
		return role(in.RoleName, aws.ToString(in.PolicyArn))
	case *iam.PutRolePolicyInput:
		return role(in.RoleName, inline(in.PolicyName))
	case *iam.DeleteRolePolicyInput:
		return role(in.RoleName, inline(in.PolicyName))
	case *iam.TagRoleInput:
		return role(in.RoleName)
	case *iam.UntagRoleInput:
		return role(in.RoleName)
	case *iam.UpdateRoleInput:
		return role(in.RoleName)
	case *iam.DeleteRoleInput:
		return role(in.RoleName)
	}
	return ""
}

func userOf(in any) string {
	switch in := in.(type) {
	case *iam.PutUserPermissionsBoundaryInput:
		return user(in.UserName, aws.ToString(in.PermissionsBoundary))
	case *iam.DeleteUserPermissionsBoundaryInput:
		return user(in.UserName)
	case *iam.AttachUserPolicyInput:
		return user(in.UserName, aws.ToString(in.PolicyArn))
	case *iam.DetachUserPolicyInput:
		return user(in.UserName, aws.ToString(in.PolicyArn))
	case *iam.PutUserPolicyInput:
		return user(in.UserName, inline(in.PolicyName))
	case *iam.DeleteUserPolicyInput:
		return user(in.UserName, inline(in.PolicyName))
	case *iam.TagUserInput:
		return user(in.UserName)
	case *iam.UntagUserInput:
		return user(in.UserName)
	case *iam.DeleteUserInput:
		return user(in.UserName)
	case *iam.UpdateAccessKeyInput:
		return user(in.UserName, accessKey(in.AccessKeyId), string(in.Status))
	case *iam.DeleteAccessKeyInput:
		return user(in.UserName, accessKey(in.AccessKeyId))
	}
	return ""
}

func role(name *string, more ...string) string {
	return strings.Join(append([]string{"role/" + aws.ToString(name)}, more...), " ")
}

func user(name *string, more ...string) string {
	return strings.Join(append([]string{"user/" + aws.ToString(name)}, more...), " ")
}

func inline(name *string) string  { return "inline/" + aws.ToString(name) }
func accessKey(id *string) string { return "accesskey/" + aws.ToString(id) }
