package fieldcheck

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// propagationChecks are about the time until what was made is known.
func propagationChecks() []Check {
	return []Check{
		{
			ID: "propagation/key", Mark: Seen, run: (*stage).newKey,
			Assumption: "A new key is InvalidClientTokenId, and nothing else, for 15 seconds at most.",
		},
		{
			ID: "propagation/principal", Mark: Seen, run: (*stage).newPrincipal,
			Assumption: "A new user is an Invalid principal of a trust, and nothing else, for 30 seconds at most.",
		},
		{
			ID: "propagation/policy", Mark: Seen, run: (*stage).newPolicy,
			Assumption: "A new policy cannot be attached yet (NoSuchEntity), a new attachment does not count yet (AccessDenied); " +
				"for 30 seconds each at most, and nothing else is said.",
		},
	}
}

// noteSpread notes how something new came to be known.
func (s *stage) noteSpread(what string, w waited, within time.Duration, only string) {
	s.measure("%s: after %s; before: %s", what, w.took, strings.Join(append(w.before, w.String()), ", "))
	if odd := slices.DeleteFunc(slices.Clone(w.before), func(code string) bool { return code == only }); len(odd) > 0 {
		s.note("%s: before it was known it was also %s", what, strings.Join(odd, ", "))
		return
	}
	if !w.came {
		s.note("%s: not known in the end: %s", what, w)
		return
	}
	if w.took > within {
		s.note("%s: known later than %s", what, within)
		return
	}
	s.note("%s: known within %s; before it was %s, if anything", what, within, only)
}

func (s *stage) newKey(ctx context.Context) error {
	u, err := s.createUser(ctx, &s.Source, "new-key", "", nil)
	if err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.createKey(ctx, u); err != nil {
		return err
	}
	w, err := s.until(ctx, 2*spread, answer.ok, s.asked(u.key())[0].ask)
	if err != nil {
		return err
	}
	s.noteSpread("a new key", w, 15*time.Second, "InvalidClientTokenId")
	return nil
}

func (s *stage) newPrincipal(ctx context.Context) error {
	u, err := s.createUser(ctx, &s.Destination, "new-principal", "", nil)
	if err != nil {
		return err
	}
	trust, err := document(trusting(u.arn.String()))
	if err != nil {
		return err
	}
	w, err := s.until(ctx, 2*spread, func(a answer) bool { return a.ok() || a.refused("EntityAlreadyExists") },
		func(ctx context.Context) (answer, error) { return s.tryRole(ctx, "new-principal", trust) })
	if err != nil {
		return err
	}
	s.noteSpread("a new user in a trust", w, 30*time.Second, "MalformedPolicyDocument")
	return nil
}

func (s *stage) newPolicy(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "new-policy")
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	policy, err := s.makePolicy(ctx, &s.Source, "new-policy", allow("iam:ListUsers", "*"))
	if err != nil {
		return err
	}
	admin, err := s.Source.Keys(ctx)
	if err != nil {
		return err
	}
	attached, err := s.until(ctx, 2*spread, answer.ok, func(ctx context.Context) (answer, error) {
		return s.query(ctx, globalIAM(), admin, "AttachUserPolicy", url.Values{"UserName": {*u.name}, "PolicyArn": {policy}})
	})
	if err != nil {
		return err
	}
	s.noteSpread("a new policy, attached", attached, 30*time.Second, "NoSuchEntity")
	counts, err := s.until(ctx, 2*spread, answer.ok, s.listing(u.key()))
	if err != nil {
		return err
	}
	s.noteSpread("a new attachment", counts, 30*time.Second, "AccessDenied")
	return nil
}
