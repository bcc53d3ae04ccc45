package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// errNoCommand says that a text is no command line of the AWS CLI that a test can carry out.
var errNoCommand = errors.New("no command line of the AWS CLI")

// cliCall is a command line of the AWS CLI as a call: the service, the operation and its input as JSON.
type cliCall struct {
	service, operation, input string
}

// cliCalls reads command lines of the AWS CLI, of which && makes several out of one. The shell's words are those of POSIX
// (Shell Command Language, 2.2 Quoting), without expansions: a command that holds one is an error.
func cliCalls(line string) ([]cliCall, error) {
	words, err := shellWords(line)
	if err != nil {
		return nil, err
	}
	var calls []cliCall
	for begin, i := 0, 0; i <= len(words); i++ {
		if i < len(words) && words[i] != "&&" {
			continue
		}
		call, err := asCall(words[begin:i])
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		calls = append(calls, call)
		begin = i + 1
	}
	return calls, nil
}

func asCall(words []string) (cliCall, error) {
	if len(words) < 3 || words[0] != "aws" {
		return cliCall{}, errNoCommand
	}
	input := map[string]any{}
	for i := 3; i < len(words); i++ {
		option, isOption := strings.CutPrefix(words[i], "--")
		if !isOption {
			return cliCall{}, fmt.Errorf("%w: %q is no option", errNoCommand, words[i])
		}
		var values []string
		for i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			values = append(values, words[i])
		}
		switch {
		case option == "region" || option == "profile":
		case option == "tags":
			input["Tags"] = tagsOf(values)
		case len(values) == 0:
			input[pascal(option)] = true
		default:
			input[pascal(option)] = values[0]
		}
	}
	text, err := json.Marshal(input)
	return cliCall{service: words[1], operation: pascal(words[2]), input: string(text)}, err
}

// tagsOf reads the shorthand Key=k,Value=v.
func tagsOf(words []string) []map[string]string {
	var tags []map[string]string
	for _, word := range words {
		key, value, _ := strings.Cut(strings.TrimPrefix(word, "Key="), ",Value=")
		tags = append(tags, map[string]string{"Key": key, "Value": strings.Trim(value, `"`)})
	}
	return tags
}

// pascal makes the name of an operation or a member out of the CLI's.
func pascal(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// shellWords splits a line as a shell does.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	within := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\n', '\t':
			if within {
				words = append(words, word.String())
				word.Reset()
			}
			within = false
		case '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("%w: a quotation does not end", errNoCommand)
			}
			word.WriteString(line[i+1 : i+1+end])
			within, i = true, i+1+end
		case '\\':
			if i++; i == len(line) {
				return nil, fmt.Errorf("%w: it ends with a backslash", errNoCommand)
			}
			word.WriteByte(line[i])
			within = true
		case '$', '`', '"', ';', '|', '<', '>', '(', ')', '*', '?', '~', '#':
			return nil, fmt.Errorf("%w: a shell would not take %q as it stands", errNoCommand, c)
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if within {
		words = append(words, word.String())
	}
	return words, nil
}

func TestCommandLinesAreCalls(t *testing.T) {
	for sentence, test := range map[string]struct {
		line string
		want []cliCall
	}{
		"options are members": {
			`aws iam attach-user-policy --user-name u --policy-arn arn:aws:iam::999999999999:policy/p`,
			[]cliCall{{"iam", "AttachUserPolicy", `{"PolicyArn":"arn:aws:iam::999999999999:policy/p","UserName":"u"}`}},
		},
		"a quotation is one word, and an option without a value a yes": {
			`aws iam create-policy-version --policy-document '{"a": "it'\''s"}' --set-as-default`,
			[]cliCall{{"iam", "CreatePolicyVersion", `{"PolicyDocument":"{\"a\": \"it's\"}","SetAsDefault":true}`}},
		},
		"and joins two": {
			"aws iam a --b c &&\naws sts d --region us-west-2",
			[]cliCall{{"iam", "A", `{"B":"c"}`}, {"sts", "D", `{}`}},
		},
		"what a shell would expand is no command": {`aws iam a --b $HOME`, nil},
		"a comment is no command":                 {`# ask somebody`, nil},
		"another program is none":                 {`rm --recursive yes`, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := cliCalls(test.line)
			if (err != nil) != (test.want == nil) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(cliCall{})); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
