package iam

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// The types of the API reference's filters (EntityType).
const (
	userType       = "User"
	roleType       = "Role"
	groupType      = "Group"
	ownPolicyType  = "LocalManagedPolicy"
	awsManagedType = "AWSManagedPolicy"
)

func checkEntityType(parameter, value string) error {
	return checkChoice(parameter, value, userType, roleType, groupType, ownPolicyType, awsManagedType)
}

type listEntitiesInput struct {
	policyReference
	paging
	EntityFilter      string `query:"EntityFilter"`
	PathPrefix        string `query:"PathPrefix"`
	PolicyUsageFilter string `query:"PolicyUsageFilter"`
}

// wants reports whether the list is to hold an entity, given the policy that the list is about.
func (in *listEntitiesInput) wants(entity *state.Entity, policy arn.ARN) bool {
	if !strings.HasPrefix(entity.Path, in.PathPrefix) || in.EntityFilter != "" && !strings.EqualFold(in.EntityFilter, entity.Kind) {
		return false
	}
	attached, bound := slices.Contains(entity.Attached, policy), entity.Boundary == policy
	switch in.PolicyUsageFilter {
	case asPermissions:
		return attached
	case asBoundary:
		return bound
	}
	return attached || bound
}

type policyUserView struct {
	UserName string         `xml:"UserName"`
	UserID   awsid.UniqueID `xml:"UserId"`
}

type policyRoleView struct {
	RoleName string         `xml:"RoleName"`
	RoleID   awsid.UniqueID `xml:"RoleId"`
}

// absent stands in lists of what this IAM does not have, such as groups: they are shown, and always empty.
type absent struct{}

type listEntitiesOutput struct {
	page
	PolicyGroups wire.List[absent]         `xml:"PolicyGroups"`
	PolicyUsers  wire.List[policyUserView] `xml:"PolicyUsers"`
	PolicyRoles  wire.List[policyRoleView] `xml:"PolicyRoles"`
}

func listEntities(c *api.Call, in *listEntitiesInput) (*listEntitiesOutput, error) {
	err := firstError(
		checkEntityType("entityFilter", in.EntityFilter), checkPathPrefix(in.PathPrefix), checkUsage(in.PolicyUsageFilter),
	)
	if err != nil {
		return nil, err
	}
	name, err := parsePolicyARN(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	if _, ok := attachable(c, name); !ok {
		return nil, notAttachable(in.PolicyARN)
	}
	var wanted []*state.Entity
	for _, entity := range entities(c.Account()) {
		if in.wants(entity, name) {
			wanted = append(wanted, entity)
		}
	}
	listed, page, err := paginate(in.paging, wanted, entityOrder)
	if err != nil {
		return nil, err
	}
	out := &listEntitiesOutput{page: page}
	for _, entity := range listed {
		if entity.Kind == "user" {
			out.PolicyUsers = append(out.PolicyUsers, policyUserView{entity.Name, entity.ID})
		} else {
			out.PolicyRoles = append(out.PolicyRoles, policyRoleView{entity.Name, entity.ID})
		}
	}
	return out, nil
}

// entities returns the account's users, then its roles, each in the order of their names.
func entities(account *state.Account) []*state.Entity {
	var all []*state.Entity
	for _, user := range state.Sorted(account.Users) {
		all = append(all, &user.Entity)
	}
	for _, role := range state.Sorted(account.Roles) {
		all = append(all, &role.Entity)
	}
	return all
}

// entityOrder is the key by which lists of entities are sorted: users first.
func entityOrder(entity *state.Entity) string {
	place := "1:"
	if entity.Kind == "role" {
		place = "2:"
	}
	return place + strings.ToLower(entity.Name)
}
