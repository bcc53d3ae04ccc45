package iam

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func policyOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreatePolicy", onNewPolicy, createPolicy),
		api.Read("GetPolicy", onPolicy[getPolicyInput], getPolicy),
		api.Read("ListPolicies", onPolicies, listPolicies),
		api.Write("DeletePolicy", onPolicy[deletePolicyInput], deletePolicy),
		api.Read("ListEntitiesForPolicy", onPolicy[listEntitiesInput], listEntities),
	}
}

// policyReference names a managed policy.
type policyReference struct {
	PolicyARN string `query:"PolicyArn"`
}

func (r *policyReference) policy() string { return r.PolicyARN }

// refersToPolicy is an input that embeds a policyReference.
type refersToPolicy[In any] interface {
	*In
	policy() string
}

// onPolicy is the targets of an operation on one managed policy.
func onPolicy[In any, P refersToPolicy[In]](c *api.Call, in *In) ([]guard.Target, error) {
	target, err := policyTarget(c, P(in).policy())
	return []guard.Target{target}, err
}

// policyTarget is the target of an operation on the managed policy with that ARN. The policies of AWS are for everybody
// who may use the operation; those of another account are for nobody here.
func policyTarget(c *api.Call, text string) (guard.Target, error) {
	name, err := parsePolicyARN(text)
	if err != nil {
		return guard.Target{}, err
	}
	target := guard.Target{Resource: text}
	if name.Account != awsOwned {
		target.Owner = name.Account
	}
	if policy, ok := c.World.Policy(name); ok {
		target = tagged(target, policy.Tags)
	}
	return target, nil
}

// awsOwned stands in the place of the account in the ARNs of the policies that AWS manages.
const awsOwned arn.AccountID = "aws"

func parsePolicyARN(text string) (arn.ARN, error) {
	if err := checkLength("policyArn", text, shortestARN, longestARN); err != nil {
		return arn.ARN{}, err
	}
	name, ok := asPolicyARN(text)
	if !ok {
		return arn.ARN{}, invalidARN(text)
	}
	return name, nil
}

func asPolicyARN(text string) (arn.ARN, bool) {
	name, err := arn.Parse(text)
	return name, err == nil && name.Service == "iam" && name.Kind() == "policy" && name.Name() != ""
}

// findPolicy returns the managed policy that a request names: one of the caller's account, or one that AWS manages.
func findPolicy(c *api.Call, text string) (*state.Policy, error) {
	name, err := parsePolicyARN(text)
	if err != nil {
		return nil, err
	}
	policy, ok := attachable(c, name)
	if !ok {
		return nil, noSuchPolicy(text)
	}
	return policy, nil
}

// attachable returns the managed policy with that ARN, or false where the caller's account cannot use it.
func attachable(c *api.Call, name arn.ARN) (*state.Policy, bool) {
	policy, ok := c.World.Policy(name)
	if !ok || policy.Account != "" && policy.Account != c.Account().ID {
		return nil, false
	}
	return policy, true
}

// findOwnPolicy returns the policy that a request wants to change, which only the account's own can be: whatever a caller
// is allowed, the policies of AWS are not his to change.
func findOwnPolicy(c *api.Call, operation, text string) (*state.Policy, error) {
	policy, err := findPolicy(c, text)
	if err != nil {
		return nil, err
	}
	if policy.Account == "" {
		return nil, wire.Errorf(wire.AccessDenied, "User: %s is not authorized to perform: iam:%s on resource: policy %s",
			c.Caller.Principal.ARN, operation, text)
	}
	return policy, nil
}

// policyView is a managed policy as IAM shows it. CreatePolicy shows tags only where there are any, GetPolicy always, and
// ListPolicies never; only GetPolicy shows the description [seen].
type policyView struct {
	PolicyName                    string          `xml:"PolicyName"`
	PolicyID                      awsid.UniqueID  `xml:"PolicyId"`
	ARN                           arn.ARN         `xml:"Arn"`
	Path                          string          `xml:"Path"`
	DefaultVersionID              string          `xml:"DefaultVersionId"`
	AttachmentCount               int             `xml:"AttachmentCount"`
	PermissionsBoundaryUsageCount int             `xml:"PermissionsBoundaryUsageCount"`
	IsAttachable                  bool            `xml:"IsAttachable"`
	Description                   string          `xml:"Description,omitempty"`
	CreateDate                    wire.Timestamp  `xml:"CreateDate"`
	UpdateDate                    wire.Timestamp  `xml:"UpdateDate"`
	Tags                          *wire.List[tag] `xml:"Tags"`
}

