package sts_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// both lets the source and the destination do whatever actions say.
func both(actions, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:root",` +
		`"arn:aws:iam::111111111111:root"]},"Action":` + actions + condition + `}}`
}

const (
	anything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	all      = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
)

// first makes a session with two tags, of which team is transitive though named in another case, and a source identity.
func (l lab) first(change func(*sts.AssumeRoleInput)) *sts.Client {
	l.t.Helper()
	in := call(l.Role(sandboxtest.Source, "first", both(all, ""), anything), "hop-1")
	change(in)
	return sts.NewFromConfig(l.Session(l.User(sandboxtest.Destination, "walker", anything), in))
}

func tags(pairs ...string) (list []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

func withTags(in *sts.AssumeRoleInput) {
	in.Tags, in.TransitiveTagKeys = tags("team", "packages", "site", "north"), []string{"TEAM"}
}

func withSourceIdentity(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("alice") }

func TestATransitiveTagGoesOnThroughAChain(t *testing.T) {
	l := newLab(t)
	hop := l.first(withTags)
	second := l.Role(sandboxtest.Source, "second", both(all, ""), `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+
		`"Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"packages"},`+
		`"Null":{"aws:PrincipalTag/site":"true"}}}}`)
	out, err := hop.AssumeRole(ctx, call(second, "hop-2"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(l.config(out.Credentials)).ListUsers(ctx, nil); err != nil {
		t.Errorf("the second session has not the transitive tag alone: %v", err)
	}
}

func TestATransitiveTagCannotBeChangedInAChain(t *testing.T) {
	l := newLab(t)
	hop := l.first(withTags)
	second := l.Role(sandboxtest.Source, "second", both(all, ""), "")
	for _, key := range []string{"team", "Team"} {
		in := call(second, "hop-2")
		in.Tags = tags(key, "finance")
		_, err := hop.AssumeRole(ctx, in)
		wantCode(t, err, "InvalidParameterValue")
	}
	in := call(second, "hop-2")
	in.Tags = tags("site", "south") // is not transitive
	if _, err := hop.AssumeRole(ctx, in); err != nil {
		t.Error(err)
	}
}

func TestWhatASessionHandsOnTakesPermissionToo(t *testing.T) {
	for sentence, test := range map[string]struct {
		first   func(*sts.AssumeRoleInput)
		trusted string // by the second role
		denied  string // the action, empty for none
	}{
		"a transitive tag":                       {withTags, `["sts:AssumeRole","sts:SetSourceIdentity"]`, "sts:TagSession"},
		"a transitive tag that is trusted":       {withTags, `["sts:AssumeRole","sts:TagSession"]`, ""},
		"a source identity":                      {withSourceIdentity, `["sts:AssumeRole","sts:TagSession"]`, "sts:SetSourceIdentity"},
		"a source identity that is trusted":      {withSourceIdentity, `["sts:AssumeRole","sts:SetSourceIdentity"]`, ""},
		"a session that has nothing to hand on":  {func(*sts.AssumeRoleInput) {}, assume, ""},
		"a session with a tag of which none are": {func(in *sts.AssumeRoleInput) { in.Tags = tags("site", "north") }, assume, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t)
			hop := l.first(test.first)
			second := l.Role(sandboxtest.Source, "second", both(test.trusted, ""), "")
			_, err := hop.AssumeRole(ctx, call(second, "hop-2"))
			if test.denied == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := "User: arn:aws:sts::111111111111:assumed-role/first/hop-1 is not authorized to perform: " + test.denied +
				" on resource: " + second + " because no role trust policy allows the " + test.denied + " action"
			if got := wantCode(t, err, "AccessDenied"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestASourceIdentityIsSetOnce(t *testing.T) {
	l := newLab(t)
	hop := l.first(withSourceIdentity)
	second := l.Role(sandboxtest.Source, "second", both(all, ""), `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+
		`"Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"alice"}}}}`)
	in := call(second, "hop-2")
	in.SourceIdentity = aws.String("bob")
	_, err := hop.AssumeRole(ctx, in)
	wantCode(t, err, "ValidationError")
	in.SourceIdentity = aws.String("alice")
	if _, err := hop.AssumeRole(ctx, in); err != nil {
		t.Errorf("the same one again: %v", err)
	}
	out, err := hop.AssumeRole(ctx, call(second, "hop-2"))
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.SourceIdentity); got != "alice" {
		t.Errorf("SourceIdentity = %q, want alice", got)
	}
	if _, err := iam.NewFromConfig(l.config(out.Credentials)).ListUsers(ctx, nil); err != nil {
		t.Error(err)
	}
}
