package trouble_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/trouble"
	"github.com/pullpass/pullpass/internal/verify"
)

// What IAM says of the user of the share, and of a session of its role.
const (
	user    = "User: arn:aws:iam::999999999999:user/curated-packages-user is not authorized to perform: "
	session = "User: arn:aws:sts::111111111111:assumed-role/curated-packages-role/s1 is not authorized to perform: "
	assume  = user + "sts:AssumeRole on resource: arn:aws:iam::111111111111:role/curated-packages-role"
	pull    = session + "ecr:BatchGetImage on resource: arn:aws:ecr:us-west-2:346438352937:repository/harbor/harbor-helm"
	host    = "346438352937.dkr.ecr.us-west-2.amazonaws.com"
)

func TestRead(t *testing.T) {
	for sentence, test := range map[string]struct {
		said       string
		link       verify.Link
		kind       explain.Kind
		conclusion explain.Conclusion
	}{
		"a refused AssumeRole is open": {assume, verify.LinkRole, "", explain.Open},
		"IAM names the user's policy": {assume + " because no identity-based policy allows the sts:AssumeRole action",
			verify.LinkRole, explain.ActionMissing, explain.Certain},
		"IAM names the trust": {assume + " because no role trust policy allows the sts:AssumeRole action",
			verify.LinkRole, explain.TrustMissing, explain.Certain},
		"IAM names the trust as a policy of the resource": {assume + " because no resource-based policy allows the sts:AssumeRole action",
			verify.LinkRole, explain.TrustMissing, explain.Certain},
		"IAM names an SCP that denies": {assume + " with an explicit deny in a service control policy: " +
			"arn:aws:organizations::222222222222:policy/o-a1b2c3d4e5/service_control_policy/p-1", verify.LinkRole, explain.ByScp, explain.Certain},
		"IAM names an RCP that denies": {assume + " with an explicit deny in a resource control policy", verify.LinkRole, explain.ByRcp, explain.Certain},
		"IAM names the boundary": {assume + " because no permissions boundary allows the sts:AssumeRole action",
			verify.LinkRole, explain.ByBoundary, explain.Certain},
		"IAM names a statement that denies": {assume + " with an explicit deny in an identity-based policy",
			verify.LinkRole, explain.ExplicitDeny, explain.Certain},
		"a denial that is wrapped": {strings.ReplaceAll(assume, " ", "\n        "), verify.LinkRole, "", explain.Open},
		"a denial in JSON":         {`{"msg":"\"error\": \"AccessDenied: ` + assume + `\"\n\tstatus code: 403"}`, verify.LinkRole, "", explain.Open},
		"a denial whose names are taken out": {"User: <redacted> is not authorized to perform: ecr:BatchGetImage on resource: <redacted> " +
			"because no resource-based policy allows the ecr:BatchGetImage action", verify.LinkManifest, explain.ByRepository, explain.Likely},
		"a role of another partition": {strings.Replace(assume, ": arn:aws:iam::1", ": arn:aws-cn:iam::1", 1), verify.LinkConfig, explain.ConfigFile, explain.Certain},
		"a refused token": {session + "ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the " +
			"ecr:GetAuthorizationToken action", verify.LinkToken, explain.ActionMissing, explain.Certain},
		"a session policy": {session + "ecr:GetAuthorizationToken on resource: * because no session policy allows the " +
			"ecr:GetAuthorizationToken action", verify.LinkToken, explain.BySession, explain.Certain},
		"a user that asks for a token itself": {user + "ecr:GetAuthorizationToken on resource: *", verify.LinkConfig, explain.ConfigFile, explain.Likely},
		"a refused manifest is open":          {pull, verify.LinkManifest, "", explain.Open},
		"a refused layer":                     {strings.Replace(pull, "BatchGetImage", "GetDownloadUrlForLayer", 1), verify.LinkLayer, "", explain.Open},
		"a refused list is no link":           {strings.Replace(pull, "BatchGetImage", "ListImages", 1), "", explain.ActionMissing, explain.Certain},
		"an administrator's denial":           {user + "iam:CreateUser on resource: arn:aws:iam::999999999999:user/x", "", explain.ActionMissing, explain.Certain},
		"a denial of IAM without a colon":     {user + "iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE", "", explain.ActionMissing, explain.Certain},

		"an unknown key":       {"api error InvalidClientTokenId: The security token included in the request is invalid.", verify.LinkIdentity, "", explain.Open},
		"its words alone":      {"The security token included in the request is invalid", verify.LinkIdentity, "", explain.Open},
		"ECR's unknown key":    {"UnrecognizedClientException: The security token included in the request is invalid.", verify.LinkIdentity, "", explain.Open},
		"a secret that is off": {"api error SignatureDoesNotMatch: The request signature we calculated does not match", verify.LinkIdentity, explain.ConfigFile, explain.Likely},
		"a session that has ended": {"An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the " +
			"request is expired", verify.LinkToken, explain.ConfigFile, explain.Likely},
		"a clock that is behind": {"api error SignatureDoesNotMatch: Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z " +
			"(20260101T002500Z - 15 min.)", verify.LinkIdentity, explain.Clock, explain.Certain},
		"a clock that is ahead": {"Signature not yet current: 20260101T010000Z is still later than 20260101T003000Z (20260101T001500Z + 15 min.)",
			verify.LinkIdentity, explain.Clock, explain.Certain},
		"throttling":                            {"api error Throttling: Rate exceeded", "", "", explain.Certain},
		"STS is switched off":                   {"RegionDisabledException: STS is not activated in this region", verify.LinkRole, explain.WrongRegion, explain.Likely},
		"a code and no sentence":                {"An error occurred (AccessDenied) when calling the AssumeRole operation:", verify.LinkRole, "", explain.Open},
		"a subscription that EKS does not know": {"ResourceNotFoundException: EKS Anywhere subscription x not found", "", explain.Subscription, explain.Likely},
		"a policy that IAM does not take":       {"MalformedPolicyDocument: Invalid principal in policy", "", "", explain.Certain},

		"a quota":         {"Cannot exceed quota for ACLSizePerRole: 2048", "", "", explain.Certain},
		"a second factor": {"MultiFactorAuthentication failed with invalid MFA one time pass code.", verify.LinkRole, "", explain.Open},
		"a password whose role is gone": {"GET https://" + host + "/v2/x/manifests/1: DENIED: The security token included in the request is invalid.",
			verify.LinkRegistry, "", explain.Open},

		"no password for docker": {`Failed to pull image "` + host + `/x:1": rpc error: code = Unknown desc = Error response from daemon: ` +
			`Head "https://` + host + `/v2/x/manifests/1": no basic auth credentials`, verify.LinkRegistry, "", explain.Open},
		"no password for containerd": {"failed to resolve reference: pull access denied, repository does not exist or may require authorization: " +
			"authorization failed: no basic auth credentials", verify.LinkRegistry, "", explain.Open},
		"an old password": {`{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}`,
			verify.LinkRegistry, "", explain.Certain},
		"a password of another Region": {"Error response from daemon: login attempt to https://" + host + "/v2/ failed with status: 400 Bad Request",
			verify.LinkRegistry, explain.RegistryRegion, explain.Likely},
		"a repository of another registry": {"NAME_UNKNOWN: The repository with name 'harbor' does not exist in the registry with id '123456789012'",
			verify.LinkManifest, explain.RegistryRegion, explain.Likely},
		"a repository that the registry lacks": {"The repository with name 'harbour' does not exist in the registry with id '346438352937'",
			verify.LinkManifest, "", explain.Open},
		"the legacy registry": {"The repository with name 'metallb/metallb' does not exist in the registry with id '783794618700'",
			verify.LinkManifest, explain.RegistryRegion, explain.Likely},
		"a tag that is not there": {"MANIFEST_UNKNOWN: Requested image not found", verify.LinkManifest, "", explain.Open},
		"a password that goes too far": {"InvalidArgument: Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter", verify.LinkLayer,
			explain.Network, explain.Likely},
		"a layer of other bytes": {"failed commit on ref: unexpected commit digest sha256:ab, expected sha256:cd", verify.LinkLayer, explain.Network, explain.Likely},

		"a name that does not resolve": {"dial tcp: lookup sts.us-west-2.amazonaws.com: no such host", verify.LinkIdentity, explain.Network, explain.Certain},
		"a Region that is none":        {"dial tcp: lookup sts.region-code.amazonaws.com: no such host", verify.LinkConfig, explain.ConfigFile, explain.Likely},
		"ECR out of reach":             {`Post "https://api.ecr.us-west-2.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout`, verify.LinkToken, explain.Network, explain.Certain},
		"the AWS CLI cannot connect":   {`Could not connect to the endpoint URL: "https://sts.us-west-2.amazonaws.com/"`, verify.LinkIdentity, explain.Network, explain.Certain},
		"a proxy's certificate": {`Get "https://` + host + `/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			verify.LinkRegistry, explain.Network, explain.Certain},
		"a certificate of another time": {`Get "https://` + host + `/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet ` +
			`valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z`, verify.LinkRegistry, explain.Clock, explain.Likely},
		"the layer store out of reach": {`Get "https://prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com/x": connection refused`,
			verify.LinkLayer, explain.Network, explain.Certain},

		"a Secret that is not there":    {`MountVolume.SetUp failed for volume "aws-secret" : secret "aws-secret" not found`, verify.LinkConfig, explain.ConfigFile, explain.Certain},
		"a Secret that lacks a key":     {"Error: couldn't find key REGION in Secret eksa-packages/aws-secret", verify.LinkConfig, explain.ConfigFile, explain.Certain},
		"a profile that does not exist": {"The config profile (curated) could not be found", verify.LinkConfig, explain.ConfigFile, explain.Certain},
		"kubelet's provider failed":     {"error execing credential provider plugin ecr-credential-provider for image x: exit status 1:", verify.LinkToken, "", explain.Open},
		"eksctl goes on elsewhere":      {`Using fallback registry {"Registry": "public.ecr.aws/eks-anywhere"}`, verify.LinkManifest, "", explain.Open},
		"an event without a reason":     {"Warning  Failed  2s  kubelet  Error: ImagePullBackOff", "", "", explain.Open},
	} {
		t.Run(sentence, func(t *testing.T) {
			cause := trouble.Read(test.said, trouble.Place{}).Cause
			if cause == nil {
				t.Fatal("it was not recognised")
			}
			if cause.Link != test.link || cause.Kind != test.kind || cause.Conclusion != test.conclusion {
				t.Errorf("got link %q, kind %q, %s; want %q, %q, %s", cause.Link, cause.Kind, cause.Conclusion, test.link, test.kind, test.conclusion)
			}
			checkInALog(t, test.said, cause)
			if cause.Meaning == "" || cause.Line != 1 || cause.Link != "" && len(cause.Next) == 0 {
				t.Errorf("what to make of it is missing: %+v", cause)
			}
		})
	}
}

