package read

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/plan"
)

// text is a managed policy, or why it could not be read.
type text struct {
	document *explain.Document
	err      error
}

// Policy reads a managed policy with the text of its default version; nil for one that does not exist.
func (a *Account) Policy(ctx context.Context, name string) (*explain.Document, error) {
	found := a.documents.get(name, func() text {
		d, err := a.policy(ctx, name)
		return text{d, err}
	})
	return found.document, found.err
}

func (a *Account) policy(ctx context.Context, name string) (*explain.Document, error) {
	var group sync.WaitGroup
	var versions []plan.PolicyVersion
	var versionsErr error
	if !strings.HasPrefix(name, "arn:aws:iam::aws:") { // Nobody in the account makes versions of AWS's own.
		group.Go(func() { versions, versionsErr = a.versions(ctx, name) })
	}
	out, err := call(a, func(c IAM) (*iam.GetPolicyOutput, error) {
		return c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &name})
	})
	if err != nil {
		group.Wait()
		if absent(err) {
			return nil, nil
		}
		return nil, err
	}
	version, err := call(a, func(c IAM) (*iam.GetPolicyVersionOutput, error) {
		return c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &name, VersionId: out.Policy.DefaultVersionId})
	})
	group.Wait()
	if err = cmp.Or(err, versionsErr); err != nil {
		return nil, err
	}
	d, err := document(aws.ToString(version.PolicyVersion.Document), iampolicy.Identity)
	if err != nil {
		return nil, err
	}
	d.Policy, d.Versions, d.Tags = explain.Policy{ARN: name, Kind: explain.Identity}, versions, tagsFrom(out.Policy.Tags)
	return d, nil
}

func (a *Account) versions(ctx context.Context, name string) ([]plan.PolicyVersion, error) {
	found, err := call(a, func(c IAM) ([]types.PolicyVersion, error) {
		p := iam.NewListPolicyVersionsPaginator(c, &iam.ListPolicyVersionsInput{PolicyArn: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListPolicyVersionsOutput) []types.PolicyVersion { return page.Versions })
	})
	var all []plan.PolicyVersion
	for _, v := range found {
		all = append(all, plan.PolicyVersion{ID: aws.ToString(v.VersionId), Default: v.IsDefaultVersion, Created: aws.ToTime(v.CreateDate)})
	}
	return all, err
}

// document reads a policy as IAM returns it: "URL-encoded compliant with RFC 3986"
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html).
func document(encoded string, kind iampolicy.Kind) (*explain.Document, error) {
	plain, err := url.PathUnescape(encoded)
	if err != nil {
		return nil, fmt.Errorf("reading a policy document: %w", err)
	}
	parsed, err := iampolicy.Parse([]byte(plain), kind)
	if err != nil {
		return nil, fmt.Errorf("reading a policy document: %w", err)
	}
	return &explain.Document{Text: plain, Parsed: parsed}, nil
}

func (g *gathering) attachedToUser(ctx context.Context) {
	name := g.entity.Asked.Name()
	g.managed(ctx, "user "+name, func(c IAM) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedUserPoliciesPaginator(c, &iam.ListAttachedUserPoliciesInput{UserName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
	})
}

func (g *gathering) attachedToRole(ctx context.Context) {
	name := g.entity.Asked.Name()
	g.managed(ctx, "role "+name, func(c IAM) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedRolePoliciesPaginator(c, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
	})
}

// managed reads the texts of the managed policies of a holder, side by side.
func (g *gathering) managed(ctx context.Context, holder string, list func(IAM) ([]types.AttachedPolicy, error)) {
	attached, err := call(g.Account, list)
	if err != nil {
		g.lacks(explain.GapIdentity, "the policies attached to "+holder, err)
		return
	}
	var group sync.WaitGroup
	for _, policy := range attached {
		group.Go(func() {
			name := aws.ToString(policy.PolicyArn)
			switch d, err := g.Policy(ctx, name); {
			case err != nil:
				g.lacks(explain.GapIdentity, "policy "+name, err)
			case d != nil:
				g.holds(d)
			}
		})
	}
	group.Wait()
}

func (g *gathering) insideUser(ctx context.Context) {
	name := g.entity.Asked.Name()
	names, err := call(g.Account, func(c IAM) ([]string, error) {
		p := iam.NewListUserPoliciesPaginator(c, &iam.ListUserPoliciesInput{UserName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames })
	})
	g.inline(g.entity.Asked, names, err, func(policy string) (*string, error) {
		out, err := call(g.Account, func(c IAM) (*iam.GetUserPolicyOutput, error) {
			return c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &name, PolicyName: &policy})
		})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	})
}

