package iam

import (
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func roleOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreateRole", onNewRole, createRole),
		api.Read("GetRole", on[getRoleInput](roles()), getRole),
		api.Read("ListRoles", roles().onList, listRoles),
		api.Write("UpdateRole", on[updateRoleInput](roles()), updateRole),
		api.Write("UpdateRoleDescription", on[describeRoleInput](roles()), updateRoleDescription),
		api.Write("UpdateAssumeRolePolicy", on[updateTrustInput](roles()), updateTrust),
		api.Write("DeleteRole", on[deleteInput](roles()), deleteRole),
	}
}

// The session durations that a role can allow, in seconds (API_CreateRole).
const (
	defaultSession  = 3600
	shortestSession = 3600
	longestSession  = 43200
)

// roleView is a role as IAM shows it. CreateRole shows no description and no duration; ListRoles shows these, but no tags,
// boundary or last use; GetRole shows all, tags only where there are any [seen].
type roleView struct {
	Path                     string          `xml:"Path"`
	RoleName                 string          `xml:"RoleName"`
	RoleID                   awsid.UniqueID  `xml:"RoleId"`
	ARN                      arn.ARN         `xml:"Arn"`
	CreateDate               wire.Timestamp  `xml:"CreateDate"`
	AssumeRolePolicyDocument encoded         `xml:"AssumeRolePolicyDocument"`
	Description              string          `xml:"Description,omitempty"`
	MaxSessionDuration       int             `xml:"MaxSessionDuration,omitempty"`
	PermissionsBoundary      *boundaryView   `xml:"PermissionsBoundary"`
	Tags                     *wire.List[tag] `xml:"Tags"`
	RoleLastUsed             *roleLastUsed   `xml:"RoleLastUsed"`
}

// roleLastUsed is empty for a role that nobody has assumed.
type roleLastUsed struct {
	LastUsedDate *wire.Timestamp `xml:"LastUsedDate"`
	Region       arn.Region      `xml:"Region,omitempty"`
}

type roleOutput struct {
	Role roleView `xml:"Role"`
}

func viewBareRole(c *api.Call, role *state.Role) roleView {
	return roleView{
		Path: role.Path, RoleName: role.Name, RoleID: role.ID, ARN: role.ARN(), CreateDate: wire.Timestamp{Time: role.Created},
		AssumeRolePolicyDocument: encoded(c.World.Shown(role.Trust)),
	}
}

func viewNewRole(c *api.Call, role *state.Role) roleView {
	view := viewBareRole(c, role)
	view.PermissionsBoundary = viewBoundary(&role.Entity)
	view.Tags = someTags(role.Tags)
	return view
}

func viewListedRole(c *api.Call, role *state.Role) roleView {
	view := viewBareRole(c, role)
	view.Description = role.Description
	view.MaxSessionDuration = int(role.MaxSession / time.Second)
	return view
}

func viewRole(c *api.Call, role *state.Role) roleView {
	view := viewListedRole(c, role)
	view.PermissionsBoundary = viewBoundary(&role.Entity)
	view.Tags = someTags(role.Tags)
	view.RoleLastUsed = viewLastUsed(role)
	return view
}

func viewLastUsed(role *state.Role) *roleLastUsed {
	use, used := role.LastUsed.Get()
	return &roleLastUsed{LastUsedDate: timestamp(use, used), Region: use.Region}
}

type createRoleInput struct {
	reference
	Path                     string `query:"Path"`
	AssumeRolePolicyDocument string `query:"AssumeRolePolicyDocument"`
	Description              string `query:"Description"`
	MaxSessionDuration       *int   `query:"MaxSessionDuration"`
	PermissionsBoundary      string `query:"PermissionsBoundary"`
	Tags                     []tag  `query:"Tags"`
}

func onNewRole(c *api.Call, in *createRoleInput) ([]guard.Target, error) {
	err := firstError(
		checkName("roleName", in.RoleName, longestName), checkRolePath(in.Path),
		checkLength("description", in.Description, 0, longestText), checkSession(in.MaxSessionDuration),
		roles().tags().check(in.Tags),
	)
	if err != nil {
		return nil, err
	}
	target := guard.Target{Resource: arn.IAM(c.Account().ID, "role", in.Path, in.RoleName).String()}
	return creating(target, "iam:TagRole", in.Tags, in.PermissionsBoundary), nil
}

