package wire

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const namespace = "https://iam.amazonaws.com/doc/2010-05-08/"

func iamQuery() Query { return Query{Namespace: namespace, Version: "2010-05-08"} }

// post is a request with a form body, get one with a query string.
func post(body string) *Request {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return NewRequest(r, []byte(body))
}

func get(query string) *Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.RawQuery = query
	return NewRequest(r, nil)
}

type tag struct {
	Key   string `query:"Key"`
	Value string `query:"Value"`
}

type path string

type paging struct {
	MaxItems int `query:"MaxItems"`
}

type input struct {
	paging

	Name     string     `query:"UserName"`
	Path     path       `query:"Path"`
	Boundary *string    `query:"PermissionsBoundary"`
	Default  bool       `query:"SetAsDefault"`
	Limit    *int64     `query:"Limit"`
	After    time.Time  `query:"After"`
	Before   *Timestamp `query:"Before"`
	Tags     []tag      `query:"Tags"`
	Names    []string   `query:"Names"`
	Nested   *struct {
		Lists [][]string `query:"Lists"`
	} `query:"Nested"`
	Ignored string
}

func TestQueryParametersFillTheInput(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	empty, limit := "", int64(9000000000)
	for name, tc := range map[string]struct {
		form string
		want input
	}{
		"nothing":                      {"", input{}},
		"text of another type":         {"UserName=a%20b+c%2B%E6%97%A5&Path=/x/", input{Name: "a b c+日", Path: "/x/"}},
		"an absent and an empty value": {"PermissionsBoundary=", input{Boundary: &empty}},
		"a number in an embedded part": {"MaxItems=-5", input{paging: paging{-5}}},
		"a bool in either case":        {"SetAsDefault=True", input{Default: true}},
		"a pointer to a number":        {"Limit=9000000000", input{Limit: &limit}},
		"times": {"After=2026-03-01T12:00:00Z&Before=2026-03-01T13:00:00%2B01:00",
			input{After: noon, Before: &Timestamp{noon}}},
		"a list of structs": {"Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c",
			input{Tags: []tag{{"a", "b"}, {"c", ""}}}},
		"a list in the order of its numbers": {"Names.member.10=j&Names.member.2=b&Names.member.1=a",
			input{Names: []string{"a", "b", "j"}}},
		"an empty list": {"Names=", input{Names: []string{}}},
		"an empty struct": {"Nested=", input{Nested: &struct {
			Lists [][]string `query:"Lists"`
		}{}}},
		"a list of lists": {"Nested.Lists.member.1.member.1=x", input{Nested: &struct {
			Lists [][]string `query:"Lists"`
		}{[][]string{{"x"}}}}},
		"the first of two": {"UserName=a&UserName=b", input{Name: "a"}},
		"what it lacks":    {"Unknown=1&Ignored=2&Unknown.member.1=3", input{}},
	} {
		t.Run(name, func(t *testing.T) {
			for place, r := range map[string]*Request{"body": post(tc.form), "query string": get(tc.form)} {
				var got input
				if err := iamQuery().Decode(r, &got); err != nil {
					t.Fatalf("from the %s: %v", place, err)
				}
				if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(input{})); diff != "" {
					t.Errorf("from the %s: %s", place, diff)
				}
			}
		})
	}
}

func TestQueryParametersThatDoNotFit(t *testing.T) {
	for name, tc := range map[string]struct{ form, code string }{
		"a word for a number":          {"MaxItems=ten", "MalformedInput"},
		"a number too large":           {"Limit=99999999999999999999", "MalformedInput"},
		"a number for a bool":          {"SetAsDefault=1", "MalformedInput"},
		"a date for a time":            {"After=2026-03-01", "MalformedInput"},
		"a list for a text":            {"UserName.member.1=a", "MalformedInput"},
		"a text for a list":            {"Names=a", "MalformedInput"},
		"a struct for a list":          {"Tags.Key=a", "MalformedInput"},
		"a text for a struct":          {"Nested=a", "MalformedInput"},
		"index zero":                   {"Names.member.0=a", "MalformedInput"},
		"an index past the limit":      {"Names.member.1001=a", "MalformedInput"},
		"an index with a leading zero": {"Names.member.01=a", "MalformedInput"},
		"an index that is no number":   {"Names.member.x=a", "MalformedInput"},
		"a huge index":                 {"Names.member.99999999999999999999=a", "MalformedInput"},
		"nesting without end":          {strings.Repeat("a.", 8) + "a=1", "MalformedInput"},
		"a broken escape":              {"UserName=%zz", "MalformedQueryString"},
	} {
		t.Run(name, func(t *testing.T) {
			var in input
			err := iamQuery().Decode(post(tc.form), &in)
			var got *Error
			if !errors.As(err, &got) || got.Code != tc.code || got.Message == "" {
				t.Errorf("Decode: %v, want %s", err, tc.code)
			}
		})
	}
}

