package iam

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func keyOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreateAccessKey", onOwnUser[createKeyInput], createKey),
		api.Read("ListAccessKeys", onOwnUser[listKeysInput], listKeys),
		api.Write("UpdateAccessKey", onOwnUser[updateKeyInput], updateKey),
		api.Write("DeleteAccessKey", onOwnUser[keyInput], deleteKey),
		api.Read("GetAccessKeyLastUsed", onKeyOwner, keyLastUsed),
	}
}

// The statuses of an access key.
const (
	activeKey   = "Active"
	inactiveKey = "Inactive"
)

// keyView is an access key as lists show it.
type keyView struct {
	UserName    string            `xml:"UserName"`
	AccessKeyID awsid.AccessKeyID `xml:"AccessKeyId"`
	Status      string            `xml:"Status"`
	CreateDate  wire.Timestamp    `xml:"CreateDate"`
}

func viewKey(user *state.User, key *state.AccessKey) keyView {
	status := inactiveKey
	if key.Active {
		status = activeKey
	}
	return keyView{UserName: user.Name, AccessKeyID: key.ID, Status: status, CreateDate: wire.Timestamp{Time: key.Created}}
}

type createKeyInput struct{ reference }

// newKeyView is the only view of a key that shows its secret.
type newKeyView struct {
	keyView
	SecretAccessKey string `xml:"SecretAccessKey"`
}

type createKeyOutput struct {
	AccessKey newKeyView `xml:"AccessKey"`
}

func createKey(c *api.Call, in *createKeyInput) (*createKeyOutput, error) {
	user, err := ownUser(c, &in.reference)
	if err != nil {
		return nil, err
	}
	if err := within("AccessKeysPerUser", keysPerUser, len(user.Keys)+1); err != nil {
		return nil, err
	}
	id, err := awsid.NewAccessKeyID(awsid.LongLived, user.Account, c.Random)
	if err != nil {
		return nil, err
	}
	secret, err := awsid.NewSecretAccessKey(c.Random)
	if err != nil {
		return nil, err
	}
	key := &state.AccessKey{ID: id, Secret: secret.Reveal(), Active: true, Created: c.Now()}
	c.World.AddKey(user, key)
	return &createKeyOutput{newKeyView{viewKey(user, key), key.Secret}}, nil
}

type listKeysInput struct {
	reference
	paging
}

type listKeysOutput struct {
	page
	reference
	AccessKeyMetadata wire.List[keyView] `xml:"AccessKeyMetadata"`
}

func listKeys(c *api.Call, in *listKeysInput) (*listKeysOutput, error) {
	user, err := ownUser(c, &in.reference)
	if err != nil {
		return nil, err
	}
	byID := map[awsid.AccessKeyID]*state.AccessKey{}
	for _, key := range user.Keys {
		byID[key.ID] = key
	}
	listed, page, err := paginate(in.paging, state.Sorted(byID), func(key *state.AccessKey) string { return string(key.ID) })
	if err != nil {
		return nil, err
	}
	out := &listKeysOutput{page: page, reference: users().refer(&user.Entity)}
	for _, key := range listed {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, viewKey(user, key))
	}
	return out, nil
}

type keyInput struct {
	reference
	AccessKeyID string `query:"AccessKeyId"`
}

// find returns the access key that a request names, which must be the user's own.
func (in *keyInput) find(c *api.Call) (*state.User, *state.AccessKey, error) {
	if err := checkKeyID(in.AccessKeyID); err != nil {
		return nil, nil, err
	}
	user, err := ownUser(c, &in.reference)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range user.Keys {
		if string(key.ID) == in.AccessKeyID {
			return user, key, nil
		}
	}
	return nil, nil, noSuchKey(in.AccessKeyID)
}

// checkKeyID holds the API reference's constraints: 16 to 128 of [\w]+. Whether the id has AWS's shape is not asked.
func checkKeyID(id string) error {
	if err := checkLength("accessKeyId", id, 16, 128); err != nil {
		return err
	}
	if strings.Trim(id, alphanumeric+"_") != "" {
		return invalidValue("accessKeyId", `Member must satisfy regular expression pattern: [\w]+`)
	}
	return nil
}

type updateKeyInput struct {
	keyInput
	Status string `query:"Status"`
}

func updateKey(c *api.Call, in *updateKeyInput) (*api.None, error) {
	if in.Status == "" {
		return nil, invalidValue("status", "Member must not be null")
	}
	if err := checkChoice("status", in.Status, activeKey, inactiveKey); err != nil {
		return nil, err
	}
	_, key, err := in.find(c)
	if err != nil {
		return nil, err
	}
	key.Active = in.Status == activeKey
	return nil, nil
}

func deleteKey(c *api.Call, in *keyInput) (*api.None, error) {
	user, key, err := in.find(c)
	if err != nil {
		return nil, err
	}
	c.World.RemoveKey(user, key)
	return nil, nil
}

type keyLastUsedInput struct {
	AccessKeyID string `query:"AccessKeyId"`
}

// owner returns the user of the caller's account that has the key. Of a key that there is not, or that is another
// account's, AWS says no more than that the caller may not ask [seen].
func (in *keyLastUsedInput) owner(c *api.Call) (*state.User, *state.AccessKey, error) {
	if err := checkKeyID(in.AccessKeyID); err != nil {
		return nil, nil, err
	}
	user, key, ok := c.World.Key(awsid.AccessKeyID(in.AccessKeyID))
	if !ok || user.Account != c.Account().ID {
		return nil, nil, wire.Errorf(wire.AccessDenied,
			"User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s",
			c.Caller.Principal.ARN, in.AccessKeyID)
	}
	return user, key, nil
}

func onKeyOwner(c *api.Call, in *keyLastUsedInput) ([]guard.Target, error) {
	user, _, err := in.owner(c)
	if err != nil {
		return nil, err
	}
	target, err := users().target(c, &reference{UserName: user.Name})
	return []guard.Target{target}, err
}

type lastUsedView struct {
	LastUsedDate *wire.Timestamp `xml:"LastUsedDate"`
	ServiceName  string          `xml:"ServiceName"`
	Region       arn.Region      `xml:"Region"`
}

type keyLastUsedOutput struct {
	UserName          string       `xml:"UserName"`
	AccessKeyLastUsed lastUsedView `xml:"AccessKeyLastUsed"`
}

// timestamp is the time of a use as the Query protocol writes it, nil where there was none.
func timestamp(use state.Use, used bool) *wire.Timestamp {
	if !used {
		return nil
	}
	return &wire.Timestamp{Time: use.Time}
}

// keyLastUsed shows "N/A" where the key was never used (API_AccessKeyLastUsed).
func keyLastUsed(c *api.Call, in *keyLastUsedInput) (*keyLastUsedOutput, error) {
	user, key, err := in.owner(c)
	if err != nil {
		return nil, err
	}
	use, used := key.LastUsed.Get()
	if !used {
		use = state.Use{Service: "N/A", Region: "N/A"}
	}
	return &keyLastUsedOutput{
		UserName: user.Name,
		AccessKeyLastUsed: lastUsedView{
			LastUsedDate: timestamp(use, used), ServiceName: use.Service, Region: use.Region,
		},
	}, nil
}
