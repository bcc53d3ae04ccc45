package iam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	object   = "arn:aws:s3:::shared/a"
	allowGet = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	allowPut = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`
	denyGet  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}`
	byTeam   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*",` +
		`"Condition":{"StringEquals":{"my:Team":"red"}}}]}`
	toAlice = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + aliceARN + `"},` +
		`"Action":"s3:GetObject","Resource":"arn:aws:s3:::shared/*"}]}`
)

func simulationOperations() map[string]operation {
	type client = *iam.Client
	texts, actions := []string{everything}, []string{"s3:GetObject"}
	return map[string]operation{
		"SimulateCustomPolicy": {[]string{"*"}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.SimulateCustomPolicy(ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: texts, ActionNames: actions}))
		}},
		"SimulatePrincipalPolicy": {[]string{aliceARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
				PolicySourceArn: aws.String(aliceARN), ActionNames: actions,
			}))
		}},
		"GetContextKeysForCustomPolicy": {[]string{"*"}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetContextKeysForCustomPolicy(ctx, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: texts}))
		}},
		"GetContextKeysForPrincipalPolicy": {[]string{pullerARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{
				PolicySourceArn: aws.String(pullerARN),
			}))
		}},
	}
}

// custom is a simulation of s3:GetObject by one policy that allows it.
func custom(change func(*iam.SimulateCustomPolicyInput)) *iam.SimulateCustomPolicyInput {
	in := &iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowGet}, ActionNames: []string{"s3:GetObject"}}
	if change != nil {
		change(in)
	}
	return in
}

// told is what a simulation said in short: for each action the decision and the sources of the statements that made it.
func told(results []types.EvaluationResult) []string {
	var lines []string
	for _, r := range results {
		said := append([]string{aws.ToString(r.EvalActionName), string(r.EvalDecision)}, sourcesOf(r.MatchedStatements)...)
		lines = append(lines, strings.Join(said, " "))
	}
	return lines
}

func sourcesOf(statements []types.Statement) []string {
	var names []string
	for _, s := range statements {
		names = append(names, aws.ToString(s.SourcePolicyId))
	}
	slices.Sort(names)
	return names
}

func level(policies ...string) types.OrderedOrganizationPolicyType {
	return types.OrderedOrganizationPolicyType{ServiceControlPolicyInputList: append([]string{}, policies...)}
}

func entry(key, kind string, values ...string) types.ContextEntry {
	return types.ContextEntry{ContextKeyName: &key, ContextKeyType: types.ContextKeyTypeEnum(kind), ContextKeyValues: values}
}

// TestAResultHasAllThatTheDocumentsShow holds the answer as a client sees it against the cross-account sample of
// API_SimulatePrincipalPolicy, with the differences that recorded answers have.
func TestAResultHasAllThatTheDocumentsShow(t *testing.T) {
	l := newLab(t)
	out := ok(l.admin.SimulateCustomPolicy(t.Context(), custom(func(in *iam.SimulateCustomPolicyInput) {
		in.ResourceArns = []string{object, "arn:aws:s3:::shared/b"}
		in.ResourcePolicy, in.CallerArn = aws.String(toAlice), aws.String(aliceARN)
		in.ResourceOwner = aws.String("arn:aws:iam::222222222222:root")
		in.PermissionsBoundaryPolicyInputList = []string{byTeam}
		in.OrderedOrganizationPolicyInputList = []types.OrderedOrganizationPolicyType{level(everything)}
	})))(t)
	details := `{"IAM Policy":"allowed","Permissions Boundary Policy":"implicitDeny","Resource Policy":"allowed"}`
	one := func(resource string) string {
		return `{"EvalResourceDecision":"implicitDeny","EvalResourceName":"` + resource + `","EvalDecisionDetails":` + details +
			`,"MatchedStatements":null,"MissingContextValues":["my:Team"],` +
			`"PermissionsBoundaryDecisionDetail":{"AllowedByPermissionsBoundary":false}}`
	}
	want := `[{"EvalActionName":"s3:GetObject","EvalDecision":"implicitDeny","EvalDecisionDetails":` + details +
		`,"EvalResourceName":"*","MatchedStatements":[],"MissingContextValues":["my:Team"],` +
		`"OrganizationsDecisionDetail":{"AllowedByOrganizations":true},` +
		`"PermissionsBoundaryDecisionDetail":{"AllowedByPermissionsBoundary":false},"ResourceSpecificResults":[` +
		one(object) + `,` + one("arn:aws:s3:::shared/b") + `]}]`
	if diff := cmp.Diff(want, string(ok(json.Marshal(out.EvaluationResults))(t))); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if out.IsTruncated || out.Marker != nil {
		t.Errorf("there is more after it: %q", aws.ToString(out.Marker))
	}
}

