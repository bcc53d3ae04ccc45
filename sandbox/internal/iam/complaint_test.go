package iam

import (
	"testing"

	"github.com/pullpass/pullpass/iampolicy"
)

func TestAComplaintIsInAWSsWords(t *testing.T) {
	for sentence, test := range map[string]struct {
		kind iampolicy.Kind
		text string
		want string
	}{
		"a list in place of a document":    {iampolicy.Identity, `[]`, syntaxErrors},
		"no statement":                     {iampolicy.Identity, `{"Version":"2012-10-17"}`, syntaxErrors},
		"a statement that is a number":     {iampolicy.Identity, `{"Statement":[1]}`, syntaxErrors},
		"an empty list of statements":      {iampolicy.Identity, `{"Statement":[]}`, syntaxErrors},
		"an unknown field":                 {iampolicy.Identity, `{"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","What":1}]}`, syntaxErrors},
		"the second statement's fault":     {iampolicy.Identity, `{"Statement":[{"Action":"a:b","Resource":"*"},{"Action":"a:b"}]}`, noResources},
		"NotAction will do for an action":  {iampolicy.Identity, `{"Statement":{"NotAction":"b","Resource":"*"}}`, noVendor},
		"a trust that is no JSON":          {iampolicy.Trust, `x`, invalidJSON},
		"a list of principals, one faulty": {iampolicy.Trust, `{"Statement":{"Principal":{"AWS":["*","arn:aws:iam::1:x"]},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "AWS":"arn:aws:iam::1:x"`},
		"a service that is none":           {iampolicy.Trust, `{"Statement":{"Principal":{"Service":"ec2"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "Service":"ec2"`},
		"a principal that is a number":     {iampolicy.Trust, `{"Statement":{"Principal":1,"Action":"sts:AssumeRole"}}`, syntaxErrors},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := complaint(test.kind, test.text); got != test.want {
				t.Errorf("complaint = %s\nwant        %s", got, test.want)
			}
		})
	}
}

// FuzzComplaint wants something to say about every document that does not parse.
func FuzzComplaint(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"Statement":{}}`, `{"Statement":[{"Principal":{"AWS":"x"}}]}`, `{"Statement":null}`, `{"Statement":[null]}`,
		`{"Statement":{"Action":["s3:*",1],"Resource":""}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []iampolicy.Kind{iampolicy.Identity, iampolicy.Trust} {
			if _, err := iampolicy.Parse([]byte(text), kind); err != nil && complaint(kind, text) == "" {
				t.Errorf("nothing to say about the %s %q: %v", kind, text, err)
			}
		}
	})
}
