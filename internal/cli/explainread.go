package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/explain/read"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// An inquiry reads the accounts that explain denials, each once however many clusters ask.
type inquiry struct {
	factory *awsclient.Factory
	region  arn.Region
	access  map[arn.AccountID]share.Access

	mu       sync.Mutex
	accounts map[arn.AccountID]*read.Account
	// subscriptions lists those of an account, once.
	subscriptions map[arn.AccountID]func() *explain.Subscriptions
}

// inquire begins an inquiry with the access of the session.
func (s *session) inquire(context.Context) *inquiry {
	return newInquiry(s.factory, s.desired.Registry.Region, s.access)
}

func newInquiry(factory *awsclient.Factory, region arn.Region, access map[arn.AccountID]share.Access) *inquiry {
	return &inquiry{
		factory: factory, region: region, access: access,
		accounts: map[arn.AccountID]*read.Account{}, subscriptions: map[arn.AccountID]func() *explain.Subscriptions{},
	}
}

// account returns the reader of an account.
func (i *inquiry) account(ctx context.Context, id arn.AccountID) *read.Account {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.accounts[id] == nil {
		i.accounts[id] = read.New(ctx, id, i.opener(id))
	}
	return i.accounts[id]
}

// opener signs in to an account, nil without access to it.
func (i *inquiry) opener(id arn.AccountID) func(context.Context) (read.IAM, error) {
	access, given := i.access[id]
	if !given {
		return nil
	}
	return func(ctx context.Context) (read.IAM, error) {
		clients, err := i.factory.For(ctx, access, i.region)
		if err != nil {
			return nil, err
		}
		caller, err := clients.Caller(ctx)
		switch {
		case err != nil:
			return nil, err
		case caller.Account != id:
			return nil, fmt.Errorf("the access given leads to account %s", caller.Account)
		}
		return clients.IAM, nil
	}
}

// explain reads what the evidence lacks, and explains it.
func (i *inquiry) explain(ctx context.Context, e explain.Evidence) explain.Report {
	if key, account, asks := e.AsksOwner(); asks {
		owner := i.account(ctx, account).Owner(ctx, key)
		e.Owner = &owner
	}
	userName, roleName := whoIsRead(e)
	var user, role *explain.Entity
	var policies map[string]*explain.Document
	var held *explain.Subscriptions
	var group sync.WaitGroup
	if !userName.IsZero() {
		group.Go(func() { user = i.account(ctx, userName.Account).User(ctx, userName) })
	}
	if !roleName.IsZero() {
		group.Go(func() { role = i.account(ctx, roleName.Account).Role(ctx, roleName) })
	}
	group.Go(func() { policies = i.policies(ctx, e) })
	group.Go(func() { held = i.held(ctx, e) })
	group.Wait()
	e.User, e.Role, e.Policies, e.Subscriptions = user, role, policies, held
	e.Organizations = i.organizations(ctx, e.Asks(), e.User, e.Role)
	return explain.Explain(e)
}

// held lists the subscriptions of the role's account where a pull was refused and none is known; nil where that says nothing.
func (i *inquiry) held(ctx context.Context, e explain.Evidence) *explain.Subscriptions {
	broken, isBroken := e.Proofs.Broken()
	if !isBroken || e.Subscription != nil || broken.Link != verify.LinkManifest && broken.Link != verify.LinkLayer {
		return nil
	}
	account := e.File.Config.RoleARN.Account
	i.mu.Lock()
	if i.subscriptions[account] == nil {
		i.subscriptions[account] = sync.OnceValue(func() *explain.Subscriptions { return i.list(ctx, account) })
	}
	list := i.subscriptions[account]
	i.mu.Unlock()
	return list()
}

func (i *inquiry) list(ctx context.Context, account arn.AccountID) *explain.Subscriptions {
	access, given := i.access[account]
	if !given {
		return &explain.Subscriptions{Err: read.ErrNoAccess}
	}
	clients, err := i.factory.For(ctx, access, i.region)
	if err != nil {
		return &explain.Subscriptions{Err: err}
	}
	found, err := clients.Subscriptions.List(ctx)
	if err != nil {
		return &explain.Subscriptions{Err: awserror.InBrief(err)}
	}
	held := &explain.Subscriptions{}
	for _, s := range found {
		held.Held = append(held.Held, verify.Subscription{ID: s.ID, Status: string(s.Status), Expires: s.Expires, AutoRenew: s.AutoRenew})
	}
	return held
}

// ahead begins to read what the share wants while the chain is still being tried: almost always that is what will be asked
// for. The function that it returns waits for the end.
func (i *inquiry) ahead(ctx context.Context, w *explain.Wanted) (wait func()) {
	var group sync.WaitGroup
	if w.User != nil {
		group.Go(func() { i.account(ctx, w.User.Account).User(ctx, w.User.ARN()) })
	}
	if w.Role != nil {
		group.Go(func() { i.account(ctx, w.Role.Account).Role(ctx, w.Role.ARN()) })
	}
	return group.Wait
}

