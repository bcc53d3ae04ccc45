package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/explain"
)

// errNoPatch says that a document cannot be patched so.
var errNoPatch = errors.New("the patch does not fit the document")

// patched carries out the operations of a JSON patch (RFC 6902) on a document, as any program would that knows the RFC: it
// has no code in common with the one that made the patch.
func patched(document string, ops []explain.PatchOp) (any, error) {
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		return nil, err
	}
	for _, op := range ops {
		var value any
		if len(op.Value) > 0 {
			if err := json.Unmarshal(op.Value, &value); err != nil {
				return nil, err
			}
		}
		if err := patchAt(&root, pointer(op.Path), op.Op, value); err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.Op, op.Path, err)
		}
	}
	return root, nil
}

// pointer splits a JSON pointer (RFC 6901).
func pointer(path string) []string {
	if path == "" {
		return nil
	}
	tokens := strings.Split(path, "/")[1:]
	for i := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(tokens[i], "~1", "/"), "~0", "~")
	}
	return tokens
}

// patchAt does one operation at a place below a node, which it may replace.
func patchAt(node *any, tokens []string, op string, value any) error {
	if len(tokens) == 0 {
		*node = value
		return nil
	}
	switch held := (*node).(type) {
	case map[string]any:
		return patchField(held, tokens, op, value)
	case []any:
		changed, err := patchElement(held, tokens, op, value)
		*node = changed
		return err
	}
	return errNoPatch
}

func patchField(held map[string]any, tokens []string, op string, value any) error {
	below, found := held[tokens[0]]
	switch {
	case len(tokens) > 1 && found:
		err := patchAt(&below, tokens[1:], op, value)
		held[tokens[0]] = below
		return err
	case len(tokens) > 1, op != "add" && !found:
		return errNoPatch
	case op == "remove":
		delete(held, tokens[0])
	default:
		held[tokens[0]] = value
	}
	return nil
}

func patchElement(held []any, tokens []string, op string, value any) ([]any, error) {
	if op == "add" && len(tokens) == 1 && tokens[0] == "-" {
		return append(held, value), nil
	}
	i, err := strconv.Atoi(tokens[0])
	if err != nil || i < 0 || i >= len(held) {
		return held, errNoPatch
	}
	switch {
	case len(tokens) > 1:
		return held, patchAt(&held[i], tokens[1:], op, value)
	case op == "remove":
		return append(held[:i:i], held[i+1:]...), nil
	case op == "add":
		return append(held[:i:i], append([]any{value}, held[i:]...)...), nil
	}
	held[i] = value
	return held, nil
}

func TestPatchesAreThoseOfTheRFC(t *testing.T) {
	const document = `{"Statement":[{"Action":"a","Resource":["x","y"]}],"a/b":1}`
	for sentence, test := range map[string]struct {
		ops  string
		want string
	}{
		"add puts a field":              {`[{"op":"add","path":"/Statement/0/Sid","value":"s"}]`, `{"Statement":[{"Action":"a","Resource":["x","y"],"Sid":"s"}],"a/b":1}`},
		"add puts an element between":   {`[{"op":"add","path":"/Statement/0/Resource/1","value":"z"}]`, `{"Statement":[{"Action":"a","Resource":["x","z","y"]}],"a/b":1}`},
		"add puts an element last":      {`[{"op":"add","path":"/Statement/0/Resource/-","value":"z"}]`, `{"Statement":[{"Action":"a","Resource":["x","y","z"]}],"a/b":1}`},
		"replace puts another value":    {`[{"op":"replace","path":"/Statement/0/Action","value":["a","b"]}]`, `{"Statement":[{"Action":["a","b"],"Resource":["x","y"]}],"a/b":1}`},
		"remove takes out":              {`[{"op":"remove","path":"/Statement/0/Resource/0"},{"op":"remove","path":"/a~1b"}]`, `{"Statement":[{"Action":"a","Resource":["y"]}]}`},
		"what is not there is no place": {`[{"op":"replace","path":"/Statement/1","value":1}]`, ``},
	} {
		t.Run(sentence, func(t *testing.T) {
			var ops []explain.PatchOp
			if err := json.Unmarshal([]byte(test.ops), &ops); err != nil {
				t.Fatal(err)
			}
			got, err := patched(document, ops)
			if test.want == "" {
				if !errors.Is(err, errNoPatch) {
					t.Errorf("got %v, error %v", got, err)
				}
				return
			}
			var want any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, document (-want +got):\n%s", err, diff)
			}
		})
	}
}
