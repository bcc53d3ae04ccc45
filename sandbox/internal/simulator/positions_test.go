package simulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// The first four are samples of AWS's documents: the examples of `aws iam simulate-custom-policy help` and of
// API_SimulatePrincipalPolicy, whose policies are given with them or have but one form that fits.
func TestWhereStatementsStand(t *testing.T) {
	at := func(startLine, startColumn, endLine, endColumn int) Span {
		return Span{Position{startLine, startColumn}, Position{endLine, endColumn}}
	}
	const body = `"Effect":"Allow","Action":"*","Resource":"*"`
	for sentence, test := range map[string]struct {
		text string
		want []Span
	}{
		"a statement that is no list begins behind its brace": {
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",` +
				`"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}`,
			[]Span{at(1, 38, 1, 167)},
		},
		"one in a list begins behind the bracket": {
			`{"Version":"2012-10-17","Statement":[{` + body + `}]}`, []Span{at(1, 38, 1, 84)},
		},
		"also where a line ends there": {
			"{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Effect\": \"Allow\",\n" +
				"            \"Action\": \"codecommit:ListRepositories\",\n            \"Resource\": \"*\",\n" +
				"            \"Sid\": \"Lists\"\n        }\n    ]\n}",
			[]Span{at(3, 19, 9, 10)},
		},
		"one that is no list, on lines of its own": {
			"{\n  \"Version\":\"2012-10-17\",\n  \"Statement\":{\n    \"Effect\":\"Allow\",\n    \"Action\":\"s3:PutObject\",\n" +
				"    \"Resource\":\"arn:aws:s3:::my-test-bucket\"\n  }\n}",
			[]Span{at(3, 16, 7, 4)},
		},
		"the next begins where the one before ends": {
			`{"Statement":[{` + body + `}, {` + body + `}]}`, []Span{at(1, 15, 1, 61), at(1, 61, 1, 109)},
		},
		"a carriage return and a line feed end one line": {
			"{\r\n\"Statement\":[\r\n{" + body + "}]}", []Span{at(2, 14, 3, 47)},
		},
		"a carriage return alone ends a line": {"{\r\"Statement\":[\r{" + body + "}]}", []Span{at(2, 14, 3, 47)}},
		"columns count characters":            {`{"Id":"é","Statement":[{` + body + `}]}`, []Span{at(1, 24, 1, 70)}},
		"a Statement within another field is another": {
			`{"Id":"\"Statement\":[{","Version":"2012-10-17","Statement":[{"Sid":"Statement",` + body + `}]}`, []Span{at(1, 62, 1, 126)},
		},
		"brackets within a statement belong to it": {
			`{"Statement":{"Effect":"Allow","Action":["a:B","a:C"],"Resource":["*"],"Condition":{"Bool":{"a:D":[true,"false"]}}}}`,
			[]Span{at(1, 15, 1, 116)},
		},
		"no policy":                 {`[`, nil},
		"nothing":                   {``, nil},
		"no statement":              {`{"Version":"2012-10-17"}`, nil},
		"a name without a value":    {`{"Statement"`, nil},
		"a list that does not end":  {`{"Statement":[{`, nil},
		"an object that does not":   {`{"Statement":{"a":[1`, nil},
		"another field that is bad": {`{"Version":nope`, nil},
		"a name that is bad":        {`{nope`, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, spans(test.text)); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzSpans holds that each statement of a policy has its place, in their order, whatever the policy looks like.
func FuzzSpans(f *testing.F) {
	for _, seed := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]}`,
		`{"Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::${aws:username, 'x'}/*","Condition":{"Bool":{"a:B":true}}}}`,
		"{\r\n\"Id\":\"é\",\"Statement\"\t:\r[ {\"NotAction\":\"a:B\",\"Effect\":\"Deny\",\"Resource\":\"*\"}\n]}", `{"Statement":[`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := spans(text)
		document, err := iampolicy.Parse([]byte(text), iampolicy.SCP)
		if err != nil {
			return
		}
		if len(found) != len(document.Statements) {
			t.Fatalf("%d places for %d statements of %q", len(found), len(document.Statements), text)
		}
		lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r")
		before := Position{1, 1}
		for _, span := range found {
			if !earlier(before, span.Start) || !earlier(span.Start, span.End) || span.End.Line > lines {
				t.Errorf("the places are out of order: %v", found)
			}
			before = span.Start
		}
		for _, key := range ContextKeys(document) {
			if !strings.Contains(text, `\`) && !strings.Contains(text, key) {
				t.Errorf("the key %q is not in the policy %q", key, text)
			}
		}
		decideAll(t, text, document)
	})
}

func earlier(a, b Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }

// decideAll simulates with the policy in every place that takes it.
func decideAll(t *testing.T, text string, document *iampolicy.Document) {
	t.Helper()
	compiled, err := authz.Compile(document)
	if err != nil {
		t.Fatalf("compiling %q: %v", text, err)
	}
	p := Policy{ID: "p", Text: text, Compiled: compiled}
	s := New(Case{
		Caller:   authz.Principal{Kind: authz.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/alice"},
		Identity: []Policy{p}, Boundary: &p, Resource: &p, Owner: "222222222222",
	})
	v := s.Decide("s3:GetObject", "arn:aws:s3:::bucket/key")
	if v.Decision == ImplicitDeny && v.Matched != nil || v.Decision != ImplicitDeny && v.Matched == nil {
		t.Errorf("%s with the statements %v", v.Decision, v.Matched)
	}
}
