package verify_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/verify"
)

// working is a view of a cluster in which everything is as it should be.
func working() verify.View {
	return verify.View{
		Secret:     told(verify.Mistakes{}),
		Controller: told(verify.Controller{Installed: true, Written: noon(), Started: []time.Time{noon().Add(time.Second)}}),
		MirrorCredential: told([]byte(fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, wanted().Host(),
			base64.StdEncoding.EncodeToString([]byte("AWS:"+token))))),
		Settings: told(verify.Settings{State: "active"}),
		Packages: told([]verify.Package{{Name: "hello", State: "installed"}, {Name: "harbor", State: "installing"}}),
	}
}

func told[T any](value T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return value, nil }
}

func untold[T any](err error) func(context.Context) (T, error) {
	return func(context.Context) (value T, _ error) { return value, err }
}

func controller(change func(*verify.Controller)) func(*verify.View) {
	return func(v *verify.View) {
		c := verify.Controller{Installed: true, Written: noon(), Started: []time.Time{noon().Add(time.Second)}}
		change(&c)
		v.Controller = told(c)
	}
}

func TestTheLinksBeyondTheCredential(t *testing.T) {
	forbidden := errors.New("refused: pods is forbidden")
	early := []time.Time{noon().Add(time.Hour), noon().Add(-time.Second)}
	for sentence, test := range map[string]struct {
		change  func(*verify.View)
		link    verify.Link
		outcome verify.Outcome
		text    string // a part of the detail or the error
	}{
		"a Secret without mistakes": {func(*verify.View) {}, verify.LinkSecret, verify.Passed, "none of the known mistakes"},
		"a Secret that nobody can read": {
			func(v *verify.View) {
				v.Secret = told(verify.Mistakes{Errors: []string{"PP107: there is no key REGION"}, Warnings: []string{"w"}})
			}, verify.LinkSecret, verify.Failed, "PP107: there is no key REGION",
		},
		"a Secret that works by luck": {
			func(v *verify.View) { v.Secret = told(verify.Mistakes{Warnings: []string{"PP104: keys and config"}}) },
			verify.LinkSecret, verify.Passed, "but PP104: keys and config",
		},
		"a Secret that nobody may see": {
			func(v *verify.View) { v.Secret = untold[verify.Mistakes](forbidden) }, verify.LinkSecret, verify.Unseen, "forbidden",
		},
		"a controller that started after the Secret": {func(*verify.View) {}, verify.LinkController, verify.Passed, "started after 2026-01-01T12:00:00Z"},
		"no controller": {
			controller(func(c *verify.Controller) { c.Installed = false }), verify.LinkController, verify.Unseen, "not installed",
		},
		"a controller of which no pod runs": {
			controller(func(c *verify.Controller) { c.Started = nil }), verify.LinkController, verify.Failed, "no pod",
		},
		"one pod that started before the Secret was written": {
			controller(func(c *verify.Controller) { c.Started = early }), verify.LinkController, verify.Failed, "since 2026-01-01T11:59:59Z",
		},
		"a pod that started in the second in which the Secret was written": {
			controller(func(c *verify.Controller) { c.Started = []time.Time{noon()} }), verify.LinkController, verify.Failed, "since 2026-01-01T12:00:00Z",
		},
		"a restart under way": {
			controller(func(c *verify.Controller) { c.Started, c.Asked = early, noon() }), verify.LinkController, verify.Unseen,
			"its restart was asked for",
		},
		"a restart that was asked for before the Secret was written": {
			controller(func(c *verify.Controller) { c.Started, c.Asked = early, noon().Add(-time.Minute) }), verify.LinkController, verify.Failed,
			"what was there before",
		},
		"a restart that does not come to an end": {
			controller(func(c *verify.Controller) {
				c.Written, c.Started, c.Asked = noon().Add(-time.Hour), []time.Time{noon().Add(-2 * time.Hour)}, noon().Add(-5*time.Minute)
			}), verify.LinkController, verify.Failed, "what was there before",
		},
		"pods that nobody may look at": {
			func(v *verify.View) { v.Controller = untold[verify.Controller](forbidden) }, verify.LinkController, verify.Unseen, "pods is forbidden",
		},
		"the cluster's own token": {func(*verify.View) {}, verify.LinkMirror, verify.Passed, "with the cluster's own token: eks-anywhere-packages-bundles:v1-31-latest is sha256:"},
		"the cluster's own token, as a user and a password": {
			func(v *verify.View) {
				v.MirrorCredential = told([]byte(fmt.Sprintf(`{"auths":{%q:{"username":"AWS","password":%q}}}`, wanted().Host(), token)))
			}, verify.LinkMirror, verify.Passed, "sha256:",
		},
		"a token that the registry does not take": {
			func(v *verify.View) {
				v.MirrorCredential = told([]byte(fmt.Sprintf(`{"auths":{%q:{"username":"AWS","password":"worn-out"}}}`, wanted().Host())))
			}, verify.LinkMirror, verify.Failed, "401",
		},
		"a token for another registry": {
			func(v *verify.View) {
				v.MirrorCredential = told([]byte(`{"auths":{"public.ecr.aws":{"auth":"QTpC"}}}`))
			},
			verify.LinkMirror, verify.Failed, "has no token for " + wanted().Host(),
		},
		"a token for a registry mirror": {
			func(v *verify.View) {
				v.MirrorCredential = told([]byte(`{"auths":{"harbor.example.com":{"auth":"QTpC"}}}`))
				v.Settings = told(verify.Settings{State: "active", Mirror: "harbor.example.com"})
			},
			verify.LinkMirror, verify.Unseen, "through the registry mirror harbor.example.com",
		},
		"a token for another registry, and settings that nobody may see": {
			func(v *verify.View) {
				v.MirrorCredential, v.Settings = told([]byte(`{"auths":{}}`)), untold[verify.Settings](forbidden)
			},
			verify.LinkMirror, verify.Failed, "has no token for " + wanted().Host(),
		},
		"a token that is none": {
			func(v *verify.View) { v.MirrorCredential = told([]byte(`hush`)) }, verify.LinkMirror, verify.Failed, "is not JSON",
		},
		"no token that anybody may see": {
			func(v *verify.View) { v.MirrorCredential = untold[[]byte](forbidden) }, verify.LinkMirror, verify.Unseen, "forbidden",
		},
		"settings that name the registry": {func(*verify.View) {}, verify.LinkSettings, verify.Passed, "they name " + wanted().Host()},
		"settings that name another": {
			func(v *verify.View) {
				v.Settings = told(verify.Settings{State: "active", Differs: []string{"first", "second"}})
			},
			verify.LinkSettings, verify.Failed, "first; second",
		},
		"a registry mirror": {
			func(v *verify.View) {
				v.Settings = told(verify.Settings{State: "active", Mirror: "harbor.example.com"})
			},
			verify.LinkSettings, verify.Passed, "registry mirror harbor.example.com, which is left alone",
		},
		"settings that nobody may see": {
			func(v *verify.View) { v.Settings = untold[verify.Settings](forbidden) }, verify.LinkSettings, verify.Unseen, "forbidden",
		},
		"a controller of bundles that is active": {func(*verify.View) {}, verify.LinkBundles, verify.Passed, "is active"},
		"an upgrade that waits": {
			func(v *verify.View) {
				v.Settings = told(verify.Settings{State: "upgrade available", Detail: "v1-31-41 available"})
			}, verify.LinkBundles, verify.Passed, "upgrade available (v1-31-41 available)",
		},
		"a controller of bundles that reaches nothing": {
			func(v *verify.View) { v.Settings = told(verify.Settings{State: "disconnected", Detail: "403"}) },
			verify.LinkBundles, verify.Failed, "is disconnected (403)",
		},
		"a controller of bundles that does nothing yet": {
			func(v *verify.View) { v.Settings = told(verify.Settings{}) }, verify.LinkBundles, verify.Failed, "in no state yet",
		},
		"packages that work": {func(*verify.View) {}, verify.LinkPackages, verify.Passed, "2 installed or under way"},
		"a package with an error": {
			func(v *verify.View) {
				v.Packages = told([]verify.Package{
					{Name: "hello", State: "installed"}, {Name: "harbor", State: "installing", Detail: "pulling: 403"}, {Name: "adot", State: "unknown"},
				})
			}, verify.LinkPackages, verify.Failed, "harbor is installing (pulling: 403); adot is unknown",
		},
		"packages that nobody may see": {
			func(v *verify.View) { v.Packages = untold[[]verify.Package](forbidden) }, verify.LinkPackages, verify.Unseen, "forbidden",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			view := working()
			test.change(&view)
			proofs := verify.InCluster(t.Context(), view, verify.Input{Registry: wanted()},
				verify.Config{HTTPClient: newCloud(t).client(), Now: noon, Attempts: 1})
			for _, p := range proofs {
				if p.Link != test.link {
					continue
				}
				text := p.Detail
				if p.Err != nil {
					text = p.Err.Error()
				}
				if p.Outcome != test.outcome || !strings.Contains(text, test.text) {
					t.Errorf("%s: %s: %s; want %s with %q", p.Link, p.Outcome, text, test.outcome, test.text)
				}
				if strings.Contains(text, token) || strings.Contains(text, "hush") {
					t.Errorf("a secret is told: %s", text)
				}
			}
			if len(proofs) != 6 {
				t.Errorf("%d proofs, want one for each of six links", len(proofs))
			}
		})
	}
}
