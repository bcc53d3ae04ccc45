package explain_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

var (
	role = arn.IAM("111111111111", "role", "/", "reader")
	user = arn.IAM("999999999999", "user", "/", "store")
)

const (
	lettingIn = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`
	assuming  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/reader"}]}`
	reading   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`
	nothing   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
)

func policy(t *testing.T, name string, kind explain.PolicyKind, text string) *explain.Document {
	t.Helper()
	parse := iampolicy.Identity
	if kind == explain.Trust {
		parse = iampolicy.Trust
	}
	parsed, err := iampolicy.Parse([]byte(text), parse)
	if err != nil {
		t.Fatal(err)
	}
	d := &explain.Document{Policy: explain.Policy{Name: name, Kind: kind}, Holder: user, Text: text, Parsed: parsed}
	if kind == explain.Trust {
		d.Holder = role
	}
	return d
}

// evidence is that of a share whose policies are in order, with the chain broken at a link; none is broken for "".
func evidence(t *testing.T, broken verify.Link, err error) explain.Evidence {
	t.Helper()
	var chain verify.Chain
	reached := true
	for _, link := range verify.Links() {
		proof := verify.Proof{Link: link}
		switch {
		case link == broken:
			proof.Outcome, proof.Err, reached = verify.Failed, &verify.Fault{Side: verify.SourceOrDestination, Err: err}, false
		case reached:
			proof.Outcome = verify.Passed
		}
		if link == verify.LinkIdentity && reached {
			proof.Detail = user.String()
		}
		chain.Proofs = append(chain.Proofs, proof)
	}
	return explain.Evidence{
		Subject: explain.Subject{Account: user.Account, Cluster: "store"},
		Proofs:  chain,
		File:    explain.File{Name: "aws-config", Config: credential.Config{Region: "us-west-2", RoleARN: role, UserProfile: "store"}},
		Registry: registry.Registry{
			Account: "346438352937", Region: "us-west-2",
		},
		User: &explain.Entity{Asked: user, ARN: user, Exists: true, ID: "AIDAEXAMPLEEXAMPLE234",
			Identity: []*explain.Document{policy(t, "assume", explain.Identity, assuming)}},
		Role: &explain.Entity{Asked: role, ARN: role, Exists: true, ID: "AROAEXAMPLEEXAMPLE234",
			Trust:    policy(t, "reader", explain.Trust, lettingIn),
			Identity: []*explain.Document{policy(t, "read", explain.Identity, reading)}},
		Organizations: map[explain.OrganizationQuestion]explain.OrganizationAnswer{},
		Now:           time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
	}
}

func refusal(action, resource string) error {
	return fmt.Errorf("trying: %w", &smithy.GenericAPIError{Code: "AccessDenied", Message: fmt.Sprintf(
		"User: %s is not authorized to perform: %s on resource: %s", user, action, resource)})
}

var assumeRefused = refusal("sts:AssumeRole", role.String())

// known answers everything that the evidence asks of organizations.
func known(e *explain.Evidence, answer explain.OrganizationAnswer) {
	for _, ask := range e.Asks() {
		e.Organizations[ask] = answer
	}
}

// summary is what a report comes to.
func summary(r explain.Report) string {
	kind := explain.Kind("none")
	if r.Cause != nil {
		kind = r.Cause.Kind
	}
	var unread []string
	for _, u := range r.Unread {
		unread = append(unread, u.What)
	}
	return fmt.Sprintf("%s %s %s agrees=%t unread=%q", r.Outcome, r.Conclusion, kind, r.Agrees, unread)
}

// What is left when everything that was read allows depends on what nobody in the accounts can read.
func TestWhatCannotBeReadIsNotGuessed(t *testing.T) {
	alone, member := explain.OrganizationAnswer{}, explain.OrganizationAnswer{Member: true, Allows: true}
	unreadable := errors.New("AccessDenied")
	for sentence, test := range map[string]struct {
		change func(*explain.Evidence)
		want   string
	}{
		"everything allows, and there is no organization: the two contradict each other": {
			func(e *explain.Evidence) { known(e, alone) },
			`denied open none agrees=false unread=["why AWS denies sts:AssumeRole"]`,
		},
		"everything allows, and both sides are in organizations": {
			func(e *explain.Evidence) { known(e, member) },
			`denied likely rcp agrees=true unread=["the resource control policies above account 111111111111" "the service control policies above account 999999999999"]`,
		},
		"everything allows, and nobody may ask about organizations": {
			func(e *explain.Evidence) { known(e, explain.OrganizationAnswer{Err: unreadable}) },
			`denied open none agrees=true unread=["the service control policies above account 999999999999" "the resource control policies above account 111111111111"]`,
		},
		"the trust could not be read, and the rest allows": {
			func(e *explain.Evidence) { e.Role = &explain.Entity{Asked: role, Err: unreadable} },
			`denied open none agrees=true unread=["the trust of role reader"]`,
		},
		"the trust could not be read, and the user lacks the permission": {
			func(e *explain.Evidence) {
				e.Role = &explain.Entity{Asked: role, Err: unreadable}
				e.User.Identity = nil
			},
			`denied likely action-missing agrees=true unread=["the trust of role reader"]`,
		},
		"neither side could be read": {
			func(e *explain.Evidence) {
				e.Role, e.User = &explain.Entity{Asked: role, Err: unreadable}, &explain.Entity{Asked: user, Err: unreadable}
			},
			`denied open none agrees=true unread=["the trust of role reader" "user store"]`,
		},
		"one of the user's policies could not be read, and the others do not allow": {
			func(e *explain.Evidence) {
				e.User.Identity[0] = policy(t, "other", explain.Identity, nothing)
				e.User.Gaps = []explain.Gap{{Part: explain.GapIdentity, What: "policy p", Err: unreadable}}
			},
			`denied likely action-missing agrees=true unread=["policy p"]`,
		},
		"one of the user's policies could not be read, nor the trust, and the others do not allow": {
			func(e *explain.Evidence) {
				e.Role = &explain.Entity{Asked: role, Err: unreadable}
				e.User.Identity[0] = policy(t, "other", explain.Identity, nothing)
				e.User.Gaps = []explain.Gap{{Part: explain.GapIdentity, What: "policy p", Err: unreadable}}
			},
			`denied open none agrees=true unread=["the trust of role reader" "policy p"]`,
		},
		"one of the user's policies could not be read, and the others allow": {
			func(e *explain.Evidence) {
				e.User.Gaps = []explain.Gap{{Part: explain.GapIdentity, What: "policy p", Err: unreadable}}
			},
			`denied open none agrees=true unread=["policy p"]`,
		},
		"the boundary could not be read": {
			func(e *explain.Evidence) {
				e.User.Gaps = []explain.Gap{{Part: explain.GapBoundary, What: "permissions boundary b", Err: unreadable}}
			},
			`denied open none agrees=true unread=["permissions boundary b"]`,
		},
		"an SCP denies by IAM's simulation, which is no proof": {
			func(e *explain.Evidence) { known(e, explain.OrganizationAnswer{Member: true}) },
			`denied likely scp agrees=true unread=["the service control policies above account 999999999999"]`,
		},
		"an SCP denies by IAM's simulation, and so does what was read": {
			func(e *explain.Evidence) {
				known(e, explain.OrganizationAnswer{Member: true})
				e.User.Identity = nil
			},
			`denied certain action-missing agrees=true unread=[]`,
		},
		"the trust was not understood, which is the source's to look at": {
			func(e *explain.Evidence) {
				e.Role.Trust = nil
				e.Role.Gaps = []explain.Gap{{Part: explain.GapTrust, What: "the trust of role reader", Err: unreadable}}
			},
			`denied open none agrees=true unread=["the trust of role reader"]`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			e := evidence(t, verify.LinkRole, assumeRefused)
			test.change(&e)
			report := explain.Explain(e)
			if got := summary(report); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			for _, u := range report.Unread {
				if strings.Contains(u.What, "role reader") && (u.Account != role.Account || !strings.Contains(u.Command, "reader")) {
					t.Errorf("account %s is to run %q", u.Account, u.Command)
				}
			}
		})
	}
}

// What works though the policies that were read would deny it is said, and nothing is called broken.
func TestAReadingThatDeniesWhatWorksIsTheFinding(t *testing.T) {
	e := evidence(t, "", nil)
	if got, want := summary(explain.Explain(e)), `works certain none agrees=true unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.User.Identity = nil
	report := explain.Explain(e)
	if got, want := summary(report), `works certain none agrees=false unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var b strings.Builder
	if err := report.WriteText(&b); err != nil || !strings.Contains(b.String(), "contradict each other") {
		t.Errorf("%v: the text does not say so:\n%s", err, &b)
	}
}

// AWS's own sentence weighs more than our reading, and what it blames and we do not find is a disagreement.
func TestAWSsSentenceComesFirst(t *testing.T) {
	e := evidence(t, verify.LinkToken, fmt.Errorf("asking: %w", &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not authorized to " +
		"perform: ecr:GetAuthorizationToken on resource: * with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o/p"}))
	report := explain.Explain(e)
	if got, want := summary(report), `denied certain scp agrees=true unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if report.Cause == nil || report.Cause.Policy == nil || report.Cause.Policy.ARN != "arn:aws:organizations::1:policy/o/p" {
		t.Errorf("the policy that AWS names is not named: %+v", report.Cause)
	}
	e = evidence(t, verify.LinkToken, fmt.Errorf("asking: %w", &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not authorized to " +
		"perform: ecr:GetAuthorizationToken on resource: * because no permissions boundary allows the ecr:GetAuthorizationToken action"}))
	e.Role.Identity[0] = policy(t, "other", explain.Identity, nothing)
	if got, want := summary(explain.Explain(e)), `denied likely action-missing agrees=false unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What AWS's sentence blames and could not be read is the cause, as far as the sentence goes; what it blames and was read, and
// does not block, is a disagreement.
func TestAWSsSentenceTellsOfWhatCouldNotBeRead(t *testing.T) {
	answer := func(end string) error {
		return fmt.Errorf("asking: %w", &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not authorized to " +
			"perform: ecr:GetAuthorizationToken on resource: * " + end})
	}
	const lacking, denying = "because no identity-based policy allows the ecr:GetAuthorizationToken action", "with an explicit deny in an identity-based policy"
	for sentence, test := range map[string]struct {
		end    string
		unread bool
		want   string
	}{
		"nobody allows, and it was not read":     {lacking, true, `denied likely action-missing agrees=true unread=["role reader"]`},
		"somebody denies, and it was not read":   {denying, true, `denied likely explicit-deny agrees=true unread=["role reader"]`},
		"a boundary that was not read":           {"because no permissions boundary allows the ecr:GetAuthorizationToken action", true, `denied likely boundary agrees=true unread=["role reader"]`},
		"a session policy, which nobody reads":   {"because no session policy allows the ecr:GetAuthorizationToken action", false, `denied certain session-policy agrees=true unread=[]`},
		"nobody allows, and by what we read one": {lacking, false, `denied open none agrees=false unread=["why AWS denies ecr:GetAuthorizationToken"]`},
	} {
		t.Run(sentence, func(t *testing.T) {
			e := evidence(t, verify.LinkToken, answer(test.end))
			if test.unread {
				e.Role = &explain.Entity{Asked: role, Err: errors.New("AccessDenied")}
			}
			known(&e, explain.OrganizationAnswer{Member: true, Allows: true})
			if got := summary(explain.Explain(e)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Nobody can sign by the name of a user with another path than that user has.
func TestAPrincipalOfAnotherPathIsNotThere(t *testing.T) {
	e := evidence(t, "", nil)
	known(&e, explain.OrganizationAnswer{})
	ask := func(principal arn.ARN) string {
		return summary(explain.Ask(explain.Query{
			Principal: principal, Action: "sts:AssumeRole", Resource: role.String(),
			Actor: e.User, Target: e.Role, Organizations: e.Organizations, Now: e.Now,
		}))
	}
	if got, want := ask(arn.IAM(user.Account, "user", "/elsewhere/", user.Name())), "denied certain principal-path agrees=true unread=[]"; got != want {
		t.Errorf("under another path: got %s, want %s", got, want)
	}
	if got := ask(user); strings.Contains(got, "path") {
		t.Errorf("under its own path: got %s", got)
	}
}

// The deny of a revocation is told apart from any other: nobody is given a command that undoes it.
func TestADenyOfARevocationIsOne(t *testing.T) {
	refused := fmt.Errorf("asking: %w", &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not authorized to " +
		"perform: ecr:GetAuthorizationToken on resource: * with an explicit deny in an identity-based policy"})
	e := evidence(t, verify.LinkToken, refused)
	deny := plan.NewDeny("packages", "1.abc.2", e.Now.Add(-time.Hour), nil)
	document, err := deny.Document()
	if err != nil {
		t.Fatal(err)
	}
	e.Role.Tags = map[string]string{share.TagShare: "packages"}
	d := policy(t, deny.Policy, explain.Identity, string(document.JSON()))
	d.Holder = role
	e.Role.Identity = append(e.Role.Identity, d)
	report := explain.Explain(e)
	if got, want := summary(report), `denied certain revoked agrees=true unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if report.Fix == nil || len(report.Fix.Commands)+len(report.Fix.Patch) > 0 || report.Fix.Pullpass != "" {
		t.Errorf("the fix is %+v", report.Fix)
	}
	e.Role.Tags = nil // Somebody's own policy, by whatever name.
	if got, want := summary(explain.Explain(e)), `denied certain explicit-deny agrees=true unread=[]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A fix that makes a policy replaces none: the one before it may be a fix, too.
func TestAPolicyThatIsMadeReplacesNone(t *testing.T) {
	const other = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*"}]}`
	e := evidence(t, verify.LinkManifest, fmt.Errorf("pulling: %w", &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not " +
		"authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-west-2:346438352937:repository/eks-anywhere-packages-bundles"}))
	e.Role.Identity[0] = policy(t, "pullpass-access", explain.Identity, other)
	report := explain.Explain(e)
	const want = "aws iam put-role-policy --role-name reader --policy-name pullpass-access-2 "
	if report.Fix == nil || len(report.Fix.Commands) != 1 || !strings.HasPrefix(report.Fix.Commands[0], want) {
		t.Errorf("the fix is %+v, want %s", report.Fix, want)
	}
}

