package provision

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/internal/awsclient"
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
	unread := slices.DeleteFunc(found, func(name string) bool {
		return r.found.Leftovers.Users[name] != nil || r.found.Leftovers.Roles[name] != nil
	})
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	for _, name := range unread {
		group.Go(func() error { return extra(ctx, name) })
	}
	return group.Wait()
}

func (r *reader) usersUnder(ctx context.Context, path string) ([]string, error) {
	pages := iam.NewListUsersPaginator(r.in.IAM, &iam.ListUsersInput{PathPrefix: aws.String(path)})
	users, err := awsclient.Collect(ctx, pages, func(page *iam.ListUsersOutput) []types.User { return page.Users })
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = aws.ToString(u.UserName)
	}
	return names, failed(r.account, err, "listing the users under %s", path)
}

func (r *reader) rolesUnder(ctx context.Context, path string) ([]string, error) {
	pages := iam.NewListRolesPaginator(r.in.IAM, &iam.ListRolesInput{PathPrefix: aws.String(path)})
	roles, err := awsclient.Collect(ctx, pages, func(page *iam.ListRolesOutput) []types.Role { return page.Roles })
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = aws.ToString(role.RoleName)
	}
	return names, failed(r.account, err, "listing the roles under %s", path)
}

// ownPath is where a share keeps what it makes and nobody else anything, by one of its policies; empty in a posture that has no
// such place.
func ownPath(posture share.Posture, policies []share.Policy) string {
	if posture != share.Hardened || len(policies) == 0 {
		return ""
	}
	return policies[0].Path
}
