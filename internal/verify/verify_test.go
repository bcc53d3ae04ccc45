package verify_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	packages "github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// outcomes is the shape of a chain: one word for each link.
func outcomes(chain verify.Chain) string {
	words := make([]string, len(chain.Proofs))
	for i, p := range chain.Proofs {
		words[i] = fmt.Sprintf("%s %s", p.Link, p.Outcome)
	}
	return strings.Join(words, ", ")
}

func mustHold(t *testing.T, chain verify.Chain) {
	t.Helper()
	if proof, broken := chain.Broken(); broken {
		t.Fatalf("the link %s is broken: %v\n%s", proof.Link, proof.Err, outcomes(chain))
	}
	if !chain.OK() {
		t.Fatalf("the chain does not hold: %s", outcomes(chain))
	}
}

func TestChainHolds(t *testing.T) {
	c := newCloud(t)
	chain := c.verify(t, verify.Input{}, verify.Config{Now: noon})
	mustHold(t, chain)
	var details []string
	for _, p := range chain.Proofs {
		details = append(details, p.Detail)
	}
	digest, err := image(t, "bundle").Digest()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"role " + roleARN + ", key " + keyID + ", Region us-west-2",
		"arn:aws:iam::999999999999:user/curated-packages-user",
		"arn:aws:sts::111111111111:assumed-role/curated-packages-role/s",
		"from ECR in us-west-2, good for 12h0m",
		"https://346438352937.dkr.ecr.us-west-2.amazonaws.com/v2/ takes the token",
		"eks-anywhere-packages-bundles:v1-31-latest is " + digest.String(),
		fmt.Sprintf("sha256:%x, 6 bytes, digest checked", sha256.Sum256([]byte("bundle"))),
	}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if got := c.seen["layer"].Get("Authorization"); got != "" {
		t.Errorf("the layer store was sent Authorization")
	}
}

func TestRoleIsAssumedAsTheFileSays(t *testing.T) {
	for sentence, test := range map[string]struct {
		extra []string
		want  map[string]string
	}{
		"without a session name one is made up, as SDKs do": {
			nil, map[string]string{"RoleSessionName": "pullpass-verify", "ExternalId": ""},
		},
		"the file's session name and external id are sent": {
			[]string{"role_session_name=store-001\n", "external_id=e-1\n"},
			map[string]string{"RoleSessionName": "store-001", "ExternalId": "e-1"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			mustHold(t, c.verify(t, verify.Input{File: contents(file(test.extra...))}, verify.Config{Now: noon}))
			got := map[string]string{"RoleSessionName": c.form["RoleSessionName"], "ExternalId": c.form["ExternalId"]}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("AssumeRole (-want +got):\n%s", diff)
			}
		})
	}
}