func TestAStatementIsNamedByItsPlace(t *testing.T) {
	l := newLab(t)
	out := ok(l.admin.SimulateCustomPolicy(t.Context(), custom(func(in *iam.SimulateCustomPolicyInput) {
		in.PolicyInputList = []string{denyGet, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n" +
			"      \"Action\": \"s3:PutObject\",\n      \"Resource\": \"*\"\n    }\n  ]\n}"}
		in.ActionNames = []string{"s3:PutObject"}
		in.ResourceArns = []string{object}
	})))(t)
	r := out.EvaluationResults[0]
	statement := `[{"EndPosition":{"Column":6,"Line":8},"SourcePolicyId":"PolicyInputList.2","SourcePolicyType":"IAM Policy",` +
		`"StartPosition":{"Column":17,"Line":3}}]`
	for _, statements := range [][]types.Statement{r.MatchedStatements, r.ResourceSpecificResults[0].MatchedStatements} {
		if got := string(ok(json.Marshal(statements))(t)); got != statement {
			t.Errorf("statements %s, want %s", got, statement)
		}
	}
}

func TestWhatIsThereDependsOnTheResources(t *testing.T) {
	l := newLab(t)
	for sentence, test := range map[string]struct {
		resources []string
		name      string
		details   bool
		specific  int
	}{
		"none named":      {nil, "*", false, 0},
		"everything":      {[]string{"*"}, "*", false, 0},
		"one":             {[]string{object}, object, true, 1},
		"one named twice": {[]string{object, object}, "*", true, 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := ok(l.admin.SimulateCustomPolicy(t.Context(), custom(func(in *iam.SimulateCustomPolicyInput) {
				in.ResourceArns = test.resources
			})))(t).EvaluationResults[0]
			if got := aws.ToString(r.EvalResourceName); got != test.name {
				t.Errorf("the resource is %q, want %q", got, test.name)
			}
			if (r.EvalDecisionDetails != nil) != test.details || len(r.EvalDecisionDetails) > 0 {
				t.Errorf("details: %v", r.EvalDecisionDetails)
			}
			if len(r.ResourceSpecificResults) != test.specific {
				t.Errorf("%d results for single resources, want %d", len(r.ResourceSpecificResults), test.specific)
			}
			if r.PermissionsBoundaryDecisionDetail != nil || r.OrganizationsDecisionDetail != nil {
				t.Error("a boundary or an organization where there is none")
			}
		})
	}
}

