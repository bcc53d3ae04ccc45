package cli_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A maker is how a share that works came about.
type maker int

// The makers.
const (
	byApply     maker = iota // pullpass apply, hardened
	byThePage                // pullpass apply, documented
	byHand                   // a person who followed AWS's page, and whose share was never applied
	byExternal               // pullpass apply, hardened, with an external id
	byElsewhere              // pullpass apply, hardened, for a registry of account 222222222222's own
)

// A bench is a share of one cluster that somebody is about to break.
type bench struct {
	*outdoors
	maker maker
	role  arn.ARN
	user  arn.ARN
	// read is the policy in the source, assume the one in the destination.
	read, assume arn.ARN
}

// blind is the user in either account who may look at nothing.
const blind = "blind"

// newBench makes the share, which works unless its seed says otherwise.
func newBench(t *testing.T, m maker, reseed func(*sandbox.Seed)) *bench {
	t.Helper()
	b := &bench{outdoors: &outdoors{terminal: newTerminal(t), log: &lines{}}, maker: m}
	b.box = sandboxtest.Start(t, sandbox.Config{
		Dir: filepath.Join(b.dir, "box"), Clock: b.clock.Now, Wait: b.clock.Wait, Requests: b.log, Seed: benchSeed(reseed),
	})
	b.name()
	b.write("share.yaml", b.share(string(sandboxtest.Source), string(sandboxtest.Destination)))
	b.write("source.yaml", b.share(string(sandboxtest.Source), string(sandboxtest.Destination)+"/"+blind))
	b.write("destination.yaml", b.share(string(sandboxtest.Source)+"/"+blind, string(sandboxtest.Destination)))
	switch m {
	case byHand:
		b.followThePage()
	case byElsewhere:
		b.ownRegistry()
		b.must(b.here("apply", "--yes", "--quiet", "--no-verify")...)
	case byApply, byThePage, byExternal:
		b.must(b.here("apply", "--yes", "--quiet", "--no-verify")...)
	}
	return b
}

// benchSeed is the default one with a blind user in the accounts of both sides.
func benchSeed(reseed func(*sandbox.Seed)) sandbox.Seed {
	seed := sandbox.DefaultSeed(time.Now())
	for i := range seed.Accounts {
		if id := seed.Accounts[i].ID; id == sandboxtest.Source || id == sandboxtest.Destination {
			seed.Accounts[i].Users = []sandbox.User{{Name: blind, Keys: 1}}
		}
	}
	if reseed != nil {
		reseed(&seed)
	}
	return seed
}

func (b *bench) name() {
	source, destination := sandboxtest.Source, sandboxtest.Destination
	if b.maker == byThePage || b.maker == byHand {
		b.role, b.user = arn.IAM(source, "role", "/", "curated-packages-role"), arn.IAM(destination, "user", "/", "curated-packages-user")
		b.read = arn.IAM(source, "policy", "/", "curated-packages-policy")
		b.assume = arn.IAM(destination, "policy", "/", "curated-packages-assume-role-policy")
		return
	}
	const path = "/pullpass/packages/"
	b.role = arn.IAM(source, "role", path, "pullpass-packages-"+string(destination))
	b.user = arn.IAM(destination, "user", path, "pullpass-packages-store-001")
	b.read = arn.IAM(source, "policy", path, "pullpass-packages-read")
	b.assume = arn.IAM(destination, "policy", path, "pullpass-packages-assume-role")
}