func viewPolicy(policy *state.Policy, used usage) policyView {
	return policyView{
		PolicyName: policy.Name, PolicyID: policy.ID, ARN: policy.ARN(), Path: policy.Path, DefaultVersionID: policy.Default,
		AttachmentCount: used.attached, PermissionsBoundaryUsageCount: used.boundaries, IsAttachable: true,
		CreateDate: wire.Timestamp{Time: policy.Created}, UpdateDate: wire.Timestamp{Time: policy.Updated},
	}
}

type policyOutput struct {
	Policy policyView `xml:"Policy"`
}

// usage is how many users and roles of an account have a managed policy attached, or as their boundary.
type usage struct{ attached, boundaries int }

func (u usage) any() bool { return u.attached+u.boundaries > 0 }

// usages counts for every policy that is in use.
func usages(account *state.Account) map[arn.ARN]usage {
	counts := map[arn.ARN]usage{}
	count := func(entity *state.Entity) {
		for _, policy := range entity.Attached {
			counts[policy] = usage{counts[policy].attached + 1, counts[policy].boundaries}
		}
		if policy := entity.Boundary; !policy.IsZero() {
			counts[policy] = usage{counts[policy].attached, counts[policy].boundaries + 1}
		}
	}
	for _, user := range account.Users {
		count(&user.Entity)
	}
	for _, role := range account.Roles {
		count(&role.Entity)
	}
	return counts
}

type createPolicyInput struct {
	PolicyName     string `query:"PolicyName"`
	Path           string `query:"Path"`
	PolicyDocument string `query:"PolicyDocument"`
	Description    string `query:"Description"`
	Tags           []tag  `query:"Tags"`
}

func onNewPolicy(c *api.Call, in *createPolicyInput) ([]guard.Target, error) {
	err := firstError(
		checkName("policyName", in.PolicyName, longestPolicyName), checkPath("path", in.Path),
		checkLength("description", in.Description, 0, longestText), policyTags().check(in.Tags),
	)
	if err != nil {
		return nil, err
	}
	target := guard.Target{Resource: arn.IAM(c.Account().ID, "policy", in.Path, in.PolicyName).String()}
	return creating(target, "iam:TagPolicy", in.Tags, ""), nil
}

