package fieldcheck

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/arn"
)

// denialChecks are about the texts of denials.
func denialChecks() []Check {
	return []Check{
		{
			ID: "denial/assume-role", Mark: Seen, run: (*stage).assumeRoleDenied,
			Assumption: "Across accounts AssumeRole has one text for a caller without the permission, a trust that says no, " +
				"and a role that does not exist.",
		},
		{
			ID: "denial/trust-deny", Mark: Inferred, run: (*stage).trustDenies,
			Assumption: "A trust that denies a caller of another account is answered as one that does not allow it.",
		},
		{
			ID: "denial/one-account", Mark: Documented, run: (*stage).deniedAtHome,
			Assumption: "Inside one account a denial ends with the type of the policy that denies, or that does not allow.",
		},
		{
			ID: "denial/ecr", Mark: Seen, run: (*stage).deniedByECR,
			Assumption: "ECR's AccessDeniedException is HTTP 400, with IAM's sentence.",
		},
	}
}

func (s *stage) assumeRoleDenied(ctx context.Context) error {
	may, err := s.makeUser(ctx, &s.Destination, "denial-may", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return err
	}
	mayNot, err := s.makeUser(ctx, &s.Destination, "denial-may-not")
	if err != nil {
		return err
	}
	open, err := s.makeRole(ctx, "denial-open", []statement{trusting(may.arn.String(), mayNot.arn.String())})
	if err != nil {
		return err
	}
	closed, err := s.makeRole(ctx, "denial-closed", []statement{trusting(s.root(&s.Source))})
	if err != nil {
		return err
	}
	if err := s.ready(ctx, may, open, mayNot); err != nil {
		return err
	}
	return s.noteOneText(ctx, []refusal{
		{"the caller lacks the permission", mayNot, open.arn},
		{"the trust says no", may, closed.arn},
		{"there is no such role", may, arn.IAM(s.Source.Account, "role", s.path(), *s.named("denial-absent"))},
	})
}

// refusal is a user who may not assume a role, and why.
type refusal struct {
	why  string
	user *user
	role arn.ARN
}

// noteOneText notes refusals, and whether all have the same text but for the names of the user and the role.
func (s *stage) noteOneText(ctx context.Context, refusals []refusal) error {
	texts := map[string]bool{}
	for _, r := range refusals {
		w, err := s.until(ctx, spread, is("AccessDenied"), func(ctx context.Context) (answer, error) {
			return s.assume(ctx, r.user.key(), r.role, "")
		})
		if err != nil {
			return err
		}
		s.note("%s: %s", r.why, w)
		texts[strings.NewReplacer(r.user.arn.String(), "U", r.role.String(), "R").Replace(w.String())] = true
	}
	if len(texts) == 1 {
		s.note("but for the names it is one text")
	}
	return nil
}

// ready waits until a user can assume a role and other users' keys are taken, then until all of that should be known
// everywhere.
func (s *stage) ready(ctx context.Context, u *user, r *role, others ...*user) error {
	if _, err := s.session(ctx, u, r, ""); err != nil {
		return err
	}
	for _, other := range others {
		w, err := s.until(ctx, 2*spread, answer.ok, s.asked(other.key())[0].ask)
		if err != nil {
			return err
		}
		if !w.came {
			return notSeen("a new key was not taken in time: " + w.String())
		}
	}
	return s.settle(ctx)
}

func (s *stage) trustDenies(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Destination, "denial-denied", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return err
	}
	r, err := s.makeRole(ctx, "denial-denying", []statement{trusting(u.arn.String()), distrusting(u.arn.String())})
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	got, err := s.assume(ctx, u.key(), r.arn, "")
	if err != nil {
		return err
	}
	s.note("the trust denies: %s", got)
	return nil
}

// deniedAtHome looks at the source's own users, and at a session, who try to list its users.
func (s *stage) deniedAtHome(ctx context.Context) error {
	bare, err := s.makeUser(ctx, &s.Source, "denial-bare")
	if err != nil {
		return err
	}
	denied, err := s.makeUser(ctx, &s.Source, "denial-explicit", allow("iam:ListUsers", "*"), deny("iam:ListUsers", "*"))
	if err != nil {
		return err
	}
	bounded, err := s.bounded(ctx)
	if err != nil {
		return err
	}
	session, err := s.narrowed(ctx, bare, denied, bounded)
	if err != nil {
		return err
	}
	for _, caller := range []struct {
		what string
		keys aws.Credentials
	}{
		{"no permission", bare.key()}, {"an explicit deny", denied.key()},
		{"a boundary that does not allow", bounded.key()}, {"a session policy that does not allow", session},
	} {
		w, err := s.until(ctx, spread, is("AccessDenied"), s.listing(caller.keys))
		if err != nil {
			return err
		}
		s.note("%s: %s", caller.what, w)
	}
	return nil
}

// listing asks IAM for the users of the run, one at most.
func (f *Field) listing(keys aws.Credentials) func(context.Context) (answer, error) {
	return func(ctx context.Context) (answer, error) {
		return f.query(ctx, globalIAM(), keys, "ListUsers", url.Values{"PathPrefix": {f.path()}, "MaxItems": {"1"}})
	}
}

// narrowed makes a session of a role that may list users, with a policy that does not let it, once the others are known too.
func (s *stage) narrowed(ctx context.Context, others ...*user) (aws.Credentials, error) {
	u, err := s.makeUser(ctx, &s.Source, "denial-assumer", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return aws.Credentials{}, err
	}
	r, err := s.makeRole(ctx, "denial-session", []statement{trusting(u.arn.String())}, allow("iam:ListUsers", "*"))
	if err != nil {
		return aws.Credentials{}, err
	}
	if err := s.ready(ctx, u, r, others...); err != nil {
		return aws.Credentials{}, err
	}
	narrow, err := document(allow("iam:ListRoles", "*"))
	if err != nil {
		return aws.Credentials{}, err
	}
	return s.session(ctx, u, r, narrow)
}

// bounded makes a user that may list users but for its boundary.
func (s *stage) bounded(ctx context.Context) (*user, error) {
	boundary, err := s.makePolicy(ctx, &s.Source, "denial-boundary", allow("iam:ListRoles", "*"))
	if err != nil {
		return nil, err
	}
	u, err := s.createUser(ctx, &s.Source, "denial-bounded", boundary, nil)
	if err != nil {
		return nil, err
	}
	if err := s.give(ctx, u, allow("iam:ListUsers", "*")); err != nil {
		return nil, err
	}
	return u, s.createKey(ctx, u)
}

func (s *stage) deniedByECR(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "denial-ecr")
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	w, err := s.until(ctx, spread, is("AccessDeniedException"), func(ctx context.Context) (answer, error) {
		return s.ecr(ctx, u.key(), "GetAuthorizationToken", map[string]any{})
	})
	if err != nil {
		return err
	}
	s.note("a user without permissions asks for a token: %s", w)
	return nil
}
