package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const json11Type = "application/x-amz-json-1.1"

// JSON11 is the AWS JSON 1.1 protocol: the operation in the X-Amz-Target
// header, parameters and results as JSON objects.
//
// Structs carry encoding/json tags, with List for lists and Epoch for times.
type JSON11 struct {
	// TargetPrefix is what stands before the operation in X-Amz-Target, without
	// the dot, such as "AmazonEC2ContainerRegistry_V20150921".
	TargetPrefix string
}

var _ Codec = JSON11{}

// Operation returns the operation named by the X-Amz-Target header.
func (j JSON11) Operation(r *Request) (string, error) {
	prefix, name, ok := strings.Cut(r.HTTP.Header.Get("X-Amz-Target"), ".")
	if !ok || prefix != j.TargetPrefix || name == "" {
		return "", j.UnknownOperation(name)
	}
	return name, nil
}

// UnknownOperation returns the UnknownOperationException error, which has no
// message in this protocol.
func (j JSON11) UnknownOperation(string) *Error {
	return &Error{Code: "UnknownOperationException"}
}

// Decode fills in from the JSON object in the body.
func (j JSON11) Decode(r *Request, in any) error { return decodeJSON(r.Body, in) }

// decodeJSON fills in from one JSON value; an empty body is an empty object.
func decodeJSON(body []byte, in any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, in); err != nil {
		return &Error{Code: "SerializationException", Message: err.Error(), Status: http.StatusBadRequest}
	}
	return nil
}

// Encode writes the output as a JSON object, {} if there is none.
func (j JSON11) Encode(w http.ResponseWriter, reply Reply) error {
	return encodeJSON(w, json11Type, reply)
}

func encodeJSON(w http.ResponseWriter, contentType string, reply Reply) error {
	body := []byte("{}")
	if reply.Output != nil {
		var err error
		if body, err = marshal(reply.Output); err != nil {
			return fmt.Errorf("encoding the output of %s: %w", reply.Operation, err)
		}
	}
	send(w, contentType, reply.RequestID, http.StatusOK, body)
	return nil
}

// marshal is json.Marshal without the escaping of <, > and &, which AWS does not do.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// EncodeError writes {"__type": code, "message": text}.
func (j JSON11) EncodeError(w http.ResponseWriter, requestID string, err *Error) {
	code, status := err.resolve(jsonProtocol)
	// Two strings always have a form in JSON.
	body, _ := marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
	}{code, err.Message})
	send(w, json11Type, requestID, status, body)
}
