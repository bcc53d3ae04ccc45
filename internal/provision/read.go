package provision

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// policy reads a policy with the text of its default version; one that does not exist is left out.
func (r *reader) policy(ctx context.Context, name arn.ARN) error {
	out, err := r.in.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(name.String())})
	if absent(err) {
		return nil
	}
	if err != nil {
		return failed(r.account, err, "reading policy %s", name.Name())
	}
	found := &plan.Policy{ARN: name, Tags: tagsFrom(out.Policy.Tags)}
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() error { return r.policyText(reading, found, aws.ToString(out.Policy.DefaultVersionId)) })
	group.Go(func() error { return r.policyVersions(reading, found) })
	if r.whole {
		group.Go(func() error { return r.usersOf(reading, name) })
	}
	err = group.Wait()
	if absent(err) { // It may have gone in the meantime.
		if _, again := r.in.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(name.String())}); absent(again) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	r.keep(func(a *plan.Account) { a.Policies[name] = found })
	return nil
}

func (r *reader) policyVersions(ctx context.Context, p *plan.Policy) error {
	pages := iam.NewListPolicyVersionsPaginator(r.in.IAM, &iam.ListPolicyVersionsInput{PolicyArn: aws.String(p.ARN.String())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed(r.account, err, "listing the versions of policy %s", p.ARN.Name())
		}
		for _, v := range page.Versions {
			p.Versions = append(p.Versions, plan.PolicyVersion{
				ID: aws.ToString(v.VersionId), Default: v.IsDefaultVersion, Created: aws.ToTime(v.CreateDate),
			})
		}
	}
	return nil
}

func (r *reader) policyText(ctx context.Context, p *plan.Policy, version string) error {
	out, err := r.in.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{
		PolicyArn: aws.String(p.ARN.String()), VersionId: aws.String(version),
	})
	if err != nil {
		return failed(r.account, err, "reading version %s of policy %s", version, p.ARN.Name())
	}
	p.Document, p.Source = document(aws.ToString(out.PolicyVersion.Document), iampolicy.Identity)
	return nil
}

// document reads a policy as IAM returns it: "URL-encoded compliant with RFC 3986"
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html). The document is nil where iampolicy
// does not read the text, which then is shown as it is.
func document(encoded string, kind iampolicy.Kind) (*iampolicy.Document, string) {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return nil, encoded
	}
	doc, err := iampolicy.Parse([]byte(text), kind)
	if err != nil {
		return nil, text
	}
	return doc, text
}

func (r *reader) role(ctx context.Context, name string) error {
	found, err := r.roleInDetail(ctx, name)
	if err == nil && found != nil {
		r.keep(func(a *plan.Account) { a.Roles[name] = found })
	}
	return err
}

// roleInDetail returns nil where there is no such role.
func (r *reader) roleInDetail(ctx context.Context, name string) (*plan.Role, error) {
	found, err := r.getRole(ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() error { return r.attachedToRole(reading, found) })
	if _, marked := found.Tags[plan.TagRevoked]; marked {
		group.Go(func() error { return r.denies(reading, found) })
	}
	err = group.Wait()
	if absent(err) { // It may have gone in the meantime.
		if again, getErr := r.getRole(ctx, name); again == nil && getErr == nil {
			return nil, nil
		}
	}
	return found, err
}

func (r *reader) attachedToRole(ctx context.Context, found *plan.Role) error {
	name := found.ARN.Name()
	pages := iam.NewListAttachedRolePoliciesPaginator(r.in.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed(r.account, err, "listing the policies of role %s", name)
		}
		if found.Attached, err = appendAttached(found.Attached, page.AttachedPolicies); err != nil {
			return failed(r.account, err, "listing the policies of role %s", name)
		}
	}
	return nil
}

// denies reads the denies that revocations have put on a role.
func (r *reader) denies(ctx context.Context, found *plan.Role) error {
	name := found.ARN.Name()
	pages := iam.NewListRolePoliciesPaginator(r.in.IAM, &iam.ListRolePoliciesInput{RoleName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed(r.account, err, "listing the inline policies of role %s", name)
		}
		for _, policy := range page.PolicyNames {
			if _, ok := plan.IsDeny(r.share, policy); !ok {
				continue
			}
			deny, ok, err := r.deny(ctx, name, policy)
			if err != nil {
				return err
			}
			if ok {
				found.Denies = append(found.Denies, deny)
			}
		}
	}
	slices.SortFunc(found.Denies, func(a, b plan.Deny) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Policy, b.Policy)) })
	return nil
}

