// Package wire holds the codecs of AWS's request protocols: Query, which IAM
// and STS speak, JSON 1.1, which ECR speaks, and REST-JSON, which EKS speaks.
//
// A codec tells an operation's name from a request, decodes its parameters
// into a struct, and writes its result or its error as AWS writes it. What a
// request may do, and whether it is signed, is decided elsewhere.
package wire

import (
	"net/http"
	"net/url"
)

// Codec is one protocol. Query, JSON11 and REST implement it; all three are
// safe for concurrent use.
//
// Every error that Operation and Decode return is an *Error that is ready to be
// sent back with EncodeError.
type Codec interface {
	// Operation returns the operation's name, such as "CreateUser". It does not
	// know which operations exist: a name without a handler is answered with
	// UnknownOperation.
	Operation(*Request) (string, error)

	// Decode fills in, a pointer to a struct, from the request's parameters.
	// Parameters that the struct does not have are ignored, as AWS does.
	Decode(r *Request, in any) error

	// Encode writes a successful reply with status 200. It fails, with nothing
	// written, if the output cannot be represented, which is a fault of the
	// program and not of the request.
	Encode(http.ResponseWriter, Reply) error

	// EncodeError writes the error in the protocol's form, with the protocol's
	// spelling of the code and the code's status.
	EncodeError(w http.ResponseWriter, requestID string, err *Error)

	// UnknownOperation returns AWS's error for an operation that does not exist.
	UnknownOperation(name string) *Error
}

// Request is an HTTP request whose body has been read. It belongs to one
// goroutine: codecs keep what they parsed in it.
type Request struct {
	HTTP *http.Request
	// Body is the whole body; how long it may be is the caller's decision.
	Body []byte

	form  url.Values // Query parameters, once parsed
	match *match     // REST route, once matched
}

// NewRequest returns the codecs' view of r, whose body the caller has read.
func NewRequest(r *http.Request, body []byte) *Request {
	return &Request{HTTP: r, Body: body}
}

// Reply is what a successful operation answers.
type Reply struct {
	// Operation is the name that Operation returned.
	Operation string
	RequestID string
	// Output is a struct, a pointer to one, or nil for an operation that has no
	// result.
	Output any
}

func send(w http.ResponseWriter, contentType, requestID string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(status)
	// A failed write means that the client has gone: there is nobody to tell.
	_, _ = w.Write(body)
}
