package explain

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples are those of RFC 6902, appendix A, as far as they add, replace or remove.
func TestPatchesAreCarriedOutAsTheRFCSays(t *testing.T) {
	for sentence, test := range map[string]struct {
		document string
		op       PatchOp
		want     string
	}{
		"A.1 adding an object member":    {`{"foo":"bar"}`, PatchOp{Op: "add", Path: "/baz", Value: []byte(`"qux"`)}, `{"baz":"qux","foo":"bar"}`},
		"A.2 adding an array element":    {`{"foo":["bar","baz"]}`, PatchOp{Op: "add", Path: "/foo/1", Value: []byte(`"qux"`)}, `{"foo":["bar","qux","baz"]}`},
		"A.3 removing an object member":  {`{"baz":"qux","foo":"bar"}`, PatchOp{Op: "remove", Path: "/baz"}, `{"foo":"bar"}`},
		"A.4 removing an array element":  {`{"foo":["bar","qux","baz"]}`, PatchOp{Op: "remove", Path: "/foo/1"}, `{"foo":["bar","baz"]}`},
		"A.5 replacing a value":          {`{"baz":"qux","foo":"bar"}`, PatchOp{Op: "replace", Path: "/baz", Value: []byte(`"boo"`)}, `{"baz":"boo","foo":"bar"}`},
		"A.10 adding a nested object":    {`{"foo":"bar"}`, PatchOp{Op: "add", Path: "/child", Value: []byte(`{"grandchild":{}}`)}, `{"child":{"grandchild":{}},"foo":"bar"}`},
		"A.14 escaped tokens":            {`{"/":9,"~1":10}`, PatchOp{Op: "replace", Path: "/~01", Value: []byte(`11`)}, `{"/":9,"~1":11}`},
		"a key with a slash":             {`{"aws:RequestTag/env":"dev"}`, PatchOp{Op: "replace", Path: "/aws:RequestTag~1env", Value: []byte(`"prod"`)}, `{"aws:RequestTag/env":"prod"}`},
		"A.16 adding to the end":         {`{"foo":["bar"]}`, PatchOp{Op: "add", Path: "/foo/-", Value: []byte(`["abc","def"]`)}, `{"foo":["bar",["abc","def"]]}`},
		"the whole document is replaced": {`{"foo":"bar"}`, PatchOp{Op: "replace", Path: "", Value: []byte(`[1]`)}, `[1]`},
	} {
		t.Run(sentence, func(t *testing.T) {
			var root, want any
			unmarshal(t, test.document, &root)
			unmarshal(t, test.want, &want)
			got, err := applyOp(root, test.op)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func unmarshal(t *testing.T, text string, to *any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), to); err != nil {
		t.Fatal(err)
	}
}

func TestPatchesOfWhatIsNotThereFail(t *testing.T) {
	for sentence, op := range map[string]PatchOp{
		"A.12 adding to a target that does not exist": {Op: "add", Path: "/baz/bat", Value: []byte(`"qux"`)},
		"removing a member that does not exist":       {Op: "remove", Path: "/baz"},
		"replacing a member that does not exist":      {Op: "replace", Path: "/baz", Value: []byte(`1`)},
		"an element past the end":                     {Op: "add", Path: "/list/2", Value: []byte(`1`)},
		"an element that is no number":                {Op: "replace", Path: "/list/x", Value: []byte(`1`)},
		"a member of a text":                          {Op: "add", Path: "/foo/bar", Value: []byte(`1`)},
		"the end, which is not there to be replaced":  {Op: "replace", Path: "/list/-", Value: []byte(`1`)},
	} {
		t.Run(sentence, func(t *testing.T) {
			var root any
			unmarshal(t, `{"foo":"bar","list":[1]}`, &root)
			if got, err := applyOp(root, op); err == nil {
				t.Errorf("it gives %v", got)
			}
		})
	}
}

// A condition is found however its document spells the key, and what it leaves empty goes with it.
func TestDroppingAConditionLeavesNothingEmpty(t *testing.T) {
	for sentence, test := range map[string]struct{ document, path, want string }{
		"the only one": {
			`{"Statement":{"Effect":"Allow","Condition":{"Bool":{"k":"true"}}}}`, "/Statement/Condition/Bool/k", `{"Statement":{"Effect":"Allow"}}`,
		},
		"one of two operators": {
			`{"Statement":{"Condition":{"Bool":{"k":"true"},"Null":{"k":"true"}}}}`, "/Statement/Condition/Bool/k",
			`{"Statement":{"Condition":{"Null":{"k":"true"}}}}`,
		},
		"one of two keys": {
			`{"Statement":{"Condition":{"Bool":{"k":"true","l":"true"}}}}`, "/Statement/Condition/Bool/k", `{"Statement":{"Condition":{"Bool":{"l":"true"}}}}`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			e := newEdit(&Document{Text: test.document})
			e.drop("/Statement", test.path)
			var want any
			unmarshal(t, test.want, &want)
			if diff := cmp.Diff(want, e.root); diff != "" || e.err != nil {
				t.Errorf("%v\n%s", e.err, diff)
			}
		})
	}
}

func FuzzApplyOp(f *testing.F) {
	f.Add(`{"a":[{"b~/c":1}]}`, "add", "/a/0/b~0~1c", `{"x":1}`)
	f.Add(`{"a":[]}`, "add", "/a/-", `1`)
	f.Add(`[[1]]`, "remove", "/0/0", ``)
	f.Fuzz(func(t *testing.T, document, op, path, value string) {
		var root any
		if json.Unmarshal([]byte(document), &root) != nil {
			return
		}
		changed, err := applyOp(root, PatchOp{Op: op, Path: path, Value: []byte(value)})
		if err != nil || op != "add" && op != "replace" {
			return
		}
		if got, err := lookUp(changed, split(path)); err == nil {
			var want any
			unmarshal(t, value, &want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what was put at %q is not there:\n%s", path, diff)
			}
		}
	})
}