// TestShellHasNoInfluence puts everything into the environment that the SDKs read, each pointing somewhere wrong.
func TestShellHasNoInfluence(t *testing.T) {
	hostile := filepath.Join(t.TempDir(), "config")
	const text = "[default]\nregion=eu-central-1\nendpoint_url=http://127.0.0.1:1\naws_access_key_id=AKIAHOSTILEHOSTILE22\n" +
		"aws_secret_access_key=hostile\nuse_fips_endpoint=true\nuse_dualstack_endpoint=true\nservices=s\n" +
		"[services s]\nsts =\n  endpoint_url=http://127.0.0.1:1\necr =\n  endpoint_url=http://127.0.0.1:1\n"
	if err := os.WriteFile(hostile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": hostile, "AWS_SHARED_CREDENTIALS_FILE": hostile, "AWS_PROFILE": "nobody", "AWS_DEFAULT_PROFILE": "nobody",
		"AWS_ACCESS_KEY_ID": "AKIAHOSTILEHOSTILE22", "AWS_SECRET_ACCESS_KEY": "hostile", "AWS_SESSION_TOKEN": "hostile",
		"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:1",
		"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
		"AWS_CA_BUNDLE": hostile, "AWS_ROLE_ARN": "arn:aws:iam::888888888888:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": hostile,
		"AWS_ROLE_SESSION_NAME": "hostile", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	c := newCloud(t)
	mustHold(t, c.verify(t, verify.Input{}, verify.Config{Now: noon}))
	if got := c.form["RoleSessionName"]; got != "pullpass-verify" {
		t.Errorf("the session is called %q", got)
	}
	if got := c.seen["GetCallerIdentity"].Get("Authorization"); !strings.Contains(got, keyID) {
		t.Errorf("GetCallerIdentity was signed with another key: %s", got)
	}
}

func TestBrokenLinks(t *testing.T) {
	for sentence, test := range map[string]struct {
		operation string
		refuse    refusal
		in        verify.Input
		link      verify.Link
		side      verify.Side
		code      string
		hint      string // a part of it
	}{
		"a key that is gone is the destination's": {
			operation: "GetCallerIdentity",
			refuse:    refusal{status: 403, code: "InvalidClientTokenId", message: "The security token included in the request is invalid."},
			link:      verify.LinkIdentity, side: verify.Destination, code: "InvalidClientTokenId", hint: "pullpass apply",
		},
		"a wrong secret is the file's": {
			operation: "GetCallerIdentity",
			refuse:    refusal{status: 403, code: "SignatureDoesNotMatch", message: "The request signature we calculated does not match"},
			link:      verify.LinkIdentity, side: verify.Cluster, code: "SignatureDoesNotMatch", hint: "secret in the file",
		},
		"a wrong clock is nobody's in AWS": {
			operation: "GetCallerIdentity",
			refuse:    refusal{status: 403, code: "SignatureDoesNotMatch", message: "Signature expired: T1 is now earlier than T2 (T3 - 15 min.)"},
			link:      verify.LinkIdentity, side: verify.Network, code: "SignatureDoesNotMatch", hint: "clock",
		},
		"a refused AssumeRole may be either side's": {
			operation: "AssumeRole",
			refuse:    refusal{status: 403, code: "AccessDenied", message: "User: u is not authorized to perform: sts:AssumeRole on resource: r"},
			link:      verify.LinkRole, side: verify.SourceOrDestination, code: "AccessDenied", hint: "pullpass plan",
		},
		"a refused AssumeRole that AWS blames on the user is the destination's": {
			operation: "AssumeRole",
			refuse: refusal{status: 403, code: "AccessDenied",
				message: "User: u is not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in an identity-based policy"},
			link: verify.LinkRole, side: verify.Destination, code: "AccessDenied", hint: "pullpass apply",
		},
		"a refused AssumeRole that AWS blames on the trust is the source's": {
			operation: "AssumeRole",
			refuse: refusal{status: 403, code: "AccessDenied",
				message: "User: u is not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in the role trust policy"},
			link: verify.LinkRole, side: verify.Source, code: "AccessDenied", hint: "trust policy",
		},
		"a service control policy is the organization's of the destination": {
			operation: "AssumeRole",
			refuse: refusal{status: 403, code: "AccessDenied",
				message: "User: u is not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in a service control policy"},
			link: verify.LinkRole, side: verify.Destination, code: "AccessDenied", hint: "organization",
		},
		"a role without the right to a token is the source's": {
			operation: "GetAuthorizationToken",
			refuse:    refusal{status: 400, code: "AccessDeniedException", message: "User: s is not authorized to perform: ecr:GetAuthorizationToken"},
			link:      verify.LinkToken, side: verify.Source, code: "AccessDeniedException", hint: "ecr:GetAuthorizationToken",
		},
		"throttling is not taken for a refusal": {
			operation: "GetAuthorizationToken",
			refuse:    refusal{status: 400, code: "ThrottlingException", message: "Rate exceeded"},
			link:      verify.LinkToken, side: verify.Network, code: "ThrottlingException", hint: "try again",
		},
		"a token of another Region is the file's": {
			operation: "ping", refuse: refusal{status: 400, code: "DENIED", message: "Invalid token"},
			link: verify.LinkRegistry, side: verify.Cluster, code: "DENIED", hint: "another Region",
		},
		"a role without the right to read is the source's": {
			operation: "manifest",
			refuse: refusal{status: 403, code: "DENIED",
				message: "User: s is not authorized to perform: ecr:BatchGetImage on resource: r because no identity-based policy allows the ecr:BatchGetImage action"},
			link: verify.LinkManifest, side: verify.Source, code: "DENIED", hint: "role's policy",
		},
		"a registry that lets nobody in names the ended subscription": {
			operation: "manifest",
			refuse: refusal{status: 403, code: "DENIED",
				message: "User: s is not authorized to perform: ecr:BatchGetImage on resource: r because no resource-based policy allows the ecr:BatchGetImage action"},
			in:   verify.Input{Subscription: &verify.Subscription{ID: "sub-1", Status: "EXPIRED", Expires: noon().AddDate(0, 0, -3)}},
			link: verify.LinkManifest, side: verify.Source, code: "DENIED", hint: "subscription sub-1 has ended (status EXPIRED, 2025-12-29)",
		},
		"a refusal without a reason is blamed on a subscription that has ended": {
			operation: "manifest",
			refuse:    refusal{status: 403, code: "DENIED", message: "User: s is not authorized to perform: ecr:BatchGetImage on resource: r"},
			in:        verify.Input{Subscription: &verify.Subscription{ID: "sub-1", Status: "EXPIRED"}},
			link:      verify.LinkManifest, side: verify.Source, code: "DENIED", hint: "subscription sub-1 has ended",
		},
		"a registry that lets nobody in while the subscription lasts asks which Region it is of": {
			operation: "manifest",
			refuse: refusal{status: 403, code: "DENIED",
				message: "User: s is not authorized to perform: ecr:BatchGetImage on resource: r because no resource-based policy allows the ecr:BatchGetImage action"},
			in:   verify.Input{Subscription: &verify.Subscription{ID: "sub-1", Status: "ACTIVE", Expires: noon().AddDate(1, 0, 0)}},
			link: verify.LinkManifest, side: verify.Source, code: "DENIED", hint: "may have ended, or be of another Region",
		},
		"a missing artifact is a failure": {
			in:   verify.Input{Artifact: packages.Artifact{Repository: "harbor/harbor-helm", Tag: "latest"}},
			link: verify.LinkManifest, side: verify.Source, code: "NAME_UNKNOWN", hint: "harbor/harbor-helm:latest is not in registry account 346438352937",
		},
		"a role that may read manifests but fetch no layer is the source's": {
			operation: "blob",
			refuse: refusal{status: 403, code: "DENIED",
				message: "User: s is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: r because no identity-based policy allows the ecr:GetDownloadUrlForLayer action"},
			link: verify.LinkLayer, side: verify.Source, code: "DENIED", hint: "role's policy",
		},
		"a layer store that says no is the network's": {
			operation: "layer", refuse: refusal{status: 403, message: "proxy says no"},
			link: verify.LinkLayer, side: verify.Network, code: "HTTP 403", hint: storeHost,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			if test.operation != "" {
				c.refuse[test.operation] = test.refuse
			}
			chain := c.verify(t, test.in, verify.Config{Now: noon})
			proof, broken := chain.Broken()
			if !broken || proof.Link != test.link || chain.OK() {
				t.Fatalf("want a broken %s, got %s", test.link, outcomes(chain))
			}
			fault := proof.Fault()
			if fault == nil {
				t.Fatalf("no fault in %v", proof.Err)
			}
			if fault.Side != test.side || fault.Code != test.code {
				t.Errorf("got side %q, code %q for %v; want %q, %q", fault.Side, fault.Code, proof.Err, test.side, test.code)
			}
			if !strings.Contains(fault.Hint, test.hint) {
				t.Errorf("the hint %q does not say %q", fault.Hint, test.hint)
			}
			checkRest(t, chain, test.link)
		})
	}
}

