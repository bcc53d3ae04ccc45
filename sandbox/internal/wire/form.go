package wire

import (
	"encoding"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Limits on a form, so that a short request cannot make a large value. IAM's
// longest list has 100 members, and its deepest parameter is six segments deep:
// ContextEntries.member.1.ContextKeyValues.member.1.
const (
	maxIndex    = 1000
	maxSegments = 8
)

// node is one segment of a form's parameter names: "Tags.member.1.Key=team" is
// four nodes, one under the other, of which the last has a value.
type node struct {
	value    *string
	children map[string]*node
}

func (n *node) child(name string) *node {
	c := n.children[name]
	if c == nil {
		c = &node{}
		if n.children == nil {
			n.children = make(map[string]*node)
		}
		n.children[name] = c
	}
	return c
}

// parseForm turns a form into a tree. Of a repeated parameter the first counts.
func parseForm(form url.Values) (*node, error) {
	root := &node{}
	for name, values := range form {
		if len(values) == 0 {
			continue
		}
		if strings.Count(name, ".") >= maxSegments {
			return nil, malformedInput("Parameter nesting is too deep")
		}
		n := root
		for segment := range strings.SplitSeq(name, ".") {
			n = n.child(segment)
		}
		n.value = &values[0]
	}
	return root, nil
}

func malformedInput(format string, args ...any) *Error {
	return Errorf("MalformedInput", format, args...)
}

// decodeForm fills the struct that in points to.
func decodeForm(form url.Values, in any) error {
	target := reflect.ValueOf(in)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return Errorf(InternalFailure, "decoding a request into %T, which is no pointer to a struct", in)
	}
	root, err := parseForm(form)
	if err != nil {
		return err
	}
	return decodeStruct(root, "", target.Elem())
}

func decodeStruct(n *node, path string, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := field.Tag.Get("query")
		if name == "" {
			if field.Anonymous && field.Type.Kind() == reflect.Struct {
				if err := decodeStruct(n, path, v.Field(i)); err != nil {
					return err
				}
			}
			continue
		}
		c, present := n.children[name]
		if !present {
			continue
		}
		if err := decodeValue(c, join(path, name), v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func decodeValue(n *node, path string, v reflect.Value) error {
	switch {
	case isScalar(v.Type()):
		return decodeScalar(n, path, v)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(n, path, v.Elem())
	case v.Kind() == reflect.Slice:
		return decodeList(n, path, v)
	case v.Kind() == reflect.Struct:
		if n.value != nil && *n.value != "" {
			return malformedInput("Unexpected value for structure %s", path)
		}
		return decodeStruct(n, path, v)
	}
	return unsupported(path, v.Type())
}

func unsupported(path string, t reflect.Type) *Error {
	return Errorf(InternalFailure, "decoding parameter %s: type %s has no form in the Query protocol", path, t)
}

func decodeScalar(n *node, path string, v reflect.Value) error {
	if n.value == nil {
		return malformedInput("Unexpected list or structure for %s", path)
	}
	if err := setScalar(v, *n.value); err != nil {
		return malformedInput("Invalid value for %s: %s", path, err)
	}
	return nil
}

// decodeList fills a slice from X.member.1, X.member.2 and so on, in the order
// of their numbers; gaps close. An empty list is written "X=" by clients.
func decodeList(n *node, path string, v reflect.Value) error {
	members := n.children["member"]
	if members == nil {
		if n.value != nil && *n.value == "" {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			return nil
		}
		return malformedInput("Expected a list for %s", path)
	}
	indexes := make([]int, 0, len(members.children))
	// In order, so that of several bad ones the error always names the same.
	for _, name := range slices.Sorted(maps.Keys(members.children)) {
		index, err := strconv.Atoi(name)
		if err != nil || index < 1 || index > maxIndex || strconv.Itoa(index) != name {
			return malformedInput("%s.member.%s is not a list index from 1 to %d", path, name, maxIndex)
		}
		indexes = append(indexes, index)
	}
	slices.Sort(indexes)
	list := reflect.MakeSlice(v.Type(), len(indexes), len(indexes))
	for i, index := range indexes {
		name := strconv.Itoa(index)
		if err := decodeValue(members.children[name], path+".member."+name, list.Index(i)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// isScalar tells whether one text is all that a value of type t needs.
func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64:
		return true
	case reflect.Pointer:
		// What it points to is the scalar.
		return false
	default:
		return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	}
}

// setScalar parses text into v, which isScalar. Both the Query form and REST's
// query strings use it.
func setScalar(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	return setBasic(v, text)
}

func setBasic(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := parseBool(text)
		if err != nil {
			return err
		}
		v.SetBool(b)
	default:
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetInt(i)
	}
	return nil
}

// parseBool accepts the two spellings that clients send; strconv's "1" and "T"
// are none of them.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("neither true nor false")
}
