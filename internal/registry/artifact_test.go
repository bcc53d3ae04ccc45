package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/registry"
)

func TestParseArtifactTakesARepositoryAndATag(t *testing.T) {
	for sentence, want := range map[string]registry.Artifact{
		"a bundle":                     registry.Probe(),
		"a repository within others":   {Repository: "prometheus/node-exporter", Tag: "v1.5.0-2f1"},
		"a version with a plus's line": {Repository: "harbor/harbor-helm", Tag: "2.12.1_abc"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got, err := registry.ParseArtifact(want.String()); err != nil || got != want {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
	}
}

func TestParseArtifactSaysWhatItWants(t *testing.T) {
	const wants = "want REPOSITORY:TAG, such as hello-eks-anywhere:latest"
	for sentence, test := range map[string]struct{ text, want string }{
		"nothing":                  {"", wants},
		"no tag":                   {"hello-eks-anywhere", wants},
		"an empty tag":             {"hello-eks-anywhere:", wants + `; "" is no tag`},
		"no repository":            {":latest", wants + `; "" is no name of a repository`},
		"upper case":               {"Hello:latest", wants + `; "Hello" is no name of a repository`},
		"a way out of the path":    {"a/../b:latest", wants + `; "a/../b" is no name of a repository`},
		"two colons":               {"hello:latest:v1", wants + `; "latest:v1" is no tag`},
		"a tag with a query":       {"hello:a?b=c", wants + `; "a?b=c" is no tag`},
		"a tag of 129 characters":  {"hello:" + strings.Repeat("a", 129), wants + `; "` + strings.Repeat("a", 129) + `" is no tag`},
		"a digest":                 {"hello@sha256:0123", wants + ", not a digest"},
		"a digest beside the tag":  {"hello:v1@sha256:0123", wants + ", not a digest"},
		"the host of the registry": {registry.Probe().Reference(registry.Registry{Account: "346438352937", Region: "us-west-2"}), wants + ", without the registry's host"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := registry.ParseArtifact(test.text)
			if !errors.Is(err, registry.ErrNoArtifact) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func FuzzParseArtifact(f *testing.F) {
	f.Add("hello-eks-anywhere:latest")
	f.Add("a/b_c:v1@sha256:00")
	f.Fuzz(func(t *testing.T, text string) {
		artifact, err := registry.ParseArtifact(text)
		if err == nil && artifact.String() != text {
			t.Errorf("%q was read as %q", text, artifact)
		}
		if err != nil && artifact != (registry.Artifact{}) {
			t.Errorf("%q: both an artifact and an error", text)
		}
	})
}
