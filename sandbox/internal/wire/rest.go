package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

const jsonType = "application/json"

// Route maps a method and a path to an operation.
type Route struct {
	Method string
	// Path is a template such as "/eks-anywhere-subscriptions/{id}": a segment in
	// braces stands for one non-empty segment of any text.
	Path      string
	Operation string
}

// REST is the AWS REST-JSON protocol: the operation in method and path,
// parameters in path, query string and a JSON body, results as JSON objects.
//
// Fields of input structs name their place: `path:"id"` for a segment of the
// path, `query:"maxResults"` for the query string (a slice takes every value of
// a repeated parameter), encoding/json tags for the body. A field that is not
// part of the body should say `json:"-"`.
type REST struct {
	// Routes are tried in order.
	Routes []Route
}

var _ Codec = REST{}

// match is the route that a request took, with its path parameters.
type match struct {
	operation string
	params    map[string]string
}

// Operation returns the operation of the first route that the request fits.
func (c REST) Operation(r *Request) (string, error) {
	m, err := c.match(r)
	if err != nil {
		return "", err
	}
	return m.operation, nil
}

// UnknownOperation returns the UnknownOperationException error with status 404.
func (c REST) UnknownOperation(string) *Error {
	return &Error{Code: "UnknownOperationException", Status: http.StatusNotFound}
}

func (c REST) match(r *Request) (*match, error) {
	if r.match != nil {
		return r.match, nil
	}
	path := strings.Split(strings.TrimPrefix(r.HTTP.URL.EscapedPath(), "/"), "/")
	for _, route := range c.Routes {
		if route.Method != r.HTTP.Method {
			continue
		}
		if params, ok := route.params(path); ok {
			r.match = &match{operation: route.Operation, params: params}
			return r.match, nil
		}
	}
	return nil, c.UnknownOperation("")
}

// params matches the escaped segments of a path, so that an escaped slash stays
// within its segment.
func (r Route) params(path []string) (map[string]string, bool) {
	template := strings.Split(strings.TrimPrefix(r.Path, "/"), "/")
	if len(template) != len(path) {
		return nil, false
	}
	params := make(map[string]string)
	for i, want := range template {
		got, err := url.PathUnescape(path[i])
		if err != nil {
			return nil, false
		}
		if name, ok := parameter(want); ok && got != "" {
			params[name] = got
		} else if want != got {
			return nil, false
		}
	}
	return params, true
}

// parameter returns the name in a template's segment "{name}".
func parameter(segment string) (string, bool) {
	name, ok := strings.CutPrefix(segment, "{")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, "}")
}

// Decode fills in from the body, then from the path and the query string.
func (c REST) Decode(r *Request, in any) error {
	m, err := c.match(r)
	if err != nil {
		return err
	}
	target := reflect.ValueOf(in)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return Errorf(InternalFailure, "decoding a request into %T, which is no pointer to a struct", in)
	}
	if err := decodeJSON(r.Body, in); err != nil {
		return err
	}
	query, err := url.ParseQuery(r.HTTP.URL.RawQuery)
	if err != nil {
		return Errorf(ValidationError, "The query string contains a syntax error.")
	}
	return decodePlaces(m.params, query, target.Elem())
}

func decodePlaces(path map[string]string, query url.Values, v reflect.Value) error {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if name := tag.Get("path"); name != "" {
			if err := setPlace(v.Field(i), name, []string{path[name]}); err != nil {
				return err
			}
		}
		if name := tag.Get("query"); name != "" && query.Has(name) {
			if err := setPlace(v.Field(i), name, query[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// setPlace sets v, a scalar, a pointer to one or a slice of them. The first of
// several values counts for a scalar.
func setPlace(v reflect.Value, name string, values []string) error {
	switch {
	case isScalar(v.Type()):
		values = values[:1]
	case v.Kind() == reflect.Pointer && isScalar(v.Type().Elem()):
		v.Set(reflect.New(v.Type().Elem()))
		v, values = v.Elem(), values[:1]
	case v.Kind() == reflect.Slice && isScalar(v.Type().Elem()):
		v.Set(reflect.MakeSlice(v.Type(), len(values), len(values)))
	default:
		return unsupported(name, v.Type())
	}
	for i, value := range values {
		target := v
		if v.Kind() == reflect.Slice {
			target = v.Index(i)
		}
		if err := setScalar(target, value); err != nil {
			return Errorf(ValidationError, "Invalid value for %s: %s", name, err)
		}
	}
	return nil
}

// Encode writes the output as a JSON object, {} if there is none.
func (c REST) Encode(w http.ResponseWriter, reply Reply) error {
	return encodeJSON(w, jsonType, reply)
}

// EncodeError writes {"message": text}, with the code in the X-Amzn-Errortype header.
func (c REST) EncodeError(w http.ResponseWriter, requestID string, err *Error) {
	code, status := err.resolve(restProtocol)
	w.Header().Set("X-Amzn-Errortype", code)
	// A string always has a form in JSON.
	body, _ := marshal(struct {
		Message string `json:"message"`
	}{err.Message})
	send(w, jsonType, requestID, status, body)
}
