package iam

import (
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

type detailsInput struct {
	paging
	Filter []string `query:"Filter"`
}

func (in *detailsInput) wants(entityType string) bool {
	return len(in.Filter) == 0 || slices.Contains(in.Filter, entityType)
}

func onDetails(_ *api.Call, in *detailsInput) ([]guard.Target, error) {
	for _, filter := range in.Filter {
		if filter == "" {
			return nil, invalidValue("filter", "Member must not be null")
		}
		if err := checkEntityType("filter", filter); err != nil {
			return nil, err
		}
	}
	return []guard.Target{{}}, nil
}

type inlineDetail struct {
	PolicyName     string  `xml:"PolicyName"`
	PolicyDocument encoded `xml:"PolicyDocument"`
}

func inlineDetails(entity *state.Entity) wire.List[inlineDetail] {
	names := slices.Sorted(maps.Keys(entity.Inline))
	details := make(wire.List[inlineDetail], len(names))
	for i, name := range names {
		details[i] = inlineDetail{PolicyName: name, PolicyDocument: encoded(entity.Inline[name].Text)}
	}
	return details
}

type userDetail struct {
	Path                    string                  `xml:"Path"`
	UserName                string                  `xml:"UserName"`
	UserID                  awsid.UniqueID          `xml:"UserId"`
	ARN                     arn.ARN                 `xml:"Arn"`
	CreateDate              wire.Timestamp          `xml:"CreateDate"`
	UserPolicyList          wire.List[inlineDetail] `xml:"UserPolicyList,omitempty"`
	GroupList               wire.List[absent]       `xml:"GroupList"`
	AttachedManagedPolicies wire.List[attachedView] `xml:"AttachedManagedPolicies"`
	PermissionsBoundary     *boundaryView           `xml:"PermissionsBoundary"`
	Tags                    *wire.List[tag]         `xml:"Tags"`
}

type roleDetail struct {
	Path                     string                  `xml:"Path"`
	RoleName                 string                  `xml:"RoleName"`
	RoleID                   awsid.UniqueID          `xml:"RoleId"`
	ARN                      arn.ARN                 `xml:"Arn"`
	CreateDate               wire.Timestamp          `xml:"CreateDate"`
	AssumeRolePolicyDocument encoded                 `xml:"AssumeRolePolicyDocument"`
	InstanceProfileList      wire.List[absent]       `xml:"InstanceProfileList"`
	RolePolicyList           wire.List[inlineDetail] `xml:"RolePolicyList"`
	AttachedManagedPolicies  wire.List[attachedView] `xml:"AttachedManagedPolicies"`
	PermissionsBoundary      *boundaryView           `xml:"PermissionsBoundary"`
	Tags                     *wire.List[tag]         `xml:"Tags"`
	RoleLastUsed             *roleLastUsed           `xml:"RoleLastUsed"`
}

type policyDetail struct {
	policyView
	PolicyVersionList wire.List[versionView] `xml:"PolicyVersionList"`
}

type detailsOutput struct {
	page
	UserDetailList  wire.List[userDetail]   `xml:"UserDetailList"`
	GroupDetailList wire.List[absent]       `xml:"GroupDetailList"`
	RoleDetailList  wire.List[roleDetail]   `xml:"RoleDetailList"`
	Policies        wire.List[policyDetail] `xml:"Policies"`
}

// detail is one line of the details: the lists share their pages.
type detail struct {
	order string
	add   func(*detailsOutput)
}

func getDetails(c *api.Call, in *detailsInput) (*detailsOutput, error) {
	all := slices.Concat(userDetails(c, in), roleDetails(c, in), policyDetails(c, in))
	listed, page, err := paginate(in.paging, all, func(d detail) string { return d.order })
	if err != nil {
		return nil, err
	}
	out := &detailsOutput{page: page}
	for _, detail := range listed {
		detail.add(out)
	}
	return out, nil
}

func userDetails(c *api.Call, in *detailsInput) []detail {
	if !in.wants(userType) {
		return nil
	}
	var details []detail
	for _, user := range state.Sorted(c.Account().Users) {
		details = append(details, detail{entityOrder(&user.Entity), func(out *detailsOutput) {
			out.UserDetailList = append(out.UserDetailList, userDetail{
				Path: user.Path, UserName: user.Name, UserID: user.ID, ARN: user.ARN(),
				CreateDate: wire.Timestamp{Time: user.Created}, UserPolicyList: inlineDetails(&user.Entity),
				AttachedManagedPolicies: attachedPolicies(&user.Entity), PermissionsBoundary: viewBoundary(&user.Entity),
				Tags: allTags(user.Tags),
			})
		}})
	}
	return details
}

func roleDetails(c *api.Call, in *detailsInput) []detail {
	if !in.wants(roleType) {
		return nil
	}
	var details []detail
	for _, role := range state.Sorted(c.Account().Roles) {
		details = append(details, detail{entityOrder(&role.Entity), func(out *detailsOutput) {
			out.RoleDetailList = append(out.RoleDetailList, roleDetail{
				Path: role.Path, RoleName: role.Name, RoleID: role.ID, ARN: role.ARN(),
				CreateDate: wire.Timestamp{Time: role.Created}, AssumeRolePolicyDocument: encoded(c.World.Shown(role.Trust)),
				RolePolicyList: inlineDetails(&role.Entity), AttachedManagedPolicies: attachedPolicies(&role.Entity),
				PermissionsBoundary: viewBoundary(&role.Entity), Tags: allTags(role.Tags), RoleLastUsed: viewLastUsed(role),
			})
		}})
	}
	return details
}

// policyDetails lists the account's policies, then those of the policies of AWS that the account uses.
func policyDetails(c *api.Call, in *detailsInput) []detail {
	counts := usages(c.Account())
	var policies []*state.Policy
	if in.wants(ownPolicyType) {
		policies = append(policies, state.Sorted(c.Account().Policies)...)
	}
	if in.wants(awsManagedType) {
		for _, policy := range state.AWSManaged() {
			if counts[policy.ARN()].any() {
				policies = append(policies, policy)
			}
		}
	}
	var details []detail
	for _, policy := range policies {
		details = append(details, detail{"3:" + policyOrder(policy), func(out *detailsOutput) {
			view := policyDetail{policyView: viewPolicy(policy, counts[policy.ARN()])}
			view.Description = policy.Description
			for _, version := range newestFirst(policy) {
				view.PolicyVersionList = append(view.PolicyVersionList, viewWholeVersion(policy, version))
			}
			out.Policies = append(out.Policies, view)
		}})
	}
	return details
}
