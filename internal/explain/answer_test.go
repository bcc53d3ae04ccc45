package explain

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/authz"
)

const denied = "User: arn:aws:iam::999999999999:user/alice is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::999999999999:user/new"

// The sentences are those of "Troubleshoot access denied error messages"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
func TestReadSentence(t *testing.T) {
	for text, want := range map[string]sentence{
		denied: {},
		denied + " because no identity-based policy allows the iam:CreateUser action":    {blamed: authz.Identity},
		denied + " because no permissions boundary allows the iam:CreateUser action":     {blamed: authz.Boundary},
		denied + " because no session policy allows the iam:CreateUser action":           {blamed: authz.Session},
		denied + " because no resource-based policy allows the iam:CreateUser action":    {blamed: authz.Resource},
		denied + " because no service control policy allows the iam:CreateUser action":   {blamed: authz.SCP},
		denied + " because no resource control policy allows the iam:CreateUser action.": {blamed: authz.RCP},
		denied + " with an explicit deny in an identity-based policy":                    {blamed: authz.Identity, explicit: true},
		denied + " with an explicit deny in the role trust policy":                       {blamed: authz.Trust, explicit: true},
		denied + " with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1": {
			blamed: authz.SCP, explicit: true, policy: "arn:aws:organizations::1:policy/o-1/service_control_policy/p-1",
		},
		"because no magic policy allows the iam:CreateUser action": {},
	} {
		if got := readSentence(text); got != want {
			t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}

func FuzzReadSentence(f *testing.F) {
	f.Add(denied + " with an explicit deny in a service control policy: arn:aws:organizations::1:policy/p")
	f.Add(" because no identity-based policy allows the iam:CreateUser action")
	f.Fuzz(func(t *testing.T, text string) {
		if s := readSentence(text); s.blamed == authz.NoPolicy && s != (sentence{}) {
			t.Errorf("nothing is blamed, and yet %+v", s)
		}
		if query, ok := DeniedCall(refused(text)); ok && (query.Principal.IsZero() || query.Action == "" || query.Resource == "") {
			t.Errorf("half a call: %+v", query)
		}
	})
}

func refused(text string) error {
	return fmt.Errorf("creating: %w", &smithy.GenericAPIError{Code: "AccessDenied", Message: text})
}

func TestDeniedCall(t *testing.T) {
	query, ok := DeniedCall(refused(denied + " because no identity-based policy allows the iam:CreateUser action"))
	got := []string{query.Principal.String(), query.Action, query.Resource}
	if want := []string{"arn:aws:iam::999999999999:user/alice", "iam:CreateUser", "arn:aws:iam::999999999999:user/new"}; !ok || cmp.Diff(want, got) != "" {
		t.Errorf("got %q, %t", got, ok)
	}
	if query, ok := DeniedCall(refused("User: arn:aws:iam::999999999999:user/alice is not authorized to perform: eks:DescribeCluster")); !ok || query.Resource != "*" {
		t.Errorf("a call without a resource is %+v, %t", query, ok)
	}
	for sentence, err := range map[string]error{
		"no error of AWS":     errors.New(denied),
		"another text":        refused("Rate exceeded"),
		"the caller's root":   refused("User: arn:aws:iam::999999999999:root is not authorized to perform: iam:CreateUser on resource: *"),
		"no error whatsoever": nil,
	} {
		if query, ok := DeniedCall(err); ok {
			t.Errorf("%s is the call %+v", sentence, query)
		}
	}
}
