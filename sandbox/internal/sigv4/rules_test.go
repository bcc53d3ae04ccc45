package sigv4

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsid"
)

const goodHeader = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
	"SignedHeaders=host;x-amz-date, Signature=0000"

func request(t testing.TB, target string, headers map[string]string) *http.Request {
	t.Helper()
	r, _ := readRequest(t, "GET "+target+" HTTP/1.1\nHost: iam.amazonaws.com\n")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

func TestSignaturesThatCannotBeRead(t *testing.T) {
	const date = "20150830T123600Z"
	hashed := func(h string) string {
		return "(Hashed with SHA-256 and encoded with Base64) Authorization=" + digest(h)
	}
	type headers = map[string]string
	for name, tc := range map[string]struct {
		target  string
		headers headers
		want    Error
	}{
		"an unsigned request": {"/", nil, Error{MissingToken, "Request is missing Authentication Token"}},
		"a query that only looks signed": {"/?X-Amz-Date=1", nil,
			Error{MissingToken, "Request is missing Authentication Token"}},
		"a header with nothing in it": {"/", headers{"Authorization": "AWS4-HMAC-SHA256"}, Error{Incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either " +
				"a 'X-Amz-Date' or a 'Date' header. " + hashed("AWS4-HMAC-SHA256")}},
		"a header without date": {"/", headers{"Authorization": goodHeader}, Error{Incomplete,
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashed(goodHeader)}},
		"another scheme": {"/", headers{"Authorization": "Basic QVdTOng="}, Error{Incomplete,
			"Invalid key=value pair (missing equal-sign) in Authorization header " +
				"(hashed with SHA-256 and encoded with Base64): '" + digest("Basic QVdTOng=") + "'."}},
		"a part without equal-sign": {"/", headers{"Authorization": "AWS4-HMAC-SHA256 Credential"}, Error{Incomplete,
			"Invalid key=value pair (missing equal-sign) in Authorization header " +
				"(hashed with SHA-256 and encoded with Base64): '" + digest("AWS4-HMAC-SHA256 Credential") + "'."}},
		"a credential of four parts": {"/", headers{"X-Amz-Date": date,
			"Authorization": "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/iam,SignedHeaders=host,Signature=0"}, Error{Incomplete,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'A/20150830/us-east-1/iam'"}},
		"a date in another form": {"/", headers{"Authorization": goodHeader, "X-Amz-Date": "2015-08-30"}, Error{Incomplete,
			"Date must be in ISO-8601 'basic format'. Got '2015-08-30'. See http://en.wikipedia.org/wiki/ISO_8601"}},
		"a query with parts missing": {"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A&X-Amz-Date=" + date, nil, Error{Incomplete,
			"AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include " +
				"'X-Amz-SignedHeaders'. Re-examine the query-string parameters."}},
		"a query with another algorithm": {"/?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=A&X-Amz-Date=" + date +
			"&X-Amz-SignedHeaders=host&X-Amz-Signature=0", nil, Error{Incomplete, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(request(t, tc.target, tc.headers))
			var got *Error
			if !errors.As(err, &got) {
				t.Fatalf("Parse: %v, want an *Error", err)
			}
			if diff := cmp.Diff(tc.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDateHeaderServesWhereXAmzDateIsMissing(t *testing.T) {
	for _, text := range []string{"20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT"} {
		s, err := Parse(request(t, "/", map[string]string{"Authorization": goodHeader, "Date": text}))
		if err != nil || !s.Time.Equal(time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)) {
			t.Errorf("Date: %s: %+v, %v", text, s, err)
		}
	}
}

func TestSignaturesThatBreakARule(t *testing.T) {
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	fits := Rules{Service: "iam", Region: "us-east-1", Skew: 15 * time.Minute, Now: at}
	later := func(d time.Duration) Rules { r := fits; r.Now = at.Add(d); return r }
	scoped := func(credential string) map[string]string {
		return map[string]string{"Authorization": strings.Replace(goodHeader, "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request", credential, 1)}
	}
	for name, tc := range map[string]struct {
		headers map[string]string
		rules   Rules
		want    string // empty: no error
	}{
		"all in order":                   {nil, fits, ""},
		"any Region, if the rules say":   {scoped("A/20150830/mars-1/iam/aws4_request"), Rules{Service: "iam", Skew: time.Hour, Now: at}, ""},
		"as late as allowed":             {nil, later(15*time.Minute + 999*time.Millisecond), ""},
		"as early as allowed":            {nil, later(-15 * time.Minute), ""},
		"header name in capital letters": {map[string]string{"Authorization": strings.Replace(goodHeader, "host;", "Host;", 1)}, fits, ""},
		"an unsigned header of a proxy":  {map[string]string{"X-Amzn-Trace-Id": "Root=1"}, fits, ""},
		"another Region":                 {scoped("A/20150830/eu-west-1/iam/aws4_request"), fits, "Credential should be scoped to a valid region, not 'eu-west-1'."},
		"another service":                {scoped("A/20150830/us-east-1/sts/aws4_request"), fits, "Credential should be scoped to correct service: 'iam'."},
		"another Region and terminator": {scoped("A/20150830/x/iam/aws3_request"), fits,
			"Credential should be scoped to a valid region, not 'x'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'."},
		"another day": {scoped("A/20150831/us-east-1/iam/aws4_request"), fits,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'."},
		"scope and time both wrong": {scoped("A/20150830/us-east-1/sts/aws4_request"), later(time.Hour), "Credential should be scoped to correct service: 'iam'."},
		"too late":                  {nil, later(15*time.Minute + time.Second), "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		"too early":                 {nil, later(-15*time.Minute - time.Second), "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
		"host left out":             {map[string]string{"Authorization": strings.Replace(goodHeader, "host;", "", 1)}, fits, "'Host' must be a 'SignedHeader' in the AWS Authorization."},
		"date left out":             {map[string]string{"Authorization": strings.Replace(goodHeader, ";x-amz-date", "", 1)}, fits, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."},
		"token and target left out": {map[string]string{"X-Amz-Target": "a", "X-Amz-Security-Token": "b"}, fits, "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "/", map[string]string{"Authorization": goodHeader, "X-Amz-Date": "20150830T123600Z"})
			for name, value := range tc.headers {
				r.Header.Set(name, value)
			}
			s, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := s.Check(r, tc.rules); err != nil {
				var refused *Error
				if !errors.As(err, &refused) || refused.Reason != Mismatch {
					t.Fatalf("Check: %v, want a Mismatch", err)
				}
				got = refused.Message
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeyCacheStaysBoundedAndKeepsWhatIsUsed(t *testing.T) {
	var c keyCache
	used := keyID{secret: "used"}
	c.put(used, signingKey{1})
	for i := range 10 * generation {
		c.put(keyID{secret: awsid.SecretAccessKey(fmt.Sprint(i))}, signingKey{})
		if key, ok := c.get(used); !ok || key != (signingKey{1}) {
			t.Fatalf("the key in use is lost after %d others", i)
		}
		if n := len(c.current) + len(c.previous); n > 2*generation {
			t.Fatalf("the cache holds %d keys", n)
		}
	}
	if _, ok := c.get(keyID{secret: "0"}); ok {
		t.Error("the cache still holds a key that nobody used for long")
	}
}

func TestFailedSignaturesLeaveNoKeyBehind(t *testing.T) {
	r := request(t, "/", map[string]string{"Authorization": goodHeader, "X-Amz-Date": "20150830T123600Z"})
	s, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	var v Verifier
	if err := v.Verify(s, r, nil, exampleSecret); err == nil {
		t.Fatal("a made-up signature verifies")
	}
	if n := len(v.keys.current); n != 0 {
		t.Errorf("%d keys are cached", n)
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add(goodHeader, "20150830T123600Z", "a=b")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=;;,Signature==", "20150830T123600Z", "%zz&&=&X-Amz-Signature")
	f.Add("", "Sun, 30 Aug 2015 12:36:00 GMT", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20150830/c/iam/aws4_request"+
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00")
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := request(t, "/", map[string]string{"Authorization": authorization, "X-Amz-Date": date})
		r.URL.RawQuery = query
		s, err := Parse(r)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || refused.Message == "" {
				t.Fatalf("Parse: %v, want an *Error with a text", err)
			}
			return
		}
		var v Verifier
		if v.Verify(s, r, nil, exampleSecret) == nil {
			t.Errorf("a made-up signature verifies: %q", authorization)
		}
		// What the server itself signs must verify: the canonical form is stable.
		hash := emptyHash()
		s.signature = string(s.sign(s.canonicalRequest(r, hash[:]), deriveKey(keyID{exampleSecret, s.Scope.Date, string(s.Scope.Region), s.Scope.Service})))
		if err := v.Verify(s, r, nil, exampleSecret); err != nil {
			t.Errorf("signing %q again: %v", authorization, err)
		}
	})
}

// The text that is hashed must not grow with the square of the request's headers.
func TestAHeaderThatIsSignedManyTimesCountsOnce(t *testing.T) {
	s, err := Parse(request(t, "/", map[string]string{
		"Authorization": strings.Replace(goodHeader, "host;", "host;"+strings.Repeat("cookie;", 4000), 1),
		"X-Amz-Date":    "20150830T123600Z",
	}))
	if err != nil {
		t.Fatal(err)
	}
	r := request(t, "/", map[string]string{"Cookie": strings.Repeat("c", 32<<10)})
	if got := len(s.canonicalRequest(r, nil)); got > 64<<10 {
		t.Errorf("the canonical request has %d bytes", got)
	}
}