// What a user has by a group, others have too: no fix changes that for them.
func TestAGroupsPolicyIsLeftToItsOthers(t *testing.T) {
	group := arn.IAM(user.Account, "group", "/", "staff")
	const denying = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sts:*","Resource":"*"}]}`
	const elsewhere = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/another"}]}`
	for sentence, test := range map[string]struct {
		text   string
		inline bool
		want   string
	}{
		"a managed policy of a group denies":        {denying, false, "aws iam remove-user-from-group --user-name store --group-name staff"},
		"a policy that stands in a group denies":    {denying, true, "aws iam remove-user-from-group --user-name store --group-name staff"},
		"a policy of a group allows another role":   {elsewhere, false, "aws iam put-user-policy --user-name store --policy-name pullpass-access"},
		"one that stands in a group allows another": {elsewhere, true, "aws iam put-user-policy --user-name store --policy-name pullpass-access"},
	} {
		t.Run(sentence, func(t *testing.T) {
			e := evidence(t, verify.LinkRole, assumeRefused)
			d := policy(t, "staff", explain.Identity, test.text)
			d.Group, d.Holder = group, group
			if !test.inline {
				d.Holder, d.ARN = arn.ARN{}, "arn:aws:iam::999999999999:policy/staff"
			}
			e.User.Identity = append(e.User.Identity, d)
			if test.text == elsewhere {
				e.User.Identity = e.User.Identity[1:]
			}
			report := explain.Explain(e)
			if report.Fix == nil || len(report.Fix.Commands) != 1 || !strings.HasPrefix(report.Fix.Commands[0], test.want) {
				t.Errorf("the fix is %+v, want %s", report.Fix, test.want)
			}
		})
	}
}

