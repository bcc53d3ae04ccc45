package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/strictjson"
)

func TestReadKeepsPlaces(t *testing.T) {
	src := []byte(" {\"a\": [1.5e3, true, null],\n \"\\u0062\": \"é\\n\"} ")
	got, err := strictjson.Read(src)
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	walk(got, "", func(name string, v strictjson.Value) {
		text, _ := v.Scalar()
		places = append(places, fmt.Sprintf("%s at %d says %q and is written %s", name, v.Offset(), text, v.Raw()))
	})
	want := []string{
		` at 1 says "" and is written ` + strings.TrimSpace(string(src)),
		`/a at 7 says "" and is written [1.5e3, true, null]`,
		`/a/0 at 8 says "1.5e3" and is written 1.5e3`,
		`/a/1 at 15 says "true" and is written true`,
		`/a/2 at 21 says "" and is written null`,
		`/b at 39 says "é\n" and is written "é\n"`,
	}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for m := range got.Members() {
		if want := map[string]int{"a": 2, "b": 29}[m.Name]; m.NameOffset != want {
			t.Errorf("the name %q is at %d; want %d", m.Name, m.NameOffset, want)
		}
	}
	if line, column := strictjson.Place(src, len(src)-2); line != 2 || column != 17 {
		t.Errorf("the end of é is at line %d, column %d; want 2, 17", line, column)
	}
}

func TestDepthIsNotWidth(t *testing.T) {
	src := "[" + strings.Repeat(`[{"a":[1]},[],{}],`, 5_000) + "0]"
	v, err := strictjson.Read([]byte(src))
	if err != nil || v.Len() != 5_001 {
		t.Errorf("got %d values, %v; want 5,001", v.Len(), err)
	}
}

// walk calls visit for a value and all that is in it.
func walk(v strictjson.Value, name string, visit func(string, strictjson.Value)) {
	visit(name, v)
	i := 0
	for item := range v.Items() {
		walk(item, fmt.Sprintf("%s/%d", name, i), visit)
		i++
	}
	for m := range v.Members() {
		walk(m.Value, name+"/"+m.Name, visit)
	}
}

func TestOneOrMore(t *testing.T) {
	for src, want := range map[string][]string{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}, `[]`: nil, `7`: {""}, `[["a"],"b"]`: {"", "b"}} {
		v, err := strictjson.Read([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for one := range v.OneOrMore() {
			text, _ := one.Text()
			got = append(got, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", src, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	deep := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	tests := map[string]struct {
		src    string
		offset int
		msg    string
	}{
		"nothing":                    {"", 0, "not valid JSON: unexpected end of JSON input"},
		"text cut short":             {`{"a":`, 5, "not valid JSON: unexpected end of JSON input"},
		"text after the end":         {"1 2", 2, "not valid JSON: invalid character '2' after top-level value"},
		"a comma too many":           {"[1,]", 3, "not valid JSON: invalid character ']' looking for beginning of value"},
		"a name without quotes":      {"{a:1}", 1, "not valid JSON: invalid character 'a' looking for beginning of object key string"},
		"a zero before a number":     {"01", 1, "not valid JSON: invalid character '1' after top-level value"},
		"a point at the end":         {"[1.]", 3, "not valid JSON: invalid character ']' after decimal point in numeric literal"},
		"an unknown escape":          {`"\x"`, 2, "not valid JSON: invalid character 'x' in string escape code"},
		"a line break in a string":   {"\"\n\"", 1, "not valid JSON: invalid character '\\n' in string literal"},
		"half a word":                {"[nul]", 4, "not valid JSON: invalid character ']' in literal null (expecting 'l')"},
		"lists in lists without end": {deep, 10_000, "not valid JSON: invalid character '[' exceeded max depth"},
		"bytes that are no text":     {"\"é\xff\"", 3, "the document is not valid UTF-8"},
		"a name twice":               {`{"a":1,"b":{"a":1},"\u0061":2}`, 19, `"a" is given twice`},
		"a name twice among many":    {many("n15"), len(many("")) - 1, `"n15" is given twice`},
		"a name twice in text that is no JSON": {
			`{"a":1,"a":2`, 12, "not valid JSON: unexpected end of JSON input",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := strictjson.Read([]byte(test.src))
			var got *strictjson.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v; want an Error", err)
			}
			if got.Offset != test.offset || got.Msg != test.msg {
				t.Errorf("got  %d %s\nwant %d %s", got.Offset, got.Msg, test.offset, test.msg)
			}
		})
	}
}

// many writes an object of twenty names, and one more unless it is empty.
func many(name string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range 20 {
		b.WriteString(`"n` + strconv.Itoa(i) + `":0,`)
	}
	if name != "" {
		b.WriteString(`"` + name + `":0`)
	}
	return b.String() + "}"
}

// A text takes memory for what is in it, not for what its commas could be.
func TestCommasInStringsTakeNoRoom(t *testing.T) {
	src := []byte(`"` + strings.Repeat(",", 1<<20) + `"`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := strictjson.Read(src); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
		t.Errorf("%d bytes for %d of text", took, len(src))
	}
}

// FuzzRead holds Read against encoding/json: both take the same text, and find the same in it.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0.5E+7,true,false,null,"\u00e9\ud800\"",{}]}`, `{"a":1,"a":2}`, "01", `"\`, " [ ] ", "-", "\x00", many("")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := strictjson.Read(src)
		var e *strictjson.Error
		if errors.As(err, &e) {
			if e.Offset < 0 || e.Offset > len(src) {
				t.Fatalf("an error at byte %d of %d", e.Offset, len(src))
			}
			if json.Valid(src) && utf8.Valid(src) && !strings.HasSuffix(e.Msg, " is given twice") {
				t.Fatalf("refused as %v; encoding/json takes it", err)
			}
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(src))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("taken, but encoding/json says: %v", err)
		}
		if diff := cmp.Diff(want, plain(v)); diff != "" {
			t.Errorf("(-encoding/json +strictjson)\n%s", diff)
		}
	})
}

// plain makes of a value what encoding/json makes of its text.
func plain(v strictjson.Value) any {
	text, _ := v.Scalar()
	switch v.Kind() {
	case strictjson.Null:
		return nil
	case strictjson.Bool:
		return text == "true"
	case strictjson.Number:
		return json.Number(text)
	case strictjson.String:
		return text
	case strictjson.List:
		out := make([]any, 0, v.Len())
		for item := range v.Items() {
			out = append(out, plain(item))
		}
		return out
	case strictjson.Object:
		out := make(map[string]any, v.Len())
		for m := range v.Members() {
			out[m.Name] = plain(m.Value)
		}
		return out
	}
	return nil
}