// share is the document, as the administrators of these two profiles have it.
func (b *bench) share(source, destination string) string {
	registry, more := "{region: us-west-2}", ""
	switch b.maker {
	case byThePage, byHand:
		more = "  posture: documented\n"
	case byExternal:
		more = "  externalID: the-share\n"
	case byElsewhere:
		registry = `{region: us-west-2, account: "222222222222"}`
	case byApply:
	}
	return "apiVersion: pullpass.dev/v1alpha1\nkind: Share\nmetadata: {name: packages}\nspec:\n  registry: " + registry + "\n" + more +
		`  source: {account: "111111111111", access: {profile: "` + source + `"}}` + "\n  destinations:\n" +
		`    - account: "999999999999"` + "\n" + `      access: {profile: "` + destination + `"}` + "\n" +
		"      clusters:\n        - {name: store-001, directory: out/store-001}\n"
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// seen are a command's flags for the share as one of its documents has it.
func (b *bench) seen(document, command string, more ...string) []string {
	return append([]string{command, "-f", filepath.Join(b.dir, document), "--sandbox", filepath.Join(b.dir, "box")}, more...)
}

// proves walks the chain of proofs, as pullpass verify does.
func (b *bench) proves() linkOutcome {
	b.t.Helper()
	_, stdout, stderr := b.run("", b.seen("share.yaml", "verify", "-o", "json")...)
	var report struct {
		Clusters []struct {
			OK     bool
			Proofs []struct {
				Link                 verify.Link
				Outcome, Code, Error string
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report.Clusters) != 1 {
		b.t.Fatalf("verify: %v\n%s%s", err, stdout, stderr)
	}
	for _, p := range report.Clusters[0].Proofs {
		if p.Outcome == verify.Failed.String() {
			return linkOutcome{link: p.Link, code: p.Code, text: p.Error}
		}
	}
	return linkOutcome{ok: report.Clusters[0].OK}
}

// linkOutcome is the broken link of a proof, with AWS's code.
type linkOutcome struct {
	ok   bool
	link verify.Link
	code string
	text string
}

// source and destination are clients of the two administrators.
func (b *bench) source() *iam.Client      { return b.box.IAM(sandboxtest.Source) }
func (b *bench) destination() *iam.Client { return b.box.IAM(sandboxtest.Destination) }

// admin is the client of the administrator of the account that a thing is in.
func (b *bench) admin(thing arn.ARN) *iam.Client { return b.box.IAM(thing.Account) }

// did fails the test if what was done failed.
func (b *bench) did(_ any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// trusts gives the role another trust policy.
func (b *bench) trusts(document string) {
	b.t.Helper()
	b.did(b.source().UpdateAssumeRolePolicy(b.t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String(b.role.Name()), PolicyDocument: &document,
	}))
}

// trust is the text of the role's trust policy.
func (b *bench) trust() string {
	b.t.Helper()
	out, err := b.source().GetRole(b.t.Context(), &iam.GetRoleInput{RoleName: aws.String(b.role.Name())})
	b.did(out, err)
	return b.unescape(out.Role.AssumeRolePolicyDocument)
}

// trustWith replaces a part of the trust policy, which must be there.
func (b *bench) trustWith(old, replacement string) {
	b.t.Helper()
	b.trusts(b.replaced(b.trust(), old, replacement))
}

func (b *bench) replaced(text, old, replacement string) string {
	b.t.Helper()
	if !strings.Contains(text, old) {
		b.t.Fatalf("there is no %s in %s", old, text)
	}
	return strings.ReplaceAll(text, old, replacement)
}

// unescape undoes what IAM does to the documents that it returns
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html).
func (b *bench) unescape(document *string) string {
	b.t.Helper()
	text, err := url.PathUnescape(aws.ToString(document))
	b.did(text, err)
	return text
}

// policy is the text of a managed policy.
func (b *bench) policy(name arn.ARN) string {
	b.t.Helper()
	policy, err := b.admin(name).GetPolicy(b.t.Context(), &iam.GetPolicyInput{PolicyArn: aws.String(name.String())})
	b.did(policy, err)
	out, err := b.admin(name).GetPolicyVersion(b.t.Context(), &iam.GetPolicyVersionInput{
		PolicyArn: aws.String(name.String()), VersionId: policy.Policy.DefaultVersionId,
	})
	b.did(out, err)
	return b.unescape(out.PolicyVersion.Document)
}

// allows gives a managed policy another text.
func (b *bench) allows(name arn.ARN, document string) {
	b.t.Helper()
	b.did(b.admin(name).CreatePolicyVersion(b.t.Context(), &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(name.String()), PolicyDocument: &document, SetAsDefault: true,
	}))
}

// policyWith replaces a part of a managed policy, which must be there.
func (b *bench) policyWith(name arn.ARN, old, replacement string) {
	b.t.Helper()
	b.allows(name, b.replaced(b.policy(name), old, replacement))
}

// detaches takes the one managed policy off the role or the user.
func (b *bench) detaches(from arn.ARN) {
	b.t.Helper()
	if from.Kind() == "role" {
		b.did(b.source().DetachRolePolicy(b.t.Context(), &iam.DetachRolePolicyInput{
			RoleName: aws.String(from.Name()), PolicyArn: aws.String(b.read.String()),
		}))
		return
	}
	b.did(b.destination().DetachUserPolicy(b.t.Context(), &iam.DetachUserPolicyInput{
		UserName: aws.String(from.Name()), PolicyArn: aws.String(b.assume.String()),
	}))
}

// inline gives the role or the user a policy of its own.
func (b *bench) inline(to arn.ARN, name, document string) {
	b.t.Helper()
	if to.Kind() == "role" {
		b.did(b.source().PutRolePolicy(b.t.Context(), &iam.PutRolePolicyInput{
			RoleName: aws.String(to.Name()), PolicyName: &name, PolicyDocument: &document,
		}))
		return
	}
	b.did(b.destination().PutUserPolicy(b.t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String(to.Name()), PolicyName: &name, PolicyDocument: &document,
	}))
}

