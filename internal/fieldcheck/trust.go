package fieldcheck

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
)

// trustChecks are about what a role's trust policy may hold, and what becomes of it.
func trustChecks() []Check {
	return []Check{
		{
			ID: "trust/unique-id", Mark: Documented, run: (*stage).uniqueID,
			Assumption: "A trust shows a user's unique id once the user is deleted; a new user of the same name is not trusted.",
		},
		{
			ID: "trust/absent-principal", Mark: Seen, run: (*stage).absentPrincipal,
			Assumption: "A trust that names a user who does not exist is 400 MalformedPolicyDocument, Invalid principal.",
		},
		{
			ID: "trust/size", Mark: Computed, run: (*stage).trustSize,
			Assumption: "A trust of 2,048 characters without white space fits, one of 2,049 is 409 LimitExceeded for " +
				"ACLSizePerRole; white space does not count.",
		},
	}
}

func (s *stage) uniqueID(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Destination, "trust-user", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return err
	}
	r, err := s.makeRole(ctx, "trust-role", []statement{trusting(u.arn.String())})
	if err != nil {
		return err
	}
	if err := s.ready(ctx, u, r); err != nil {
		return err
	}
	if err := s.noteTrusted(ctx, "while the user is there", r, u.arn.String()); err != nil {
		return err
	}
	if err := s.administer(ctx, func(ctx context.Context) error { return unlessGone(deleteUser(ctx, u.side.IAM, u.name)) }); err != nil {
		return fmt.Errorf("deleting user %s: %w", *u.name, err)
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.noteTrusted(ctx, "once the user is deleted", r, u.id); err != nil {
		return err
	}
	again, err := s.createUser(ctx, &s.Destination, "trust-user", "", u)
	if err != nil {
		return err
	}
	return s.stranger(ctx, again, r, u.id)
}

// stranger looks at a user of the name that a role trusted before.
func (s *stage) stranger(ctx context.Context, again *user, r *role, former string) error {
	if err := s.give(ctx, again, allow("sts:AssumeRole", s.pathOf(&s.Source))); err != nil {
		return err
	}
	if err := s.createKey(ctx, again); err != nil {
		return err
	}
	if err := s.known(ctx, again); err != nil {
		return err
	}
	if err := s.noteTrusted(ctx, "once there is another user of the name", r, former); err != nil {
		return err
	}
	got, err := s.assume(ctx, again.key(), r.arn, "")
	if err != nil {
		return err
	}
	s.note("the other user assumes the role: %s", got)
	return nil
}

// noteTrusted notes whom a role trusts. IAM may show for a while who was trusted before.
func (s *stage) noteTrusted(ctx context.Context, when string, r *role, expected string) error {
	w, err := s.until(ctx, 2*spread, func(a answer) bool { return a.message == expected }, func(ctx context.Context) (answer, error) {
		out, err := r.side.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: r.name})
		if err != nil {
			return answer{}, unlessGone(err)
		}
		trusted, err := principalOf(aws.ToString(out.Role.AssumeRolePolicyDocument))
		return answer{message: trusted}, err
	})
	if err != nil {
		return err
	}
	s.note("%s the trust names %s", when, w.message)
	return nil
}

// principalOf reads the one principal of a trust as IAM gives it: escaped as in a URL (API_GetRole).
func principalOf(escaped string) (string, error) {
	text, err := url.PathUnescape(escaped)
	if err != nil {
		return "", fmt.Errorf("reading a trust policy: %w", err)
	}
	var trust struct {
		Statement []struct{ Principal struct{ AWS any } }
	}
	if err := json.Unmarshal([]byte(text), &trust); err != nil {
		return "", fmt.Errorf("reading a trust policy: %w", err)
	}
	var named []string
	for _, s := range trust.Statement {
		named = append(named, strings.Trim(fmt.Sprint(s.Principal.AWS), "[]"))
	}
	return strings.Join(named, " "), nil
}

func (s *stage) absentPrincipal(ctx context.Context) error {
	absent := arn.IAM(s.Destination.Account, "user", s.path(), *s.named("trust-absent"))
	trust, err := document(trusting(absent.String()))
	if err != nil {
		return err
	}
	got, err := s.tryRole(ctx, "trust-absent", trust)
	if err != nil {
		return err
	}
	s.note("the trust names nobody: %s", got)
	return nil
}

// tryRole asks for a role with the text of a trust, whatever comes of it.
func (s *stage) tryRole(ctx context.Context, what, trust string) (answer, error) {
	admin, err := s.Source.Keys(ctx)
	if err != nil {
		return answer{}, err
	}
	return s.query(ctx, globalIAM(), admin, "CreateRole", url.Values{
		"RoleName": {*s.named(what)}, "Path": {s.path()}, "AssumeRolePolicyDocument": {trust},
		"Tags.member.1.Key": {Tag}, "Tags.member.1.Value": {s.run},
	})
}

// trustQuota is the quota in characters that every account begins with (IAM User Guide, "IAM and AWS STS quotas"); an
// account where it was raised differs here.
const trustQuota = 2048

func (s *stage) trustSize(ctx context.Context) error {
	for _, size := range []struct {
		what, name    string
		length        int
		before, after string
	}{
		{"2,048 characters", "trust-fits", trustQuota, "", ""},
		{"2,048 characters and white space", "trust-spaced", trustQuota, strings.Repeat(" \n", 20), strings.Repeat("\t", 20)},
		{"2,049 characters", "trust-exceeds", trustQuota + 1, "", ""},
	} {
		trust, err := s.padded(size.length)
		if err != nil {
			return err
		}
		got, err := s.tryRole(ctx, size.name, size.before+trust+size.after)
		if err != nil {
			return err
		}
		if got.refused("EntityAlreadyExists") { // The answer to an earlier attempt was lost.
			got = answer{status: 200}
		}
		s.note("%s: %s", size.what, got)
	}
	return nil
}

// padded writes a trust of exactly so many characters: external ids of any length that IAM allows fill it.
func (s *stage) padded(length int) (string, error) {
	const longest = 1000 // of an external id; 1,224 are allowed (API_AssumeRole)
	filled := trusting(s.root(&s.Source))
	ids := []string{"xx", "xx", "xx"}
	filled.Condition = map[string]map[string][]string{"StringEquals": {"sts:ExternalId": ids}}
	text, err := document(filled)
	if err != nil {
		return "", err
	}
	missing := length - len(text)
	for i := range ids {
		more := min(missing, longest)
		ids[i] += strings.Repeat("x", more)
		missing -= more
	}
	return document(filled)
}
