package sigv4

import (
	"bufio"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/awsid"
)

// exampleSecret is the secret of AWS's published examples.
const exampleSecret awsid.SecretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// vector is a request of AWS's Signature Version 4 test suite, or of the IAM
// User Guide where it says so, with the signature published for it.
type vector struct {
	request       string // without authorization
	service       string
	signedHeaders string
	signature     string
}

func vectors() map[string]vector {
	const host = "Host:example.amazonaws.com\n"
	const date = "X-Amz-Date:20150830T123600Z\n"
	return map[string]vector{
		"IAM User Guide: ListUsers": {
			"GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\nHost:iam.amazonaws.com\n" +
				"Content-Type:application/x-www-form-urlencoded; charset=utf-8\n" + date,
			"iam", "content-type;host;x-amz-date",
			"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
		"get-vanilla": {
			"GET / HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"post-vanilla": {
			"POST / HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		"get-vanilla-query-order-key-case": {
			"GET /?Param2=value2&Param1=value1 HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		"get-unreserved": {
			"GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz HTTP/1.1\n" + host + date,
			"service", "host;x-amz-date",
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		"get-slashes": {
			"GET //example// HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
		"get-relative-relative": {
			"GET /example1/example2/../.. HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"get-utf8": {
			"GET /ሴ HTTP/1.1\n" + host + date, "service", "host;x-amz-date",
			"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		"get-header-value-trim": {
			"GET / HTTP/1.1\n" + host + "My-Header1: value1\nMy-Header2: \"a   b   c\"\n" + date,
			"service", "host;my-header1;my-header2;x-amz-date",
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		"get-header-value-order": {
			"GET / HTTP/1.1\n" + host + "My-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2\n" + date,
			"service", "host;my-header1;x-amz-date",
			"08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
		"post-x-www-form-urlencoded": {
			"POST / HTTP/1.1\n" + host + "Content-Type:application/x-www-form-urlencoded\nContent-Length:13\n" + date + "\nParam1=value1",
			"service", "content-type;host;x-amz-date",
			"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	}
}

func readRequest(t testing.TB, text string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	head = strings.ReplaceAll(strings.TrimSuffix(head, "\n"), "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, content
}

func TestPublishedSignaturesVerify(t *testing.T) {
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			r, body := readRequest(t, v.request)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"+v.service+
				"/aws4_request, SignedHeaders="+v.signedHeaders+", Signature="+v.signature)
			s, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(r, Rules{Service: v.service, Region: "us-east-1", Now: s.Time}); err != nil {
				t.Errorf("Check: %v", err)
			}
			var verifier Verifier
			if err := verifier.Verify(s, r, body, exampleSecret); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if n := len(verifier.keys.current); n != 1 {
				t.Errorf("%d signing keys are cached after one good signature, want 1", n)
			}
			if err := verifier.Verify(s, r, append(body, 'x'), exampleSecret); err == nil {
				t.Error("Verify accepts another body")
			}
			if err := verifier.Verify(s, r, body, exampleSecret+"x"); err == nil {
				t.Error("Verify accepts another secret")
			}
		})
	}
}

func emptyHash() [sha256.Size]byte { return sha256.Sum256(nil) }
