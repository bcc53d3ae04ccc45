package simulation_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/internal/simulation"
)

func TestCaseIsWrittenAsItWasRead(t *testing.T) {
	for name, src := range map[string]string{
		"an ARN, a string and lists": `{"id":"a","simulation":{"request":{"principal":"arn:aws:iam::111111111111:root","action":"s3:GetObject","resource":{"resource":"*","accountId":"111111111111"},"contextVariables":{"aws:TagKeys":["a","b"],"aws:username":"x","e":[]}},"identityPolicies":[],"serviceControlPolicies":[],"resourceControlPolicies":[]}}`,
		"Anonymous and policies":     `{"id":"b","simulation":{"request":{"principal":{"type":"Anonymous"},"action":"a:b","resource":{"resource":"*","accountId":"111111111111"},"contextVariables":{}},"identityPolicies":[{"name":"p","policy":{"x":1}}],"resourcePolicy":{},"sessionPolicy":{},"permissionBoundaryPolicies":[{"name":"q","policy":[]}],"serviceControlPolicies":[{"orgIdentifier":"r-1","policies":[]}],"resourceControlPolicies":[{"orgIdentifier":"r-1","policies":[{"name":"p","policy":1}]}]}}`,
		"an empty case":              `{"id":"","simulation":{"request":{"principal":"","action":"","resource":{"resource":"","accountId":""},"contextVariables":{}},"identityPolicies":[],"serviceControlPolicies":[],"resourceControlPolicies":[]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var unmarshalled simulation.Case
			if err := json.Unmarshal([]byte(src), &unmarshalled); err != nil {
				t.Fatal(err)
			}
			decoded, err := simulation.Decode([]byte(src))
			if err != nil {
				t.Fatal(err)
			}
			for how, c := range map[string]simulation.Case{"json.Unmarshal": unmarshalled, "Decode": decoded} {
				got, err := json.Marshal(c)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(src, string(got)); diff != "" {
					t.Errorf("%s (-read +written)\n%s", how, diff)
				}
			}
		})
	}
}

func TestPrincipalsThatAreNone(t *testing.T) {
	for _, src := range []string{
		`"anonymous"`, `{"type":"anonymous"}`, `{"type":"Anonymous","x":""}`, `{"Type":"Anonymous"}`, `{"type":"Anonymous","type":"Anonymous"}`,
		`{}`, `7`, `null`, `["arn:aws:iam::111111111111:root"]`,
	} {
		var p simulation.Principal
		if err := json.Unmarshal([]byte(src), &p); err == nil {
			t.Errorf("%s is read as %q", src, p)
		}
	}
}

func TestValuesThatAreNone(t *testing.T) {
	for _, src := range []string{`7`, `true`, `null`, `{}`, `["a",null]`, `[["a"]]`} {
		var v simulation.Values
		if err := json.Unmarshal([]byte(src), &v); err == nil {
			t.Errorf("%s is read as %q", src, v)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	const levels = ": a level of an organization has orgIdentifier and policies"
	tests := map[string]struct {
		src, want, id string
	}{
		"no JSON":                 {src: `{"id":"a"`, want: "column 10: not valid JSON: unexpected end of JSON input"},
		"bytes that are no text":  {src: "{\"id\":\"é\xff\"}", want: "column 9: the document is not valid UTF-8"},
		"a list":                  {src: `[]`, want: "column 1: a case must be an object"},
		"an id that is a number":  {src: `{"id":7}`, want: "column 7: id must be a string"},
		"a name twice":            {src: `{"id":"a","simulation":{"request":{"action":"a:b","action":"a:c"}}}`, want: `column 51: "action" is given twice`},
		"an unknown field":        {src: `{"name":1,"id":"a"}`, want: `column 2: unknown field "name": a case has id and simulation`, id: "a"},
		"a field in another case": {src: `{"id":"é","simulation":{"Request":{}}}`, want: `column 25: unknown field "Request": a simulation has request, identityPolicies, resourcePolicy, sessionPolicy, permissionBoundaryPolicies, serviceControlPolicies and resourceControlPolicies`, id: "é"},
		"a field of a request":    {src: `{"simulation":{"request":{"principle":"x"}}}`, want: `column 27: unknown field "principle": a request has principal, action, resource and contextVariables`},
		"a field of a resource":   {src: `{"simulation":{"request":{"resource":{"arn":"x"}}}}`, want: `column 39: unknown field "arn": a resource has resource and accountId`},
		"a field of a policy":     {src: `{"simulation":{"identityPolicies":[{"document":{}}]}}`, want: `column 37: unknown field "document": a policy of a list has name and policy`},
		"a field of a level":      {src: `{"simulation":{"serviceControlPolicies":[{"id":"r"}]}}`, want: `column 43: unknown field "id"` + levels},
		"a field of an RCP level": {src: `{"simulation":{"resourceControlPolicies":[{"id":"r"}]}}`, want: `column 44: unknown field "id"` + levels},
		"an object as policies":   {src: `{"simulation":{"identityPolicies":{}}}`, want: "column 35: identityPolicies must be a list"},
		"text as a level":         {src: `{"simulation":{"serviceControlPolicies":["r"]}}`, want: "column 42: a level of an organization must be an object"},
		"a number as a value":     {src: `{"simulation":{"request":{"contextVariables":{"k":["a",7]}}}}`, want: "column 51: k: want a string or a list of strings"},
		"null as a value":         {src: `{"simulation":{"request":{"contextVariables":{"k":null}}}}`, want: "column 51: k: want a string or a list of strings"},
		"a list as an action":     {src: `{"simulation":{"request":{"action":["a:b"]}}}`, want: "column 36: action must be a string"},
		"a principal of no form":  {src: `{"simulation":{"request":{"principal":["x"]}}}`, want: `column 39: a principal is an ARN, a service's name or {"type": "Anonymous"}`},
		"a principal spelt out":   {src: `{"simulation":{"request":{"principal":"anonymous"}}}`, want: `column 39: a principal is an ARN, a service's name or {"type": "Anonymous"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := simulation.Decode([]byte(test.src))
			var bad *simulation.LineError
			if !errors.As(err, &bad) || err.Error() != test.want {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if c.ID != test.id {
				t.Errorf("the id is %q; want %q", c.ID, test.id)
			}
		})
	}
}

// FuzzCase holds for every text: it is a case or has a place where it is none, a case is decided or in error, and writing it
// down changes neither the case nor the result.
func FuzzCase(f *testing.F) {
	for _, line := range lines(3) {
		f.Add(line)
	}
	f.Add([]byte(`{"id":"a","simulation":{"request":{"principal":{"type":"Anonymous"},"action":"a:b","resource":{"resource":"*","accountId":"111111111111"},"contextVariables":{"k":[]}},"resourcePolicy":null,"sessionPolicy":{}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := simulation.Decode(src)
		if err != nil {
			var bad *simulation.LineError
			if !errors.As(err, &bad) || bad.Column < 1 {
				t.Fatalf("got %v; want a LineError with a place", err)
			}
			return
		}
		result := simulation.Run(c)
		switch {
		case result.Decision == simulation.Undecided && (result.Error == "" || result.BlockedBy != "" || len(result.Statements) > 0):
			t.Fatalf("an error that says nothing, or that decides: %+v", result)
		case result.Decision == simulation.Allowed && (result.Error != "" || result.BlockedBy != ""):
			t.Fatalf("allowed, but blocked: %+v", result)
		case result.Decision == "":
			t.Fatalf("no decision: %+v", result)
		}
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("writing the case: %v", err)
		}
		again, err := simulation.Decode(written)
		if err != nil {
			t.Fatalf("reading %s: %v", written, err)
		}
		twice, err := json.Marshal(again)
		if err != nil || string(twice) != string(written) {
			t.Fatalf("%s is written as %s, %v", written, twice, err)
		}
		if got := simulation.Run(again); result.Decision != simulation.Undecided {
			lines := cmpopts.IgnoreFields(simulation.Statement{}, "Reason") // which has line numbers
			if diff := cmp.Diff(result, got, lines); diff != "" {
				t.Errorf("written down it is decided otherwise (-before +after)\n%s", diff)
			}
		} else if got.Decision != simulation.Undecided {
			t.Errorf("an error is decided once it is written down: %+v", got)
		}
	})
}