// checkRest wants the links before the broken one passed, those after it not reached.
func checkRest(t *testing.T, chain verify.Chain, broken verify.Link) {
	t.Helper()
	want := verify.Passed
	for _, p := range chain.Proofs {
		if p.Link == broken {
			want = verify.NotReached
			continue
		}
		if p.Outcome != want {
			t.Errorf("the link %s is %s; want %s", p.Link, p.Outcome, want)
		}
	}
}

func TestFileIsReadStrictly(t *testing.T) {
	for sentence, test := range map[string]struct {
		file func(context.Context) ([]byte, error)
		want error
	}{
		"a file that is not there": {verify.ReadFile(filepath.Join(t.TempDir(), "aws-config")), os.ErrNotExist},
		"another Region than the registry's": {
			contents(strings.Replace(file(), "us-west-2", "us-east-1", 1)), verify.ErrOtherRegion,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			before := c.requests
			chain := c.verify(t, verify.Input{File: test.file}, verify.Config{Now: noon})
			proof, broken := chain.Broken()
			if !broken || proof.Link != verify.LinkConfig || !errors.Is(proof.Err, test.want) {
				t.Fatalf("got %s: %v; want %v", outcomes(chain), proof.Err, test.want)
			}
			if c.requests != before {
				t.Errorf("AWS was asked all the same")
			}
		})
	}
}

func TestSwappedKeyIsNotQuoted(t *testing.T) {
	c := newCloud(t)
	swapped := strings.NewReplacer(keyID, secret, secret, keyID).Replace(file())
	proof, broken := c.verify(t, verify.Input{File: contents(swapped)}, verify.Config{Now: noon}).Broken()
	if !broken || proof.Link != verify.LinkConfig {
		t.Fatalf("a file whose key halves are swapped was taken")
	}
	if text := proof.Err.Error() + proof.Fault().Hint; strings.Contains(text, secret) {
		t.Errorf("the error shows the secret")
	}
}

