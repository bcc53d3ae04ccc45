package iampolicy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
)

func parse(t *testing.T, src string, kind iampolicy.Kind) *iampolicy.Document {
	t.Helper()
	d, err := iampolicy.Parse([]byte(src), kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const everything = `{"Statement":[{"Condition":{"StringEquals":{"b":["2","1"],"a":"<&>"},"Bool":{"c":true}},
"NotResource":["arn:aws:s3:::z","arn:aws:s3:::a"],"NotAction":["s3:Put","S3:get"],
"NotPrincipal":{"Service":"ec2.amazonaws.com","AWS":["999999999999","111111111111"]},"Effect":"Deny","Sid":"é"},
{"Effect":"Allow","Principal":"*","Action":["s3:Get"]}],"Id":"i","Version":"2012-10-17"}`

func TestJSON(t *testing.T) {
	d := parse(t, everything, iampolicy.Resource)
	const want = `{"Version":"2012-10-17","Id":"i","Statement":[` +
		`{"Sid":"é","Effect":"Deny","NotPrincipal":{"AWS":["999999999999","111111111111"],"Service":"ec2.amazonaws.com"},` +
		`"NotAction":["s3:Put","S3:get"],"NotResource":["arn:aws:s3:::z","arn:aws:s3:::a"],` +
		`"Condition":{"StringEquals":{"b":["2","1"],"a":"<&>"},"Bool":{"c":"true"}}},` +
		`{"Effect":"Allow","Principal":"*","Action":"s3:Get"}]}`
	if diff := cmp.Diff(want, string(d.JSON())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestIndented(t *testing.T) {
	d := parse(t, `{"Statement":{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":["*","arn:aws:s3:::b"]}}`, iampolicy.Identity)
	const want = `{
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "sts:AssumeRole",
      "Resource": [
        "*",
        "arn:aws:s3:::b"
      ]
    }
  ]
}`
	if diff := cmp.Diff(want, string(d.Indented())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCanonical(t *testing.T) {
	d := parse(t, everything, iampolicy.Resource)
	const want = `{"Version":"2012-10-17","Id":"i","Statement":[` +
		`{"Effect":"Allow","Principal":"*","Action":"s3:get"},` +
		`{"Sid":"é","Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::999999999999:root"],"Service":"ec2.amazonaws.com"},` +
		`"NotAction":["s3:get","s3:put"],"NotResource":["arn:aws:s3:::a","arn:aws:s3:::z"],` +
		`"Condition":{"Bool":{"c":"true"},"StringEquals":{"a":"<&>","b":["1","2"]}}}]}`
	if diff := cmp.Diff(want, string(d.Canonical())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := d.Statements[0].NotAction[1]; got != "S3:get" {
		t.Errorf("the document itself was changed: %s", got)
	}
}

func TestEqual(t *testing.T) {
	const base = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":["a:B","a:C"],"Resource":"*","Condition":{"StringEquals":{"k":"v"}}}]}`
	statement := strings.TrimPrefix(base, `{"Version":"2012-10-17","Statement":[`)
	tests := map[string]struct {
		src  string
		want bool
	}{
		"the statement twice":                   {strings.TrimSuffix(base, "]}") + "," + statement, true},
		"the same":                              {base, true},
		"a single statement":                    {strings.NewReplacer("[{", "{", "}]", "}").Replace(base), true},
		"actions in another order, case, twice": {strings.Replace(base, `["a:B","a:C"]`, `["A:c","a:b","a:C"]`, 1), true},
		"a list of one":                         {strings.Replace(base, `"Resource":"*"`, `"Resource":["*"]`, 1), true},
		"an account by its root":                {strings.Replace(base, "111111111111", "arn:aws:iam::111111111111:root", 1), true},
		"a condition key in another case":       {strings.Replace(base, `"k"`, `"K"`, 1), true},
		"another account":                       {strings.Replace(base, "111111111111", "111111111112", 1), false},
		"one action less":                       {strings.Replace(base, `,"a:C"`, "", 1), false},
		"another effect":                        {strings.Replace(base, "Allow", "Deny", 1), false},
		"NotAction":                             {strings.Replace(base, `"Action"`, `"NotAction"`, 1), false},
		"another operator":                      {strings.Replace(base, "StringEquals", "StringLike", 1), false},
		"a condition value in another case":     {strings.Replace(base, `"v"`, `"V"`, 1), false},
		"the version left out":                  {strings.Replace(base, `"Version":"2012-10-17",`, "", 1), false},
		"a Sid":                                 {strings.Replace(base, `"Effect"`, `"Sid":"x","Effect"`, 1), false},
	}
	a := parse(t, base, iampolicy.Resource)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := iampolicy.Equal(a, parse(t, test.src, iampolicy.Resource)); got != test.want {
				t.Errorf("Equal = %v with %s", got, test.src)
			}
		})
	}
	old := parse(t, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, iampolicy.Identity)
	if !iampolicy.Equal(old, parse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, iampolicy.Identity)) {
		t.Error("the default version is not equal to itself spelled out")
	}
	if !iampolicy.Equal(
		parse(t, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`, iampolicy.Resource),
		parse(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"*"}}`, iampolicy.Resource)) {
		t.Error("the two ways to write everyone are not equal")
	}
}

func TestMapPrincipals(t *testing.T) {
	d := parse(t, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111111111111","AIDAX000000000000000"],"Service":"AIDAX.com"},"Action":"s3:*"},
{"Effect":"Deny","NotPrincipal":{"AWS":"AIDAX000000000000000"},"Action":"s3:*"},{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}`, iampolicy.Resource)
	before := string(d.JSON())
	got := string(d.MapPrincipals(func(p string) string {
		return strings.Replace(p, "AIDAX000000000000000", "arn:aws:iam::111111111111:user/x", 1)
	}).JSON())
	const want = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::111111111111:user/x"],"Service":"AIDAX.com"},"Action":"s3:*"},` +
		`{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111111111111:user/x"},"Action":"s3:*"},{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if string(d.JSON()) != before {
		t.Error("the document itself was changed")
	}
}

func TestSize(t *testing.T) {
	for src, want := range map[string]int{
		"":                          0,
		"{ }":                       2,
		"{\n\t\"é\" :\r\n \"a b\"}": 10,
	} {
		if got := iampolicy.Size([]byte(src)); got != want {
			t.Errorf("Size(%q) = %d; want %d", src, got, want)
		}
	}
}
