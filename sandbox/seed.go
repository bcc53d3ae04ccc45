package sandbox

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// administrator is the user that every seeded account has, with AWS's policy AdministratorAccess and one access key.
const administrator = "administrator"

// Seed is what a new sandbox holds.
type Seed struct {
	Accounts []Account `yaml:"accounts"`
	// Organization is nil for accounts that belong to none.
	Organization *Organization `yaml:"organization"`
}

// Account is one seeded account.
type Account struct {
	ID            arn.AccountID  `yaml:"id"`
	Subscriptions []Subscription `yaml:"subscriptions"`
	// MFA is the base32 seed (RFC 6238) of the administrator's virtual MFA device; empty for no device. The device's
	// serial number is arn:aws:iam::<account>:mfa/administrator.
	MFA string `yaml:"mfa"`
	// Users are the account's users beside the administrator.
	Users []User `yaml:"users"`
}

// Subscription is one seeded EKS Anywhere subscription.
type Subscription struct {
	ID     string     `yaml:"id"`
	Region arn.Region `yaml:"region"`
	// Status is the status as the EKS API spells it; empty is ACTIVE.
	Status string `yaml:"status"`
	// Effective and Expires bound it in time; zero is a month before and eleven months after the sandbox starts.
	Effective time.Time `yaml:"effective"`
	Expires   time.Time `yaml:"expires"`
}

// Organization is one seeded organization.
type Organization struct {
	ID         string          `yaml:"id"`
	Management arn.AccountID   `yaml:"management"`
	Members    []arn.AccountID `yaml:"members"`
	// ServiceControlPolicies and ResourceControlPolicies are policy documents, as JSON text, by the account that they
	// are attached to, beside full access.
	ServiceControlPolicies  map[arn.AccountID][]PolicyText `yaml:"serviceControlPolicies"`
	ResourceControlPolicies map[arn.AccountID][]PolicyText `yaml:"resourceControlPolicies"`
}

func (s Seed) isZero() bool { return len(s.Accounts) == 0 && s.Organization == nil }

// DefaultSeed returns the accounts of AWS's page and two more: 111111111111 owns an active subscription in us-west-2,
// 999999999999 and 222222222222 are there to receive access, 888888888888 is a stranger.
func DefaultSeed(now time.Time) Seed {
	return Seed{Accounts: []Account{
		{ID: "111111111111", Subscriptions: []Subscription{{
			ID: "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", Region: "us-west-2",
			Effective: now.AddDate(0, -1, 0), Expires: now.AddDate(0, 11, 0),
		}}},
		{ID: "222222222222"},
		{ID: "888888888888"},
		{ID: "999999999999"},
	}}
}

// world makes the seeded world.
func (s Seed) world(now time.Time, random io.Reader) (*state.World, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("checking the seed: %w", err)
	}
	seal := make([]byte, 32)
	if _, err := io.ReadFull(random, seal); err != nil {
		return nil, fmt.Errorf("making the seal: %w", err)
	}
	world := state.NewWorld(seal)
	for _, account := range s.Accounts {
		if err := account.add(world, now, random); err != nil {
			return nil, fmt.Errorf("seeding account %s: %w", account.ID, err)
		}
	}
	if s.Organization != nil {
		if err := s.Organization.add(world); err != nil {
			return nil, fmt.Errorf("seeding organization %s: %w", s.Organization.ID, err)
		}
	}
	return world, nil
}

func (a Account) add(world *state.World, now time.Time, random io.Reader) error {
	account := world.AddAccount(a.ID)
	admin, err := a.administrator(now, random)
	if err != nil {
		return err
	}
	world.AddUser(account, admin)
	for _, user := range a.Users {
		made, err := user.state(a.ID, now, random)
		if err != nil {
			return err
		}
		world.AddUser(account, made)
	}
	for _, s := range a.Subscriptions {
		subscription := s.state(a.ID, now)
		account.Subscriptions[s.ID] = subscription
		packages, err := registry.ForRegion(s.Region)
		if err != nil {
			return err
		}
		world.AddAccount(packages.Account).AddRegistry(packages.Region).Packages = true
	}
	return nil
}

