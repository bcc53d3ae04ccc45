package verify_test

import (
	stdcmp "cmp"
	"context"
	"errors"
	"io"
	"log"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/pullpass/pullpass/internal/verify"
)

// operationOf is what a way in is tried with.
func operationOf(way verify.Way) string {
	return map[verify.Way]string{verify.WayKey: "AssumeRole", verify.WaySession: "GetAuthorizationToken", verify.WayToken: "manifest"}[way]
}

// refusalOf is how AWS refuses a way in once it is revoked.
func refusalOf(way verify.Way) refusal {
	return map[verify.Way]refusal{
		verify.WayKey:     {status: 403, code: "InvalidClientTokenId", message: "The security token included in the request is invalid."},
		verify.WaySession: {status: 400, code: "AccessDeniedException", message: "User: x is not authorized to perform: ecr:GetAuthorizationToken on resource: * with an explicit deny in an identity-based policy"},
		verify.WayToken:   {status: 403, code: "DENIED", message: "User: x is not authorized to perform: ecr:BatchGetImage on resource: y with an explicit deny in an identity-based policy"},
	}[way]
}

// mint takes the pass of a delivered file. At is what happens when it is waited for the nth time, from 1.
func (c *cloud) mint(t *testing.T, text string, at map[int]func()) (*verify.Pass, *clock) {
	t.Helper()
	time := &clock{now: noon()}
	return verify.Mint(t.Context(), verify.Input{File: contents(text), Registry: wanted()}, verify.Config{
		HTTPClient: c.client(), Attempts: 1, Now: time.Now, Wait: time.then(at),
	}), time
}

// then waits, and does what is to happen after the nth wait.
func (c *clock) then(at map[int]func()) func(context.Context, time.Duration) error {
	n := 0
	return func(ctx context.Context, d time.Duration) error {
		if n++; at[n] != nil {
			at[n]()
		}
		return errors.Join(c.Wait(ctx, d), ctx.Err())
	}
}

func (c *cloud) set(operation string, r refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse[operation] = r
}

func (c *cloud) allow(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refuse, operation)
}