// deny reads one inline policy; it is none where somebody has changed it, or taken it away.
func (r *reader) deny(ctx context.Context, role, policy string) (d plan.Deny, ok bool, err error) {
	out, err := r.in.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(role), PolicyName: aws.String(policy)})
	if absent(err) {
		return plan.Deny{}, false, nil
	}
	if err != nil {
		return plan.Deny{}, false, failed(r.account, err, "reading inline policy %s of role %s", policy, role)
	}
	doc, _ := document(aws.ToString(out.PolicyDocument), iampolicy.Identity)
	d, ok = plan.ParseDeny(r.share, policy, doc)
	return d, ok, nil
}

// getRole returns nil where there is no such role.
func (r *reader) getRole(ctx context.Context, name string) (*plan.Role, error) {
	out, err := r.in.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(r.account, err, "reading role %s", name)
	}
	entity, err := arn.Parse(aws.ToString(out.Role.Arn))
	if err != nil {
		return nil, failed(r.account, err, "reading role %s", name)
	}
	boundary, err := boundaryFrom(out.Role.PermissionsBoundary)
	if err != nil {
		return nil, failed(r.account, err, "reading role %s", name)
	}
	found := &plan.Role{ARN: entity, ID: awsid.UniqueID(aws.ToString(out.Role.RoleId)), Boundary: boundary, Tags: tagsFrom(out.Role.Tags)}
	found.Trust, found.Source = document(aws.ToString(out.Role.AssumeRolePolicyDocument), iampolicy.Trust)
	return found, nil
}

func (r *reader) user(ctx context.Context, name string) error {
	found, err := r.userInDetail(ctx, name)
	if err == nil && found != nil {
		r.keep(func(a *plan.Account) { a.Users[name] = found })
	}
	return err
}

// userInDetail returns nil where there is no such user.
func (r *reader) userInDetail(ctx context.Context, name string) (*plan.User, error) {
	found, err := r.getUser(ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found.Attached, err = r.attachedTo(reading, name)
		return err
	})
	group.Go(func() (err error) {
		found.Keys, err = r.keys(reading, name)
		return err
	})
	err = group.Wait()
	if absent(err) { // It may have gone in the meantime.
		if again, getErr := r.getUser(ctx, name); again == nil && getErr == nil {
			return nil, nil
		}
	}
	return found, err
}

// getUser returns nil where there is no such user.
func (r *reader) getUser(ctx context.Context, name string) (*plan.User, error) {
	out, err := r.in.IAM.GetUser(ctx, &iam.GetUserInput{UserName: aws.String(name)})
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(r.account, err, "reading user %s", name)
	}
	entity, err := arn.Parse(aws.ToString(out.User.Arn))
	if err != nil {
		return nil, failed(r.account, err, "reading user %s", name)
	}
	boundary, err := boundaryFrom(out.User.PermissionsBoundary)
	if err != nil {
		return nil, failed(r.account, err, "reading user %s", name)
	}
	return &plan.User{ARN: entity, Boundary: boundary, Tags: tagsFrom(out.User.Tags)}, nil
}

func (r *reader) attachedTo(ctx context.Context, user string) ([]arn.ARN, error) {
	var attached []arn.ARN
	pages := iam.NewListAttachedUserPoliciesPaginator(r.in.IAM, &iam.ListAttachedUserPoliciesInput{UserName: aws.String(user)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(r.account, err, "listing the policies of user %s", user)
		}
		if attached, err = appendAttached(attached, page.AttachedPolicies); err != nil {
			return nil, failed(r.account, err, "listing the policies of user %s", user)
		}
	}
	return attached, nil
}

