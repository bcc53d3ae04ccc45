package lint_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/eksa"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/registry"
)

const wantedHost = "346438352937.dkr.ecr.us-west-2.amazonaws.com"

// written is when the Secret of these tests was written.
func written() time.Time { return time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC) }

// data is the Secret of AWS's page as a cluster holds it.
func data(config string) map[string]credential.Secret {
	return map[string]credential.Secret{
		"AWS_ACCESS_KEY_ID": credential.NewSecret(""), "AWS_SECRET_ACCESS_KEY": credential.NewSecret(""),
		"REGION": credential.NewSecret(""), "config": credential.NewSecret(config),
	}
}

// healthy is a cluster with nothing wrong.
func healthy() lint.Live {
	secret := lint.LiveSecret{Exists: true, Data: data(good), Written: written()}
	return lint.Live{
		Name:     "store-001",
		Registry: registry.Registry{Account: "346438352937", Region: "us-west-2"},
		Secret:   &secret,
		Bundles: &lint.BundleController{
			DefaultRegistry: wantedHost + "/eks-anywhere", DefaultImageRegistry: wantedHost, ActiveBundle: "v1-31-40", State: "active",
		},
		Provider:          &lint.CredentialProvider{MatchImages: []string{wantedHost}, SourceRegistry: wantedHost},
		ControllerStarted: written().Add(time.Minute),
		Workloads:         []lint.Workload{{Name: "w1", Secret: secret}},
	}
}

// liveExamples are changes of a healthy cluster, by rule.
func liveExamples() map[lint.Code]map[string]func(*lint.Live) {
	return map[lint.Code]map[string]func(*lint.Live){
		"PP003": {"a Secret that no manifest shows": func(l *lint.Live) {
			changed := data(strings.Replace(good, region, "", 1))
			l.Secret.Data, l.Workloads = changed, nil
		}},
		"PP301": {"no Secret": func(l *lint.Live) { l.Secret.Exists = false }},
		"PP302": {
			"the public registry": func(l *lint.Live) { l.Bundles.DefaultRegistry = "public.ecr.aws/eks-anywhere" },
			"another Region's":    func(l *lint.Live) { l.Bundles.DefaultRegistry = "331113665574.dkr.ecr.us-east-1.amazonaws.com" },
			"none":                func(l *lint.Live) { l.Bundles.DefaultRegistry = "" },
		},
		"PP303": {"the public registry": func(l *lint.Live) { l.Bundles.DefaultImageRegistry = "public.ecr.aws" }},
		"PP304": {"for images": func(l *lint.Live) { l.Bundles.DefaultImageRegistry = registry.Legacy().Host() }},
		"PP305": {
			"none":                func(l *lint.Live) { l.Provider.MatchImages = nil },
			"the legacy registry": func(l *lint.Live) { l.Provider.MatchImages = []string{registry.Legacy().Host()} },
			"one repository":      func(l *lint.Live) { l.Provider.MatchImages = []string{wantedHost + "/harbor"} },
			"globs too few":       func(l *lint.Live) { l.Provider.MatchImages = []string{"*.*.*"} },
			"a glob too short":    func(l *lint.Live) { l.Provider.MatchImages = []string{"*.amazonaws.com"} },
		},
		"PP306": {"the public registry": func(l *lint.Live) { l.Provider.SourceRegistry = "public.ecr.aws/eks-anywhere" }},
		"PP307": {"a second too early": func(l *lint.Live) { l.ControllerStarted = written().Add(-time.Second) }},
		"PP308": {
			"a new bundle": func(l *lint.Live) { l.Bundles.State = "upgrade available" },
			"no state yet": func(l *lint.Live) { l.Bundles.State = "" },
		},
		"PP309": {
			"another key": func(l *lint.Live) { l.Workloads[0].Secret.Data = data(strings.Replace(good, "YUZIV", "YUZIX", 1)) },
			"no copy":     func(l *lint.Live) { l.Workloads[0].Secret = lint.LiveSecret{} },
			"keys remain": func(l *lint.Live) { l.Workloads[0].Secret.Data = map[string]credential.Secret{} },
		},
		"PP310": {"a mirror": func(l *lint.Live) {
			l.Bundles.DefaultRegistry, l.Bundles.DefaultImageRegistry = "harbor.example.com:443/eks", "harbor.example.com:443/eks"
		}},
	}
}

