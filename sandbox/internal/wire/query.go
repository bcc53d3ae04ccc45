package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const xmlType = "text/xml"

// Query is the AWS Query protocol: parameters in a form, results in XML.
//
// Input structs name their parameters with `query:"UserName"`. Fields are
// strings, integers, bools, Timestamp or time.Time, structs (UserName.Key),
// slices (Tags.member.1.Key), or pointers to these; only a pointer tells an
// absent parameter (nil) from an empty one. Output structs carry encoding/xml
// tags, with List for lists and Timestamp for times.
type Query struct {
	// Namespace is the XML namespace, such as
	// "https://iam.amazonaws.com/doc/2010-05-08/".
	Namespace string
	// Version is the API version that a request must ask for, such as "2010-05-08".
	Version string
}

var _ Codec = Query{}

// Operation returns the Action parameter.
func (q Query) Operation(r *Request) (string, error) {
	form, err := r.query()
	if err != nil {
		return "", err
	}
	action := form.Get("Action")
	if action == "" {
		return "", Errorf("MissingAction", "The request is missing an action or a required parameter.")
	}
	if version := form.Get("Version"); version != q.Version {
		if version == "" {
			version = "NO_VERSION_SPECIFIED"
		}
		return "", unknownAction(action, version)
	}
	return action, nil
}

// UnknownOperation returns the InvalidAction error.
func (q Query) UnknownOperation(name string) *Error { return unknownAction(name, q.Version) }

func unknownAction(name, version string) *Error {
	return Errorf("InvalidAction", "Could not find operation %s for version %s", name, version)
}

// Decode fills in from the form in the body and in the query string. Where both
// have a parameter the body's counts.
func (q Query) Decode(r *Request, in any) error {
	form, err := r.query()
	if err != nil {
		return err
	}
	return decodeForm(form, in)
}

// query returns the request's form, parsed once.
func (r *Request) query() (url.Values, error) {
	if r.form != nil {
		return r.form, nil
	}
	form, err := url.ParseQuery(r.HTTP.URL.RawQuery)
	if err != nil {
		return nil, malformedQuery()
	}
	if isForm(r.HTTP.Header.Get("Content-Type")) {
		body, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return nil, malformedQuery()
		}
		for name, values := range body {
			form[name] = values
		}
	}
	r.form = form
	return form, nil
}

func malformedQuery() *Error {
	// The IAM API reference's Common Errors give this code the status 404.
	return &Error{Code: "MalformedQueryString", Status: http.StatusNotFound,
		Message: "The query string contains a syntax error."}
}

func isForm(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}

// Encode writes <OpResponse><OpResult>…</OpResult><ResponseMetadata>…, without
// an OpResult if there is no output.
func (q Query) Encode(w http.ResponseWriter, reply Reply) error {
	body, err := q.response(reply)
	if err != nil {
		return err
	}
	send(w, xmlType, reply.RequestID, http.StatusOK, body)
	return nil
}

func (q Query) response(reply Reply) ([]byte, error) {
	var b bytes.Buffer
	openRoot(&b, reply.Operation+"Response", q.Namespace)
	if reply.Output != nil {
		result := xml.StartElement{Name: xml.Name{Local: reply.Operation + "Result"}}
		if err := xml.NewEncoder(&b).EncodeElement(reply.Output, result); err != nil {
			return nil, fmt.Errorf("encoding the output of %s: %w", reply.Operation, err)
		}
	}
	b.WriteString("<ResponseMetadata>")
	element(&b, "RequestId", reply.RequestID)
	b.WriteString("</ResponseMetadata></" + reply.Operation + "Response>")
	return b.Bytes(), nil
}

// EncodeError writes <ErrorResponse><Error>…</Error><RequestId>….
func (q Query) EncodeError(w http.ResponseWriter, requestID string, err *Error) {
	code, status := err.resolve(queryProtocol)
	fault := "Sender"
	if status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	var b bytes.Buffer
	openRoot(&b, "ErrorResponse", q.Namespace)
	b.WriteString("<Error>")
	element(&b, "Type", fault)
	element(&b, "Code", code)
	element(&b, "Message", err.Message)
	b.WriteString("</Error>")
	element(&b, "RequestId", requestID)
	b.WriteString("</ErrorResponse>")
	send(w, xmlType, requestID, status, b.Bytes())
}

func openRoot(b *bytes.Buffer, name, namespace string) {
	b.WriteString("<" + name + ` xmlns="`)
	escape(b, namespace)
	b.WriteString(`">`)
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	escape(b, text)
	b.WriteString("</" + name + ">")
}

func escape(b *bytes.Buffer, text string) {
	// A bytes.Buffer does not fail, so neither does the escaping.
	_ = xml.EscapeText(b, []byte(text))
}
