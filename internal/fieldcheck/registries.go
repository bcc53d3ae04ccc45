package fieldcheck

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// registryChecks are about the registry's own protocol.
func registryChecks() []Check {
	return []Check{
		{
			ID: "registry/challenge", Mark: Seen, run: (*stage).challenge,
			Assumption: "Without credentials, or with bad ones, the registry answers 401 with a Basic challenge that names the " +
				"host and the service, and the body Not Authorized.",
		},
		{
			ID: "registry/other-region", Mark: Seen, run: (*stage).otherRegion,
			Assumption: "A token of another Region is 400.",
		},
		{
			ID: "registry/expired", Mark: Seen, run: (*stage).expired,
			Assumption: "An expired token is 403 DENIED, without a challenge.",
		},
		{
			ID: "registry/missing", Mark: Seen, run: (*stage).missing,
			Assumption: "A missing repository is 404 NAME_UNKNOWN, a missing image 404 MANIFEST_UNKNOWN; BatchGetImage puts " +
				"missing images into failures.",
		},
		{
			ID: "registry/denied", Mark: Seen, run: (*stage).deniedPull,
			Assumption: "A pull that the repository's side does not allow is 403 DENIED with IAM's sentence.",
		},
		{
			ID: "registry/redirect", Mark: Seen, run: (*stage).redirect,
			Assumption: "A layer is 307 to another host, which takes the address alone, and answers 400 to a forwarded Authorization.",
		},
		{
			ID: "registry/token-end", Mark: Inferred, run: (*stage).tokenEnd,
			Assumption: "A token ends with the key that asked for it: once that is inactive, the registry refuses it.",
		},
	}
}

// own is the address of the source's private registry.
func (f *Field) own() string {
	return "https://" + registry.Registry{Account: f.Source.Account, Region: f.Region}.Host() + "/v2/"
}

// packages is the packages registry of the Region, if there is one.
func (f *Field) packages() (registry.Registry, bool) {
	r, err := registry.ForRegion(f.Region)
	return r, err == nil
}

func (s *stage) challenge(ctx context.Context) error {
	for _, attempt := range []struct{ what, authorization string }{
		{"without credentials", ""},
		{"with bad credentials", "Basic " + base64.StdEncoding.EncodeToString([]byte("AWS:fieldcheck"))},
	} {
		got, err := s.get(ctx, s.own(), attempt.authorization)
		if err != nil {
			return err
		}
		s.note("%s: %s", attempt.what, got)
		for _, name := range []string{"Www-Authenticate", "Docker-Distribution-Api-Version"} {
			s.note("%s, %s: %s", attempt.what, name, got.header.Get(name))
		}
	}
	return nil
}

func (s *stage) otherRegion(ctx context.Context) error {
	other := arn.Region("us-east-1")
	if s.Region == other {
		other = "us-west-2"
	}
	u, err := s.puller(ctx)
	if err != nil {
		return err
	}
	token, err := s.token(ctx, u.key(), other)
	if err != nil {
		return err
	}
	got, err := s.get(ctx, s.own(), token)
	if err != nil {
		return err
	}
	s.note("a token of another Region: %s", got)
	return nil
}

// expired is not waited for.
func (s *stage) expired(context.Context) error {
	return notSeen("a token lives for twelve hours; this check does not wait for its end")
}

func (s *stage) missing(ctx context.Context) error {
	r, err := s.repository(ctx)
	if err != nil {
		return err
	}
	u, err := s.puller(ctx)
	if err != nil {
		return err
	}
	token, err := s.token(ctx, u.key(), s.Region)
	if err != nil {
		return err
	}
	for _, m := range []struct{ what, path string }{
		{"a missing repository", repositoryPrefix(s.path()) + "absent/manifests/probe"},
		{"a missing image", r.name + "/manifests/absent"},
	} {
		got, err := s.get(ctx, s.own()+m.path, token)
		if err != nil {
			return err
		}
		s.note("%s: %s", m.what, got)
	}
	got, err := s.ecr(ctx, u.key(), "BatchGetImage", map[string]any{
		"repositoryName": r.name, "imageIds": []map[string]string{{"imageTag": "absent"}},
	})
	if err != nil {
		return err
	}
	s.note("BatchGetImage of a missing image: %s", got)
	var out struct {
		Failures []struct{ FailureCode, FailureReason string }
	}
	if err := json.Unmarshal(got.body, &out); err != nil {
		return fmt.Errorf("reading the answer of BatchGetImage: %w", err)
	}
	for _, failure := range out.Failures {
		s.note("BatchGetImage's failure: %s: %s", failure.FailureCode, failure.FailureReason)
	}
	return nil
}

