// Package sts is the sandbox's AWS Security Token Service.
package sts

import (
	"maps"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// Service returns the operations of STS (https://docs.aws.amazon.com/STS/latest/APIReference/).
func Service() *api.Service {
	codec := wire.Query{Namespace: "https://sts.amazonaws.com/doc/2011-06-15/", Version: "2011-06-15"}
	return api.NewService("sts", codec, 15*time.Minute, []api.Operation{
		// GetCallerIdentity needs no permission, and no policy can deny it.
		api.Read("GetCallerIdentity", api.Anyone[getCallerIdentityInput], getCallerIdentity),
		api.Read("GetAccessKeyInfo", api.OnEverything[getAccessKeyInfoInput], getAccessKeyInfo),
		api.Read("AssumeRole", assumeRoleTargets, assumeRole),
	})
}

type getCallerIdentityInput struct{}

type getCallerIdentityOutput struct {
	Account string
	Arn     string
	UserID  string `xml:"UserId"`
}

func getCallerIdentity(call *api.Call, _ *getCallerIdentityInput) (*getCallerIdentityOutput, error) {
	return &getCallerIdentityOutput{
		Account: string(call.Account().ID),
		Arn:     call.Caller.Principal.ARN,
		UserID:  call.Caller.UserID(),
	}, nil
}

type getAccessKeyInfoInput struct {
	AccessKeyID string `query:"AccessKeyId"`
}

type getAccessKeyInfoOutput struct{ Account arn.AccountID }

// getAccessKeyInfo tells the account of any key id, also of one that no longer exists: the account is in the id.
func getAccessKeyInfo(_ *api.Call, in *getAccessKeyInfoInput) (*getAccessKeyInfoOutput, error) {
	account, err := awsid.Account(awsid.AccessKeyID(in.AccessKeyID))
	if err != nil {
		return nil, wire.Errorf(wire.ValidationError, "1 validation error detected: Value at 'accessKeyId' failed to "+
			"satisfy constraint: it is no access key ID")
	}
	return &getAccessKeyInfoOutput{Account: account}, nil
}

// onRole is the target of what is done to a role from outside. A role that does not exist has no trust policy that
// could allow it, so that its absence looks like any denial.
func onRole(call *api.Call, action string, name arn.ARN, keys map[string][]string) guard.Target {
	target := guard.Target{Action: action, Resource: name.String(), Owner: name.Account, Trust: true, Keys: maps.Clone(keys)}
	role := findRole(call, name)
	if role == nil {
		return target
	}
	target.Policy, target.Tags = role.Trust, role.Tags
	for _, tag := range role.Tags {
		// A role's tags have IAM's own key too
		// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html).
		target.Keys["iam:ResourceTag/"+tag.Key] = []string{tag.Value}
	}
	return target
}
