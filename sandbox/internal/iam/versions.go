package iam

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func versionOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreatePolicyVersion", onPolicy[createVersionInput], createVersion),
		api.Read("GetPolicyVersion", onPolicy[versionInput], getVersion),
		api.Read("ListPolicyVersions", onPolicy[listVersionsInput], listVersions),
		api.Write("SetDefaultPolicyVersion", onPolicy[versionInput], setDefaultVersion),
		api.Write("DeletePolicyVersion", onPolicy[versionInput], deleteVersion),
	}
}

// versionView is a version as IAM shows it. Only GetPolicyVersion and GetAccountAuthorizationDetails show the document.
type versionView struct {
	Document         encoded        `xml:"Document,omitempty"`
	VersionID        string         `xml:"VersionId"`
	IsDefaultVersion bool           `xml:"IsDefaultVersion"`
	CreateDate       wire.Timestamp `xml:"CreateDate"`
}

func viewVersion(policy *state.Policy, version *state.PolicyVersion) versionView {
	return versionView{
		VersionID: version.ID, IsDefaultVersion: version.ID == policy.Default, CreateDate: wire.Timestamp{Time: version.Created},
	}
}

func viewWholeVersion(policy *state.Policy, version *state.PolicyVersion) versionView {
	view := viewVersion(policy, version)
	view.Document = encoded(version.Document.Text)
	return view
}

type versionOutput struct {
	PolicyVersion versionView `xml:"PolicyVersion"`
}

// addVersion gives a policy its next version, under an id that it never had before.
func addVersion(policy *state.Policy, document *state.Document, now time.Time) *state.PolicyVersion {
	policy.Minted++
	version := &state.PolicyVersion{ID: fmt.Sprintf("v%d", policy.Minted), Document: document, Created: now}
	policy.Versions = append(policy.Versions, version)
	policy.Updated = now
	return version
}

type createVersionInput struct {
	policyReference
	PolicyDocument string `query:"PolicyDocument"`
	SetAsDefault   bool   `query:"SetAsDefault"`
}

func createVersion(c *api.Call, in *createVersionInput) (*versionOutput, error) {
	policy, err := findOwnPolicy(c, "CreatePolicyVersion", in.PolicyARN)
	if err != nil {
		return nil, err
	}
	document, err := parseManaged(policy.ARN(), in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	if len(policy.Versions) >= versionsPerPolicy {
		return nil, wire.Errorf("LimitExceeded", "A managed policy can have up to %d versions. "+
			"Before you create a new version, you must delete an existing version.", versionsPerPolicy)
	}
	version := addVersion(policy, document, c.Now())
	if in.SetAsDefault {
		policy.Default = version.ID
	}
	return &versionOutput{viewVersion(policy, version)}, nil
}

type versionInput struct {
	policyReference
	VersionID string `query:"VersionId"`
}

// find returns the version that a request names. A policy that does not exist is an error about the version too [seen].
func (in *versionInput) find(c *api.Call) (*state.Policy, *state.PolicyVersion, error) {
	name, err := parsePolicyARN(in.PolicyARN)
	if err != nil {
		return nil, nil, err
	}
	if !versionID(in.VersionID) {
		return nil, nil, invalidValue("versionId",
			`Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
	policy, ok := attachable(c, name)
	if !ok {
		return nil, nil, noSuchVersion(in.PolicyARN, in.VersionID)
	}
	version := policy.Version(in.VersionID)
	if version == nil {
		return nil, nil, noSuchVersion(in.PolicyARN, in.VersionID)
	}
	return policy, version, nil
}

// change is find for a request that wants to change the policy, which must be the account's own.
func (in *versionInput) change(c *api.Call, operation string) (*state.Policy, *state.PolicyVersion, error) {
	policy, version, err := in.find(c)
	if err != nil {
		return nil, nil, err
	}
	_, err = findOwnPolicy(c, operation, in.PolicyARN)
	return policy, version, err
}

func versionID(s string) bool {
	number, suffix, dotted := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	if !strings.HasPrefix(s, "v") || number == "" || number[0] == '0' || strings.Trim(number, "0123456789") != "" {
		return false
	}
	return !dotted || strings.Trim(suffix, alphanumeric+"-") == ""
}

func getVersion(c *api.Call, in *versionInput) (*versionOutput, error) {
	policy, version, err := in.find(c)
	if err != nil {
		return nil, err
	}
	return &versionOutput{viewWholeVersion(policy, version)}, nil
}

type listVersionsInput struct {
	policyReference
	paging
}

type listVersionsOutput struct {
	page
	Versions wire.List[versionView] `xml:"Versions"`
}

// listVersions lists the newest version first [seen].
func listVersions(c *api.Call, in *listVersionsInput) (*listVersionsOutput, error) {
	policy, err := findPolicy(c, in.PolicyARN)
	if err != nil {
		return nil, err
	}
	listed, page, err := paginate(in.paging, newestFirst(policy), versionOrder)
	if err != nil {
		return nil, err
	}
	out := &listVersionsOutput{page: page}
	for _, version := range listed {
		out.Versions = append(out.Versions, viewVersion(policy, version))
	}
	return out, nil
}

func newestFirst(policy *state.Policy) []*state.PolicyVersion {
	versions := slices.Clone(policy.Versions)
	slices.Reverse(versions)
	return versions
}

// versionOrder is the key by which lists of versions are sorted: it falls as the version's number rises.
func versionOrder(version *state.PolicyVersion) string {
	const most = 1_000_000_000
	// Version ids are minted by addVersion, which puts nothing but a number after the v.
	number, _ := strconv.Atoi(version.ID[1:])
	return strconv.Itoa(2*most - number)
}

func setDefaultVersion(c *api.Call, in *versionInput) (*api.None, error) {
	policy, version, err := in.change(c, "SetDefaultPolicyVersion")
	if err != nil {
		return nil, err
	}
	policy.Default = version.ID
	return nil, nil
}

func deleteVersion(c *api.Call, in *versionInput) (*api.None, error) {
	policy, version, err := in.change(c, "DeletePolicyVersion")
	if err != nil {
		return nil, err
	}
	if version.ID == policy.Default {
		return nil, deleteConflict("Cannot delete the default version of a policy.")
	}
	policy.Versions = slices.DeleteFunc(policy.Versions, func(v *state.PolicyVersion) bool { return v == version })
	return nil, nil
}