// deniedPull pulls as the destination, to which neither the source's repository nor the packages registry is open.
func (s *stage) deniedPull(ctx context.Context) error {
	r, err := s.repository(ctx)
	if err != nil {
		return err
	}
	u, err := s.makeUser(ctx, &s.Destination, "registry-stranger", s.pulling()...)
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	token, err := s.token(ctx, u.key(), s.Region)
	if err != nil {
		return err
	}
	got, err := s.get(ctx, s.own()+r.name+"/manifests/"+r.tag, token)
	if err != nil {
		return err
	}
	s.note("from the source's registry: %s", got)
	packages, ok := s.packages()
	if !ok {
		return nil
	}
	probe := registry.Probe()
	got, err = s.get(ctx, "https://"+packages.Host()+"/v2/"+probe.Repository+"/manifests/"+probe.Tag, token)
	if err != nil {
		return err
	}
	s.note("from the packages registry: %s", got)
	return nil
}

func (s *stage) redirect(ctx context.Context) error {
	r, err := s.repository(ctx)
	if err != nil {
		return err
	}
	u, err := s.puller(ctx)
	if err != nil {
		return err
	}
	token, err := s.token(ctx, u.key(), s.Region)
	if err != nil {
		return err
	}
	got, err := s.get(ctx, s.own()+r.name+"/blobs/"+r.layer, token)
	if err != nil {
		return err
	}
	s.note("a layer: %s", got)
	location := got.header.Get("Location")
	if location == "" {
		return nil
	}
	to, err := url.Parse(location)
	if err != nil {
		return fmt.Errorf("reading where the layer is: %w", err)
	}
	s.note("it leads to the host %s", to.Host)
	for _, with := range []struct{ what, authorization string }{{"the address alone", ""}, {"a forwarded Authorization", token}} {
		got, err := s.get(ctx, location, with.authorization)
		if err != nil {
			return err
		}
		s.note("%s: %s", with.what, got)
	}
	return nil
}

// tokenEnd waits for the end of a token: of its answer to /v2/, which takes no permission, and of a pull.
func (s *stage) tokenEnd(ctx context.Context) error {
	r, err := s.repository(ctx)
	if err != nil {
		return err
	}
	u, err := s.makeUser(ctx, &s.Source, "registry-token", s.pulling()...)
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	token, err := s.token(ctx, u.key(), s.Region)
	if err != nil {
		return err
	}
	pull := s.own() + r.name + "/manifests/" + r.tag
	if err := s.noteToken(ctx, "while the key is active", token, pull, answer.ok, spread); err != nil {
		return err
	}
	if err := s.deactivate(ctx, u); err != nil {
		return err
	}
	refused := func(a answer) bool { return !a.ok() }
	if err := s.noteToken(ctx, "once the key is inactive", token, pull, refused, s.Patience); err != nil {
		return err
	}
	if err := s.administer(ctx, func(ctx context.Context) error { return unlessGone(deleteUser(ctx, u.side.IAM, u.name)) }); err != nil {
		return fmt.Errorf("deleting user %s: %w", *u.name, err)
	}
	return s.noteToken(ctx, "once key and user are deleted", token, pull, refused, s.Patience)
}

func (s *stage) noteToken(ctx context.Context, when, token, pull string, wanted func(answer) bool, limit time.Duration) error {
	for _, q := range []struct{ what, address string }{{"/v2/", s.own()}, {"a pull", pull}} {
		w, err := s.until(ctx, limit, wanted, func(ctx context.Context) (answer, error) { return s.get(ctx, q.address, token) })
		if err != nil {
			return err
		}
		s.note("%s, %s: %s", when, q.what, w)
		s.measure("%s, %s: after %s, of %s at most", when, q.what, w.took, limit)
	}
	return nil
}
