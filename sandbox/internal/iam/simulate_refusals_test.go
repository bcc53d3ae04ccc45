package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestSimulationsThatAreRefused(t *testing.T) {
	type input = iam.SimulateCustomPolicyInput
	l := newLab(t)
	with := func(entries ...types.ContextEntry) func(*input) {
		return func(in *input) { in.ContextEntries = entries }
	}
	shared := func(policy string) func(*input) {
		return func(in *input) {
			in.ResourceArns, in.ResourcePolicy, in.CallerArn = []string{object}, aws.String(policy), aws.String(aliceARN)
		}
	}
	const invalid, validation = "InvalidInput", "ValidationError"
	for sentence, test := range map[string]struct {
		change     func(*input)
		code, text string
	}{
		"no action": {func(in *input) { in.ActionNames = []string{} }, validation, "Value at 'actionNames' failed to satisfy constraint"},
		"an action of two letters": {
			func(in *input) { in.ActionNames = []string{"s:"} }, validation,
			"Value at 'actionNames' failed to satisfy constraint: Member must have length greater than or equal to 3",
		},
		"an action without a service": {
			func(in *input) { in.ActionNames = []string{"GetObject"} }, invalid, "The action is invalid since it is missing names",
		},
		"a resource that is no ARN": {
			func(in *input) { in.ResourceArns = []string{"not-an-arn"} }, invalid, "ResourceNames are not in a valid ARN format: not-an-arn.",
		},
		"part of an ARN": {
			func(in *input) { in.ResourceArns = []string{"arn:aws:s3"} }, invalid, "ResourceNames are not in a valid ARN format: arn:aws:s3.",
		},
		"everything and something": {
			func(in *input) { in.ResourceArns = []string{object, "*"} }, invalid, "ResourceNames are not in a valid ARN format: *.",
		},
		"a scenario of EC2 for S3": {
			func(in *input) {
				in.ResourceArns, in.ResourceHandlingOption = []string{object}, aws.String("EC2-VPC-EBS")
			}, invalid,
			"Invalid input resource handling options. Action does not support resource handling options: s3:GetObject. " +
				"Please refer to the documentation for more details: " +
				"https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html",
		},
		"a scenario that EC2 does not have": {
			func(in *input) {
				in.ActionNames, in.ResourceArns = []string{"ec2:RunInstances"}, []string{"arn:aws:ec2:us-west-2:111111111111:instance/i-1"}
				in.ResourceHandlingOption = aws.String("fictional")
			}, invalid, "Action does not support resource handling options: ec2:RunInstances.",
		},
		"a policy that is no JSON": {
			func(in *input) { in.PolicyInputList = []string{allowGet, "{"} }, invalid, "Policy input list item 2 has invalid content",
		},
		"a policy of the future": {
			func(in *input) { in.PolicyInputList = []string{`{"Version":"2099-01-01","Statement":[]}`} }, invalid,
			"Policy input list item 1 has invalid content",
		},
		"a resource's policy in the wrong place": {
			func(in *input) { in.PolicyInputList = []string{toAlice} }, invalid, "Policy input list item 1 has invalid content",
		},
		"an empty policy": {
			func(in *input) { in.PolicyInputList = []string{""} }, validation, "Value at 'policyInputList' failed to satisfy constraint",
		},
		"a policy that is too long": {
			func(in *input) { in.PolicyInputList = []string{allowGet + strings.Repeat(" ", 131072)} }, validation,
			"Value at 'policyInputList' failed to satisfy constraint: Member must have length less than or equal to 131072",
		},
		"two boundaries": {
			func(in *input) { in.PermissionsBoundaryPolicyInputList = []string{allowGet, allowGet} }, invalid,
			"The list of Permissions Boundary policies cannot exceed 1 items.",
		},
		"a boundary that is no policy": {
			func(in *input) { in.PermissionsBoundaryPolicyInputList = []string{"{}"} }, invalid, "has invalid content",
		},
		"a level without policies": {
			func(in *input) {
				in.OrderedOrganizationPolicyInputList = []types.OrderedOrganizationPolicyType{level()}
			}, invalid, "Organization policy at index 1 must contain at least one service control policy",
		},
		"an SCP that is no policy": {
			func(in *input) {
				in.OrderedOrganizationPolicyInputList = []types.OrderedOrganizationPolicyType{level(everything), level("{}")}
			}, invalid, "Organization policy at index 2 has invalid content",
		},
		"a resource's policy without a caller": {
			func(in *input) { in.ResourceArns, in.ResourcePolicy = []string{object}, aws.String(toAlice) }, invalid,
			"Invalid caller - Caller cannot be null or empty.",
		},
		"a resource's policy without a resource": {
			func(in *input) { in.ResourcePolicy, in.CallerArn = aws.String(toAlice), aws.String(aliceARN) }, invalid,
			"Invalid Entity Arn: * does not clearly define entity type and name.",
		},
		"a resource's policy for everything": {
			shared(strings.ReplaceAll(toAlice, "arn:aws:s3:::shared/*", "*")), invalid, "ResourceNames are not in a valid ARN format: *.",
		},
		"a resource's policy that is none": {shared(allowGet), invalid, "has invalid content"},
		"an account as caller": {
			func(in *input) { in.CallerArn = aws.String(here + "root") }, invalid,
			"Invalid caller - Caller must be an IAM user, role or group in this context.",
		},
		"a session as caller": {
			func(in *input) { in.CallerArn = aws.String("arn:aws:sts::111111111111:assumed-role/puller/s1") }, invalid,
			"Invalid caller - Caller must be an IAM user, role or group in this context.",
		},
		"a policy as caller": {
			func(in *input) { in.CallerArn = aws.String(readingARN) }, invalid,
			"Invalid caller - Caller must be an IAM user, role or group in this context.",
		},
		"an owner by its number": {
			func(in *input) { in.ResourceOwner = aws.String("222222222222") }, invalid, "'222222222222' is not a valid as a Resource Owner.",
		},
		"an owner that is a bucket": {
			func(in *input) { in.ResourceOwner = aws.String(object) }, invalid, "'" + object + "' is not a valid as a Resource Owner.",
		},
		"a key without a name": {
			with(entry("", "string", "a")), invalid,
			"ContextKeyName cannot be null or empty.",
		},
		"a key of few letters": {
			with(entry("a:b", "string", "a")), validation,
			"Value at 'contextEntries.1.member.contextKeyName' failed",
		},
		"a key without a type": {
			with(entry("my:Key", "", "a")), invalid,
			"Context key my:Key has invalid type null.",
		},
		"a key without a value": {
			with(entry("my:Key", "stringList")), invalid,
			"Context values for context key my:Key cannot be null or empty.",
		},
		"two values for one": {
			with(entry("my:Key", "string", "a", "b")), invalid,
			"Context key string expected a single value, but received 2.",
		},
		"a key given twice": {
			with(entry("my:Key", "string", "a"), entry("MY:KEY", "string", "a")), invalid,
			"Duplicate context key: MY:KEY.",
		},
		"a word for a number": {
			with(entry("my:Key", "numericList", "1", "abc")), invalid,
			"Invalid context value for key my:Key: expected numeric format.",
		},
		"a word for a date": {
			with(entry("my:Key", "date", "tomorrow")), invalid,
			"Invalid context value for key my:Key: expected DateTime format.",
		},
		"no address": {
			with(entry("my:Key", "ip", "999.0.0.1")), invalid,
			"Invalid context value for key my:Key: expected IP address.",
		},
		"no bytes": {
			with(entry("my:Key", "binary", "!base64")), invalid,
			"Invalid context value for key my:Key: expected base-64 encoded binary format.",
		},
		"a type there is not": {
			with(entry("my:Key", "string", "a"), entry("my:Other", "unknown", "a")), validation,
			"Value at 'contextEntries.2.member.contextKeyType' failed to satisfy constraint: Member must satisfy enum value set: " +
				"[binary, ipList, booleanList, ip, boolean, numericList, dateList, numeric, date, stringList, string, binaryList]",
		},
		"a marker of somebody else": {
			func(in *input) { in.Marker = aws.String("not-a-simulation-marker") }, invalid, "Invalid marker for pagination.",
		},
		"a marker of a list of users": {
			func(in *input) {
				users := ok(l.admin.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(1)}))(t)
				in.Marker = users.Marker
			}, invalid, "Invalid marker for pagination.",
		},
		"too long a page": {
			func(in *input) { in.MaxItems = aws.Int32(1001) }, validation,
			"Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.admin.SimulateCustomPolicy(t.Context(), custom(test.change))
			wantRefusal(t, err, test.code, test.text)
		})
	}
}

