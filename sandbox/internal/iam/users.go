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

func userOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreateUser", onNewUser, createUser),
		api.Read("GetUser", onOwnUser[getUserInput], getUser),
		api.Read("ListUsers", users().onList, listUsers),
		api.Write("UpdateUser", onRename, updateUser),
		api.Write("DeleteUser", on[deleteInput](users()), deleteUser),
	}
}

// userView is a user as IAM shows it. ListUsers shows neither tags nor boundary; the others show tags only where there are
// any [seen].
type userView struct {
	Path                string          `xml:"Path"`
	UserName            string          `xml:"UserName"`
	UserID              awsid.UniqueID  `xml:"UserId"`
	ARN                 arn.ARN         `xml:"Arn"`
	CreateDate          wire.Timestamp  `xml:"CreateDate"`
	PermissionsBoundary *boundaryView   `xml:"PermissionsBoundary"`
	Tags                *wire.List[tag] `xml:"Tags"`
}

func viewListedUser(user *state.User) userView {
	return userView{
		Path: user.Path, UserName: user.Name, UserID: user.ID, ARN: user.ARN(), CreateDate: wire.Timestamp{Time: user.Created},
	}
}

func viewUser(user *state.User) userView {
	view := viewListedUser(user)
	view.PermissionsBoundary = viewBoundary(&user.Entity)
	view.Tags = someTags(user.Tags)
	return view
}

type userOutput struct {
	User userView `xml:"User"`
}

type createUserInput struct {
	reference
	Path                string `query:"Path"`
	PermissionsBoundary string `query:"PermissionsBoundary"`
	Tags                []tag  `query:"Tags"`
}

func onNewUser(c *api.Call, in *createUserInput) ([]guard.Target, error) {
	err := firstError(
		checkName("userName", in.UserName, longestName), checkPath("path", in.Path), users().tags().check(in.Tags),
	)
	if err != nil {
		return nil, err
	}
	target := guard.Target{Resource: arn.IAM(c.Account().ID, "user", in.Path, in.UserName).String()}
	return creating(target, "iam:TagUser", in.Tags, in.PermissionsBoundary), nil
}

func createUser(c *api.Call, in *createUserInput) (*userOutput, error) {
	if c.Account().User(in.UserName) != nil {
		return nil, entityExists("User", in.UserName)
	}
	if err := within("UsersPerAccount", usersPerAccount, len(c.Account().Users)+1); err != nil {
		return nil, err
	}
	entity, err := users().newEntity(c, in.UserName, in.Path, in.PermissionsBoundary, in.Tags)
	if err != nil {
		return nil, err
	}
	if entity.ID, err = awsid.NewUniqueID(awsid.User, c.Random); err != nil {
		return nil, err
	}
	user := &state.User{Entity: entity}
	c.World.AddUser(c.Account(), user)
	return &userOutput{viewUser(user)}, nil
}

// newEntity returns a new user or role, all but its unique id.
func (k kind) newEntity(c *api.Call, name, path, boundary string, tags []tag) (state.Entity, error) {
	entity := state.Entity{
		Account: c.Account().ID, Kind: k.word, Path: orRoot(path), Name: name, Created: c.Now(),
		Inline: map[string]*state.Document{}, Tags: k.tags().set(nil, tags),
	}
	if boundary == "" {
		return entity, nil
	}
	var err error
	entity.Boundary, err = findBoundary(c, boundary)
	return entity, err
}

type getUserInput struct{ reference }

func getUser(c *api.Call, in *getUserInput) (*userOutput, error) {
	user, err := ownUser(c, &in.reference)
	if err != nil {
		return nil, err
	}
	return &userOutput{viewUser(user)}, nil
}

// own returns the reference to the caller's own user where a request names none.
func own(c *api.Call, r *reference) (*reference, error) {
	if r.UserName != "" {
		return r, nil
	}
	if c.Caller.User == nil {
		return nil, wire.Errorf(wire.ValidationError, "Must specify userName when calling with non-User credentials")
	}
	return &reference{UserName: c.Caller.User.Name}, nil
}

// onOwnUser is the targets of an operation that is about the caller where its request names no user.
func onOwnUser[In any, P refers[In]](c *api.Call, in *In) ([]guard.Target, error) {
	r, err := own(c, P(in).ref())
	if err != nil {
		return nil, err
	}
	target, err := users().target(c, r)
	return []guard.Target{target}, err
}

func ownUser(c *api.Call, r *reference) (*state.User, error) {
	r, err := own(c, r)
	if err != nil {
		return nil, err
	}
	return findUser(c, r.UserName)
}

func findUser(c *api.Call, name string) (*state.User, error) {
	user := c.Account().User(name)
	if user == nil {
		return nil, noSuchEntity("user", name)
	}
	return user, nil
}

type listUsersOutput struct {
	page
	Users wire.List[userView] `xml:"Users"`
}

func listUsers(c *api.Call, in *listInput) (*listUsersOutput, error) {
	all := beneath(in.PathPrefix, state.Sorted(c.Account().Users), func(u *state.User) string { return u.Path })
	listed, page, err := paginate(in.paging, all, func(u *state.User) string { return strings.ToLower(u.Name) })
	if err != nil {
		return nil, err
	}
	out := &listUsersOutput{page: page}
	for _, user := range listed {
		out.Users = append(out.Users, viewListedUser(user))
	}
	return out, nil
}

type updateUserInput struct {
	reference
	NewPath     string `query:"NewPath"`
	NewUserName string `query:"NewUserName"`
}

// becomes returns the path and name that the user is to have.
func (in *updateUserInput) becomes(path, name string) (newPath, newName string) {
	if in.NewPath != "" {
		path = in.NewPath
	}
	if in.NewUserName != "" {
		name = in.NewUserName
	}
	return path, name
}

// onRename targets the user under its old and its new ARN: "the entity making the request must have appropriate
// permissions on both the source object and the target object"
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html).
func onRename(c *api.Call, in *updateUserInput) ([]guard.Target, error) {
	if err := checkPath("newPath", in.NewPath); err != nil {
		return nil, err
	}
	if in.NewUserName != "" {
		if err := checkName("newUserName", in.NewUserName, longestName); err != nil {
			return nil, err
		}
	}
	source, err := users().target(c, &in.reference)
	user := c.Account().User(in.UserName)
	if err != nil || user == nil {
		return []guard.Target{source}, err
	}
	destination := source
	path, name := in.becomes(user.Path, user.Name)
	destination.Resource = arn.IAM(c.Account().ID, "user", path, name).String()
	return []guard.Target{source, destination}, nil
}

func updateUser(c *api.Call, in *updateUserInput) (*api.None, error) {
	user, err := findUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	path, name := in.becomes(user.Path, user.Name)
	if other := c.Account().User(name); other != nil && other != user {
		return nil, entityExists("User", name)
	}
	inline, err := renamed(&user.Entity, arn.IAM(c.Account().ID, "user", path, name))
	if err != nil {
		return nil, err
	}
	user.Inline = inline
	c.World.RenameUser(c.Account(), user, path, name)
	return nil, nil
}

type deleteInput struct{ reference }

func deleteUser(c *api.Call, in *deleteInput) (*api.None, error) {
	user, err := findUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if err := deletable(&user.Entity); err != nil {
		return nil, err
	}
	if len(user.Keys) > 0 {
		return nil, deleteConflict("Cannot delete entity, must delete access keys first.")
	}
	if len(user.MFA) > 0 {
		return nil, deleteConflict("Cannot delete entity, must delete MFA device first.")
	}
	c.World.RemoveUser(c.Account(), user)
	return nil, nil
}