// checkRolePath keeps the path of service-linked roles, which no organization's policies bind, from all others [seen].
func checkRolePath(path string) error {
	if strings.HasPrefix(path, "/aws-service-role/") {
		return wire.Errorf("InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles")
	}
	return checkPath("path", path)
}

func checkSession(seconds *int) error {
	if seconds == nil {
		return nil
	}
	return checkNumber("maxSessionDuration", *seconds, shortestSession, longestSession)
}

// session returns the duration that a request asks for, or the one that holds if it asks for none.
func session(seconds *int, otherwise time.Duration) time.Duration {
	if seconds == nil {
		return otherwise
	}
	return time.Duration(*seconds) * time.Second
}

func createRole(c *api.Call, in *createRoleInput) (*roleOutput, error) {
	if c.Account().Role(in.RoleName) != nil {
		return nil, entityExists("Role", in.RoleName)
	}
	if err := within("RolesPerAccount", rolesPerAccount, len(c.Account().Roles)+1); err != nil {
		return nil, err
	}
	entity, err := roles().newEntity(c, in.RoleName, in.Path, in.PermissionsBoundary, in.Tags)
	if err != nil {
		return nil, err
	}
	trust, err := parseTrust(c.World, entity.ARN(), "assumeRolePolicyDocument", in.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	if entity.ID, err = awsid.NewUniqueID(awsid.Role, c.Random); err != nil {
		return nil, err
	}
	role := &state.Role{
		Entity: entity, Description: in.Description, Trust: trust,
		MaxSession: session(in.MaxSessionDuration, defaultSession*time.Second),
	}
	c.World.AddRole(c.Account(), role)
	return &roleOutput{viewNewRole(c, role)}, nil
}

type getRoleInput struct{ reference }

func getRole(c *api.Call, in *getRoleInput) (*roleOutput, error) {
	role, err := findRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &roleOutput{viewRole(c, role)}, nil
}

func findRole(c *api.Call, name string) (*state.Role, error) {
	role := c.Account().Role(name)
	if role == nil {
		return nil, noSuchEntity("role", name)
	}
	return role, nil
}

type listRolesOutput struct {
	page
	Roles wire.List[roleView] `xml:"Roles"`
}

func listRoles(c *api.Call, in *listInput) (*listRolesOutput, error) {
	all := beneath(in.PathPrefix, state.Sorted(c.Account().Roles), func(r *state.Role) string { return r.Path })
	listed, page, err := paginate(in.paging, all, func(r *state.Role) string { return strings.ToLower(r.Name) })
	if err != nil {
		return nil, err
	}
	out := &listRolesOutput{page: page}
	for _, role := range listed {
		out.Roles = append(out.Roles, viewListedRole(c, role))
	}
	return out, nil
}

type updateRoleInput struct {
	reference
	Description        *string `query:"Description"`
	MaxSessionDuration *int    `query:"MaxSessionDuration"`
}

// updateRoleOutput is empty, yet AWS sends it.
type updateRoleOutput struct{}

// updateRole changes what the request gives. The API reference has it that a request without a duration sets the default
// of one hour; AWS leaves the duration as it is [seen].
func updateRole(c *api.Call, in *updateRoleInput) (*updateRoleOutput, error) {
	role, err := findRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	description := role.Description
	if in.Description != nil {
		description = *in.Description
	}
	if err := firstError(checkLength("description", description, 0, longestText), checkSession(in.MaxSessionDuration)); err != nil {
		return nil, err
	}
	role.Description = description
	role.MaxSession = session(in.MaxSessionDuration, role.MaxSession)
	return &updateRoleOutput{}, nil
}

type describeRoleInput struct {
	reference
	Description string `query:"Description"`
}

func updateRoleDescription(c *api.Call, in *describeRoleInput) (*roleOutput, error) {
	role, err := findRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkLength("description", in.Description, 0, longestText); err != nil {
		return nil, err
	}
	role.Description = in.Description
	view := viewBareRole(c, role)
	view.Description = role.Description
	return &roleOutput{view}, nil
}

type updateTrustInput struct {
	reference
	PolicyDocument string `query:"PolicyDocument"`
}

func updateTrust(c *api.Call, in *updateTrustInput) (*api.None, error) {
	role, err := findRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	trust, err := parseTrust(c.World, role.ARN(), "policyDocument", in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	role.Trust = trust
	return nil, nil
}

func deleteRole(c *api.Call, in *deleteInput) (*api.None, error) {
	role, err := findRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := deletable(&role.Entity); err != nil {
		return nil, err
	}
	c.World.RemoveRole(c.Account(), role)
	return nil, nil
}