func TestListsReachTheLimit(t *testing.T) {
	form := url.Values{}
	for i := range maxIndex {
		form.Set("Names.member."+strconv.Itoa(i+1), "x")
	}
	var in input
	if err := iamQuery().Decode(post(form.Encode()), &in); err != nil || len(in.Names) != maxIndex {
		t.Errorf("%d names, %v; want %d", len(in.Names), err, maxIndex)
	}
}

func TestDecodingIntoTheWrongTypeIsAnInternalFailure(t *testing.T) {
	for name, in := range map[string]any{
		"no pointer":    input{},
		"a nil pointer": (*input)(nil),
		"no struct":     new(string),
		"a field without form": &struct {
			C chan int `query:"UserName"`
		}{},
	} {
		var got *Error
		if err := iamQuery().Decode(post("UserName=a"), in); !errors.As(err, &got) || got.Code != InternalFailure {
			t.Errorf("%s: %v, want InternalFailure", name, err)
		}
	}
}

func TestQueryOperation(t *testing.T) {
	for name, tc := range map[string]struct {
		r    *Request
		want string // the operation or the error
	}{
		"from the body":         {post("Action=GetUser&Version=2010-05-08"), "GetUser"},
		"from the query string": {get("Action=GetUser&Version=2010-05-08"), "GetUser"},
		"none":                  {post("Version=2010-05-08"), "MissingAction: The request is missing an action or a required parameter."},
		"of another version": {post("Action=GetUser&Version=2011-06-15"),
			"InvalidAction: Could not find operation GetUser for version 2011-06-15"},
		"of no version": {post("Action=GetUser"), "InvalidAction: Could not find operation GetUser for version NO_VERSION_SPECIFIED"},
	} {
		got, err := iamQuery().Operation(tc.r)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	both := post("UserName=body")
	both.HTTP.URL.RawQuery = "UserName=query&Path=/q/"
	var in input
	if err := iamQuery().Decode(both, &in); err != nil || in.Name != "body" || in.Path != "/q/" {
		t.Errorf("with parameters in both places: %+v, %v", in, err)
	}
	plain := post("Action=GetUser&Version=2010-05-08")
	plain.HTTP.Header.Set("Content-Type", "text/plain")
	if got, err := iamQuery().Operation(plain); err == nil {
		t.Errorf("a body that is no form gave operation %q", got)
	}
}

type user struct {
	Name    string       `xml:"UserName"`
	Created Timestamp    `xml:"CreateDate"`
	Tags    List[xmlTag] `xml:"Tags,omitempty"`
}

type xmlTag struct {
	Key string `xml:"Key"`
}

type output struct {
	Users     List[user] `xml:"Users"`
	Truncated bool       `xml:"IsTruncated"`
}

func TestQueryReplies(t *testing.T) {
	created := Timestamp{time.Date(2026, 3, 1, 13, 0, 0, 999, time.FixedZone("", 3600))}
	const head, tail = `<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">`,
		`<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListUsersResponse>`
	for name, tc := range map[string]struct {
		out  any
		want string
	}{
		"no result":  {nil, ""},
		"empty list": {output{}, `<ListUsersResult><Users></Users><IsTruncated>false</IsTruncated></ListUsersResult>`},
		"a list of what must be escaped": {&output{Users: List[user]{{Name: "a<&>", Created: created, Tags: List[xmlTag]{{"k"}}}, {Name: "b", Created: created}}},
			`<ListUsersResult><Users><member><UserName>a&lt;&amp;&gt;</UserName><CreateDate>2026-03-01T12:00:00Z</CreateDate>` +
				`<Tags><member><Key>k</Key></member></Tags></member><member><UserName>b</UserName>` +
				`<CreateDate>2026-03-01T12:00:00Z</CreateDate></member></Users><IsTruncated>false</IsTruncated></ListUsersResult>`},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := iamQuery().Encode(w, Reply{"ListUsers", "id-1", tc.out}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+tc.want+tail, w.Body.String()); diff != "" {
				t.Error(diff)
			}
			if w.Code != 200 || w.Header().Get("Content-Type") != "text/xml" || w.Header().Get("x-amzn-RequestId") != "id-1" {
				t.Errorf("status %d, header %v", w.Code, w.Header())
			}
		})
	}
}

func TestOutputsWithoutFormAreErrorsAndWriteNothing(t *testing.T) {
	for name, c := range map[string]Codec{"Query": iamQuery(), "JSON 1.1": JSON11{}, "REST": REST{}} {
		w := httptest.NewRecorder()
		err := c.Encode(w, Reply{"Op", "id", struct{ C chan int }{make(chan int)}})
		if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: %v, wrote %q", name, err, w.Body)
		}
	}
}