// bounds makes a managed policy, and puts it on the role or the user as its permissions boundary.
func (b *bench) bounds(entity arn.ARN, name, document string) {
	b.t.Helper()
	out, err := b.admin(entity).CreatePolicy(b.t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})
	b.did(out, err)
	if entity.Kind() == "role" {
		b.did(b.source().PutRolePermissionsBoundary(b.t.Context(), &iam.PutRolePermissionsBoundaryInput{
			RoleName: aws.String(entity.Name()), PermissionsBoundary: out.Policy.Arn,
		}))
		return
	}
	b.did(b.destination().PutUserPermissionsBoundary(b.t.Context(), &iam.PutUserPermissionsBoundaryInput{
		UserName: aws.String(entity.Name()), PermissionsBoundary: out.Policy.Arn,
	}))
}

// config is the delivered file, and edit changes it.
func (b *bench) config() string {
	b.t.Helper()
	text, err := b.deliveredFile()
	b.did(text, err)
	return text
}

func (b *bench) deliveredFile() (string, error) {
	text, err := os.ReadFile(filepath.Join(b.dir, "out", "store-001", "aws-config"))
	return string(text), err
}

func (b *bench) edit(old, replacement string) {
	b.t.Helper()
	b.write(filepath.Join("out", "store-001", "aws-config"), b.replaced(b.config(), old, replacement))
}

// line is the value of a line of the delivered file.
func (b *bench) line(key string) string {
	b.t.Helper()
	for line := range strings.Lines(b.config()) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key+"="); found {
			return value
		}
	}
	b.t.Fatalf("the delivered file has no %s", key)
	return ""
}

// weather sets the sandbox's weather, its clock's included.
func (b *bench) weather(forecast string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, b.box.Server.Ready().Control+"/weather", strings.NewReader(forecast))
	b.did(request, err)
	response, err := http.DefaultClient.Do(request)
	b.did(response, err)
	b.did(nil, response.Body.Close())
	if response.StatusCode >= 300 {
		b.t.Fatalf("the weather %q: %s", forecast, response.Status)
	}
}

// unmakesKey deletes the key that was delivered.
func (b *bench) unmakesKey() {
	b.t.Helper()
	b.did(b.destination().DeleteAccessKey(b.t.Context(), &iam.DeleteAccessKeyInput{
		UserName: aws.String(b.user.Name()), AccessKeyId: aws.String(b.line("aws_access_key_id")),
	}))
}

// makesKey makes another key of the user, and puts it into the delivered file.
func (b *bench) makesKey() {
	b.t.Helper()
	out, err := b.destination().CreateAccessKey(b.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(b.user.Name())})
	b.did(out, err)
	b.edit(b.line("aws_access_key_id"), aws.ToString(out.AccessKey.AccessKeyId))
	b.edit(b.line("aws_secret_access_key"), aws.ToString(out.AccessKey.SecretAccessKey))
}

// holdsKeyOf puts a new key of an account's administrator into the delivered file.
func (b *bench) holdsKeyOf(account arn.AccountID) {
	b.t.Helper()
	out, err := b.box.IAM(account).CreateAccessKey(b.t.Context(), &iam.CreateAccessKeyInput{})
	b.did(out, err)
	b.edit(b.line("aws_access_key_id"), aws.ToString(out.AccessKey.AccessKeyId))
	b.edit(b.line("aws_secret_access_key"), aws.ToString(out.AccessKey.SecretAccessKey))
}

// switchesKey makes the delivered key active or inactive.
func (b *bench) switchesKey(status types.StatusType) {
	b.t.Helper()
	b.did(b.destination().UpdateAccessKey(b.t.Context(), &iam.UpdateAccessKeyInput{
		UserName: aws.String(b.user.Name()), AccessKeyId: aws.String(b.line("aws_access_key_id")), Status: status,
	}))
}

// unmakesUser deletes the user and all that is its own.
func (b *bench) unmakesUser() {
	b.t.Helper()
	b.unmakesKey()
	b.detaches(b.user)
	b.did(b.destination().DeleteUser(b.t.Context(), &iam.DeleteUserInput{UserName: aws.String(b.user.Name())}))
}

// unmakesRole deletes the role.
func (b *bench) unmakesRole() {
	b.t.Helper()
	b.detaches(b.role)
	b.did(b.source().DeleteRole(b.t.Context(), &iam.DeleteRoleInput{RoleName: aws.String(b.role.Name())}))
}

// deliversAgain moves away what was delivered, and has a new key delivered.
func (b *bench) deliversAgain() {
	b.t.Helper()
	b.did(nil, os.RemoveAll(filepath.Join(b.dir, "out", "store-001")))
	b.must(b.here("apply", "--yes", "--quiet")...)
}
