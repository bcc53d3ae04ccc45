package read

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/explain"
)

// group is what the policies of a group give to its users.
type group struct {
	identity []*explain.Document
	gaps     []explain.Gap
}

// groupsOf reads the policies of the groups that the user is in.
func (g *gathering) groupsOf(ctx context.Context) {
	user := g.entity.Asked.Name()
	found, err := call(g.Account, func(c IAM) ([]types.Group, error) {
		p := iam.NewListGroupsForUserPaginator(c, &iam.ListGroupsForUserInput{UserName: &user})
		return awsclient.Collect(ctx, p, func(page *iam.ListGroupsForUserOutput) []types.Group { return page.Groups })
	})
	if err != nil {
		g.lacks(explain.GapIdentity, "the groups of user "+user, err)
		return
	}
	for _, one := range found {
		g.group.Go(func() {
			given := g.groups.get(aws.ToString(one.Arn), func() group { return g.policiesOf(ctx, aws.ToString(one.Arn)) })
			g.holds(given.identity...)
			for _, gap := range given.gaps {
				g.lacks(gap.Part, gap.What, gap.Err)
			}
		})
	}
}

func (a *Account) policiesOf(ctx context.Context, name string) group {
	holder, err := arn.Parse(name)
	if err != nil {
		return group{gaps: []explain.Gap{{Part: explain.GapIdentity, What: "group " + name, Err: err}}}
	}
	g := &gathering{Account: a, entity: &explain.Entity{Asked: holder}}
	g.group.Go(func() { g.attachedToGroup(ctx) })
	g.group.Go(func() { g.insideGroup(ctx) })
	g.group.Wait()
	given := group{gaps: g.entity.Gaps}
	for _, d := range g.entity.Identity {
		byGroup := *d // Others may have the same policy in another way.
		byGroup.Group = holder
		given.identity = append(given.identity, &byGroup)
	}
	return given
}

func (g *gathering) attachedToGroup(ctx context.Context) {
	name := g.entity.Asked.Name()
	g.managed(ctx, "group "+name, func(c IAM) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedGroupPoliciesPaginator(c, &iam.ListAttachedGroupPoliciesInput{GroupName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListAttachedGroupPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
	})
}

func (g *gathering) insideGroup(ctx context.Context) {
	name := g.entity.Asked.Name()
	names, err := call(g.Account, func(c IAM) ([]string, error) {
		p := iam.NewListGroupPoliciesPaginator(c, &iam.ListGroupPoliciesInput{GroupName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListGroupPoliciesOutput) []string { return page.PolicyNames })
	})
	g.inline(g.entity.Asked, names, err, func(policy string) (*string, error) {
		out, err := call(g.Account, func(c IAM) (*iam.GetGroupPolicyOutput, error) {
			return c.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: &name, PolicyName: &policy})
		})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	})
}