func TestErrorsInEveryProtocol(t *testing.T) {
	xmlOf := func(fault, code, message string) string {
		return `<ErrorResponse xmlns="` + namespace + `"><Error><Type>` + fault + `</Type><Code>` + code + `</Code><Message>` + message +
			`</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`
	}
	type answer struct {
		Status     int
		Type, Body string
	}
	codecs := []Codec{iamQuery(), JSON11{}, REST{}}
	for name, tc := range map[string]struct {
		err  *Error
		want [3]answer // by Query, JSON 1.1 and REST
	}{
		"one that all share": {Errorf(AccessDenied, "User: %s is not authorized", "<a>"), [3]answer{
			{403, "", xmlOf("Sender", "AccessDenied", "User: &lt;a&gt; is not authorized")},
			{400, "", `{"__type":"AccessDeniedException","message":"User: <a> is not authorized"}`},
			{403, "AccessDeniedException", `{"message":"User: <a> is not authorized"}`}}},
		"an unknown key": {Errorf(InvalidClientTokenID, "x"), [3]answer{
			{403, "", xmlOf("Sender", "InvalidClientTokenId", "x")},
			{400, "", `{"__type":"UnrecognizedClientException","message":"x"}`},
			{403, "UnrecognizedClientException", `{"message":"x"}`}}},
		"a bad signature": {Errorf(SignatureDoesNotMatch, "x"), [3]answer{
			{403, "", xmlOf("Sender", "SignatureDoesNotMatch", "x")},
			{400, "", `{"__type":"InvalidSignatureException","message":"x"}`},
			{403, "InvalidSignatureException", `{"message":"x"}`}}},
		"throttling": {Errorf(Throttling, "Rate exceeded"), [3]answer{
			{400, "", xmlOf("Sender", "Throttling", "Rate exceeded")},
			{400, "", `{"__type":"ThrottlingException","message":"Rate exceeded"}`},
			{429, "ThrottlingException", `{"message":"Rate exceeded"}`}}},
		"a fault of the server": {Errorf(InternalFailure, "x"), [3]answer{
			{500, "", xmlOf("Receiver", "InternalFailure", "x")},
			{500, "", `{"__type":"InternalFailure","message":"x"}`},
			{500, "InternalFailure", `{"message":"x"}`}}},
		"a missing entity": {Errorf("NoSuchEntity", "x"), [3]answer{
			{404, "", xmlOf("Sender", "NoSuchEntity", "x")},
			{400, "", `{"__type":"NoSuchEntity","message":"x"}`},
			{404, "NoSuchEntity", `{"message":"x"}`}}},
		"a status of its own": {&Error{Code: "Odd", Message: "x", Status: 418}, [3]answer{
			{418, "", xmlOf("Sender", "Odd", "x")},
			{418, "", `{"__type":"Odd","message":"x"}`},
			{418, "Odd", `{"message":"x"}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, c := range codecs {
				w := httptest.NewRecorder()
				c.EncodeError(w, "id-1", tc.err)
				got := answer{w.Code, w.Header().Get("x-amzn-ErrorType"), w.Body.String()}
				if diff := cmp.Diff(tc.want[i], got); diff != "" {
					t.Errorf("%T: %s", c, diff)
				}
				if id := w.Header().Get("x-amzn-RequestId"); id != "id-1" {
					t.Errorf("%T: request id %q", c, id)
				}
			}
		})
	}
}

func TestStatusOfIAMsCodes(t *testing.T) {
	for code, want := range map[string]int{
		"EntityAlreadyExists": 409, "DeleteConflict": 409, "LimitExceeded": 409, "NoSuchEntity": 404,
		"MalformedPolicyDocument": 400, "ValidationError": 400, "AccessDenied": 403, "InvalidClientTokenId": 403,
		"SignatureDoesNotMatch": 403, "IncompleteSignature": 400, "MissingAuthenticationToken": 403, "Throttling": 400,
		"InvalidInput": 400, "ExpiredToken": 403, "RegionDisabledException": 403, "ServiceFailure": 500,
	} {
		w := httptest.NewRecorder()
		iamQuery().EncodeError(w, "", Errorf(code, "x"))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", code, w.Code, want)
		}
	}
}

func FuzzQueryBody(f *testing.F) {
	f.Add("Action=CreateUser&Version=2010-05-08&UserName=a&Tags.member.1.Key=b&Limit=1")
	f.Add("Names.member.1000=a&Names.member.1=&Nested.Lists.member.2.member.3=x")
	f.Add("After=2026-03-01T12:00:00Z&Before=&%zz=;&Names=&Names.member=")
	f.Fuzz(func(t *testing.T, body string) {
		var in input
		err := iamQuery().Decode(post(body), &in)
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || refused.Code == InternalFailure) {
			t.Fatalf("Decode: %v, want a fault of the sender", err)
		}
		if len(in.Names) > maxIndex || len(in.Tags) > maxIndex {
			t.Errorf("%d names, %d tags", len(in.Names), len(in.Tags))
		}
		if _, err := iamQuery().Operation(post(body)); err != nil {
			w := httptest.NewRecorder()
			if !errors.As(err, &refused) {
				t.Fatalf("Operation: %v, want an *Error", err)
			}
			iamQuery().EncodeError(w, "id", refused)
			if w.Code < http.StatusBadRequest {
				t.Errorf("status %d for %v", w.Code, err)
			}
		}
	})
}
