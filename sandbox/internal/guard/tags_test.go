package guard_test

import (
	"testing"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// A condition on a tag "matches a resource tag key named either TagKey1 or tagkey1, but not both"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html). Which of the two it is must
// not be left to chance.
func TestOfTwoTagsThatDifferByCaseAConditionSeesAlwaysTheSame(t *testing.T) {
	document, err := state.NewDocument(iampolicy.Identity, "test", allowing("iam:CreatePolicy",
		`{"StringEquals":{"aws:RequestTag/env":"prod","aws:ResourceTag/env":"prod"}}`))
	if err != nil {
		t.Fatal(err)
	}
	world := state.NewWorld(make([]byte, 32))
	user := &state.User{Entity: state.Entity{
		Account: member, Kind: "user", Path: "/", Name: "worker", ID: "AIDAAAAAAAAAAAAAAAAAA",
		Inline: map[string]*state.Document{"p": document},
	}}
	world.AddUser(world.AddAccount(member), user)
	caller := guard.UserCaller(world, user, "AKIA")
	target := guard.Target{
		Action: "iam:CreatePolicy", Tags: state.Tags{"Env": {Key: "Env", Value: "dev"}, "env": {Key: "env", Value: "prod"}},
	}.WithRequestTags([]state.Tag{{Key: "env", Value: "prod"}, {Key: "Env", Value: "dev"}})
	for range 64 {
		if !guard.Decide(world, caller, guard.Scene{}, target).Allowed() {
			t.Fatal("the condition did not see the tag that comes last in the order of the keys")
		}
	}
}