// A cluster that does not use an access that works is told of: nothing is pulled there all the same.
func TestAnAccessThatWorksAndIsNotUsed(t *testing.T) {
	e := evidence(t, "", nil)
	e.Inside = []verify.Proof{
		{Link: verify.LinkSecret, Outcome: verify.Passed, Detail: "fine"},
		{Link: verify.LinkController, Outcome: verify.Failed, Err: &verify.Fault{Side: verify.Cluster, Err: errors.New("it was not restarted"), Hint: "restart it"}},
		{Link: verify.LinkSettings, Outcome: verify.Unseen, Err: fmt.Errorf("%w: no", verify.ErrUnseen)},
	}
	report := explain.Explain(e)
	if got, want := summary(report), `unused certain cluster agrees=true unread=["link settings of cluster store"]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(report.Chain) != len(verify.Links())+len(e.Inside) || report.Fix == nil || report.Fix.Text != "restart it" {
		t.Errorf("the chain is %+v, the fix %+v", report.Chain, report.Fix)
	}
	var b strings.Builder
	if err := report.WriteText(&b); err != nil || !strings.Contains(b.String(), "works, and the cluster does not use it: controller") {
		t.Errorf("%v: the text does not say so:\n%s", err, &b)
	}
}

// What keeps an answer from coming is told without the words of the SDK.
func TestANetworkIsToldWithoutTheSDK(t *testing.T) {
	e := evidence(t, verify.LinkIdentity, nil)
	for i := range e.Proofs.Proofs {
		if e.Proofs.Proofs[i].Link == verify.LinkIdentity {
			e.Proofs.Proofs[i].Err = &verify.Fault{Side: verify.Network, Err: fmt.Errorf("asking STS: %w", &smithy.OperationError{
				ServiceID: "STS", OperationName: "GetCallerIdentity",
				Err: fmt.Errorf("https response error StatusCode: 0, RequestID: , request send failed, %w",
					&url.Error{Op: "Post", URL: "https://sts.us-west-2.amazonaws.com/", Err: errors.New("connection refused")}),
			})}
		}
	}
	report := explain.Explain(e)
	const want = `AWS was not reached, or could not answer: asking STS: cannot reach sts.us-west-2.amazonaws.com: connection refused.`
	if report.Cause == nil || report.Cause.Text != want {
		t.Errorf("got %+v, want %s", report.Cause, want)
	}
}

// An answer that no policy decides has no cause in them.
func TestWhatPoliciesDoNotDecideIsOpen(t *testing.T) {
	for link, code := range map[verify.Link]string{verify.LinkRole: "RegionDisabledException", verify.LinkToken: "ServerException"} {
		report := explain.Explain(evidence(t, link, fmt.Errorf("trying: %w", &smithy.GenericAPIError{Code: code, Message: "no"})))
		if got, want := summary(report), fmt.Sprintf(`denied open none agrees=true unread=["what broke link %s"]`, link); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if report.Answered == nil || report.Answered.Code != code {
			t.Errorf("AWS's answer is %+v", report.Answered)
		}
	}
}

// A cluster that nobody could look at is neither working nor denied.
func TestWhatWasNotSeenIsUnknown(t *testing.T) {
	e := evidence(t, "", nil)
	e.Proofs.Proofs = []verify.Proof{{Link: verify.LinkConfig, Outcome: verify.Unseen, Err: fmt.Errorf("%w: no answer", verify.ErrUnseen)}}
	if got, want := summary(explain.Explain(e)), `unknown open none agrees=true unread=["link config"]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The same evidence gives the same report, whatever its maps' order.
func TestTheSameEvidenceGivesTheSameReport(t *testing.T) {
	e := evidence(t, verify.LinkRole, assumeRefused)
	e.User.Identity = nil
	e.User.Tags = map[string]string{"a": "1", "b": "2", "c": "3"}
	first := explain.Explain(e)
	for range 20 {
		if diff := cmp.Diff(first, explain.Explain(e)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Brief is for the end of other commands: the cause, the fix, and a letter only where something is not known.
func TestBriefSendsALetterOnlyForWhatIsNotKnown(t *testing.T) {
	labels := func(e explain.Evidence) []string {
		var all []string
		for _, line := range explain.Explain(e).Brief() {
			all = append(all, line[0])
		}
		return all
	}
	e := evidence(t, verify.LinkRole, assumeRefused)
	e.User.Identity = nil
	if got, want := labels(e), []string{"cause", "fix", "run"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	e.Role = &explain.Entity{Asked: role, Err: errors.New("AccessDenied")}
	if got, want := labels(e), []string{"cause", "fix", "run", "send"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
