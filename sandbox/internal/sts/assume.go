package sts

import (
	"errors"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// assumeRoleInput is AssumeRole's request
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
type assumeRoleInput struct {
	RoleArn         string             `query:"RoleArn"`
	RoleSessionName string             `query:"RoleSessionName"`
	ExternalID      *string            `query:"ExternalId"`
	Policy          string             `query:"Policy"`
	PolicyArns      []policyDescriptor `query:"PolicyArns"`
	// DurationSeconds is nil for the default of one hour.
	DurationSeconds   *int     `query:"DurationSeconds"`
	Tags              []tag    `query:"Tags"`
	TransitiveTagKeys []string `query:"TransitiveTagKeys"`
	SerialNumber      string   `query:"SerialNumber"`
	TokenCode         string   `query:"TokenCode"`
	SourceIdentity    string   `query:"SourceIdentity"`

	role arn.ARN // RoleArn, once validated
}

type tag struct {
	Key   string `query:"Key"`
	Value string `query:"Value"`
}

func (in *assumeRoleInput) tags() []state.Tag {
	tags := make([]state.Tag, len(in.Tags))
	for i, t := range in.Tags {
		tags[i] = state.Tag(t)
	}
	return tags
}

type policyDescriptor struct {
	Arn string `query:"arn"`
}

type assumeRoleOutput struct {
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int `xml:",omitempty"` // percent
	// SessionTokenSize is in bytes. Its sibling SessionTokenUtilization is left out: it is a share of a maximum that is not
	// published.
	SessionTokenSize int
	SourceIdentity   string `xml:",omitempty"`
}

type credentials struct {
	AccessKeyID     awsid.AccessKeyID `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      wire.Timestamp
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

// assumeRoleTargets decides AssumeRole itself, and on their own the passing of tags and of a source identity
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html). What a chained session inherits takes these
// permissions too: "permissions for sts:SetSourceIdentity are required in both the permissions policy of the principal who
// is assuming the role and in the role trust policy of the target role"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html), and so is
// sts:TagSession for transitive tags [seen].
func assumeRoleTargets(call *api.Call, in *assumeRoleInput) ([]guard.Target, error) {
	if err := in.validate(call.Caller.Session); err != nil {
		return nil, err
	}
	keys, err := in.conditionKeys(call)
	if err != nil {
		return nil, err
	}
	from := call.Caller.Session
	targets := []guard.Target{onRole(call, "sts:AssumeRole", in.role, keys).WithRequestTags(in.tags())}
	if len(in.Tags) > 0 || from != nil && len(from.TransitiveTags) > 0 {
		targets = append(targets, onRole(call, "sts:TagSession", in.role, keys).WithRequestTags(in.tags()))
	}
	if in.SourceIdentity != "" || from != nil && from.SourceIdentity != "" {
		targets = append(targets, onRole(call, "sts:SetSourceIdentity", in.role, keys))
	}
	return targets, nil
}

func (in *assumeRoleInput) conditionKeys(call *api.Call) (map[string][]string, error) {
	keys := map[string][]string{"sts:RoleSessionName": {in.RoleSessionName}}
	if in.ExternalID != nil {
		keys["sts:ExternalId"] = []string{*in.ExternalID}
	}
	if in.SourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{in.SourceIdentity}
	}
	if len(in.TransitiveTagKeys) > 0 {
		keys["sts:TransitiveTagKeys"] = in.TransitiveTagKeys
	}
	if in.SerialNumber == "" && in.TokenCode == "" {
		return keys, nil
	}
	if err := verifyMFA(call, in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	keys["aws:MultiFactorAuthPresent"], keys["aws:MultiFactorAuthAge"] = []string{"true"}, []string{"0"}
	return keys, nil
}

func findRole(call *api.Call, name arn.ARN) *state.Role {
	account, ok := call.World.Accounts[name.Account]
	if !ok {
		return nil
	}
	role := account.Role(name.Name())
	if role == nil || role.ARN() != name {
		return nil
	}
	return role
}

func assumeRole(call *api.Call, in *assumeRoleInput) (*assumeRoleOutput, error) {
	role := findRole(call, in.role)
	if role == nil {
		return nil, errors.New("a role that does not exist was allowed to be assumed")
	}
	if err := in.checkDuration(role, call.Caller); err != nil {
		return nil, err
	}
	session, packed, err := in.newSession(call, role)
	if err != nil {
		return nil, err
	}
	sealed, err := token.Seal(call.Sealer, session)
	if err != nil {
		return nil, err
	}
	role.LastUsed.Note(state.Use{Time: call.Now(), Region: call.Scene.Region, Service: call.Service})
	return &assumeRoleOutput{
		Credentials: credentials{
			AccessKeyID: session.KeyID, SecretAccessKey: session.Secret, SessionToken: sealed,
			Expiration: wire.Timestamp{Time: session.Expires},
		},
		AssumedRoleUser:  assumedRoleUser{AssumedRoleID: string(role.ID) + ":" + session.Name, Arn: session.ARN().String()},
		PackedPolicySize: packed,
		SessionTokenSize: len(sealed),
		SourceIdentity:   session.SourceIdentity,
	}, nil
}

// newSession makes the session. A chained session inherits the transitive tags and the source identity of its caller's:
// validate has refused what would be in their way.
func (in *assumeRoleInput) newSession(call *api.Call, role *state.Role) (token.Session, *int, error) {
	session := token.Session{
		Role: role.ARN(), RoleID: role.ID, Name: in.RoleSessionName, Issued: call.Now().UTC().Truncate(time.Second),
		SourceIdentity: in.SourceIdentity, Tags: map[string]string{},
	}
	session.Expires = session.Issued.Add(in.duration())
	for _, tag := range in.Tags {
		session.Tags[tag.Key] = tag.Value
		if containsKey(in.TransitiveTagKeys, tag.Key) {
			session.TransitiveTags = append(session.TransitiveTags, tag.Key)
		}
	}
	if from := call.Caller.Session; from != nil {
		inherit(&session, from)
	}
	var packed *int
	var err error
	if session.Policies, packed, err = in.sessionPolicies(call); err != nil {
		return session, nil, err
	}
	if session.KeyID, err = awsid.NewAccessKeyID(awsid.Temporary, role.Account, call.Random); err != nil {
		return session, nil, err
	}
	secret, err := awsid.NewSecretAccessKey(call.Random)
	session.Secret = secret.Reveal()
	return session, packed, err
}

func inherit(session, from *token.Session) {
	session.Chained = true
	for _, key := range from.TransitiveTags {
		session.Tags[key] = from.Tags[key]
		session.TransitiveTags = append(session.TransitiveTags, key)
	}
	if from.SourceIdentity != "" {
		session.SourceIdentity = from.SourceIdentity
	}
}