func TestScenariosOfEC2(t *testing.T) {
	l := newLab(t)
	for sentence, change := range map[string]func(*iam.SimulateCustomPolicyInput){
		"one of its four, whatever it lacks": func(in *iam.SimulateCustomPolicyInput) {
			in.ActionNames, in.ResourceArns = []string{"ec2:RunInstances"}, []string{"arn:aws:ec2:us-west-2:111111111111:instance/i-1"}
			in.ResourceHandlingOption = aws.String("EC2-VPC-EBS-Subnet")
		},
		"any, on everything": func(in *iam.SimulateCustomPolicyInput) {
			in.ResourceArns, in.ResourceHandlingOption = []string{"*"}, aws.String("fictional")
		},
		"any, where no resource is named": func(in *iam.SimulateCustomPolicyInput) { in.ResourceHandlingOption = aws.String("fictional") },
	} {
		t.Run(sentence, func(t *testing.T) {
			ok(l.admin.SimulateCustomPolicy(t.Context(), custom(change)))(t)
		})
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	l := newLab(t)
	get := []string{"s3:GetObject"}
	for sentence, test := range map[string]struct{ source, code, text string }{
		"a user that is not there":  {here + "user/nobody", "NoSuchEntity", "Unable to retrieve specified IAM entity."},
		"a role that is not there":  {here + "role/alice", "NoSuchEntity", "Unable to retrieve specified IAM entity."},
		"a group, of which none is": {here + "group/readers", "NoSuchEntity", "Unable to retrieve specified IAM entity."},
		"another account's": {
			"arn:aws:iam::222222222222:user/eve", "InvalidInput",
			"Invalid Policy Source Arn: caller's account 111111111111 does not have access to policies in account 222222222222.",
		},
		"the account": {here + "root", "InvalidInput", "Invalid ARN provided in the request: " + here + "root"},
		"a policy":    {readingARN, "InvalidInput", "Invalid ARN provided in the request: " + readingARN},
		"a session": {
			"arn:aws:sts::111111111111:assumed-role/puller/s1", "InvalidInput",
			"Invalid ARN provided in the request: arn:aws:sts::111111111111:assumed-role/puller/s1",
		},
		"no ARN":       {"not-an-arn-but-long-enough", "InvalidInput", "Invalid ARN provided in the request: not-an-arn-but-long-enough"},
		"too short":    {"arn", "ValidationError", "Value at 'policySourceArn' failed to satisfy constraint"},
		"nothing said": {"", "ValidationError", "Value at 'policySourceArn' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.admin.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
				PolicySourceArn: &test.source, ActionNames: get,
			})
			wantRefusal(t, err, test.code, test.text)
			_, err = l.admin.GetContextKeysForPrincipalPolicy(t.Context(), &iam.GetContextKeysForPrincipalPolicyInput{
				PolicySourceArn: &test.source,
			})
			wantRefusal(t, err, test.code, test.text)
		})
	}
	for sentence, test := range map[string]struct {
		texts      []string
		code, text string
	}{
		"keys of no policy": {
			[]string{}, "ValidationError",
			"Value at 'policyInputList' failed to satisfy constraint: Member must not be null",
		},
		"keys of what is no policy": {
			[]string{allowGet, "{"}, "InvalidInput",
			"Policy input list item 2 has invalid content",
		},
		"keys of an empty policy": {
			[]string{""}, "ValidationError",
			"Value at 'policyInputList' failed to satisfy constraint",
		},
		"keys of a policy too long": {
			[]string{strings.Repeat(" ", 131073)}, "ValidationError",
			"Member must have length less than or equal to 131072",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.admin.GetContextKeysForCustomPolicy(t.Context(), &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: test.texts})
			wantRefusal(t, err, test.code, test.text)
		})
	}
}

