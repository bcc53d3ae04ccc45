package cases

import "strings"

// A kind is the type of a condition key's values.
type kind int

const (
	str kind = iota
	strs
	arns
	number
	date
	boolean
	ip
)

// A key is a condition key with values that it may have in a request.
type key struct {
	name   string
	kind   kind
	values []string
}

// An action is one that a case may ask for, with resources that it may concern and the keys that it supports, as the
// Service Authorization Reference lists them.
type action struct {
	name      string
	resources []string // with REGION and ACCOUNT to be filled in; none for an action that concerns no single resource
	policy    bool     // the resource carries a policy
	keys      []key
}

func actions() []action {
	team := func(prefix string) key { return key{prefix + "/team", str, []string{"red", "Red", "blue", "alice"}} }
	tags := []key{
		{"aws:TagKeys", strs, []string{"team", "Team", "env", "cost-center"}}, team("aws:RequestTag"),
	}
	repository := []string{
		"arn:aws:ecr:REGION:ACCOUNT:repository/eks-anywhere/eks-anywhere-packages", "arn:aws:ecr:REGION:ACCOUNT:repository/alice",
		"arn:aws:ecr:REGION:ACCOUNT:repository/a/b/c",
	}
	repositoryKeys := []key{team("aws:ResourceTag"), team("ecr:ResourceTag")}
	role := []string{"arn:aws:iam::ACCOUNT:role/curated-packages-role", "arn:aws:iam::ACCOUNT:role/app/target"}
	user := []string{"arn:aws:iam::ACCOUNT:user/alice", "arn:aws:iam::ACCOUNT:user/dev/bob"}
	iamTags := []key{team("iam:ResourceTag"), team("aws:ResourceTag")}
	boundary := key{"iam:PermissionsBoundary", arns, []string{"arn:aws:iam::111122223333:policy/boundary", "arn:aws:iam::aws:policy/PowerUserAccess"}}
	object := []string{"arn:aws:s3:::bucket/home/alice/file", "arn:aws:s3:::bucket/Home/x", "arn:aws:s3:::red-bucket/a$b"}
	s3Keys := []key{
		{"s3:TlsVersion", number, []string{"1.2", "1.3", "1"}}, {"s3:authType", str, []string{"REST-HEADER", "REST-QUERY-STRING"}},
		{"s3:signatureAge", number, []string{"0", "600000", "-1"}},
	}
	return []action{
		{"ecr:BatchGetImage", repository, true, repositoryKeys},
		{"ecr:BatchGetImage", repository, true, repositoryKeys},
		{"ecr:GetDownloadUrlForLayer", repository, true, repositoryKeys},
		{"ecr:CreateRepository", repository, false, append(tags, repositoryKeys...)},
		{"ecr:GetAuthorizationToken", nil, false, nil},
		{"sts:AssumeRole", role, true, assumeRoleKeys(tags)},
		{"sts:AssumeRole", role, true, assumeRoleKeys(tags)},
		{"sts:AssumeRole", role, true, assumeRoleKeys(tags)},
		{"iam:CreateUser", user, false, append([]key{boundary}, append(tags, iamTags...)...)},
		{"iam:PassRole", role, false, append([]key{
			{"iam:PassedToService", str, []string{"ec2.amazonaws.com", "eks.amazonaws.com"}},
			{"iam:AssociatedResourceArn", arns, []string{"arn:aws:ec2:us-west-2:111122223333:instance/i-1"}},
		}, iamTags...)},
		{"iam:AttachRolePolicy", role, false, append([]key{
			boundary, {"iam:PolicyARN", arns, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/a/b"}},
		}, iamTags...)},
		{"iam:CreateAccessKey", user, false, iamTags},
		{"iam:ListUsers", nil, false, nil},
		{"s3:GetObject", object, true, append([]key{team("s3:ExistingObjectTag")}, s3Keys...)},
		{"s3:PutObject", object, true, append([]key{
			{"s3:x-amz-acl", str, []string{"private", "public-read"}},
			{"s3:RequestObjectTagKeys", strs, []string{"team", "env"}},
			{"s3:object-lock-remaining-retention-days", number, []string{"0", "7", "30.5"}},
			{"s3:object-lock-retain-until-date", date, []string{"2027-01-01T00:00:00Z"}},
		}, s3Keys...)},
		{"s3:ListBucket", []string{"arn:aws:s3:::bucket", "arn:aws:s3:::red-bucket"}, true, append([]key{
			{"s3:prefix", str, []string{"", "home/", "home/alice/", "home/*"}}, {"s3:max-keys", number, []string{"10", "1000", "10.0"}},
		}, s3Keys...)},
		{"s3:ListAllMyBuckets", nil, false, s3Keys},
		{"sqs:SendMessage", []string{"arn:aws:sqs:REGION:ACCOUNT:alice-queue", "arn:aws:sqs:REGION:ACCOUNT:jobs"}, true, []key{team("aws:ResourceTag")}},
		{"sns:Publish", []string{"arn:aws:sns:REGION:ACCOUNT:topic", "arn:aws:sns:REGION:ACCOUNT:red"}, true, []key{team("aws:ResourceTag")}},
		{"secretsmanager:GetSecretValue", []string{"arn:aws:secretsmanager:REGION:ACCOUNT:secret:prod/alice-AbCdEf"}, true, []key{
			{"secretsmanager:VersionStage", str, []string{"AWSCURRENT", "AWSPREVIOUS"}}, team("aws:ResourceTag"),
		}},
		{"dynamodb:GetItem", []string{"arn:aws:dynamodb:REGION:ACCOUNT:table/alice", "arn:aws:dynamodb:REGION:ACCOUNT:table/books"}, true, []key{
			{"dynamodb:LeadingKeys", strs, []string{"alice", "bob", "AIDAALICE00000000001"}},
			{"dynamodb:Attributes", strs, []string{"UserId", "Topscore", "Wins"}}, {"dynamodb:Select", str, []string{"SPECIFIC_ATTRIBUTES"}},
		}},
		{"lambda:InvokeFunction", []string{"arn:aws:lambda:REGION:ACCOUNT:function:alice", "arn:aws:lambda:REGION:ACCOUNT:function:red-job"}, true, []key{team("aws:ResourceTag")}},
		{"ec2:TerminateInstances", []string{"arn:aws:ec2:REGION:ACCOUNT:instance/i-0123456789abcdef0"}, false, []key{
			{"ec2:InstanceType", str, []string{"t3.micro", "m5.large"}}, team("ec2:ResourceTag"), {"ec2:EbsOptimized", boolean, []string{"true", "false"}},
		}},
		{"eks:DescribeCluster", []string{"arn:aws:eks:REGION:ACCOUNT:cluster/red"}, false, []key{team("aws:ResourceTag")}},
		{"eks:DescribeEksAnywhereSubscription", []string{"arn:aws:eks:REGION:ACCOUNT:eks-anywhere-subscription/0a1b2c3d"}, false, []key{team("aws:ResourceTag")}},
	}
}

func assumeRoleKeys(tags []key) []key {
	return append([]key{
		{"sts:ExternalId", str, []string{"pullpass-001", "Pullpass-001", "store*"}},
		{"sts:RoleSessionName", str, []string{"store-001", "alice", "s1"}},
		{"sts:SourceIdentity", str, []string{"alice", "admin"}},
		{"sts:TransitiveTagKeys", strs, []string{"team", "env"}},
		{"iam:ResourceTag/team", str, []string{"red", "blue"}},
	}, tags...)
}

// globals are keys of the request itself, which any action supports.
func globals() []key {
	return []key{
		{"aws:SourceIp", ip, []string{"203.0.113.7", "10.0.0.1", "2001:db8::1"}},
		{"aws:VpcSourceIp", ip, []string{"10.0.0.1", "10.1.2.3"}},
		{"aws:CurrentTime", date, []string{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.5Z", "2026-03-01T14:00:00+02:00"}},
		{"aws:EpochTime", date, []string{"1772366400", "1772366401"}},
		{"aws:SecureTransport", boolean, []string{"true", "false", "TRUE"}},
		{"aws:MultiFactorAuthPresent", boolean, []string{"true", "false"}},
		{"aws:MultiFactorAuthAge", number, []string{"0", "300", "3600"}},
		{"aws:RequestedRegion", str, []string{"us-west-2", "eu-central-1", "us-east-1"}},
		{"aws:UserAgent", str, []string{"pullpass", "YmFzZTY0"}},
		{"aws:referer", str, []string{"YWJj", "eHl6"}},
		{"aws:SourceVpce", str, []string{"vpce-1a2b3c4d", "vpce-0"}},
		{"aws:SourceArn", arns, []string{"arn:aws:s3:::bucket", "arn:aws:sns:us-west-2:111122223333:topic", "arn:aws:iam::111122223333:role/app/examplerole"}},
		{"aws:SourceAccount", str, []string{"111122223333", "444455556666"}},
		{"aws:ViaAWSService", boolean, []string{"true", "false"}},
		{"aws:CalledVia", strs, []string{"athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com"}},
		{"aws:ResourceAccount", str, []string{"111122223333", "111111111111", "999999999999"}},
		{"aws:ResourceOrgID", str, []string{"o-a1b2c3d4e5", "o-zzzzzzzzzz"}},
		{"aws:SourceIdentity", str, []string{"alice", "admin"}},
	}
}

// callers are keys of the principal that not every principal has.
func callers() []key {
	return []key{
		{"aws:PrincipalOrgID", str, []string{"o-a1b2c3d4e5", "o-zzzzzzzzzz"}},
		{"aws:PrincipalOrgPaths", strs, []string{"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/ou-ab12-33333333/"}},
		{"aws:PrincipalTag/team", str, []string{"red", "Red", "blue", "alice", "a*b", "*"}},
		{"aws:PrincipalTag/env", str, []string{"prod", "dev"}},
	}
}

// identityKeys are the keys of Principal.identity, with values for the principals that do not have them.
func identityKeys() []key {
	return []key{
		{"aws:PrincipalArn", arns, []string{"arn:aws:iam::111122223333:user/dev/alice"}},
		{"aws:PrincipalAccount", str, []string{"111122223333"}},
		{"aws:PrincipalType", str, []string{"User", "AssumedRole"}},
		{"aws:userid", str, []string{"AIDAALICE00000000001"}},
		{"aws:username", str, []string{"alice"}},
		{"aws:TokenIssueTime", date, []string{"2026-01-02T03:04:05Z"}},
		{"aws:PrincipalIsAWSService", boolean, []string{"true"}},
		{"aws:PrincipalServiceName", str, []string{"ec2.amazonaws.com"}},
		{"aws:PrincipalServiceNamesList", strs, []string{"ec2.amazonaws.com"}},
	}
}

// Multivalued reports whether a request may hold several values of a key, by the key's type in AWS's references.
func Multivalued(name string) bool {
	lists := [][]key{globals(), callers(), identityKeys()}
	for _, a := range actions() {
		lists = append(lists, a.keys)
	}
	for _, keys := range lists {
		for _, k := range keys {
			if strings.EqualFold(k.name, name) {
				return k.kind == strs
			}
		}
	}
	return false
}