func TestWhoseSimulation(t *testing.T) {
	l := newLab(t)
	ok(l.admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("empty"), PolicyName: aws.String("gets"), PolicyDocument: aws.String(allowGet),
	}))(t)
	get, both := []string{"s3:GetObject"}, []string{"s3:GetObject", "s3:PutObject"}
	without := func(excluded ...types.PolicyIdentifier) iam.SimulatePrincipalPolicyInput {
		return iam.SimulatePrincipalPolicyInput{ActionNames: get, PolicyExclusionList: excluded}
	}
	for sentence, test := range map[string]struct {
		source string
		in     iam.SimulatePrincipalPolicyInput
		want   []string
	}{
		"a user's managed and inline policies": {aliceARN, iam.SimulatePrincipalPolicyInput{ActionNames: get}, []string{
			"s3:GetObject allowed reading user_alice_notes",
		}},
		"a role's": {pullerARN, iam.SimulatePrincipalPolicyInput{ActionNames: get}, []string{
			"s3:GetObject allowed reading role_puller_notes",
		}},
		"the path in the ARN does not matter": {here + "role/puller", iam.SimulatePrincipalPolicyInput{ActionNames: get}, []string{
			"s3:GetObject allowed reading role_puller_notes",
		}},
		"one who has nothing": {vacantARN, iam.SimulatePrincipalPolicyInput{ActionNames: get}, []string{"s3:GetObject implicitDeny"}},
		"further policies": {emptyARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: both, PolicyInputList: []string{allowPut},
		}, []string{"s3:GetObject allowed user_empty_gets", "s3:PutObject allowed PolicyInputList.1"}},
		"another boundary": {aliceARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: both, PermissionsBoundaryPolicyInputList: []string{allowPut},
		}, []string{"s3:GetObject implicitDeny", "s3:PutObject allowed reading user_alice_notes"}},
		"another boundary that denies": {aliceARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: get, PermissionsBoundaryPolicyInputList: []string{denyGet},
		}, []string{"s3:GetObject explicitDeny PermissionsBoundaryPolicyInputList.1"}},
		"a bucket's policy that names the user": {aliceARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: get, ResourceArns: []string{object}, ResourcePolicy: aws.String(toAlice),
		}, []string{"s3:GetObject allowed ResourcePolicy reading user_alice_notes"}},
		"another caller": {aliceARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: get, ResourceArns: []string{object}, ResourcePolicy: aws.String(toAlice), CallerArn: aws.String(emptyARN),
		}, []string{"s3:GetObject allowed reading user_alice_notes"}},
		"a caller of another account": {aliceARN, iam.SimulatePrincipalPolicyInput{
			ActionNames: get, ResourceArns: []string{object}, ResourcePolicy: aws.String(toAlice),
			CallerArn: aws.String("arn:aws:iam::222222222222:user/eve"), ResourceOwner: aws.String(emptyARN),
		}, []string{"s3:GetObject implicitDeny"}},
		"without inline policies": {aliceARN, without(ofType("inline")), []string{
			"s3:GetObject allowed reading",
		}},
		"without policies of the account": {aliceARN, without(ofType("user-managed")), []string{
			"s3:GetObject allowed user_alice_notes",
		}},
		"without policies of AWS, of which there are none": {aliceARN, without(ofType("aws-managed")), []string{
			"s3:GetObject allowed reading user_alice_notes",
		}},
		"an administrator without policies of AWS": {here + "user/administrator", without(ofType("aws-managed")), []string{
			"s3:GetObject implicitDeny",
		}},
		"an administrator without policies of the account": {here + "user/administrator", without(ofType("user-managed")), []string{
			"s3:GetObject allowed AdministratorAccess",
		}},
		"without one managed policy": {aliceARN, without(byARN(readingARN), byARN(spareARN)), []string{
			"s3:GetObject allowed user_alice_notes",
		}},
		"without one inline policy": {aliceARN, without(inlineOf("notes", "user", "al?c*")), []string{
			"s3:GetObject allowed reading",
		}},
		"without the inline policies of others": {aliceARN, without(
			inlineOf("notes", "role", "alice"), inlineOf("notes", "user", "bob"), inlineOf("note", "user", "alice"),
		), []string{"s3:GetObject allowed reading user_alice_notes"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			test.in.PolicySourceArn = &test.source
			out := ok(l.admin.SimulatePrincipalPolicy(t.Context(), &test.in))(t)
			if diff := cmp.Diff(test.want, told(out.EvaluationResults)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyACallerOfTheAccountIsKnownByItsUniqueID(t *testing.T) {
	l := newLab(t)
	idOf := func(client *iam.Client, name string) string {
		return aws.ToString(ok(client.GetUser(t.Context(), &iam.GetUserInput{UserName: &name}))(t).User.UserId)
	}
	for sentence, test := range map[string]struct{ id, caller, want string }{
		"the user itself": {idOf(l.admin, "empty"), emptyARN, "s3:GetObject allowed ResourcePolicy"},
		"another user":    {idOf(l.admin, "empty"), aliceARN, "s3:GetObject implicitDeny"},
		"a user of another account": {
			idOf(l.IAM(sandboxtest.Destination), "administrator"), "arn:aws:iam::999999999999:user/administrator", "s3:GetObject implicitDeny",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			out := ok(l.admin.SimulateCustomPolicy(t.Context(), custom(func(in *iam.SimulateCustomPolicyInput) {
				in.PolicyInputList, in.ResourceArns, in.CallerArn = []string{}, []string{object}, &test.caller
				in.ResourcePolicy = aws.String(strings.ReplaceAll(toAlice, aliceARN, test.id))
			})))(t)
			if got := told(out.EvaluationResults)[0]; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func ofType(policyType string) types.PolicyIdentifier {
	return &types.PolicyIdentifierMemberPolicyType{Value: types.PolicyIdentifierPolicyType(policyType)}
}

func byARN(policy string) types.PolicyIdentifier {
	return &types.PolicyIdentifierMemberPolicyArn{Value: policy}
}

func inlineOf(policy, kind, holder string) types.PolicyIdentifier {
	return &types.PolicyIdentifierMemberInlinePolicyIdentifier{Value: types.InlinePolicyIdentifierType{
		PolicyName: &policy, AttachmentType: types.AttachmentType(kind), AttachmentName: &holder,
	}}
}

func TestAnAttachedBoundaryCountsUnlessItIsLeftOut(t *testing.T) {
	l := newLab(t)
	ok(l.admin.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(fenceARN), PolicyDocument: aws.String(denyGet), SetAsDefault: true,
	}))(t)
	for sentence, test := range map[string]struct {
		excluded types.PolicyIdentifier
		want     string
		bounded  bool
	}{
		"it counts":                     {nil, "s3:GetObject explicitDeny fence", true},
		"its ARN does not leave it out": {byARN(fenceARN), "s3:GetObject explicitDeny fence", true},
		"left out":                      {ofType("permission-boundary"), "s3:GetObject allowed reading user_alice_notes", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(aliceARN), ActionNames: []string{"s3:GetObject"}}
			if test.excluded != nil {
				in.PolicyExclusionList = []types.PolicyIdentifier{test.excluded}
			}
			results := ok(l.admin.SimulatePrincipalPolicy(t.Context(), in))(t).EvaluationResults
			if got := told(results)[0]; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if got := results[0].PermissionsBoundaryDecisionDetail; (got != nil) != test.bounded {
				t.Errorf("what the boundary says: %v", got)
			}
		})
	}
}

func TestTheOrganizationsPoliciesCountForItsMembers(t *testing.T) {
	const management, member, outsider = sandboxtest.Source, sandboxtest.Destination, sandboxtest.Other
	s := sandboxtest.Start(t, sandbox.Config{Seed: sandbox.Seed{
		Accounts: []sandbox.Account{{ID: management}, {ID: member}, {ID: outsider}},
		Organization: &sandbox.Organization{
			ID: "o-a1b2c3d4e5", Management: management, Members: []arn.AccountID{member},
			ServiceControlPolicies: map[arn.AccountID][]sandbox.PolicyText{management: {denyGet}, member: {denyGet}},
		},
	}})
	without := []types.PolicyIdentifier{ofType("scp")}
	for sentence, test := range map[string]struct {
		account  arn.AccountID
		excluded []types.PolicyIdentifier
		want     string
		detail   string
	}{
		"a member":                     {member, nil, "s3:GetObject explicitDeny", "false"},
		"a member, its SCPs left out":  {member, without, "s3:GetObject allowed AdministratorAccess", ""},
		"the management account":       {management, nil, "s3:GetObject allowed AdministratorAccess", "true"},
		"one outside the organization": {outsider, nil, "s3:GetObject allowed AdministratorAccess", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			results := ok(s.IAM(test.account).SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
				PolicySourceArn: aws.String("arn:aws:iam::" + string(test.account) + ":user/administrator"),
				ActionNames:     []string{"s3:GetObject"}, PolicyExclusionList: test.excluded,
			}))(t).EvaluationResults
			if got := told(results)[0]; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			detail := ""
			if d := results[0].OrganizationsDecisionDetail; d != nil {
				detail = fmt.Sprint(d.AllowedByOrganizations)
			}
			if detail != test.detail {
				t.Errorf("allowed by the organization: %q, want %q", detail, test.detail)
			}
		})
	}
}

