package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// An edit changes a policy document step by step, and keeps the steps as a JSON patch.
type edit struct {
	document *Document
	root     any
	ops      []PatchOp
	err      error
}

func newEdit(d *Document) *edit {
	e := &edit{document: d}
	e.err = json.Unmarshal([]byte(d.Text), &e.root)
	return e
}

// statement is the JSON pointer of a statement; Statement is a list or, where there is one, may be that one.
func (e *edit) statement(index int) string {
	if _, isList := e.at("/Statement").([]any); isList {
		return "/Statement/" + strconv.Itoa(index)
	}
	return "/Statement"
}

// of names the document as PatchOp.Of has it.
func (e *edit) of() string {
	switch {
	case e.document.Kind == Trust:
		return "trust of " + e.document.Holder.String()
	case e.document.ARN != "":
		return e.document.ARN
	}
	return fmt.Sprintf("policy %s of %s", e.document.Name, e.document.Holder)
}

// do appends an operation and carries it out.
func (e *edit) do(op, path string, value any) {
	if e.err != nil {
		return
	}
	change := PatchOp{Op: op, Path: path, Of: e.of()}
	if op != "remove" {
		if change.Value, e.err = json.Marshal(value); e.err != nil {
			return
		}
	}
	e.ops = append(e.ops, change)
	e.root, e.err = applyOp(e.root, change)
}

// include adds a value to an element that is a list, or a single value that becomes one.
func (e *edit) include(path, value string) {
	switch held := e.at(path).(type) {
	case []any:
		e.do("add", path+"/-", value)
	case nil:
		e.do("add", path, value)
	default:
		e.do("replace", path, []any{held, value})
	}
}

// swap puts a value in the place of another, in a list or alone.
func (e *edit) swap(path, old, value string) {
	if list, isList := e.at(path).([]any); isList {
		if i := slices.Index(list, any(old)); i >= 0 {
			e.do("replace", path+"/"+strconv.Itoa(i), value)
			return
		}
	}
	e.do("replace", path, value)
}

// condition is the JSON pointer of a condition of a statement, as its document spells it, which may differ by case.
func (e *edit) condition(statement string, c iampolicy.Condition) string {
	operator := e.spelled(statement+"/Condition", c.Operator.String())
	return operator + strings.TrimPrefix(e.spelled(operator, c.Key), operator)
}

func (e *edit) spelled(object, key string) string {
	if fields, isObject := e.at(object).(map[string]any); isObject {
		for spelled := range fields {
			if strings.EqualFold(spelled, key) {
				return object + "/" + escapePointer(spelled)
			}
		}
	}
	return object + "/" + escapePointer(key)
}

// drop removes a condition, with what it leaves empty.
func (e *edit) drop(statement, path string) {
	for path != statement {
		parent := path[:strings.LastIndex(path, "/")]
		if fields, isObject := e.at(parent).(map[string]any); !isObject || len(fields) > 1 || parent == statement {
			break
		}
		path = parent
	}
	e.do("remove", path, nil)
}

// become makes a document, or what is at a path of it, what is wanted, by no more than the elements in which they differ.
func (e *edit) become(path string, document *iampolicy.Document) {
	var want any
	if err := json.Unmarshal(document.JSON(), &want); err != nil {
		e.err = err
		return
	}
	e.makeAt(path, want)
}

func (e *edit) makeAt(path string, want any) {
	have := e.at(path)
	if reflect.DeepEqual(unwrapped(have), unwrapped(want)) {
		return
	}
	wantFields, isObject := want.(map[string]any)
	haveFields, wasObject := have.(map[string]any)
	wantList, isList := want.([]any)
	haveList, wasList := have.([]any)
	switch {
	case isObject && wasObject:
		e.makeFields(path, haveFields, wantFields)
	case isList && wasList && len(haveList) == len(wantList) && holdsObjects(wantList):
		for i := range wantList {
			e.makeAt(path+"/"+strconv.Itoa(i), wantList[i])
		}
	default:
		e.do("replace", path, want)
	}
}