func TestNothingIsRecognisedInOrdinaryText(t *testing.T) {
	for _, text := range []string{
		"", "\n\n", "Hello", "the pod is Running", `{"level":"info","msg":"Refreshing ECR credential"}`,
		"Successfully pulled image in 403ms", "request 401 of 1000", "aws_access_key_id=AKIAIOSFODNN7EXAMPLE",
	} {
		if got := trouble.Read(text, trouble.Place{}); got.Cause != nil || len(got.Also) != 0 {
			t.Errorf("in %q it saw %+v", text, got.Cause)
		}
	}
}

func TestTheEarliestLinkIsTheCause(t *testing.T) {
	log := `Warning  Failed   3s  kubelet  Failed to pull image "` + host + `/x:1": 401 Unauthorized
Warning  Failed   3s  kubelet  Error: ErrImagePull
E0101 plugin.go:1] error execing credential provider plugin ecr-credential-provider for image ` + host + `/x:1
operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 52465fae-a38c-401a-a0d9-a4c32685f3f5, api error AccessDenied: ` + assume + `
` + "DENIED: " + pull + "\n"
	got := trouble.Read(log, trouble.Place{})
	if got.Cause == nil || got.Cause.Link != verify.LinkRole || got.Cause.Line != 4 || got.Lines != 5 {
		t.Fatalf("the cause is %+v", got.Cause)
	}
	if want := (explain.Answer{Service: "STS", Operation: "AssumeRole", Code: "AccessDenied", Message: assume,
		RequestID: "52465fae-a38c-401a-a0d9-a4c32685f3f5"}); got.Cause.Said != want {
		t.Errorf("it was said %+v, want %+v", got.Cause.Said, want)
	}
	var links []verify.Link
	for _, f := range got.Also {
		links = append(links, f.Link)
	}
	if want := []verify.Link{verify.LinkManifest, verify.LinkToken, verify.LinkRegistry, ""}; !slices.Equal(links, want) {
		t.Errorf("also %q, want %q", links, want)
	}
}