func (g *gathering) insideRole(ctx context.Context) {
	name := g.entity.Asked.Name()
	names, err := call(g.Account, func(c IAM) ([]string, error) {
		p := iam.NewListRolePoliciesPaginator(c, &iam.ListRolePoliciesInput{RoleName: &name})
		return awsclient.Collect(ctx, p, func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })
	})
	g.inline(g.entity.Asked, names, err, func(policy string) (*string, error) {
		out, err := call(g.Account, func(c IAM) (*iam.GetRolePolicyOutput, error) {
			return c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	})
}

// inline reads the texts of the policies that stand in a holder, side by side.
func (g *gathering) inline(holder arn.ARN, names []string, err error, read func(policy string) (*string, error)) {
	what := holder.Kind() + " " + holder.Name()
	if err != nil {
		g.lacks(explain.GapIdentity, "the inline policies of "+what, err)
		return
	}
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			encoded, err := read(name)
			if err != nil {
				g.lacks(explain.GapIdentity, fmt.Sprintf("inline policy %s of %s", name, what), err)
				return
			}
			d, err := document(aws.ToString(encoded), iampolicy.Identity)
			if err != nil {
				g.lacks(explain.GapIdentity, fmt.Sprintf("inline policy %s of %s", name, what), err)
				return
			}
			d.Policy, d.Holder = explain.Policy{Name: name, Kind: explain.Identity}, holder
			g.holds(d)
		})
	}
	group.Wait()
}

// sortParts puts what was read side by side into an order that is always the same.
func sortParts(e *explain.Entity) {
	slices.SortFunc(e.Identity, func(a, b *explain.Document) int {
		return cmp.Or(strings.Compare(a.ARN, b.ARN), strings.Compare(a.Holder.String(), b.Holder.String()), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(e.Gaps, func(a, b explain.Gap) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), strings.Compare(a.What, b.What))
	})
}

// Organization asks IAM's simulator, on behalf of a user or role of the account, what the service control policies above
// it say. Only an account that an organization's policies bind has an answer of theirs
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html).
func (a *Account) Organization(ctx context.Context, source arn.ARN, q explain.OrganizationQuestion) explain.OrganizationAnswer {
	return a.organizations.get(q, func() explain.OrganizationAnswer {
		in := &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: aws.String(source.String()), ActionNames: []string{q.Action}, ContextEntries: contextOf(q),
		}
		if q.Resource != "*" {
			in.ResourceArns = []string{q.Resource}
		}
		out, err := call(a, func(c IAM) (*iam.SimulatePrincipalPolicyOutput, error) { return c.SimulatePrincipalPolicy(ctx, in) })
		if err != nil {
			return explain.OrganizationAnswer{Err: awserror.InBrief(err)}
		}
		var answer explain.OrganizationAnswer
		for _, result := range out.EvaluationResults {
			if result.OrganizationsDecisionDetail != nil {
				answer.Member, answer.Allows = true, result.OrganizationsDecisionDetail.AllowedByOrganizations
			}
		}
		return answer
	})
}

// contextOf are the condition keys that a simulated request is given: those of the real one that are the same whoever of the
// account makes it. The simulator knows its principal by itself.
func contextOf(q explain.OrganizationQuestion) []types.ContextEntry {
	entry := func(key string, kind types.ContextKeyTypeEnum, value string) types.ContextEntry {
		return types.ContextEntry{ContextKeyName: &key, ContextKeyType: kind, ContextKeyValues: []string{value}}
	}
	entries := []types.ContextEntry{
		entry("aws:SecureTransport", types.ContextKeyTypeEnumBoolean, "true"),
		entry("aws:ViaAWSService", types.ContextKeyTypeEnumBoolean, "false"),
		entry("aws:PrincipalIsAWSService", types.ContextKeyTypeEnumBoolean, "false"),
	}
	if q.Region != "" {
		entries = append(entries, entry("aws:RequestedRegion", types.ContextKeyTypeEnumString, string(q.Region)))
	}
	if q.Owner != "" {
		entries = append(entries, entry("aws:ResourceAccount", types.ContextKeyTypeEnumString, string(q.Owner)))
	}
	return entries
}
