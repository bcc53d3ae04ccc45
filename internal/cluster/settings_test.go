package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/registry"
)

const host = "346438352937.dkr.ecr.us-west-2.amazonaws.com"

func TestProviderSettings(t *testing.T) {
	// As the packages controller's chart writes them.
	const chart = `proxy:
  HTTP_PROXY: ""
tolerations:
  - key: "node-role.kubernetes.io/master"
    operator: "Exists"
sourceRegistry: public.ecr.aws/eks-anywhere
credential:
  - matchImages:
    - 783794618700.dkr.ecr.us-west-2.amazonaws.com
    profile: "default"
    secretName: aws-secret
    defaultCacheDuration: "5h"
`
	for name, test := range map[string]struct {
		config string
		want   lint.CredentialProvider
		err    string
	}{
		"the chart's": {config: chart, want: lint.CredentialProvider{
			MatchImages: []string{"783794618700.dkr.ecr.us-west-2.amazonaws.com"}, SourceRegistry: "public.ecr.aws/eks-anywhere",
		}},
		"several entries, of which one is of another Secret": {
			config: `{credential: [{secretName: aws-secret, matchImages: [a, b]}, {secretName: mine, matchImages: [c]}, {secretName: aws-secret, matchImages: [d]}]}`,
			want:   lint.CredentialProvider{MatchImages: []string{"a", "b", "d"}},
		},
		"none":                  {config: ""},
		"what is no YAML":       {config: "credential: [", err: "ecr-credential-provider-package"},
		"a list for a text":     {config: "sourceRegistry: [a]", err: "ecr-credential-provider-package"},
		"what nests too deeply": {config: "credential: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), err: "more than 32 levels deep"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseProvider(test.config)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if diff := cmp.Diff(&test.want, got); diff != "" || err != nil {
				t.Errorf("(-want +got):\n%s %v", diff, err)
			}
		})
	}
}

// Whatever the text, the answer is settings or an error, never both.
func FuzzParseProvider(f *testing.F) {
	for _, seed := range []string{"", "sourceRegistry: a", "credential: [{secretName: aws-secret, matchImages: [a]}]", "credential: &a [*a]", "- - -", "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, config string) {
		if got, err := parseProvider(config); (got == nil) != (err != nil) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestFindingsAreInTheOrderOfMigration(t *testing.T) {
	want := registry.Registry{Account: "346438352937", Region: "us-west-2"}
	bundles := func(defaultRegistry, state string) *lint.BundleController {
		return &lint.BundleController{DefaultRegistry: defaultRegistry, DefaultImageRegistry: defaultRegistry, State: state}
	}
	for name, test := range map[string]struct {
		settings settings
		want     []lint.Code
		mirror   string
	}{
		"nothing seen, nothing said": {},
		"all as it should be": {settings: settings{
			bundles: bundles(host, "active"), provider: &lint.CredentialProvider{MatchImages: []string{host}, SourceRegistry: host},
		}},
		"nodes first, their package last": {
			settings: settings{bundles: bundles("public.ecr.aws/eks-anywhere", "upgrade available"), provider: &lint.CredentialProvider{SourceRegistry: "public.ecr.aws"}},
			want:     []lint.Code{"PP305", "PP302", "PP303", "PP308", "PP306"},
		},
		"a mirror as the registry is left alone": {
			settings: settings{bundles: bundles("mirror.example.com:5000/eks", "active"), provider: &lint.CredentialProvider{}}, mirror: "mirror.example.com:5000",
		},
		"a mirror that was told is left alone": {
			settings: settings{endpoint: "10.0.0.1:443", bundles: bundles("public.ecr.aws", "disconnected"), provider: &lint.CredentialProvider{}},
			want:     []lint.Code{"PP308"}, mirror: "10.0.0.1:443",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []lint.Code
			for _, f := range test.settings.findings(want) {
				got = append(got, f.Rule.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			all := lint.CheckLive(lint.Live{Registry: want, Bundles: test.settings.bundles})
			if got := test.settings.mirror(all); got != test.mirror {
				t.Errorf("mirror %q, want %q", got, test.mirror)
			}
		})
	}
	if got := (settings{bundles: bundles("public.ecr.aws", "")}).findings(registry.Registry{}); len(got) > 0 {
		t.Errorf("without a registry: %v", got)
	}
}
