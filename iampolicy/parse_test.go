package iampolicy_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
)

func TestParse(t *testing.T) {
	const src = `{
  "Version": "2012-10-17",
  "Id": "x",
  "Statement": [
    {"Sid": "a b", "Effect": "Allow",
     "Principal": {"AWS": ["111111111111", "arn:aws:iam::999999999999:user/p/u"], "Service": "ec2.amazonaws.com"},
     "Action": "sts:AssumeRole",
     "Condition": {"StringLike": {"k": ["a", "b"]}, "ForAnyValue:NumericLessThanIfExists": {"n": 3.5}, "Bool": {"b": true}}},
    {"Effect": "Deny", "NotPrincipal": {"AWS": "AIDAALICE00000000001"},
     "NotAction": ["sts:*", "ecr:Get?"], "NotResource": "arn:aws:s3:::b/*"}
  ]
}`
	got, err := iampolicy.Parse([]byte(src), iampolicy.Resource)
	if err != nil {
		t.Fatal(err)
	}
	want := &iampolicy.Document{
		Kind: iampolicy.Resource, Version: "2012-10-17", ID: "x",
		Statements: []iampolicy.Statement{
			{
				Sid: "a b", Effect: iampolicy.Allow, Line: 5,
				Principal: &iampolicy.Principals{
					AWS:     []string{"111111111111", "arn:aws:iam::999999999999:user/p/u"},
					Service: []string{"ec2.amazonaws.com"},
				},
				Action: []string{"sts:AssumeRole"},
				Conditions: []iampolicy.Condition{
					{Operator: iampolicy.Operator{Test: iampolicy.StringLike}, Key: "k", Values: []string{"a", "b"}},
					{
						Operator: iampolicy.Operator{Qualifier: iampolicy.ForAnyValue, Test: iampolicy.NumericLessThan, IfExists: true},
						Key:      "n", Values: []string{"3.5"},
					},
					{Operator: iampolicy.Operator{Test: iampolicy.Bool}, Key: "b", Values: []string{"true"}},
				},
			},
			{
				Effect: iampolicy.Deny, Line: 9,
				NotPrincipal: &iampolicy.Principals{AWS: []string{"AIDAALICE00000000001"}},
				NotAction:    []string{"sts:*", "ecr:Get?"},
				NotResource:  []string{"arn:aws:s3:::b/*"},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseAccepts(t *testing.T) {
	tests := map[string]struct {
		kind iampolicy.Kind
		src  string
	}{
		"one statement without a list": {iampolicy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`},
		"another order of fields":      {iampolicy.Identity, `{"Statement":[{"Resource":["*"],"Action":["ecr:*"],"Effect":"Deny"}],"Version":"2008-10-17"}`},
		"no Resource in a repository policy": {
			iampolicy.Resource, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}`,
		},
		"a session as a principal": {
			iampolicy.Resource, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/r/s"},"Action":"s3:*","Resource":"*"}]}`,
		},
		"a canonical user": {
			iampolicy.Resource, `{"Statement":[{"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"s3:*","Resource":"*"}]}`,
		},
		"an identity provider": {
			iampolicy.Trust, `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111111111111:saml-provider/x"},"Action":"sts:AssumeRoleWithSAML"}]}`,
		},
		"AWS's own resource control policy": {
			iampolicy.RCP, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
		},
		"a resource control policy that denies": {
			iampolicy.RCP, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*","Resource":"*"}]}`,
		},
		"conditions in a service control policy's Allow": {
			iampolicy.SCP, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::x","Condition":{"Null":{"k":"true"}}}]}`,
		},
		"a variable in a Bool": {iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k":"${aws:x}"}}}}`},
		"no values":            {iampolicy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k":[]}}}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := iampolicy.Parse([]byte(test.src), test.kind); err != nil {
				t.Error(err)
			}
		})
	}
}

// statement makes a document of one identity-based statement that is right but for the part given.
func statement(part string) string {
	return "{\"Statement\":\n {\"Effect\":\"Allow\",\"Resource\":\"*\"," + part + "}}"
}

func TestParseRefuses(t *testing.T) {
	const identity, resource, trust, scp, rcp = iampolicy.Identity, iampolicy.Resource, iampolicy.Trust, iampolicy.SCP, iampolicy.RCP
	tests := map[string]struct {
		kind iampolicy.Kind
		src  string
		want string
	}{
		"nothing":                {identity, "", "line 1, column 1: not valid JSON: unexpected end of JSON input"},
		"text cut short":         {identity, "{\"Version\":\n", "line 2, column 1: not valid JSON: unexpected end of JSON input"},
		"a comma too many":       {identity, "{\n \"Version\": \"2012-10-17\",\n}", "line 3, column 1: not valid JSON: invalid character '}' looking for beginning of object key string"},
		"text after the end":     {identity, `{"Statement":[]} x`, "line 1, column 18: not valid JSON: invalid character 'x' after top-level value"},
		"a list":                 {identity, " []", "line 1, column 2: a policy document must be a JSON object"},
		"bytes that are no text": {identity, "{\"Id\": \"é\xff\"}", "line 1, column 10: the document is not valid UTF-8"},
		"an unknown field":       {identity, `{"Statment":[]}`, `line 1, column 2: unknown field "Statment"`},
		"a field in another case": {
			identity, `{"version":"2012-10-17"}`, `line 1, column 2: unknown field "version"`,
		},
		"a field twice": {identity, `{"Version":"2012-10-17","Version":"2012-10-17"}`, `line 1, column 25: "Version" is given twice`},
		"a field twice in a condition": {
			identity, statement(`"Action":"*","Condition":{"Bool":{"a":"true"},"Bool":{"b":"true"}}`), `line 2, column 81: "Bool" is given twice`,
		},
		"another version":       {identity, `{"Version": "2012-10-18"}`, `line 1, column 13: the Version must be "2012-10-17" or "2008-10-17"`},
		"a number as a version": {identity, `{"Version": 2012}`, `line 1, column 13: the Version must be "2012-10-17" or "2008-10-17"`},
		"an Id in a policy of an identity": {
			identity, `{"Id":"x","Statement":[]}`, "line 1, column 2: this identity-based policy takes no Id",
		},
		"no statement":             {identity, `{"Version":"2012-10-17"}`, "line 1, column 1: the document has no Statement"},
		"an empty statement list":  {identity, `{"Statement":[]}`, "line 1, column 14: the document has no Statement"},
		"text as a statement":      {identity, `{"Statement":["x"]}`, "line 1, column 15: a Statement must be an object or a list of objects"},
		"an unknown element":       {identity, statement(`"Actions":"*"`), `line 2, column 35: unknown field "Actions"`},
		"an effect in small print": {identity, `{"Statement":{"Effect":"allow"}}`, `line 1, column 24: the Effect must be "Allow" or "Deny"`},
		"no effect":                {identity, `{"Statement":{"Action":"*","Resource":"*"}}`, "line 1, column 14: the statement has no Effect"},
		"no action":                {identity, `{"Statement":{"Effect":"Allow","Resource":"*"}}`, "line 1, column 14: the statement has no Action"},
		"an empty list of actions": {identity, statement(`"Action":[]`), "line 2, column 44: Action must not be empty"},
		"a number as an action":    {identity, statement(`"Action":["a:b",7]`), "line 2, column 51: Action must be a string or a list of strings"},
		"an action of no service":  {identity, statement(`"Action":["a:b","Get"]`), `line 2, column 51: "Get" is not an action`},
		"a wildcard as a service":  {identity, statement(`"Action":"*:Get"`), `line 2, column 44: "*:Get" is not an action`},
		"both Action and NotAction": {
			identity, statement(`"Action":"*","NotAction":"*"`), "line 2, column 2: the statement has both Action and NotAction",
		},
		"both Resource and NotResource": {
			identity, statement(`"Action":"*","NotResource":"*"`), "line 2, column 2: the statement has both Resource and NotResource",
		},
		"no resource":          {identity, `{"Statement":{"Effect":"Allow","Action":"*"}}`, "line 1, column 14: a statement of this identity-based policy needs a Resource"},
		"a resource of no ARN": {identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"bucket"}}`, `line 1, column 56: "bucket" is not a resource`},
		"a Sid with a space":   {identity, statement(`"Action":"*","Sid":"a b"`), "line 2, column 54: a Sid holds letters and digits only"},
		"a Sid twice": {
			identity, `{"Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}]}`,
			`line 1, column 72: two statements have the Sid "A"`,
		},
		"a principal in a policy of an identity": {
			identity, statement(`"Action":"*","Principal":"*"`), "line 2, column 2: this identity-based policy takes no Principal",
		},
		"no principal in a policy of a resource": {
			resource, statement(`"Action":"*"`), "line 2, column 2: a statement of this resource-based policy needs a Principal",
		},
		"a principal of an unknown type": {
			resource, statement(`"Action":"*","Principal":{"Aws":"*"}`), `line 2, column 61: unknown type of principal "Aws"`,
		},
		"a wildcard within a principal": {
			resource, statement(`"Action":"*","Principal":{"AWS":"arn:aws:iam::111111111111:user/*"}`),
			`line 2, column 67: invalid principal in policy: "arn:aws:iam::111111111111:user/*" is no AWS principal`,
		},
		"a group as a principal": {
			resource, statement(`"Action":"*","Principal":{"AWS":["*","arn:aws:iam::111111111111:group/g"]}`),
			`line 2, column 72: invalid principal in policy: "arn:aws:iam::111111111111:group/g" is no AWS principal`,
		},
		"a service without a domain": {
			resource, statement(`"Action":"*","Principal":{"Service":"ec2"}`), `line 2, column 71: invalid principal in policy: "ec2" is no Service principal`,
		},
		"text as a principal": {resource, statement(`"Action":"*","Principal":"me"`), `line 2, column 60: Principal must be "*" or an object`},
		"NotPrincipal with Allow": {
			resource, statement(`"Action":"*","NotPrincipal":{"AWS":"111111111111"}`), `line 2, column 2: NotPrincipal goes with the Effect "Deny" only`,
		},
		"a resource in a trust policy": {
			trust, statement(`"Action":"sts:AssumeRole","Principal":"*"`), "line 2, column 2: this role trust policy takes no Resource",
		},
		"another service's action in a trust policy": {
			trust, `{"Statement":{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","ecr:*"]}}`,
			`line 1, column 14: this role trust policy takes sts actions only, not "ecr:*"`,
		},
		"NotPrincipal in a trust policy": {
			trust, `{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`,
			"line 1, column 14: this role trust policy takes no NotPrincipal",
		},
		"a principal in a service control policy": {
			scp, statement(`"Action":"*","Principal":"*"`), "line 2, column 2: this service control policy takes no Principal",
		},
		"an Allow of less in a resource control policy": {
			rcp, statement(`"Action":"s3:*","Principal":"*"`), "line 2, column 2: a statement of this resource control policy may allow nothing less than everything",
		},
		"a single principal in a resource control policy": {
			rcp, `{"Statement":{"Effect":"Deny","Action":"s3:*","Principal":{"AWS":"111111111111"},"Resource":"*"}}`,
			`line 1, column 14: the Principal of this resource control policy must be "*"`,
		},
		"a Deny of everything in a resource control policy": {
			rcp, `{"Statement":{"Effect":"Deny","Action":"*","Principal":"*","Resource":"*"}}`, `line 1, column 14: this resource control policy takes no Action "*"`,
		},
		"an unknown operator": {
			identity, statement(`"Action":"*","Condition":{"StringMatches":{"k":"v"}}`), `line 2, column 61: unknown condition operator "StringMatches"`,
		},
		"IfExists with Null": {
			identity, statement(`"Action":"*","Condition":{"NullIfExists":{"k":"true"}}`), `line 2, column 61: unknown condition operator "NullIfExists"`,
		},
		"an operator without keys": {
			identity, statement(`"Action":"*","Condition":{"StringEquals":"k"}`), "line 2, column 76: StringEquals must be an object of condition keys",
		},
		"a key twice in another case": {
			identity, statement(`"Action":"*","Condition":{"StringEquals":{"aws:a":"v","AWS:A":"v"}}`), `line 2, column 89: condition key "AWS:A" is empty or given twice`,
		},
		"an object as a value": {
			identity, statement(`"Action":"*","Condition":{"StringEquals":{"k":["v",{}]}}`), `line 2, column 86: a value of "k" must be a string, a number or a boolean`,
		},
		"null as a value": {
			identity, statement(`"Action":"*","Condition":{"StringEquals":{"k":null}}`), `line 2, column 81: a value of "k" must be a string, a number or a boolean`,
		},
		"a number that is none": {identity, statement(`"Action":"*","Condition":{"NumericEquals":{"k":"NaN"}}`), `line 2, column 82: NumericEquals cannot compare with "NaN"`},
		"a date that is none":   {identity, statement(`"Action":"*","Condition":{"DateLessThan":{"k":"soon"}}`), `line 2, column 81: DateLessThan cannot compare with "soon"`},
		"an address that is none": {
			identity, statement(`"Action":"*","Condition":{"IpAddress":{"k":"10.0.0.0/33"}}`), `line 2, column 78: IpAddress cannot compare with "10.0.0.0/33"`,
		},
		"a truth that is none":  {identity, statement(`"Action":"*","Condition":{"Bool":{"k":"yes"}}`), `line 2, column 73: Bool cannot compare with "yes"`},
		"a variable for a date": {identity, statement(`"Action":"*","Condition":{"DateEquals":{"k":"${k}"}}`), `line 2, column 79: DateEquals cannot compare with "${k}"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := iampolicy.Parse([]byte(test.src), test.kind)
			var syntax *iampolicy.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, %v; want a SyntaxError", d, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

func TestHints(t *testing.T) {
	_, err := iampolicy.Parse([]byte(`{"Version":"2024-01-01"}`), iampolicy.Identity)
	var syntax *iampolicy.SyntaxError
	if !errors.As(err, &syntax) || syntax.Hint != `write "2012-10-17"` {
		t.Errorf("got %+v; want a hint at the version", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}`), uint8(0))
	f.Add([]byte(`{"Id":"x","Statement":[{"Sid":"a","Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":"a:b","Condition":{"ForAllValues:StringLikeIfExists":{"k":["<","é"]}}}]}`), uint8(1))
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Principal":{"Federated":"a"},"Action":"sts:*"}]}`), uint8(2))
	f.Fuzz(func(t *testing.T, src []byte, k uint8) {
		kind := iampolicy.Kind(k % 7)
		d, err := iampolicy.Parse(src, kind)
		if err != nil {
			var syntax *iampolicy.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1 {
				t.Fatalf("got %v; want a SyntaxError with a place", err)
			}
			return
		}
		for name, printed := range map[string][]byte{"JSON": d.JSON(), "Indented": d.Indented(), "Canonical": d.Canonical()} {
			again, err := iampolicy.Parse(printed, kind)
			if err != nil {
				t.Fatalf("%s: %v in %s", name, err, printed)
			}
			if !iampolicy.Equal(d, again) {
				t.Errorf("%s is not equal to its source: %s", name, printed)
			}
		}
	})
}