func TestLayerBytesAreChecked(t *testing.T) {
	for sentence, corrupt := range map[string]func([]byte) []byte{
		"other bytes of the same number": func(b []byte) []byte { return []byte(strings.ToUpper(string(b))) },
		"fewer bytes":                    func(b []byte) []byte { return b[1:] },
		"more bytes":                     func(b []byte) []byte { return append(b, '!') },
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			c.corrupt = corrupt
			proof, broken := c.verify(t, verify.Input{}, verify.Config{Now: noon}).Broken()
			if !broken || proof.Link != verify.LinkLayer || !errors.Is(proof.Err, verify.ErrOtherBytes) {
				t.Errorf("got %s: %v", proof.Link, proof.Err)
			}
		})
	}
}

func TestALayerIsFetchedAgainAsOftenAsAnythingElse(t *testing.T) {
	const attempts = 4
	for sentence, test := range map[string]struct {
		at    int // how many bytes come before the layer store hangs up
		times int
		want  int // fetches
		holds bool
	}{
		"it breaks off twice":                 {at: 2, times: 2, want: 3, holds: true},
		"it breaks off each time":             {at: 2, times: 100, want: attempts},
		"the store hangs up twice":            {at: 0, times: 2, want: 3, holds: true},
		"the store hangs up on whoever comes": {at: 0, times: 100, want: attempts},
	} {
		t.Run(sentence, func(t *testing.T) {
			c, at := newCloud(t), clock{now: noon()}
			fetches := 0
			c.cut = func(sent int) bool {
				if sent == 0 {
					fetches++
				}
				return sent == test.at && fetches <= test.times
			}
			chain := c.verify(t, verify.Input{}, verify.Config{Now: at.Now, Wait: at.Wait, Attempts: attempts})
			if proof, broken := chain.Broken(); broken == test.holds || broken && proof.Fault().Side != verify.Network {
				t.Errorf("the link %s of side %v is broken: %v", proof.Link, proof.Fault(), proof.Err)
			}
			if fetches != test.want {
				t.Errorf("fetched %d times, want %d", fetches, test.want)
			}
		})
	}
}

// boastful is a layer that claims a byte more than it has.
type boastful struct{ v1.Layer }

func (b boastful) Size() (int64, error) {
	size, err := b.Layer.Size()
	return size + 1, err
}

func TestLayerSizeIsChecked(t *testing.T) {
	c := newCloud(t)
	img, err := mutate.AppendLayers(empty.Image, boastful{static.NewLayer([]byte("bundle"), types.OCILayer)})
	if err != nil {
		t.Fatal(err)
	}
	c.push(t, packages.Probe(), img)
	proof, broken := c.verify(t, verify.Input{}, verify.Config{Now: noon}).Broken()
	if !broken || proof.Link != verify.LinkLayer || !errors.Is(proof.Err, verify.ErrOtherBytes) {
		t.Errorf("got %s: %v", proof.Link, proof.Err)
	}
}

func TestIndexIsFollowedToAnImage(t *testing.T) {
	c := newCloud(t)
	artifact := packages.Artifact{Repository: "metallb/metallb", Tag: "latest"}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image(t, "a longer layer", "short")})
	if err := remote.WriteIndex(c.reference(t, artifact), index, c.asPusher()...); err != nil {
		t.Fatal(err)
	}
	chain := c.verify(t, verify.Input{Artifact: artifact}, verify.Config{Now: noon})
	mustHold(t, chain)
	if got := chain.Proofs[len(chain.Proofs)-1].Detail; !strings.Contains(got, " 5 bytes") {
		t.Errorf("the smallest layer has 5 bytes, proven was %s", got)
	}
}

