package peers

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A credentialResponse is what a credential provider answers kubelet
// (https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/).
type credentialResponse struct {
	Kind          string `json:"kind"`
	CacheKeyType  string `json:"cacheKeyType"`
	CacheDuration string `json:"cacheDuration"`
	Auth          map[string]struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"auth"`
}

// askProvider asks kubelet's credential provider for what pulling an image takes, the way kubelet does.
func askProvider(t *testing.T, a attempt) outcome {
	t.Helper()
	request := `{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest", "image": "` +
		a.host + `/` + aPackage + `:latest"}`
	return a.kubelet.run(t, a.env(t), strings.NewReader(request))
}

func kubeletOperation(provider program) operation {
	return operation{provider, "a credential for kubelet", pulls, askProvider,
		func(t *testing.T, a attempt, o outcome) string {
			t.Helper()
			response := readResponse(t, o)
			same(t, response.Kind, "CredentialProviderResponse")
			same(t, response.CacheKeyType, "Registry")
			if len(response.Auth) != 1 || response.Auth[a.host].Username != "AWS" || response.Auth[a.host].Password == "" {
				t.Errorf("the answer holds no credential of AWS for %s", a.host)
			}
			return "for the registry's host, " + cachedFor(t, response)
		}, atToken}
}

// cachedFor demands that kubelet keeps the credential for half of a token's 12 hours, up to the seconds that have passed.
func cachedFor(t *testing.T, response credentialResponse) string {
	t.Helper()
	const half = 6 * time.Hour
	kept, err := time.ParseDuration(response.CacheDuration)
	if err != nil || kept > half || kept < half-5*time.Minute {
		t.Errorf("the answer is good for %q, want %s", response.CacheDuration, half)
	}
	return "cached for 6 h"
}

func readResponse(t *testing.T, o outcome) credentialResponse {
	t.Helper()
	var response credentialResponse
	if err := json.Unmarshal(o.stdout, &response); err != nil {
		t.Fatalf("reading the credential provider's answer: %v", err)
	}
	return response
}

// freshPassword takes a registry's password with the delivered file. It is all that the outcome holds.
func (l *lending) freshPassword(t *testing.T) outcome {
	t.Helper()
	asked := askProvider(t, l.attempt(t))
	if asked.code == 0 {
		asked.stdout = []byte(readResponse(t, asked).Auth[l.host].Password)
	}
	return asked
}
