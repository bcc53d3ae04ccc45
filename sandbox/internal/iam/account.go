package iam

import (
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

func accountOperations() []api.Operation {
	return []api.Operation{
		api.Read("GetAccountSummary", api.OnEverything[summaryInput], getSummary),
		api.Read("GetAccountAuthorizationDetails", onDetails, getDetails),
	}
}

type summaryInput struct{}

type summaryEntry struct {
	Key   string `xml:"key"`
	Value int    `xml:"value"`
}

type summaryOutput struct {
	Entries []summaryEntry `xml:"SummaryMap>entry"`
}

// getSummary counts what there is and shows the quotas. Keys and quotas are those that AWS shows [seen], also those of
// things that this IAM does not have.
func getSummary(c *api.Call, _ *summaryInput) (*summaryOutput, error) {
	account := c.Account()
	devices := mfaDevices(account)
	return &summaryOutput{[]summaryEntry{
		{"AccessKeysPerUserQuota", keysPerUser},
		{"AccountAccessKeysPresent", 0},
		{"AccountMFAEnabled", 0},
		{"AccountPasswordPresent", 0},
		{"AccountSigningCertificatesPresent", 0},
		{"AssumeRolePolicySizeQuota", trustSize},
		{"AttachedPoliciesPerGroupQuota", attachedPerEntity},
		{"AttachedPoliciesPerRoleQuota", attachedPerEntity},
		{"AttachedPoliciesPerUserQuota", attachedPerEntity},
		{"GlobalEndpointTokenVersion", 1},
		{"GroupPolicySizeQuota", 5120},
		{"Groups", 0},
		{"GroupsPerUserQuota", 10},
		{"GroupsQuota", 300},
		{"InstanceProfiles", 0},
		{"InstanceProfilesQuota", 1000},
		{"MFADevices", devices},
		{"MFADevicesInUse", devices},
		{"Policies", len(account.Policies)},
		{"PoliciesQuota", policiesPerAccount},
		{"PolicySizeQuota", managedSize},
		{"PolicyVersionsInUse", versionsInUse(account)},
		{"PolicyVersionsInUseQuota", versionsPerAccount},
		{"Providers", 0},
		{"RolePolicySizeQuota", roleInlineSize},
		{"Roles", len(account.Roles)},
		{"RolesQuota", rolesPerAccount},
		{"ServerCertificates", 0},
		{"ServerCertificatesQuota", 20},
		{"SigningCertificatesPerUserQuota", 2},
		{"UserPolicySizeQuota", userInlineSize},
		{"Users", len(account.Users)},
		{"UsersQuota", usersPerAccount},
		{"VersionsPerPolicyQuota", versionsPerPolicy},
	}}, nil
}

func mfaDevices(account *state.Account) int {
	count := 0
	for _, user := range account.Users {
		count += len(user.MFA)
	}
	return count
}

func versionsInUse(account *state.Account) int {
	count := 0
	for _, policy := range account.Policies {
		count += len(policy.Versions)
	}
	return count
}