func TestPatience(t *testing.T) {
	const unknown, denied = "InvalidClientTokenId", "AccessDenied"
	for sentence, test := range map[string]struct {
		refuse       map[string]refusal
		fresh        bool
		subscription *verify.Subscription
		patience     time.Duration
		broken       verify.Link
		took         time.Duration // of the whole chain
	}{
		"a fresh key that AWS does not know yet is waited for": {
			refuse: map[string]refusal{"GetCallerIdentity": {status: 403, code: unknown, times: 3}},
			fresh:  true, took: 1*time.Second + 2*time.Second + 4*time.Second,
		},
		"an old key that AWS does not know is not": {
			refuse: map[string]refusal{"GetCallerIdentity": {status: 403, code: unknown, times: 1}},
			broken: verify.LinkIdentity,
		},
		"a wrong secret does not mend by waiting": {
			refuse: map[string]refusal{"GetCallerIdentity": {status: 403, code: "SignatureDoesNotMatch", times: 1}},
			fresh:  true, broken: verify.LinkIdentity,
		},
		"one patience is for the whole chain": {
			refuse: map[string]refusal{
				"GetCallerIdentity": {status: 403, code: unknown, times: 3},
				"AssumeRole":        {status: 403, code: denied},
			},
			fresh: true, patience: 10 * time.Second, broken: verify.LinkRole, took: 7*time.Second + 1*time.Second + 2*time.Second,
		},
		"nothing is waited for once the subscription has ended": {
			refuse:       map[string]refusal{"manifest": {status: 403, code: "DENIED"}},
			subscription: &verify.Subscription{ID: "s", Status: "EXPIRED"},
			fresh:        true, broken: verify.LinkManifest,
		},
		"a role's fresh policy is waited for, down to the manifest": {
			refuse: map[string]refusal{
				"GetAuthorizationToken": {status: 400, code: "AccessDeniedException", times: 1},
				"manifest":              {status: 403, code: "DENIED", times: 2},
			},
			fresh: true, took: 1*time.Second + 3*time.Second,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCloud(t)
			c.refuse = test.refuse
			watch := &clock{now: noon()}
			cfg := verify.Config{Now: watch.Now, Wait: watch.Wait, Patience: test.patience}
			chain := c.verify(t, verify.Input{Fresh: test.fresh, Subscription: test.subscription}, cfg)
			if proof, _ := chain.Broken(); proof.Link != test.broken {
				t.Errorf("broken is %q: %v; want %q", proof.Link, proof.Err, test.broken)
			}
			if got := watch.now.Sub(noon()); got != test.took {
				t.Errorf("waited %s; want %s", got, test.took)
			}
		})
	}
}

func TestUnreachableHostIsTheNetworks(t *testing.T) {
	refused := errors.New("connection refused")
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused },
	}}
	chain := verify.Verify(t.Context(), verify.Input{File: contents(file()), Registry: wanted()},
		verify.Config{HTTPClient: client, Now: noon, Attempts: 1})
	proof, broken := chain.Broken()
	if !broken || proof.Link != verify.LinkIdentity || proof.Fault().Side != verify.Network || !errors.Is(proof.Err, refused) {
		t.Errorf("got %s: %v", outcomes(chain), proof.Err)
	}
}

func TestHostThatNeverAnswersIsTheNetworks(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
	chain := verify.Verify(t.Context(), verify.Input{File: contents(file()), Registry: wanted()},
		verify.Config{HTTPClient: client, Now: noon, Attempts: 1, Patience: 1, Timeout: time.Millisecond})
	proof, broken := chain.Broken()
	if !broken || proof.Link != verify.LinkIdentity || proof.Fault().Side != verify.Network ||
		!strings.Contains(proof.Fault().Hint, "cut short") {
		t.Errorf("got %s: %v", outcomes(chain), proof.Err)
	}
}

func TestSubscriptionIsSpokenOf(t *testing.T) {
	for sentence, test := range map[string]struct {
		subscription *verify.Subscription
		want         []string
	}{
		"nothing is known":          {nil, nil},
		"months to go":              {&verify.Subscription{ID: "s", Status: "ACTIVE", Expires: noon().AddDate(0, 2, 0)}, nil},
		"renewed by itself":         {&verify.Subscription{ID: "s", Status: "ACTIVE", Expires: noon().AddDate(0, 0, 7), AutoRenew: true}, nil},
		"a week to go":              {&verify.Subscription{ID: "s", Status: "ACTIVE", Expires: noon().AddDate(0, 0, 7)}, []string{"subscription s is about to end (status ACTIVE, 2026-01-08); pulls stop working then"}},
		"EKS says expiring":         {&verify.Subscription{ID: "s", Status: "EXPIRING"}, []string{"subscription s is about to end (status EXPIRING); pulls stop working then"}},
		"past its date":             {&verify.Subscription{ID: "s", Status: "ACTIVE", Expires: noon()}, []string{"subscription s has ended (status ACTIVE, 2026-01-01)"}},
		"EKS says that it is ended": {&verify.Subscription{ID: "s", Status: "EXPIRED"}, []string{"subscription s has ended (status EXPIRED)"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			chain := newCloud(t).verify(t, verify.Input{Subscription: test.subscription}, verify.Config{Now: noon})
			if diff := cmp.Diff(test.want, chain.Notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}
