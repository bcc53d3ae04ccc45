package fieldcheck

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// sessionChecks are about what ends a session.
func sessionChecks() []Check {
	return []Check{{
		ID: "session/end", Mark: Seen, run: (*stage).sessionEnd,
		Assumption: "A session outlives a change of the trust by which it came, and ends with its role.",
	}}
}

func (s *stage) sessionEnd(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Destination, "session-user", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return err
	}
	r, err := s.makeRole(ctx, "session-role", []statement{trusting(u.arn.String())}, allow("iam:ListUsers", "*"))
	if err != nil {
		return err
	}
	if err := s.ready(ctx, u, r); err != nil {
		return err
	}
	session, err := s.session(ctx, u, r, "")
	if err != nil {
		return err
	}
	if err := s.distrust(ctx, u, r); err != nil {
		return err
	}
	if err := s.noteSession(ctx, "once the role trusts nobody of the destination", session, answer.ok); err != nil {
		return err
	}
	if err := s.administer(ctx, func(ctx context.Context) error { return deleteRole(ctx, r.side.IAM, r.name) }); err != nil {
		return fmt.Errorf("deleting role %s: %w", *r.name, err)
	}
	return s.noteSession(ctx, "once the role is deleted", session, is("InvalidClientTokenId"))
}

// distrust changes a role's trust, and waits until its user is refused.
func (s *stage) distrust(ctx context.Context, u *user, r *role) error {
	trust, err := document(trusting(s.root(&s.Source)))
	if err != nil {
		return err
	}
	err = s.administer(ctx, func(ctx context.Context) error {
		_, err := r.side.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: r.name, PolicyDocument: aws.String(trust)})
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the trust of role %s: %w", *r.name, err)
	}
	w, err := s.until(ctx, 2*spread, is("AccessDenied"), func(ctx context.Context) (answer, error) {
		return s.assume(ctx, u.key(), r.arn, "")
	})
	if err != nil {
		return err
	}
	if !w.came {
		return notSeen("a change of trust did not show in time: " + w.String())
	}
	return s.settle(ctx)
}

// noteSession notes what a session can do: ask who it is, which takes no permission, and list users, which its role allows.
func (s *stage) noteSession(ctx context.Context, when string, session aws.Credentials, wanted func(answer) bool) error {
	for _, q := range []question{
		s.asked(session)[0],
		{"IAM", s.listing(session)},
	} {
		w, err := s.until(ctx, 2*spread, wanted, q.ask)
		if err != nil {
			return err
		}
		s.note("%s, %s: %s", when, q.name, w)
		s.measure("%s, %s: after %s", when, q.name, w.took)
	}
	return nil
}
