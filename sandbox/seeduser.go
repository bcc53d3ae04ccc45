package sandbox

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// User is one seeded IAM user, beside the administrator.
type User struct {
	Name string `yaml:"name"`
	// Path is IAM's, such as "/stores/"; empty is "/".
	Path string `yaml:"path"`
	// Keys is how many active access keys the user has, two at most. The sandbox makes them up; ConfigFile has a profile
	// with the first, named <account>/<user>.
	Keys int `yaml:"keys"`
	// Policies are the user's inline policies by name, as JSON text.
	Policies map[string]PolicyText `yaml:"policies"`
}

// What IAM holds names and paths to (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html).
var (
	userName   = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	policyName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	userPath   = regexp.MustCompile(`^/([!-~]{1,510}/)?$`)
)

// What a user may have (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const (
	keysPerUser    = 2
	userPolicySize = 2048 // characters of all inline policies, white space not counted
)

// checkUsers finds what IAM would not let an account have. Names are unique without regard to case, the administrator's
// among them.
func checkUsers(users []User) error {
	seen := map[string]bool{administrator: true}
	for i, user := range users {
		if err := user.check(); err != nil {
			return fmt.Errorf("users[%d].%w", i, err)
		}
		name := strings.ToLower(user.Name)
		if seen[name] {
			return fmt.Errorf("users[%d].name: user %s is there twice", i, user.Name)
		}
		seen[name] = true
	}
	return nil
}

func (u User) check() error {
	switch {
	case !userName.MatchString(u.Name):
		return fmt.Errorf("name: %q is no name of a user: want 1 to 64 letters, digits or +=,.@_-", u.Name)
	case u.Path != "" && !userPath.MatchString(u.Path):
		return fmt.Errorf("path: %q is no path: want one such as /stores/", u.Path)
	case u.Keys < 0 || u.Keys > keysPerUser:
		return fmt.Errorf("keys: a user has 0 to %d access keys, not %d", keysPerUser, u.Keys)
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(u.Policies)) {
		if !policyName.MatchString(name) {
			return fmt.Errorf("policies: %q is no name of a policy: want 1 to 128 letters, digits or +=,.@_-", name)
		}
		size += iampolicy.Size([]byte(u.Policies[name]))
	}
	if size > userPolicySize {
		return fmt.Errorf("policies: they have %d characters, more than the %d of all inline policies of a user", size, userPolicySize)
	}
	return nil
}

// state makes the user.
func (u User) state(account arn.AccountID, now time.Time, random io.Reader) (*state.User, error) {
	id, err := awsid.NewUniqueID(awsid.User, random)
	if err != nil {
		return nil, err
	}
	made := &state.User{
		Entity: state.Entity{Account: account, Kind: "user", Path: u.Path, Name: u.Name, ID: id, Created: now},
		Seeded: true,
	}
	if made.Path == "" {
		made.Path = "/"
	}
	for range u.Keys {
		key, err := newKey(account, now, random)
		if err != nil {
			return nil, err
		}
		made.Keys = append(made.Keys, key)
	}
	return made, u.permit(made)
}

// permit gives the user its inline policies.
func (u User) permit(made *state.User) error {
	if len(u.Policies) == 0 {
		return nil
	}
	made.Inline = make(map[string]*state.Document, len(u.Policies))
	for _, name := range slices.Sorted(maps.Keys(u.Policies)) {
		document, err := state.NewDocument(iampolicy.Identity, state.InlineName(made.ARN(), name), string(u.Policies[name]))
		if err != nil {
			return fmt.Errorf("policy %s of user %s: %w", name, u.Name, err)
		}
		made.Inline[name] = document
	}
	return nil
}
