package fieldcheck

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRefusalsAreReadInEveryForm(t *testing.T) {
	for sentence, test := range map[string]struct{ body, code, message string }{
		"of the Query protocol": {
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>` +
				`<Message>There is none.</Message></Error><RequestId>r</RequestId></ErrorResponse>`, "NoSuchEntity", "There is none.",
		},
		"of S3":       {`<?xml version="1.0"?><Error><Code>InvalidArgument</Code><Message>Only one.</Message></Error>`, "InvalidArgument", "Only one."},
		"of JSON 1.1": {`{"__type":"AccessDeniedException","message":"You may not."}`, "AccessDeniedException", "You may not."},
		"of JSON 1.1 with a namespace and a capital": {
			`{"__type":"com.amazonaws.ecr#ServerException","Message":"Oh."}`, "ServerException", "Oh.",
		},
		"of a registry":             {`{"errors":[{"code":"DENIED","message":"No."},{"code":"OTHER"}]}`, "DENIED", "No."},
		"of no form":                {"Not Authorized\n", "", "Not Authorized"},
		"of XML that breaks off":    {"<ErrorResponse><Error>", "", "<ErrorResponse><Error>"},
		"of JSON that says nothing": {`{}`, "", "{}"},
		"of nothing":                {"", "", ""},
		"of a long page":            {strings.Repeat("é", 300), "", strings.Repeat("é", 100)},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, message := parseRefusal([]byte(test.body))
			if diff := cmp.Diff([]string{test.code, test.message}, []string{code, message}); diff != "" {
				t.Errorf("code and message (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseRefusal(f *testing.F) {
	f.Add([]byte(`<ErrorResponse><Error><Code>C</Code><Message>M</Message></Error></ErrorResponse>`))
	f.Add([]byte(`{"errors":[{"code":"DENIED","message":"No."}]}`))
	f.Add([]byte("Not Authorized\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message := parseRefusal(body)
		if !utf8.ValidString(code) || !utf8.ValidString(message) {
			t.Errorf("%q gives %q and %q, which no report can hold", body, code, message)
		}
		if code == "" && message == "" && strings.TrimSpace(string(body)) != "" {
			t.Errorf("%q is told by nothing", body)
		}
	})
}