// whoIsRead names the two principals of a chain: the user as STS knows it, else by the name that the share or the file has.
func whoIsRead(e explain.Evidence) (user, role arn.ARN) {
	role = e.File.Config.RoleARN
	if role.IsZero() && e.Wanted != nil && e.Wanted.Role != nil {
		role = e.Wanted.Role.ARN()
	}
	for _, p := range e.Proofs.Proofs {
		if p.Link != verify.LinkIdentity || p.Outcome != verify.Passed {
			continue
		}
		if name, err := arn.Parse(p.Detail); err == nil && name.Service == "iam" && name.Kind() == "user" {
			return name, role
		}
	}
	if e.Wanted != nil && e.Wanted.User != nil {
		return e.Wanted.User.ARN(), role
	}
	account, err := awsid.Account(e.File.Config.Key.ID)
	switch {
	case err != nil:
		return arn.ARN{}, role
	case e.Owner != nil && e.Owner.User != "":
		return arn.IAM(account, "user", "/", e.Owner.User), role
	case e.File.Config.UserProfile != "":
		return arn.IAM(account, "user", "/", e.File.Config.UserProfile), role
	}
	return arn.ARN{}, role
}

// policies reads the policies that the share wants, where there is access.
func (i *inquiry) policies(ctx context.Context, e explain.Evidence) map[string]*explain.Document {
	if e.Wanted == nil || e.Proofs.OK() {
		return nil
	}
	found := map[string]*explain.Document{}
	for _, want := range slices.Concat(e.Wanted.RolePolicies, e.Wanted.UserPolicies) {
		name := want.ARN().String()
		if d, err := i.account(ctx, want.Account).Policy(ctx, name); err == nil {
			found[name] = d
		}
	}
	return found
}

// organizations asks what the organizations' policies say, each time of a user or role of the account that is asked about.
func (i *inquiry) organizations(
	ctx context.Context, asks []explain.OrganizationQuestion, among ...*explain.Entity,
) map[explain.OrganizationQuestion]explain.OrganizationAnswer {
	found := map[explain.OrganizationQuestion]explain.OrganizationAnswer{}
	for _, ask := range asks {
		for _, source := range among {
			if source != nil && source.Exists && source.ARN.Account == ask.Account {
				found[ask] = i.account(ctx, ask.Account).Organization(ctx, source.ARN, ask)
				break
			}
		}
	}
	return found
}

// evidence gathers what is known of a cluster without asking AWS.
func (s *session) evidence(ctx context.Context, c *clusterReport, artifact registry.Artifact) explain.Evidence {
	return explain.Evidence{
		Subject:  explain.Subject{Share: s.desired.Share, Account: c.Account, Cluster: c.Cluster},
		Proofs:   c.chain,
		File:     s.deliveredFile(ctx, c.delivery),
		Registry: s.desired.Registry, Artifact: artifact,
		Subscription: s.subscription(),
		Wanted:       s.wanted(c),
		Now:          s.app.env.Now(),
	}
}

// deliveredFile reads what was delivered, as far as it can be.
func (s *session) deliveredFile(ctx context.Context, c share.ClusterDelivery) explain.File {
	file := explain.File{Name: s.placeName(c)}
	src, err := s.file(c)(ctx)
	return readFile(file, src, err)
}

// placeName is where a cluster's file is, for people.
func (s *session) placeName(c share.ClusterDelivery) string {
	if c.Kubernetes != nil {
		return fmt.Sprintf("Secret %s/%s of cluster %s", credential.SecretNamespace, credential.SecretName, c.Cluster)
	}
	if filepath.IsAbs(c.Directory) {
		return filepath.Join(c.Directory, credential.ConfigFileName)
	}
	return filepath.Join(s.dir, c.Directory, credential.ConfigFileName)
}

func readFile(file explain.File, src []byte, err error) explain.File {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, delivery.ErrNothing):
		file.Missing = true
	case err != nil:
		file.Err = awserror.InBrief(err)
	default:
		file.Findings = lint.Check(file.Name, src)
		if config, err := credential.ParseConfig(src); err == nil { // That it is none, the chain's first link says.
			file.Config = config
		}
	}
	return file
}

// wanted is what the share says should be there for a cluster.
func (s *session) wanted(c *clusterReport) *explain.Wanted {
	w := &explain.Wanted{Share: s.desired.Share, Config: c.delivery.Config, Command: s.applyCommand(c)}
	for i, role := range s.desired.Source.Roles {
		if role.ARN() == c.delivery.Config.RoleARN {
			w.Role = &s.desired.Source.Roles[i]
		}
	}
	if w.Role != nil {
		w.RolePolicies = among(s.desired.Source.Policies, w.Role.Policies)
	}
	for _, side := range s.desired.Destinations {
		for i, user := range side.Users {
			if side.Account == c.Account && user.Name == c.delivery.User {
				w.User, w.UserPolicies = &side.Users[i], among(side.Policies, user.Policies)
			}
		}
	}
	return w
}

func among(policies []share.Policy, names []arn.ARN) []share.Policy {
	return slices.DeleteFunc(slices.Clone(policies), func(p share.Policy) bool { return !slices.Contains(names, p.ARN()) })
}

// applyCommand is the command that makes the share so for one cluster.
func (s *session) applyCommand(c *clusterReport) string {
	if s.shareFile == "" {
		return ""
	}
	words := []string{"pullpass", "apply", "-f", s.shareFile, "--destination", string(c.Account), "--cluster", c.Cluster}
	if s.cloud.dir != "" {
		words = append(words, "--sandbox", s.cloud.dir)
	}
	return explain.ShellLine(words...)
}
