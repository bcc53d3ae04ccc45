// Package sigv4 verifies AWS Signature Version 4 on the side of the server.
//
// The work is cut where AWS's order of checks cuts it (scope, expiry, key,
// signature): Parse reads what a request says about its signature, Check holds
// that against the service's rules, and Verifier.Verify, once the caller has
// found the key, compares the signature itself.
//
// The rules are those of the IAM User Guide, "Create a signed AWS API request",
// for services other than S3: the path is normalised and encoded twice, and the
// body's own hash always counts, so UNSIGNED-PAYLOAD never verifies.
package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"
)

// Signature is what a request says about its own signature. Nothing in it is
// verified, and the key id need not have the shape of one.
type Signature struct {
	AccessKeyID awsid.AccessKeyID
	Scope       Scope
	// Time is when the client signed, by its own clock.
	Time time.Time
	// SessionToken is empty for a long-lived key.
	SessionToken string
	// Presigned tells that the signature is in the query string.
	Presigned bool

	signedHeaders []string // lower case, sorted
	signature     string   // as sent
}

// Scope is the credential scope: what the signing key is good for.
type Scope struct {
	Date    string // YYYYMMDD
	Region  arn.Region
	Service string // the signing name, such as "sts" or "ecr"

	terminator string
}

func (s Scope) String() string {
	return s.Date + "/" + string(s.Region) + "/" + s.Service + "/" + s.terminator
}

// Parse reads the signature from the Authorization header or, if there is none,
// from the query string. Every error is an *Error.
func Parse(r *http.Request) (*Signature, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return parseHeader(header, r.Header)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-") {
		return parseQuery(r.URL.RawQuery)
	}
	return nil, &Error{MissingToken, "Request is missing Authentication Token"}
}

func parseHeader(authorization string, h http.Header) (*Signature, error) {
	fields, err := authorizationFields(authorization)
	if err != nil {
		return nil, err
	}
	timestamp := h.Get("X-Amz-Date")
	if timestamp == "" {
		timestamp = h.Get("Date")
	}
	if err := headerFaults(fields, timestamp, authorization); err != nil {
		return nil, err
	}
	s := &Signature{SessionToken: h.Get("X-Amz-Security-Token"), signature: fields.signature}
	if err := s.fill(fields, timestamp); err != nil {
		return nil, err
	}
	return s, nil
}

// fields are the texts of a signature, wherever they stood.
type fields struct {
	credential, signedHeaders, signature string
}

// authorizationFields takes "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…,
// Signature=…" apart.
func authorizationFields(header string) (fields, error) {
	var f fields
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if scheme != algorithm {
		rest = header
	}
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || scheme != algorithm {
			return f, incomplete("Invalid key=value pair (missing equal-sign) in Authorization header "+
				"(hashed with SHA-256 and encoded with Base64): '%s'.", digest(header))
		}
		switch name {
		case "Credential":
			f.credential = value
		case "SignedHeaders":
			f.signedHeaders = value
		case "Signature":
			f.signature = value
		}
	}
	return f, nil
}

// headerFaults lists all that is missing in one text, as AWS does. The header
// itself is only hashed into it: it may hold a secret in the wrong place.
func headerFaults(f fields, timestamp, header string) error {
	var text strings.Builder
	for _, p := range []struct{ name, value string }{
		{"Credential", f.credential}, {"Signature", f.signature}, {"SignedHeaders", f.signedHeaders},
	} {
		if p.value == "" {
			text.WriteString("Authorization header requires '" + p.name + "' parameter. ")
		}
	}
	if timestamp == "" {
		text.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if text.Len() == 0 {
		return nil
	}
	return incomplete("%s(Hashed with SHA-256 and encoded with Base64) Authorization=%s", text.String(), digest(header))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func parseQuery(rawQuery string) (*Signature, error) {
	values := make(map[string]string)
	for _, p := range queryPairs(rawQuery) {
		if _, again := values[p.name]; !again {
			values[p.name] = p.value
		}
	}
	if values["X-Amz-Algorithm"] == "" && values["X-Amz-Credential"] == "" && values["X-Amz-Signature"] == "" {
		return nil, &Error{MissingToken, "Request is missing Authentication Token"}
	}
	var text strings.Builder
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if values[name] == "" {
			text.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if text.Len() > 0 {
		return nil, incomplete("%sRe-examine the query-string parameters.", text.String())
	}
	if got := values["X-Amz-Algorithm"]; got != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '%s'.", got)
	}
	s := &Signature{Presigned: true, SessionToken: values["X-Amz-Security-Token"], signature: values["X-Amz-Signature"]}
	f := fields{credential: values["X-Amz-Credential"], signedHeaders: values["X-Amz-SignedHeaders"]}
	if err := s.fill(f, values["X-Amz-Date"]); err != nil {
		return nil, err
	}
	return s, nil
}

// fill reads the parts that both forms share.
func (s *Signature) fill(f fields, timestamp string) error {
	parts := strings.Split(f.credential, "/")
	if len(parts) != 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term, got '%s'", f.credential)
	}
	s.AccessKeyID = awsid.AccessKeyID(parts[0])
	s.Scope = Scope{Date: parts[1], Region: arn.Region(parts[2]), Service: parts[3], terminator: parts[4]}
	var ok bool
	if s.Time, ok = parseTime(timestamp); !ok {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. "+
			"See http://en.wikipedia.org/wiki/ISO_8601", timestamp)
	}
	s.signedHeaders = strings.Split(strings.ToLower(f.signedHeaders), ";")
	slices.Sort(s.signedHeaders)
	// No signer names a header twice. Whoever does gets a text that he did not sign, instead of one that repeats the value
	// of a long header thousands of times.
	s.signedHeaders = slices.Compact(s.signedHeaders)
	return nil
}

// parseTime reads the form that signers write or, for a bare Date header, any
// form that HTTP allows.
func parseTime(text string) (time.Time, bool) {
	t, err := time.Parse(timeFormat, text)
	if err != nil {
		t, err = http.ParseTime(text)
	}
	return t.UTC(), err == nil
}
