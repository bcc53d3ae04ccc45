package simulation_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/simulation"
)

// read decodes a case as a program does that makes its own.
func read(t testing.TB, src string) simulation.Case {
	t.Helper()
	var c simulation.Case
	if err := json.Unmarshal([]byte(src), &c); err != nil {
		t.Fatalf("reading %s: %v", src, err)
	}
	return c
}

func TestCaseIsWrittenAsItWasRead(t *testing.T) {
	for name, src := range map[string]string{
		"an ARN, a string and a list": `{"id":"a","simulation":{"request":{"principal":"arn:aws:iam::111111111111:root","action":"s3:GetObject","resource":{"resource":"*","accountId":"111111111111"},"contextVariables":{"aws:TagKeys":["a","b"],"aws:username":"x","e":[]}},"identityPolicies":[],"serviceControlPolicies":[],"resourceControlPolicies":[]}}`,
		"Anonymous and policies":      `{"id":"b","simulation":{"request":{"principal":{"type":"Anonymous"},"action":"a:b","resource":{"resource":"*","accountId":"111111111111"},"contextVariables":{}},"identityPolicies":[{"name":"p","policy":{"x":1}}],"resourcePolicy":{},"sessionPolicy":{},"permissionBoundaryPolicies":[{"name":"q","policy":[]}],"serviceControlPolicies":[{"orgIdentifier":"r-1","policies":[]}],"resourceControlPolicies":[{"orgIdentifier":"r-1","policies":[{"name":"p","policy":1}]}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(read(t, src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(src, string(got)); diff != "" {
				t.Errorf("(-read +written)\n%s", diff)
			}
		})
	}
}
