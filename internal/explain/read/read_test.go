package read_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/explain/read"
)

const account arn.AccountID = "999999999999"

const (
	document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`
	shared   = "arn:aws:iam::999999999999:policy/shared"
	pullers  = "arn:aws:iam::999999999999:group/pullers"
)

// fake is an account with users in a group, which the sandbox has not. A method that it lacks panics.
type fake struct {
	read.IAM
	mu    sync.Mutex
	calls map[string]int
	// refuses are the operations that are denied.
	refuses map[string]bool
}

var errDenied = errors.New("AccessDenied")

func (f *fake) called(operation, of string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation+" "+of]++
	if f.refuses[operation] {
		return errDenied
	}
	return nil
}

func escaped() *string { return aws.String(url.PathEscape(document)) }

func (f *fake) GetUser(_ context.Context, in *iam.GetUserInput, _ ...func(*iam.Options)) (*iam.GetUserOutput, error) {
	name := aws.ToString(in.UserName)
	if name == "gone" {
		return nil, &types.NoSuchEntityException{}
	}
	return &iam.GetUserOutput{User: &types.User{
		Arn: aws.String("arn:aws:iam::999999999999:user/stores/" + name), UserId: aws.String("AIDAEXAMPLEEXAMPLE234"),
		PermissionsBoundary: &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: aws.String(shared)},
	}}, f.called("GetUser", name)
}

func (f *fake) ListAccessKeys(_ context.Context, in *iam.ListAccessKeysInput, _ ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	return &iam.ListAccessKeysOutput{AccessKeyMetadata: []types.AccessKeyMetadata{
		{AccessKeyId: aws.String("AKIAEXAMPLEEXAMPLE23"), Status: types.StatusTypeInactive},
	}}, f.called("ListAccessKeys", aws.ToString(in.UserName))
}

func (f *fake) ListAttachedUserPolicies(
	_ context.Context, in *iam.ListAttachedUserPoliciesInput, _ ...func(*iam.Options),
) (*iam.ListAttachedUserPoliciesOutput, error) {
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: []types.AttachedPolicy{{PolicyArn: aws.String(shared)}}},
		f.called("ListAttachedUserPolicies", aws.ToString(in.UserName))
}

func (f *fake) ListUserPolicies(_ context.Context, in *iam.ListUserPoliciesInput, _ ...func(*iam.Options)) (*iam.ListUserPoliciesOutput, error) {
	return &iam.ListUserPoliciesOutput{PolicyNames: []string{"own"}}, f.called("ListUserPolicies", aws.ToString(in.UserName))
}

func (f *fake) GetUserPolicy(_ context.Context, in *iam.GetUserPolicyInput, _ ...func(*iam.Options)) (*iam.GetUserPolicyOutput, error) {
	return &iam.GetUserPolicyOutput{PolicyDocument: escaped()}, f.called("GetUserPolicy", aws.ToString(in.UserName))
}

func (f *fake) ListGroupsForUser(_ context.Context, in *iam.ListGroupsForUserInput, _ ...func(*iam.Options)) (*iam.ListGroupsForUserOutput, error) {
	return &iam.ListGroupsForUserOutput{Groups: []types.Group{{Arn: aws.String(pullers), GroupName: aws.String("pullers")}}},
		f.called("ListGroupsForUser", aws.ToString(in.UserName))
}

func (f *fake) ListAttachedGroupPolicies(
	_ context.Context, in *iam.ListAttachedGroupPoliciesInput, _ ...func(*iam.Options),
) (*iam.ListAttachedGroupPoliciesOutput, error) {
	return &iam.ListAttachedGroupPoliciesOutput{AttachedPolicies: []types.AttachedPolicy{{PolicyArn: aws.String("arn:aws:iam::aws:policy/Managed")}}},
		f.called("ListAttachedGroupPolicies", aws.ToString(in.GroupName))
}

func (f *fake) ListGroupPolicies(_ context.Context, in *iam.ListGroupPoliciesInput, _ ...func(*iam.Options)) (*iam.ListGroupPoliciesOutput, error) {
	return &iam.ListGroupPoliciesOutput{PolicyNames: []string{"group-own"}}, f.called("ListGroupPolicies", aws.ToString(in.GroupName))
}

func (f *fake) GetGroupPolicy(_ context.Context, in *iam.GetGroupPolicyInput, _ ...func(*iam.Options)) (*iam.GetGroupPolicyOutput, error) {
	return &iam.GetGroupPolicyOutput{PolicyDocument: escaped()}, f.called("GetGroupPolicy", aws.ToString(in.GroupName))
}

func (f *fake) GetPolicy(_ context.Context, in *iam.GetPolicyInput, _ ...func(*iam.Options)) (*iam.GetPolicyOutput, error) {
	return &iam.GetPolicyOutput{Policy: &types.Policy{DefaultVersionId: aws.String("v1")}}, f.called("GetPolicy", aws.ToString(in.PolicyArn))
}

func (f *fake) GetPolicyVersion(_ context.Context, in *iam.GetPolicyVersionInput, _ ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error) {
	return &iam.GetPolicyVersionOutput{PolicyVersion: &types.PolicyVersion{Document: escaped()}}, f.called("GetPolicyVersion", aws.ToString(in.PolicyArn))
}

func (f *fake) ListPolicyVersions(_ context.Context, in *iam.ListPolicyVersionsInput, _ ...func(*iam.Options)) (*iam.ListPolicyVersionsOutput, error) {
	return &iam.ListPolicyVersionsOutput{}, f.called("ListPolicyVersions", aws.ToString(in.PolicyArn))
}

func open(t *testing.T, refuses ...string) (*fake, *read.Account) {
	t.Helper()
	f := &fake{calls: map[string]int{}, refuses: map[string]bool{}}
	for _, operation := range refuses {
		f.refuses[operation] = true
	}
	return f, read.New(t.Context(), account, func(context.Context) (read.IAM, error) { return f, nil })
}

// found is what of an entity decides: its policies, its boundary, its keys, and what could not be read.
func found(e *explain.Entity) map[string][]string {
	all := map[string][]string{}
	for _, d := range e.Identity {
		all["policies"] = append(all["policies"], d.ARN+d.Name+" "+d.Holder.Name())
	}
	if e.Boundary != nil {
		all["boundary"] = []string{e.Boundary.ARN}
	}
	for _, k := range e.Keys {
		all["keys"] = append(all["keys"], string(k.ID))
	}
	for _, g := range e.Gaps {
		all["gaps"] = append(all["gaps"], string(g.Part)+": "+g.What)
	}
	return all
}

// What decides about a user comes from it, from its groups and from its boundary, in an order that is always the same.
func TestAUserIsReadWithItsGroups(t *testing.T) {
	_, a := open(t)
	user := a.User(t.Context(), arn.IAM(account, "user", "/", "one"))
	if !user.Exists || user.Err != nil || user.ARN != arn.IAM(account, "user", "/stores/", "one") {
		t.Fatalf("it is read as %+v", user)
	}
	want := map[string][]string{
		"policies": {"group-own pullers", "own one", shared + " ", "arn:aws:iam::aws:policy/Managed "},
		"boundary": {shared}, "keys": {"AKIAEXAMPLEEXAMPLE23"},
	}
	if diff := cmp.Diff(want, found(user)); diff != "" {
		t.Error(diff)
	}
	for _, d := range user.Identity {
		if own := d.Name == "own"; own != d.Group.IsZero() && d.ARN != shared && d.ARN != "arn:aws:iam::aws:policy/Managed" {
			t.Errorf("policy %s is said to come by group %q", d.Name, d.Group)
		}
	}
}

// What two users have in common is asked for once, also where both ask at the same time.
func TestWhatIsSharedIsReadOnce(t *testing.T) {
	f, a := open(t)
	var group sync.WaitGroup
	for _, name := range []string{"one", "two", "one"} {
		group.Go(func() { a.User(t.Context(), arn.IAM(account, "user", "/", name)) })
	}
	group.Wait()
	for call, times := range f.calls {
		if times != 1 {
			t.Errorf("%s is asked %d times", call, times)
		}
	}
	if len(f.calls) != 2*6+3+3+2 {
		t.Errorf("%d calls: %v", len(f.calls), f.calls)
	}
}

// A part that is refused is a gap of its own; the rest is read all the same.
func TestWhatIsRefusedIsAGap(t *testing.T) {
	for operation, gap := range map[string]string{
		"ListAccessKeys":            "keys: the access keys of user one",
		"ListAttachedUserPolicies":  "identity: the policies attached to user one",
		"ListUserPolicies":          "identity: the inline policies of user one",
		"GetUserPolicy":             "identity: inline policy own of user one",
		"ListGroupsForUser":         "identity: the groups of user one",
		"ListAttachedGroupPolicies": "identity: the policies attached to group pullers",
		"GetGroupPolicy":            "identity: inline policy group-own of group pullers",
	} {
		t.Run(operation, func(t *testing.T) {
			_, a := open(t, operation)
			user := a.User(t.Context(), arn.IAM(account, "user", "/", "one"))
			if diff := cmp.Diff([]string{gap}, found(user)["gaps"]); diff != "" || !user.Exists {
				t.Errorf("exists: %t\n%s", user.Exists, diff)
			}
		})
	}
}

// Not to exist, not to be readable and not to be in reach are three things.
func TestNothingToReadIsToldApart(t *testing.T) {
	_, a := open(t)
	if gone := a.User(t.Context(), arn.IAM(account, "user", "/", "gone")); gone.Exists || gone.Err != nil || len(gone.Gaps) > 0 {
		t.Errorf("a user that is gone is %+v", gone)
	}
	_, a = open(t, "GetUser")
	if hidden := a.User(t.Context(), arn.IAM(account, "user", "/", "one")); hidden.Exists || !errors.Is(hidden.Err, errDenied) {
		t.Errorf("a user that nobody may read is %+v", hidden)
	}
	closed := read.New(t.Context(), account, nil)
	if hidden := closed.User(t.Context(), arn.IAM(account, "user", "/", "one")); !errors.Is(hidden.Err, read.ErrNoAccess) {
		t.Errorf("a user without access is %+v", hidden)
	}
}