func (a Account) administrator(now time.Time, random io.Reader) (*state.User, error) {
	id, err := awsid.NewUniqueID(awsid.User, random)
	if err != nil {
		return nil, err
	}
	key, err := newKey(a.ID, now, random)
	if err != nil {
		return nil, err
	}
	user := &state.User{
		Entity: state.Entity{
			Account: a.ID, Kind: "user", Path: "/", Name: administrator, ID: id, Created: now,
			Attached: []arn.ARN{state.AdministratorAccess},
		},
		Keys: []*state.AccessKey{key},
	}
	if a.MFA == "" {
		return user, nil
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(a.MFA, "="))
	if err != nil {
		return nil, fmt.Errorf("the MFA seed is no base32: %w", err)
	}
	user.MFA = []state.MFADevice{{Serial: arn.IAM(a.ID, "mfa", "/", administrator), Seed: seed}}
	return user, nil
}

func newKey(account arn.AccountID, now time.Time, random io.Reader) (*state.AccessKey, error) {
	id, err := awsid.NewAccessKeyID(awsid.LongLived, account, random)
	if err != nil {
		return nil, err
	}
	secret, err := awsid.NewSecretAccessKey(random)
	if err != nil {
		return nil, err
	}
	return &state.AccessKey{ID: id, Secret: secret.Reveal(), Active: true, Created: now}, nil
}

func (s Subscription) state(account arn.AccountID, now time.Time) *state.Subscription {
	status := state.SubscriptionStatus(s.Status)
	if status == "" {
		status = state.Active
	}
	effective, expires := s.Effective, s.Expires
	if effective.IsZero() {
		effective = now.AddDate(0, -1, 0)
	}
	if expires.IsZero() {
		expires = now.AddDate(0, 11, 0)
	}
	return &state.Subscription{
		ID: s.ID, Account: account, Region: s.Region, Status: status, Created: effective, Effective: effective,
		Expires: expires, Months: 12, Licenses: 1,
	}
}

// fullAccess is what an organization attaches to every node until somebody detaches it.
const fullAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// fullAccessRCP is the same for resource control policies, which have a principal.
const fullAccessRCP = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

func (o Organization) add(world *state.World) error {
	org := &state.Organization{
		ID: o.ID, Management: o.Management, SCPs: map[arn.AccountID][]state.Level{}, RCPs: map[arn.AccountID][]state.Level{},
	}
	for _, member := range append([]arn.AccountID{o.Management}, o.Members...) {
		world.AddAccount(member).Organization = o.ID
	}
	if err := o.attach(org.SCPs, iampolicy.SCP, "service_control_policy", fullAccess, o.ServiceControlPolicies); err != nil {
		return err
	}
	if err := o.attach(org.RCPs, iampolicy.RCP, "resource_control_policy", fullAccessRCP, o.ResourceControlPolicies); err != nil {
		return err
	}
	world.Organizations[o.ID] = org
	return nil
}

func (o Organization) attach(
	levels map[arn.AccountID][]state.Level, kind iampolicy.Kind, folder string, full PolicyText, policies map[arn.AccountID][]PolicyText,
) error {
	for account, texts := range policies {
		var level state.Level
		for i, text := range append([]PolicyText{full}, texts...) {
			id := "p-FullAWSAccess"
			if i > 0 {
				id = fmt.Sprintf("p-%s-%d", account, i)
			}
			name := arn.ARN{Partition: "aws", Service: "organizations", Account: o.Management,
				Resource: "policy/" + o.ID + "/" + folder + "/" + id}
			document, err := state.NewDocument(kind, name.String(), string(text))
			if err != nil {
				return fmt.Errorf("the policies of account %s: %w", account, err)
			}
			level = append(level, state.NamedPolicy{ARN: name, Document: document})
		}
		levels[account] = []state.Level{level}
	}
	return nil
}
