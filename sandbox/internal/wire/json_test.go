package wire

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ecrJSON() JSON11 { return JSON11{TargetPrefix: "AmazonEC2ContainerRegistry_V20150921"} }

func eksREST() REST {
	return REST{Routes: []Route{
		{"GET", "/eks-anywhere-subscriptions", "ListEksAnywhereSubscriptions"},
		{"GET", "/eks-anywhere-subscriptions/{id}", "DescribeEksAnywhereSubscription"},
		{"POST", "/tags/{resourceArn}", "TagResource"},
	}}
}

func TestJSONOperation(t *testing.T) {
	for name, tc := range map[string]struct{ target, want string }{
		"named":            {"AmazonEC2ContainerRegistry_V20150921.BatchGetImage", "BatchGetImage"},
		"no target":        {"", ""},
		"another service":  {"AmazonSSM.BatchGetImage", ""},
		"no name":          {"AmazonEC2ContainerRegistry_V20150921.", ""},
		"the prefix alone": {"AmazonEC2ContainerRegistry_V20150921", ""},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Amz-Target", tc.target)
		got, err := ecrJSON().Operation(NewRequest(r, nil))
		var refused *Error
		if got != tc.want || (err == nil) != (tc.want != "") || err != nil && (!errors.As(err, &refused) || refused.Code != "UnknownOperationException") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
		}
	}
}

func TestJSONBodies(t *testing.T) {
	type in struct {
		Name string `json:"repositoryName"`
		At   *Epoch `json:"at"`
	}
	at := Epoch{time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)}
	for name, tc := range map[string]struct {
		body string
		want in
		code string
	}{
		"no body":         {"", in{}, ""},
		"an object":       {`{"repositoryName":"a/b","unknown":[1],"at":1772366400.25}`, in{"a/b", &at}, ""},
		"another type":    {`{"repositoryName":1}`, in{}, "SerializationException"},
		"broken":          {`{"repositoryName":`, in{}, "SerializationException"},
		"two values":      {`{}{}`, in{}, "SerializationException"},
		"a time past all": {`{"at":1e300}`, in{At: &Epoch{}}, "SerializationException"},
	} {
		t.Run(name, func(t *testing.T) {
			var got in
			err := ecrJSON().Decode(NewRequest(httptest.NewRequest("POST", "/", nil), []byte(tc.body)), &got)
			var refused *Error
			if tc.code != "" && (!errors.As(err, &refused) || refused.Code != tc.code) || tc.code == "" && err != nil {
				t.Errorf("Decode: %v, want %q", err, tc.code)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJSONReplies(t *testing.T) {
	type out struct {
		Images List[string] `json:"images"`
		At     Epoch        `json:"at"`
		None   List[string] `json:"none,omitempty"`
	}
	at := Epoch{time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)}
	for name, tc := range map[string]struct {
		out  any
		want string
	}{
		"no output":               {nil, `{}`},
		"an empty list":           {out{At: Epoch{time.Unix(1772366400, 0)}}, `{"images":[],"at":1772366400}`},
		"marks that HTML escapes": {&out{Images: List[string]{"<&>"}, At: at}, `{"images":["<&>"],"at":1772366400.25}`},
	} {
		for mediaType, c := range map[string]Codec{"application/x-amz-json-1.1": ecrJSON(), "application/json": eksREST()} {
			w := httptest.NewRecorder()
			if err := c.Encode(w, Reply{"Op", "id-1", tc.out}); err != nil {
				t.Fatal(err)
			}
			if got := w.Body.String(); got != tc.want || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %s, want %s", name, got, tc.want)
			}
			if got := w.Header().Get("Content-Type"); got != mediaType || w.Header().Get("X-Amzn-RequestId") != "id-1" {
				t.Errorf("%s: header %v", name, w.Header())
			}
		}
	}
}

func TestRESTRoutes(t *testing.T) {
	const unknown = "UnknownOperationException: "
	for name, tc := range map[string]struct{ method, target, want string }{
		"a plain path":             {"GET", "/eks-anywhere-subscriptions?maxResults=1", "ListEksAnywhereSubscriptions"},
		"a parameter":              {"GET", "/eks-anywhere-subscriptions/id", "DescribeEksAnywhereSubscription"},
		"a parameter with a slash": {"POST", "/tags/arn%3Aaws%3Aeks%2Fx", "TagResource"},
		"an empty parameter":       {"GET", "/eks-anywhere-subscriptions/", unknown},
		"a segment too many":       {"GET", "/eks-anywhere-subscriptions/id/x", unknown},
		"another method":           {"DELETE", "/eks-anywhere-subscriptions/id", unknown},
		"another path":             {"GET", "/clusters", unknown},
		"the root":                 {"GET", "/", unknown},
	} {
		got, err := eksREST().Operation(NewRequest(httptest.NewRequest(tc.method, tc.target, nil), nil))
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestRESTInputs(t *testing.T) {
	type in struct {
		ARN     string            `json:"-" path:"resourceArn"`
		Max     *int              `json:"-" query:"maxResults"`
		Status  []string          `json:"-" query:"includeStatus"`
		Next    string            `json:"-" query:"nextToken"`
		Tags    map[string]string `json:"tags"`
		Ignored string            `json:"-"`
	}
	ten := 10
	for name, tc := range map[string]struct {
		target, body string
		want         in
		code         string
	}{
		"all places": {"/tags/arn%3Aaws%2Fx?maxResults=10&includeStatus=A&includeStatus=B&other=1&nextToken=a%2Bb", `{"tags":{"k":"v"}}`,
			in{ARN: "arn:aws/x", Max: &ten, Status: []string{"A", "B"}, Next: "a+b", Tags: map[string]string{"k": "v"}}, ""},
		"the path alone":                 {"/tags/x", "", in{ARN: "x"}, ""},
		"the first of several texts":     {"/tags/x?nextToken=a&nextToken=b", "", in{ARN: "x", Next: "a"}, ""},
		"a body that would set the path": {"/tags/x", `{"ARN":"y","resourceArn":"z","Ignored":"i"}`, in{ARN: "x"}, ""},
		"a word for a number":            {"/tags/x?maxResults=ten", "", in{}, ValidationError},
		"a broken query":                 {"/tags/x?maxResults=%zz", "", in{}, ValidationError},
		"a broken body":                  {"/tags/x", "{", in{}, "SerializationException"},
		"no route":                       {"/other", "", in{}, "UnknownOperationException"},
	} {
		t.Run(name, func(t *testing.T) {
			var got in
			err := eksREST().Decode(NewRequest(httptest.NewRequest("POST", tc.target, nil), []byte(tc.body)), &got)
			var refused *Error
			if tc.code != "" {
				if !errors.As(err, &refused) || refused.Code != tc.code {
					t.Errorf("Decode: %v, want %s", err, tc.code)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestRESTRefusesInputsItCannotFill(t *testing.T) {
	for name, in := range map[string]any{
		"no pointer":    struct{}{},
		"a nil pointer": (*struct{})(nil),
		"a field without form": &struct {
			M map[string]string `path:"resourceArn"`
		}{},
	} {
		err := eksREST().Decode(NewRequest(httptest.NewRequest("POST", "/tags/x", nil), nil), in)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != InternalFailure {
			t.Errorf("%s: %v, want InternalFailure", name, err)
		}
	}
}