func TestLiveRules(t *testing.T) {
	if found := lint.CheckLive(healthy()); len(found) > 0 {
		t.Fatalf("a healthy cluster has a finding: %s: %s", found[0].Rule.Code, found[0].Message)
	}
	for code, tests := range liveExamples() {
		for name, spoil := range tests {
			t.Run(string(code)+"/"+name, func(t *testing.T) {
				l := healthy()
				spoil(&l)
				found := lint.CheckLive(l)
				if len(found) != 1 || found[0].Rule.Code != code {
					t.Fatalf("want one finding of %s, got %v", code, codes(found))
				}
				if !strings.HasPrefix(found[0].Position.String(), "store-001") {
					t.Errorf("it is at %s", found[0].Position)
				}
			})
		}
	}
}

func TestNothingIsSaidOfWhatIsUnknown(t *testing.T) {
	unknown := lint.Live{Name: "store-001", Registry: healthy().Registry, ControllerStarted: written()}
	if found := lint.CheckLive(unknown); len(found) > 0 {
		t.Errorf("a cluster that nobody could read has findings: %v", codes(found))
	}
	unwatched := healthy()
	unwatched.ControllerStarted = time.Time{}
	if found := lint.CheckLive(unwatched); len(found) > 0 {
		t.Errorf("a controller that was not seen is not old: %v", codes(found))
	}
}

func TestGlobsOfMatchImagesCoverTheRegistry(t *testing.T) {
	l := healthy()
	l.Provider.MatchImages = []string{"public.ecr.aws", "*.dkr.ecr.*.amazonaws.com"}
	if found := lint.CheckLive(l); len(found) > 0 {
		t.Errorf("findings: %v", codes(found))
	}
}

func codes(findings []lint.Finding) []lint.Code {
	var codes []lint.Code
	for _, f := range findings {
		codes = append(codes, f.Rule.Code)
	}
	return codes
}

// environments are the variables of a rule's good and bad case.
func environments() map[lint.Code]map[string]map[string]string {
	return map[lint.Code]map[string]map[string]string{
		"PP201": {"error": {"EKSA_AWS_REGION": ""}},
		"PP202": {"error": {"EKSA_AWS_REGION": "us-west-2"}},
		"PP203": {"error": {"AWS_PROFILE": "corp"}},
		"PP204": {"warning": {"EKSA_AWS_ACCESS_KEY_ID": anID}},
		"PP205": {"warning": {"EKSA_AWS_CONFIG_FILE": ""}},
	}
}

func TestEnvironmentRules(t *testing.T) {
	european := []byte(strings.Replace(good, "us-west-2", "eu-central-1", 1))
	calm := map[string]string{"EKSA_AWS_REGION": "eu-central-1", "EKSA_AWS_CONFIG_FILE": "aws-config"}
	check := func(changes map[string]string, src []byte) []lint.Finding {
		return lint.CheckEnvironment(src, func(name string) string {
			if value, ok := changes[name]; ok {
				return value
			}
			return calm[name]
		})
	}
	if found := check(nil, european); len(found) > 0 {
		t.Errorf("the right variables have findings: %v", codes(found))
	}
	for code, test := range environments() {
		for severity, changes := range test {
			found := check(changes, european)
			if diff := cmp.Diff([]lint.Code{code}, codes(found)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", changes, diff)
				continue
			}
			if string(found[0].Severity) != severity {
				t.Errorf("%v is of severity %s, want %s", changes, found[0].Severity, severity)
			}
		}
	}
	for _, name := range eksa.Unset() {
		if found := codes(check(map[string]string{name: "x"}, european)); len(found) != 1 {
			t.Errorf("%s, which pullpass exec takes away, has %v", name, found)
		}
	}
	if found := check(map[string]string{"EKSA_AWS_REGION": ""}, []byte(good)); len(found) != 1 || found[0].Severity != lint.Warning {
		t.Errorf("the default Region, not set but right, has %v", found)
	}
	if found := check(map[string]string{"EKSA_AWS_REGION": ""}, []byte(documented(encoded(good)))); len(found) > 0 {
		t.Errorf("a manifest is for clusters that exist: %v", codes(found))
	}
}
