package read

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/plan"
)

// User reads a user by its name with all that decides about it.
func (a *Account) User(ctx context.Context, name arn.ARN) *explain.Entity {
	return a.entities.get(name, func() *explain.Entity { return a.user(ctx, name) })
}

// Role reads a role by its name with all that decides about it.
func (a *Account) Role(ctx context.Context, name arn.ARN) *explain.Entity {
	return a.entities.get(name, func() *explain.Entity { return a.role(ctx, name) })
}

// gathering is an entity of which several parts are read at the same time.
type gathering struct {
	*Account
	entity *explain.Entity
	group  sync.WaitGroup
	mu     sync.Mutex
}

// lacks records that a part could not be read.
func (g *gathering) lacks(part explain.GapPart, what string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entity.Gaps = append(g.entity.Gaps, explain.Gap{Part: part, What: what, Err: err})
}

func (g *gathering) holds(documents ...*explain.Document) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entity.Identity = append(g.entity.Identity, documents...)
}

func (a *Account) user(ctx context.Context, name arn.ARN) *explain.Entity {
	g := &gathering{Account: a, entity: &explain.Entity{Asked: name}}
	var boundary string
	g.group.Go(func() { boundary = g.getUser(ctx) })
	g.group.Go(func() { g.keys(ctx) })
	g.group.Go(func() { g.attachedToUser(ctx) })
	g.group.Go(func() { g.insideUser(ctx) })
	g.group.Go(func() { g.groupsOf(ctx) })
	return g.finish(ctx, &boundary)
}

func (a *Account) role(ctx context.Context, name arn.ARN) *explain.Entity {
	g := &gathering{Account: a, entity: &explain.Entity{Asked: name}}
	var boundary string
	g.group.Go(func() { boundary = g.getRole(ctx) })
	g.group.Go(func() { g.attachedToRole(ctx) })
	g.group.Go(func() { g.insideRole(ctx) })
	return g.finish(ctx, &boundary)
}

// finish waits for the parts. Of what does not exist, or could not be read at all, no part counts.
func (g *gathering) finish(ctx context.Context, boundary *string) *explain.Entity {
	g.group.Wait()
	entity := g.entity
	if !entity.Exists {
		entity.Gaps, entity.Identity = nil, nil
		return entity
	}
	if *boundary != "" {
		g.boundary(ctx, *boundary)
	}
	sortParts(entity)
	return entity
}

// getUser returns the ARN of the user's boundary, empty for none.
func (g *gathering) getUser(ctx context.Context) string {
	e := g.entity
	out, err := call(g.Account, func(c IAM) (*iam.GetUserOutput, error) {
		return c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String(e.Asked.Name())})
	})
	if g.missing(err) {
		return ""
	}
	g.found(aws.ToString(out.User.Arn), aws.ToString(out.User.UserId), out.User.Tags)
	return boundaryARN(out.User.PermissionsBoundary)
}

func (g *gathering) getRole(ctx context.Context) string {
	e := g.entity
	out, err := call(g.Account, func(c IAM) (*iam.GetRoleOutput, error) {
		return c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(e.Asked.Name())})
	})
	if g.missing(err) {
		return ""
	}
	g.found(aws.ToString(out.Role.Arn), aws.ToString(out.Role.RoleId), out.Role.Tags)
	trust, err := document(aws.ToString(out.Role.AssumeRolePolicyDocument), iampolicy.Trust)
	if err != nil {
		g.lacks(explain.GapTrust, "the trust of role "+e.Asked.Name(), err)
		return boundaryARN(out.Role.PermissionsBoundary)
	}
	trust.Policy, trust.Holder = explain.Policy{Name: e.ARN.Name(), Kind: explain.Trust}, e.ARN
	e.Trust = trust
	return boundaryARN(out.Role.PermissionsBoundary)
}

// missing records why there is no entity.
func (g *gathering) missing(err error) bool {
	if err != nil && !absent(err) {
		g.entity.Err = err
	}
	return err != nil
}

func (g *gathering) found(name, id string, tags []types.Tag) {
	e := g.entity
	parsed, err := arn.Parse(name)
	if err != nil {
		e.Err = err
		return
	}
	e.Exists, e.ARN, e.ID, e.Tags = true, parsed, awsid.UniqueID(id), tagsFrom(tags)
}

func boundaryARN(b *types.AttachedPermissionsBoundary) string {
	if b == nil {
		return ""
	}
	return aws.ToString(b.PermissionsBoundaryArn)
}

func tagsFrom(tags []types.Tag) map[string]string {
	found := make(map[string]string, len(tags))
	for _, t := range tags {
		found[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return found
}

func (g *gathering) keys(ctx context.Context) {
	name := g.entity.Asked.Name()
	found, err := call(g.Account, func(c IAM) ([]types.AccessKeyMetadata, error) {
		p := iam.NewListAccessKeysPaginator(c, &iam.ListAccessKeysInput{UserName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListAccessKeysOutput) []types.AccessKeyMetadata { return page.AccessKeyMetadata })
	})
	if err != nil {
		g.lacks(explain.GapKeys, "the access keys of user "+name, err)
		return
	}
	for _, k := range found {
		g.entity.Keys = append(g.entity.Keys, plan.Key{
			ID: awsid.AccessKeyID(aws.ToString(k.AccessKeyId)), Active: k.Status == types.StatusTypeActive, Created: aws.ToTime(k.CreateDate),
		})
	}
}

// boundary reads the permissions boundary. One whose policy is gone allows nothing
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
func (g *gathering) boundary(ctx context.Context, name string) {
	found, err := g.Policy(ctx, name)
	if err != nil {
		g.lacks(explain.GapBoundary, "permissions boundary "+name, err)
		return
	}
	if found == nil {
		found = &explain.Document{Policy: explain.Policy{ARN: name}, Parsed: &iampolicy.Document{Version: iampolicy.Version2012}}
	}
	boundary := *found
	boundary.Kind = explain.Boundary
	g.entity.Boundary = &boundary
}