func TestASimulationsPagesAreOfActions(t *testing.T) {
	l := newLab(t)
	in := custom(func(in *iam.SimulateCustomPolicyInput) {
		in.ActionNames = []string{"s3:PutObject", "s3:GetObject", "s3:GetObject"}
		in.MaxItems = aws.Int32(2)
	})
	first := ok(l.admin.SimulateCustomPolicy(t.Context(), in))(t)
	want := []string{"s3:PutObject implicitDeny", "s3:GetObject allowed PolicyInputList.1"}
	if diff := cmp.Diff(want, told(first.EvaluationResults)); diff != "" || !first.IsTruncated {
		t.Errorf("the first page (-want +got):\n%s", diff)
	}
	in.Marker = first.Marker
	second := ok(l.admin.SimulateCustomPolicy(t.Context(), in))(t)
	if diff := cmp.Diff(want[1:], told(second.EvaluationResults)); diff != "" || second.IsTruncated {
		t.Errorf("the second page (-want +got):\n%s", diff)
	}
	in.ActionNames = in.ActionNames[:1]
	if beyond := ok(l.admin.SimulateCustomPolicy(t.Context(), in))(t); len(beyond.EvaluationResults) > 0 || beyond.IsTruncated {
		t.Errorf("beyond the end: %v", told(beyond.EvaluationResults))
	}
}