func (e *edit) makeFields(path string, have, want map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if _, stays := want[key]; !stays {
			e.do("remove", path+"/"+escapePointer(key), nil)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, is := have[key]; is {
			e.makeAt(path+"/"+escapePointer(key), want[key])
		} else {
			e.do("add", path+"/"+escapePointer(key), want[key])
		}
	}
}

// unwrapped is a value without the list around it where it is the only one: policies say both.
func unwrapped(value any) any {
	if list, isList := value.([]any); isList && len(list) == 1 {
		return list[0]
	}
	return value
}

func holdsObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(one any) bool { _, is := one.(map[string]any); return !is })
}

// at returns what a pointer points at, nil for nothing.
func (e *edit) at(path string) any {
	found, err := lookUp(e.root, split(path))
	if err != nil {
		return nil
	}
	return found
}

// result is the changed document, nil where it would be none.
func (e *edit) result(kind iampolicy.Kind) *iampolicy.Document {
	if e.err != nil || len(e.ops) == 0 {
		return nil
	}
	text, err := json.Marshal(e.root)
	if err != nil {
		return nil
	}
	doc, err := iampolicy.Parse(text, kind)
	if err != nil {
		return nil
	}
	return doc
}

// escapePointer writes a key as a reference token (RFC 6901, section 3).
func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func split(path string) []string {
	if path == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, token := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens
}

func lookUp(node any, tokens []string) (any, error) {
	for _, token := range tokens {
		switch held := node.(type) {
		case map[string]any:
			next, found := held[token]
			if !found {
				return nil, fmt.Errorf("there is no field %q", token)
			}
			node = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(held) {
				return nil, fmt.Errorf("there is no element %q", token)
			}
			node = held[i]
		default:
			return nil, fmt.Errorf("nothing holds %q", token)
		}
	}
	return node, nil
}

// applyOp carries out one add, replace or remove (RFC 6902, section 4) and returns the root.
func applyOp(root any, op PatchOp) (any, error) {
	var value any
	if op.Op != "remove" {
		if err := json.Unmarshal(op.Value, &value); err != nil {
			return nil, fmt.Errorf("reading the value of %s %s: %w", op.Op, op.Path, err)
		}
	}
	tokens := split(op.Path)
	if len(tokens) == 0 {
		return value, nil
	}
	changed, err := change(root, tokens, op.Op, value)
	if err != nil {
		return nil, fmt.Errorf("carrying out %s %s: %w", op.Op, op.Path, err)
	}
	return changed, nil
}

// change returns node with the operation done at tokens below it.
func change(node any, tokens []string, op string, value any) (any, error) {
	token, rest := tokens[0], tokens[1:]
	switch held := node.(type) {
	case map[string]any:
		return changeField(held, token, rest, op, value)
	case []any:
		return changeElement(held, token, rest, op, value)
	}
	return nil, fmt.Errorf("nothing holds %q", token)
}

func changeField(held map[string]any, token string, rest []string, op string, value any) (any, error) {
	below, found := held[token]
	switch {
	case !found && (len(rest) > 0 || op != "add"):
		return nil, fmt.Errorf("there is no field %q", token)
	case len(rest) > 0:
		changed, err := change(below, rest, op, value)
		if err != nil {
			return nil, err
		}
		held[token] = changed
	case op == "remove":
		delete(held, token)
	default:
		held[token] = value
	}
	return held, nil
}

func changeElement(held []any, token string, rest []string, op string, value any) (any, error) {
	if token == "-" && op == "add" && len(rest) == 0 {
		return append(held, value), nil
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(held) {
		return nil, fmt.Errorf("there is no element %q", token)
	}
	switch {
	case len(rest) > 0:
		changed, err := change(held[i], rest, op, value)
		if err != nil {
			return nil, err
		}
		held[i] = changed
	case op == "remove":
		return slices.Delete(held, i, i+1), nil
	case op == "add":
		return slices.Insert(held, i, value), nil
	default:
		held[i] = value
	}
	return held, nil
}