func TestExclusionsThatAreRefused(t *testing.T) {
	l := newLab(t)
	const place = "Value at 'policyExclusionList.1.member."
	for sentence, test := range map[string]struct {
		excluded   []types.PolicyIdentifier
		code, text string
	}{
		"a type there is not": {
			[]types.PolicyIdentifier{ofType("bogus")}, "ValidationError",
			place + "policyType' failed to satisfy constraint: Member must satisfy enum value set: " +
				"[scp, permission-boundary, aws-managed, inline, user-managed, rcp]",
		},
		"an ARN that is no policy's": {[]types.PolicyIdentifier{byARN(aliceARN)}, "InvalidInput", aliceARN},
		"any holder": {
			[]types.PolicyIdentifier{inlineOf("notes", "user", "*")}, "ValidationError",
			place + "inlinePolicyIdentifier.attachmentName' failed to satisfy constraint: " +
				`Member must satisfy regular expression pattern: .*[\w+=,.@-]+.*`,
		},
		"two wildcards": {
			[]types.PolicyIdentifier{inlineOf("notes", "user", "*lic*")}, "InvalidInput",
			"*lic*",
		},
		"a holder of no known type": {
			[]types.PolicyIdentifier{inlineOf("notes", "bogus", "alice")}, "ValidationError",
			"Member must satisfy enum value set: [user, role, group]",
		},
		"a name with a wildcard": {
			[]types.PolicyIdentifier{inlineOf("*", "user", "alice")}, "ValidationError",
			"policyExclusionList.1.member.inlinePolicyIdentifier.policyName is invalid",
		},
		"too many": {
			make([]types.PolicyIdentifier, 257), "ValidationError",
			"Value at 'policyExclusionList' failed to satisfy constraint: Member must have length less than or equal to 256",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			for i, e := range test.excluded {
				if e == nil {
					test.excluded[i] = ofType("rcp")
				}
			}
			_, err := l.admin.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
				PolicySourceArn: aws.String(aliceARN), ActionNames: []string{"s3:GetObject"}, PolicyExclusionList: test.excluded,
			})
			wantRefusal(t, err, test.code, test.text)
		})
	}
}