func (r *reader) keys(ctx context.Context, user string) ([]plan.Key, error) {
	var keys []plan.Key
	pages := iam.NewListAccessKeysPaginator(r.in.IAM, &iam.ListAccessKeysInput{UserName: aws.String(user)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(r.account, err, "listing the access keys of user %s", user)
		}
		for _, k := range page.AccessKeyMetadata {
			key := plan.Key{
				ID: awsid.AccessKeyID(aws.ToString(k.AccessKeyId)), Active: k.Status == types.StatusTypeActive, Created: aws.ToTime(k.CreateDate),
			}
			if r.uses || !r.held(key.ID) {
				if err := r.use(ctx, user, &key); err != nil {
					return nil, err
				}
			}
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// held reports whether a delivery that was read holds a key. The deliveries are complete before any call is made.
func (r *reader) held(id awsid.AccessKeyID) bool {
	for _, d := range r.found.Deliveries {
		if d.State == plan.Held && d.Config.Key.ID == id {
			return true
		}
	}
	return false
}

// notApplicable is what IAM gives for the service and the Region of a key that was never used, and for the Region where the
// service has none (https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html).
const notApplicable = "N/A"

// use asks whether, when and for what a key was last used. Who may not ask gets UseUnknown, which is the cautious answer.
func (r *reader) use(ctx context.Context, user string, key *plan.Key) error {
	out, err := r.in.IAM.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(string(key.ID))})
	switch {
	case absent(err), denied(err):
		return nil
	case err != nil:
		return failed(r.account, err, "asking for the last use of access key %s of user %s", key.ID, user)
	case out.AccessKeyLastUsed == nil || out.AccessKeyLastUsed.LastUsedDate == nil:
		key.Use = plan.NeverUsed
		return nil
	}
	last := out.AccessKeyLastUsed
	key.Use, key.LastUsed = plan.Used, *last.LastUsedDate
	key.UsedService, key.UsedRegion = applicable(last.ServiceName), applicable(last.Region)
	return nil
}

func applicable(s *string) string {
	if aws.ToString(s) == notApplicable {
		return ""
	}
	return aws.ToString(s)
}

// usersOf finds entities that have one of the share's policies and that the share does not want. Those with the share's
// tag were left behind; others are somebody's own.
func (r *reader) usersOf(ctx context.Context, policy arn.ARN) error {
	var extras errgroup.Group
	extras.SetLimit(defaultLimit)
	pages := iam.NewListEntitiesForPolicyPaginator(r.in.IAM, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(policy.String())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			_ = extras.Wait() // What they found is of no use without the rest.
			return failed(r.account, err, "listing who uses policy %s", policy.Name())
		}
		for _, role := range page.PolicyRoles {
			extras.Go(func() error { return r.extraRole(ctx, aws.ToString(role.RoleName)) })
		}
		for _, user := range page.PolicyUsers {
			extras.Go(func() error { return r.extraUser(ctx, aws.ToString(user.UserName)) })
		}
	}
	return extras.Wait()
}

func (r *reader) extraRole(ctx context.Context, name string) error {
	if slices.ContainsFunc(r.roles, func(role share.Role) bool { return role.Name == name }) {
		return nil
	}
	read := r.getRole
	if r.details {
		read = r.roleInDetail
	}
	role, err := read(ctx, name)
	if err != nil || role == nil {
		return err
	}
	r.leftBehind(role.ARN, role.Tags, func(l plan.Leftovers) { l.Roles[name] = role })
	return nil
}

func (r *reader) extraUser(ctx context.Context, name string) error {
	if slices.ContainsFunc(r.users, func(user share.User) bool { return user.Name == name }) {
		return nil
	}
	read := r.getUser
	if r.details {
		read = r.userInDetail
	}
	user, err := read(ctx, name)
	if err != nil || user == nil {
		return err
	}
	r.leftBehind(user.ARN, user.Tags, func(l plan.Leftovers) { l.Users[name] = user })
	return nil
}

func (r *reader) leftBehind(entity arn.ARN, tags map[string]string, detail func(plan.Leftovers)) {
	if tags[share.TagShare] != r.share {
		return
	}
	r.keep(func(a *plan.Account) {
		a.LeftBehind = append(a.LeftBehind, entity)
		if r.details {
			detail(a.Leftovers)
		}
	})
}

func tagsFrom(tags []types.Tag) map[string]string {
	found := make(map[string]string, len(tags))
	for _, t := range tags {
		found[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return found
}

func appendAttached(found []arn.ARN, policies []types.AttachedPolicy) ([]arn.ARN, error) {
	for _, p := range policies {
		a, err := arn.Parse(aws.ToString(p.PolicyArn))
		if err != nil {
			return nil, err
		}
		found = append(found, a)
	}
	return found, nil
}

// boundaryFrom returns the zero ARN for no boundary.
func boundaryFrom(b *types.AttachedPermissionsBoundary) (arn.ARN, error) {
	if b == nil {
		return arn.ARN{}, nil
	}
	return arn.Parse(aws.ToString(b.PermissionsBoundaryArn))
}