func TestAWayInIsClosedWhenItIsRefusedThreeTimesInARow(t *testing.T) {
	for _, way := range verify.Ways() {
		for sentence, test := range map[string]struct {
			at   func(*cloud) map[int]func()
			want verify.Refusal
		}{
			"at once": {func(*cloud) map[int]func() { return nil }, verify.Refusal{Refused: true}},
			"once AWS knows it everywhere": {func(c *cloud) map[int]func() {
				c.allow(operationOf(way))
				return map[int]func(){5: func() { c.set(operationOf(way), refusalOf(way)) }}
			}, verify.Refusal{Refused: true, After: 5 * time.Second}},
			"not as long as one server refuses and another does not": {func(c *cloud) map[int]func() {
				return map[int]func(){
					2: func() { c.allow(operationOf(way)) },
					3: func() { c.set(operationOf(way), refusalOf(way)) },
				}
			}, verify.Refusal{Refused: true, After: 3 * 200 * time.Millisecond}},
		} {
			t.Run(string(way)+" "+sentence, func(t *testing.T) {
				c := newCloud(t)
				at := map[int]func(){}
				pass, _ := c.mint(t, file(), at)
				if err := pass.Missing(way); err != nil {
					t.Fatal(err)
				}
				c.set(operationOf(way), refusalOf(way))
				for n, do := range test.at(c) {
					at[n] = do
				}
				got := pass.AwaitRefusal(t.Context(), way, noon())
				test.want.Way, test.want.Code = way, refusalOf(way).code
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestWhatIsNoRefusal(t *testing.T) {
	for sentence, test := range map[string]struct {
		way    verify.Way
		refuse refusal
		// open says that it is known to be open.
		open bool
	}{
		"a key that assumes the role":                     {way: verify.WayKey, open: true},
		"a session that gets a token":                     {way: verify.WaySession, open: true},
		"a token that pulls":                              {way: verify.WayToken, open: true},
		"a session that has expired":                      {way: verify.WaySession, refuse: refusal{status: 400, code: "ExpiredTokenException", message: "The security token included in the request is expired"}},
		"a registry token that has expired":               {way: verify.WayToken, refuse: refusal{status: 403, code: "DENIED", message: "Your authorization token has expired. Reauthenticate and try again."}},
		"an artifact that is gone":                        {way: verify.WayToken, refuse: refusal{status: 404, code: "NAME_UNKNOWN", message: "The repository with name 'x' does not exist"}},
		"a wrong clock":                                   {way: verify.WayKey, refuse: refusal{status: 403, code: "SignatureDoesNotMatch", message: "Signature expired: now is earlier"}},
		"a registry that fails":                           {way: verify.WayToken, refuse: refusal{status: 500, code: "INTERNAL", message: "oh"}},
		"too many calls":                                  {way: verify.WaySession, refuse: refusal{status: 400, code: "ThrottlingException", message: "Rate exceeded"}},
		"a key whose calls STS refuses for another cause": {way: verify.WayKey, refuse: refusal{status: 403, code: "RegionDisabledException", message: "STS is not activated in this region"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			pass, time := c.mint(t, file(), nil)
			if test.refuse.status != 0 {
				c.set(operationOf(test.way), test.refuse)
			}
			got := pass.AwaitRefusal(t.Context(), test.way, noon())
			if got.Refused || got.Err == nil || errors.Is(got.Err, verify.ErrStillOpen) != test.open {
				t.Errorf("it counts as %+v", got)
			}
			if waited := time.now.Sub(noon()); waited.Minutes() < 5 {
				t.Errorf("patience ended after %s", waited)
			}
		})
	}
}

// What was never open is not shown to be closed by being refused.
func TestWhatCouldNotBeTakenIsNotTried(t *testing.T) {
	for sentence, test := range map[string]struct {
		text    string
		refuse  string
		code    string
		missing []verify.Way
	}{
		"all is there":                        {text: file()},
		"a file that is none":                 {text: "no file", missing: verify.Ways()},
		"a key that is inactive already":      {text: file(), refuse: "AssumeRole", code: "InvalidClientTokenId", missing: []verify.Way{verify.WaySession, verify.WayToken}},
		"a key that the role does not let in": {text: file(), refuse: "AssumeRole", code: "AccessDenied", missing: verify.Ways()},
		"a session that is denied already":    {text: file(), refuse: "GetAuthorizationToken", missing: []verify.Way{verify.WaySession, verify.WayToken}},
		"a token that does not pull":          {text: file(), refuse: "manifest", missing: []verify.Way{verify.WayToken}},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			if test.refuse != "" {
				c.set(test.refuse, refusal{status: 403, code: stdcmp.Or(test.code, "DENIED"), message: "no"})
			}
			pass, _ := c.mint(t, test.text, nil)
			var missing []verify.Way
			for _, way := range verify.Ways() {
				if err := pass.Missing(way); err != nil {
					missing = append(missing, way)
					before := c.requests
					if got := pass.AwaitRefusal(t.Context(), way, noon()); got.Refused || !errors.Is(got.Err, verify.ErrNoPass) || c.requests != before {
						t.Errorf("%s: %+v after %d requests", way, got, c.requests-before)
					}
				}
			}
			if diff := cmp.Diff(test.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEndedContextEndsTheTrying(t *testing.T) {
	c := newCloud(t)
	pass, _ := c.mint(t, file(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := pass.AwaitRefusal(ctx, verify.WayToken, noon()); got.Refused || got.Err == nil || errors.Is(got.Err, verify.ErrStillOpen) {
		t.Errorf("it counts as %+v", got)
	}
}

// GetCallerIdentity proves nothing: it ignores denies.
func TestGetCallerIdentityIsNotAsked(t *testing.T) {
	c := newCloud(t)
	c.store = registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	pass, _ := c.mint(t, file(), nil)
	c.set("AssumeRole", refusalOf(verify.WayKey))
	if got := pass.AwaitRefusal(t.Context(), verify.WayKey, noon()); !got.Refused {
		t.Errorf("it counts as %+v", got)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen["GetCallerIdentity"] != nil {
		t.Error("STS was asked who the key is")
	}
}