func createPolicy(c *api.Call, in *createPolicyInput) (*policyOutput, error) {
	account := c.Account()
	if account.Policies[strings.ToLower(in.PolicyName)] != nil {
		return nil, policyExists(in.PolicyName)
	}
	if err := within("PoliciesPerAccount", policiesPerAccount, len(account.Policies)+1); err != nil {
		return nil, err
	}
	policy := &state.Policy{
		Account: account.ID, Path: orRoot(in.Path), Name: in.PolicyName, Description: in.Description,
		Created: c.Now(), Tags: policyTags().set(nil, in.Tags),
	}
	document, err := parseManaged(policy.ARN(), in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	if policy.ID, err = awsid.NewUniqueID(awsid.Policy, c.Random); err != nil {
		return nil, err
	}
	policy.Default = addVersion(policy, document, c.Now()).ID
	account.Policies[strings.ToLower(policy.Name)] = policy
	view := viewPolicy(policy, usage{})
	view.Tags = someTags(policy.Tags)
	return &policyOutput{view}, nil
}

// parseManaged reads a version of a managed policy, which must use the present version of the language [seen].
func parseManaged(name arn.ARN, text string) (*state.Document, error) {
	if err := checkLength("policyDocument", text, 1, longestDocument); err != nil {
		return nil, err
	}
	document, err := parseDocument(iampolicy.Identity, name.String(), text)
	if err != nil {
		return nil, err
	}
	if document.Parsed.Version != iampolicy.Version2012 {
		return nil, malformed(oldVersion)
	}
	if err := within("PolicySize", managedSize, iampolicy.Size([]byte(text))); err != nil {
		return nil, err
	}
	return document, nil
}

type getPolicyInput struct{ policyReference }

func getPolicy(c *api.Call, in *getPolicyInput) (*policyOutput, error) {
	policy, err := findPolicy(c, in.PolicyARN)
	if err != nil {
		return nil, err
	}
	view := viewPolicy(policy, usages(c.Account())[policy.ARN()])
	view.Description = policy.Description
	view.Tags = allTags(policy.Tags)
	return &policyOutput{view}, nil
}

type listPoliciesInput struct {
	paging
	Scope             string `query:"Scope"`
	OnlyAttached      bool   `query:"OnlyAttached"`
	PathPrefix        string `query:"PathPrefix"`
	PolicyUsageFilter string `query:"PolicyUsageFilter"`
}

// onPolicies decides on the path that the list looks beneath, in AWS's words for it [seen]. It is no ARN, so that only a
// policy for every resource allows the list.
func onPolicies(_ *api.Call, in *listPoliciesInput) ([]guard.Target, error) {
	err := firstError(
		checkPathPrefix(in.PathPrefix), checkChoice("scope", in.Scope, "All", "AWS", "Local"), checkUsage(in.PolicyUsageFilter),
	)
	return []guard.Target{{Resource: "policy path " + orRoot(in.PathPrefix)}}, err
}

// The two ways to use a managed policy, as the filters of lists name them.
const (
	asPermissions = "PermissionsPolicy"
	asBoundary    = "PermissionsBoundary"
)

func checkUsage(filter string) error {
	return checkChoice("policyUsageFilter", filter, asPermissions, asBoundary)
}

// wants reports whether the list is to hold a policy that is used so.
func (in *listPoliciesInput) wants(used usage) bool {
	switch {
	case in.PolicyUsageFilter == asPermissions:
		return used.attached > 0
	case in.PolicyUsageFilter == asBoundary:
		return used.boundaries > 0
	case in.OnlyAttached:
		return used.any()
	}
	return true
}

// policyOrder is the key by which lists of policies are sorted: the account's own first.
func policyOrder(policy *state.Policy) string {
	if policy.Account == "" {
		return "aws:" + policy.Name
	}
	return "account:" + strings.ToLower(policy.Name)
}

type listPoliciesOutput struct {
	page
	Policies wire.List[policyView] `xml:"Policies"`
}

func listPolicies(c *api.Call, in *listPoliciesInput) (*listPoliciesOutput, error) {
	var all []*state.Policy
	if in.Scope != "AWS" {
		all = append(all, state.Sorted(c.Account().Policies)...)
	}
	if in.Scope != "Local" {
		all = append(all, state.AWSManaged()...)
	}
	counts := usages(c.Account())
	var wanted []*state.Policy
	for _, policy := range beneath(in.PathPrefix, all, func(p *state.Policy) string { return p.Path }) {
		if in.wants(counts[policy.ARN()]) {
			wanted = append(wanted, policy)
		}
	}
	listed, page, err := paginate(in.paging, wanted, policyOrder)
	if err != nil {
		return nil, err
	}
	out := &listPoliciesOutput{page: page}
	for _, policy := range listed {
		out.Policies = append(out.Policies, viewPolicy(policy, counts[policy.ARN()]))
	}
	return out, nil
}

type deletePolicyInput struct{ policyReference }

func deletePolicy(c *api.Call, in *deletePolicyInput) (*api.None, error) {
	policy, err := findOwnPolicy(c, "DeletePolicy", in.PolicyARN)
	if err != nil {
		return nil, err
	}
	if usages(c.Account())[policy.ARN()].any() {
		return nil, deleteConflict("Cannot delete a policy attached to entities.")
	}
	if len(policy.Versions) > 1 {
		return nil, deleteConflict("This policy has more than one version. Before you delete a policy, you must delete " +
			"the policy's versions. The default version is deleted with the policy.")
	}
	delete(c.Account().Policies, strings.ToLower(policy.Name))
	return nil, nil
}
