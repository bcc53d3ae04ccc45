package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// strays finds what the share left behind under its own path and none of its policies leads to any more: a removal takes the
// policies off first, and may be stopped before the user or role itself goes. Who may not list what is under a path is told
// only of what policies lead to.
func (r *reader) strays(ctx context.Context) error {
	if !r.details || !r.whole || r.path == "" {
		return nil
	}
	names, extra := r.usersUnder, r.extraUser
	if r.part == plan.SourcePart {
		names, extra = r.rolesUnder, r.extraRole
	}
	found, err := names(ctx, r.path)
	if denied(err) {
		return nil
	}
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	for _, name := range found {
		if r.found.Leftovers.Users[name] == nil && r.found.Leftovers.Roles[name] == nil {
			group.Go(func() error { return extra(ctx, name) })
		}
	}
	return group.Wait()
}

func (r *reader) usersUnder(ctx context.Context, path string) (names []string, err error) {
	pages := iam.NewListUsersPaginator(r.in.IAM, &iam.ListUsersInput{PathPrefix: aws.String(path)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(r.account, err, "listing the users under %s", path)
		}
		for _, u := range page.Users {
			names = append(names, aws.ToString(u.UserName))
		}
	}
	return names, nil
}

func (r *reader) rolesUnder(ctx context.Context, path string) (names []string, err error) {
	pages := iam.NewListRolesPaginator(r.in.IAM, &iam.ListRolesInput{PathPrefix: aws.String(path)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(r.account, err, "listing the roles under %s", path)
		}
		for _, role := range page.Roles {
			names = append(names, aws.ToString(role.RoleName))
		}
	}
	return names, nil
}

// ownPath is where a share keeps what it makes and nobody else anything, by one of its policies; empty in a posture that has no
// such place.
func ownPath(posture share.Posture, policies []share.Policy) string {
	if posture != share.Hardened || len(policies) == 0 {
		return ""
	}
	return policies[0].Path
}