func TestContextEntriesAreReadByTheirTypes(t *testing.T) {
	l := newLab(t)
	when := func(condition string) string {
		return strings.Replace(byTeam, `{"StringEquals":{"my:Team":"red"}}`, condition, 1)
	}
	const later = `{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}`
	for sentence, test := range map[string]struct {
		condition string
		entry     types.ContextEntry
		want      types.PolicyEvaluationDecisionType
	}{
		"a string":             {`{"StringEquals":{"my:Key":"a"}}`, entry("MY:key", "string", "a"), "allowed"},
		"an empty string":      {`{"StringEquals":{"my:Key":""}}`, entry("my:Key", "string", ""), "allowed"},
		"a list of strings":    {`{"ForAllValues:StringEquals":{"my:Key":["a","b"]}}`, entry("my:Key", "stringList", "a", "b"), "allowed"},
		"one too many":         {`{"ForAllValues:StringEquals":{"my:Key":["a","b"]}}`, entry("my:Key", "stringList", "a", "c"), "implicitDeny"},
		"a number":             {`{"NumericLessThan":{"my:Key":"10"}}`, entry("my:Key", "numeric", "+9.50"), "allowed"},
		"a date":               {later, entry("aws:CurrentTime", "date", "2019-04-25T11:00:00Z"), "allowed"},
		"a date that is early": {later, entry("aws:CurrentTime", "date", "2014-04-25T11:00:00Z"), "implicitDeny"},
		"an address":           {`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, entry("aws:SourceIp", "ip", "10.1.2.3"), "allowed"},
		"bytes":                {`{"BinaryEquals":{"my:Key":"QUJD"}}`, entry("my:Key", "binary", "QUJD"), "allowed"},
		"a boolean":            {`{"Bool":{"my:Key":"true"}}`, entry("my:Key", "boolean", "TRUE"), "allowed"},
		"not quite a boolean":  {`{"Bool":{"my:Key":"true"}}`, entry("my:Key", "boolean", "yes"), "implicitDeny"},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := ok(l.admin.SimulateCustomPolicy(t.Context(), custom(func(in *iam.SimulateCustomPolicyInput) {
				in.PolicyInputList, in.ContextEntries = []string{when(test.condition)}, []types.ContextEntry{test.entry}
			})))(t).EvaluationResults[0]
			if r.EvalDecision != test.want || r.MissingContextValues == nil || len(r.MissingContextValues) > 0 {
				t.Errorf("%s, missing %v, want %s", r.EvalDecision, r.MissingContextValues, test.want)
			}
		})
	}
}

func TestWhichContextKeysPoliciesWant(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	homes := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}]}`
	ok(l.admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: aws.String("alice"), PolicyName: aws.String("home"), PolicyDocument: &homes,
	}))(t)
	ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(readingARN), PolicyDocument: aws.String(byTeam), SetAsDefault: true,
	}))(t)
	ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(fenceARN), SetAsDefault: true,
		PolicyDocument: aws.String(strings.ReplaceAll(byTeam, "my:Team", "my:Fence")),
	}))(t)
	keys := ok(l.admin.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{
		PolicySourceArn: aws.String(aliceARN), PolicyInputList: []string{strings.ReplaceAll(byTeam, "my:Team", "my:Other")},
	}))(t).ContextKeyNames
	if diff := cmp.Diff([]string{"aws:username", "my:Other", "my:Team"}, keys); diff != "" {
		t.Errorf("a user's keys (-want +got):\n%s", diff)
	}
	bucket := strings.ReplaceAll(toAlice, `"Resource"`, `"Condition":{"Bool":{"aws:SecureTransport":"true"}},"Resource"`)
	keys = ok(l.admin.GetContextKeysForCustomPolicy(ctx, &iam.GetContextKeysForCustomPolicyInput{
		PolicyInputList: []string{byTeam, bucket, byTeam},
	}))(t).ContextKeyNames
	if diff := cmp.Diff([]string{"aws:SecureTransport", "my:Team"}, keys); diff != "" {
		t.Errorf("the keys of policies (-want +got):\n%s", diff)
	}
}