func TestAMessageCountsOnce(t *testing.T) {
	got := trouble.Read(assume+"\n"+assume+"\n401 Unauthorized: Not Authorized\n401 Unauthorized\n", trouble.Place{})
	if got.Cause.Line != 1 || len(got.Also) != 1 || got.Also[0].Line != 3 {
		t.Errorf("the cause is in line %d, beside it is %+v", got.Cause.Line, got.Also)
	}
}

func TestAMessageProvesTheLinksBefore(t *testing.T) {
	for sentence, test := range map[string]struct {
		said string
		want []verify.Link
	}{
		"a refused role proves the key":               {assume, verify.Links()[:2]},
		"an API's denial proves nothing of passwords": {"An error occurred (AccessDeniedException) when calling the BatchGetImage operation: " + pull, verify.Links()[:3]},
		"the registry's denial proves the password":   {"GET https://" + host + "/v2/x/manifests/1: DENIED: " + pull, verify.Links()[:5]},
		"no password proves nothing":                  {"no basic auth credentials", []verify.Link{}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := trouble.Read(test.said, trouble.Place{}).Cause.Proven; !slices.Equal(got, test.want) {
				t.Errorf("proven: %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatToRunNamesTheCluster(t *testing.T) {
	mine := strings.NewReplacer("user/curated-packages-user", "user/pullpass/shops/pullpass-shops-store-001",
		"role/curated-packages-role", "role/pullpass/shops/pullpass-shops-999999999999").Replace(assume)
	held := strings.Replace(pull, "assumed-role/curated-packages-role/s1", "assumed-role/pullpass-shops-999999999999/pullpass-shops-store-002", 1)
	for sentence, test := range map[string]struct {
		said  string
		place trouble.Place
		want  string
	}{
		"the one that was given":           {assume, trouble.Place{Share: "share.yaml", Cluster: "store 9"}, "pullpass explain -f share.yaml --cluster 'store 9'"},
		"the one whose user was refused":   {mine, trouble.Place{}, "pullpass explain --cluster store-001"},
		"the one whose session it was":     {held, trouble.Place{}, "pullpass explain --cluster store-002"},
		"none where nobody knows it":       {assume, trouble.Place{}, "pullpass explain"},
		"the chain where no cause is told": {"no basic auth credentials", trouble.Place{Cluster: "store-001"}, "pullpass verify --cluster store-001"},
	} {
		t.Run(sentence, func(t *testing.T) {
			var commands []string
			for _, step := range trouble.Read(test.said, test.place).Cause.Next {
				commands = append(commands, step.Command)
			}
			if !slices.Contains(commands, test.want) {
				t.Errorf("to run: %q, want %q", commands, test.want)
			}
		})
	}
	steps := trouble.Read(assume, trouble.Place{}).Cause.Next
	if last := steps[len(steps)-1]; last.Account != "111111111111" || !strings.Contains(last.Command, "--role-name curated-packages-role") {
		t.Errorf("the other administrator is told %+v", last)
	}
}

func TestTheClockIsMeasured(t *testing.T) {
	got := trouble.Read("Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T002500Z - 15 min.)", trouble.Place{}).Cause
	if !strings.HasSuffix(got.Meaning, "It is 25m0s behind.") {
		t.Errorf("it says: %s", got.Meaning)
	}
}

// recorded is what a program of test/peers said when it was refused.
type recorded struct {
	Program, Does, Condition string
	// Link is the link that was broken in that condition, none for what no pull does.
	Link, Said string
}

// TestWhatPeersSaid has the output of unchanged programs, as `make peers` drew it out of them.
func TestWhatPeersSaid(t *testing.T) {
	file, err := os.Open("testdata/peers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, programs := bufio.NewScanner(file), map[string]bool{}
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		program, _, _ := strings.Cut(r.Program, " ")
		programs[program] = true
		t.Run(r.Program+"/"+r.Does+"/"+r.Condition, func(t *testing.T) { r.check(t) })
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"aws-cli", "aws-sdk-js", "ecr-credential-provider", "eks-anywhere-packages", "crane", "oras", "helm", "containerd"} {
		if !programs[program] {
			t.Errorf("nothing is recorded of %s", program)
		}
	}
}

func (r recorded) check(t *testing.T) {
	t.Helper()
	cause := trouble.Read(r.Said, trouble.Place{}).Cause
	if cause == nil {
		t.Fatalf("not recognised: %s", r.Said)
	}
	checkInALog(t, r.Said, cause)
	if got := orNone(cause.Link); got != r.Link {
		t.Errorf("link %s, want %s: %s\n%s", got, r.Link, cause.Meaning, r.Said)
	}
	if code := lint.Code(r.Condition); strings.HasPrefix(r.Condition, "PP") && !slices.Contains(cause.Rules, code) && r.Link == "config" && code != "PP010" {
		t.Errorf("rules %v, want %s: %s", cause.Rules, code, r.Said)
	}
}

// checkInALog demands that a message means the same amid a log of which most is about something else.
func checkInALog(t *testing.T, said string, alone *trouble.Finding) {
	t.Helper()
	const before = 100
	idle := strings.Repeat("the pod is well\n", before)
	cause := trouble.Read(idle+said+"\n"+idle, trouble.Place{}).Cause
	if cause == nil || cause.Link != alone.Link || cause.Meaning != alone.Meaning || cause.Line != alone.Line+before {
		t.Errorf("in a log it is read as %+v, alone as %+v", cause, alone)
	}
}

func orNone(link verify.Link) string {
	if link == "" {
		return "none"
	}
	return string(link)
}
