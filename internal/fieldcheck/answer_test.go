package fieldcheck

import (
	"fmt"
	"os"
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

func FuzzPrincipalOf(f *testing.F) {
	f.Add(`%7B%22Statement%22%3A%5B%7B%22Principal%22%3A%7B%22AWS%22%3A%22AIDAEXAMPLE%22%7D%7D%5D%7D`)
	f.Add(`{"Statement":[{"Principal":{"AWS":["a","b"]}},{"Principal":{"AWS":"c"}}]}`)
	f.Fuzz(func(t *testing.T, trust string) {
		if named, err := principalOf(trust); err != nil && named != "" {
			t.Errorf("%q names %q and is a mistake: %v", trust, named, err)
		}
	})
}

func TestNamesStandForWhatDiffers(t *testing.T) {
	field := &Field{run: "0badc0de"}
	field.Source.Account, field.Destination.Account = "111111111111", "999999999999"
	field.Region, field.Subscription = "us-west-2", "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"
	n := newNames(field)
	for text, want := range map[string]string{
		"arn:aws:iam::111111111111:role/pullpass/fieldcheck/0badc0de/r": "arn:aws:iam::<source>:role/pullpass/fieldcheck/<run>/r",
		"999999999999 and 123456789012":                                 "<destination> and <account>",
		"346438352937.dkr.ecr.us-west-2.amazonaws.com":                  "<packages>.dkr.ecr.us-west-2.amazonaws.com",
		"AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE":                    "<key id>, <key id>",
		"AIDACKCEVSQ6C2EXAMPLE AROACKCEVSQ6C2EXAMPLE":                   "<user id> <role id>",
		"ANPACKCEVSQ6C2EXAMPLE":                                         "<policy id>",
		"of e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964":                       "of <subscription>",
		"4ab90074-2968-4daf-a597-38c528416929":                          "<request>",
		"20261123T031804Z (2026-11-23T03:18:04.123Z)":                   "<time> (<time>)",
		"one\n  line":                        "one line",
		"sha256:" + strings.Repeat("ab", 32): "<digest>",
		"AccessKeysPerUser: 2":               "AccessKeysPerUser: 2",
	} {
		if diff := cmp.Diff(want, n.normal(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestSelectTakesIDsAndThemes(t *testing.T) {
	checks, err := Select([]string{"clock", "key/third"})
	if err != nil {
		t.Fatal(err)
	}
	var got []ID
	for _, c := range checks {
		got = append(got, c.ID)
	}
	if diff := cmp.Diff([]ID{"key/third", "clock/sts", "clock/iam", "clock/ecr"}, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	if _, err := Select([]string{"clock", "weather"}); err == nil || !strings.Contains(err.Error(), `"weather"`) {
		t.Errorf("an unknown theme gives %v", err)
	}
}

func TestTheDocumentListsEveryCheck(t *testing.T) {
	text, err := os.ReadFile("../../docs/field-check.md")
	if err != nil {
		t.Fatal(err)
	}
	want := "| check | assumption | mark |\n|---|---|---|\n"
	for _, c := range Checks() {
		want += fmt.Sprintf("| %s | %s | %s |\n", c.ID, c.Assumption, c.Mark)
	}
	_, listed, _ := strings.Cut(string(text), "## The checks\n\n")
	listed, _, _ = strings.Cut(listed, "\n\n")
	if diff := cmp.Diff(want, listed+"\n"); diff != "" {
		t.Errorf("the checks of docs/field-check.md (-want +there):\n%s", diff)
	}
}

func TestEveryCheckHasAnIDOfItsOwnAndAMark(t *testing.T) {
	seen := map[ID]bool{}
	for _, c := range Checks() {
		if seen[c.ID] || c.Mark == "" || c.Assumption == "" || c.run == nil {
			t.Errorf("check %q is there twice, or lacks something", c.ID)
		}
		seen[c.ID] = true
	}
}
