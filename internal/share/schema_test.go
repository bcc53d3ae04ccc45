package share_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/share"
)

// node is a JSON Schema, as far as the published one goes.
type node map[string]any

func (n node) child(key string) node {
	m, _ := n[key].(map[string]any)
	return m
}

func loadSchema(t *testing.T) node {
	t.Helper()
	var root node
	if err := json.Unmarshal(share.Schema(), &root); err != nil {
		t.Fatalf("the schema is not JSON: %v", err)
	}
	return root
}

// checker validates a value against a schema with the keywords that the published schema uses, and no others: an unknown
// keyword is a complaint, so that none goes unchecked.
type checker struct{ root node }

func (c checker) check(path string, schema node, v any) []string {
	var out []string
	complain := func(format string, args ...any) { out = append(out, path+": "+fmt.Sprintf(format, args...)) }
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	text, isText := v.(string)
	for keyword, arg := range schema {
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description", "default":
		case "$ref":
			name, ok := strings.CutPrefix(arg.(string), "#/$defs/")
			if target := c.root.child("$defs"); ok && target[name] != nil {
				out = append(out, c.check(path, target.child(name), v)...)
			} else {
				complain("dangling reference %v", arg)
			}
		case "type":
			_, isBoolean := v.(bool)
			is := map[string]bool{"object": isObject, "array": isList, "string": isText, "boolean": isBoolean}[arg.(string)]
			if !is {
				complain("is no %v", arg)
			}
		case "const":
			if !reflect.DeepEqual(v, arg) {
				complain("is not %v", arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				complain("is none of %v", arg)
			}
		case "oneOf":
			matches := 0
			for _, alternative := range arg.([]any) {
				if len(c.check(path, alternative.(map[string]any), v)) == 0 {
					matches++
				}
			}
			if matches != 1 {
				complain("matches %d alternatives", matches)
			}
		case "not":
			if len(c.check(path, arg.(map[string]any), v)) == 0 {
				complain("matches what it must not")
			}
		case "required":
			for _, name := range arg.([]any) {
				if _, ok := object[name.(string)]; isObject && !ok {
					complain("lacks %v", name)
				}
			}
		case "dependentRequired":
			for name, needs := range arg.(map[string]any) {
				if _, ok := object[name]; ok {
					out = append(out, c.check(path, node{"required": needs}, v)...)
				}
			}
		case "properties":
			for name, property := range arg.(map[string]any) {
				if value, ok := object[name]; ok {
					out = append(out, c.check(path+"."+name, property.(map[string]any), value)...)
				}
			}
		case "additionalProperties":
			for name, value := range object {
				if schema.child("properties")[name] != nil {
					continue
				}
				if rule, ok := arg.(map[string]any); ok {
					out = append(out, c.check(path+"."+name, rule, value)...)
				} else {
					complain("has the unknown property %s", name)
				}
			}
		case "propertyNames":
			for name := range object {
				out = append(out, c.check(path+"."+name, arg.(map[string]any), name)...)
			}
		case "items":
			for i, value := range list {
				out = append(out, c.check(fmt.Sprintf("%s[%d]", path, i), arg.(map[string]any), value)...)
			}
		case "pattern":
			if isText && !regexp.MustCompile(arg.(string)).MatchString(text) {
				complain("does not match %v", arg)
			}
		case "minLength", "maxLength", "minItems", "maxProperties":
			n := map[string]int{"minLength": len(text), "maxLength": len(text), "minItems": len(list), "maxProperties": len(object)}[keyword]
			limit := int(arg.(float64))
			applies := map[string]bool{"minLength": isText, "maxLength": isText, "minItems": isList, "maxProperties": isObject}[keyword]
			if applies && (keyword[:3] == "min" && n < limit || keyword[:3] == "max" && n > limit) {
				complain("breaks %s %d", keyword, limit)
			}
		case "uniqueItems":
			for i := range list {
				if slices.Contains(list[:i], list[i]) {
					complain("holds %v twice", list[i])
				}
			}
		default:
			complain("the schema uses %s, which this test does not know", keyword)
		}
	}
	return out
}

func TestSchemaNamesTheFieldsOfTheTypes(t *testing.T) {
	defs := loadSchema(t).child("$defs")
	types := []reflect.Type{
		reflect.TypeFor[share.Document](), reflect.TypeFor[share.Metadata](), reflect.TypeFor[share.Spec](),
		reflect.TypeFor[share.RegistrySpec](), reflect.TypeFor[share.Source](), reflect.TypeFor[share.Access](),
		reflect.TypeFor[share.IAM](), reflect.TypeFor[share.Keys](), reflect.TypeFor[share.Names](),
		reflect.TypeFor[share.Destination](), reflect.TypeFor[share.Cluster](), reflect.TypeFor[share.Kubernetes](),
	}
	for _, typ := range types {
		def := defs.child(typ.Name())
		var fields, properties []string
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("json"); tag != "" && tag != "-" {
				fields = append(fields, tag)
			}
		}
		for name := range def.child("properties") {
			properties = append(properties, name)
			described := def.child("properties").child(name)
			if ref, ok := described["$ref"].(string); ok && described["description"] == nil {
				described = defs.child(strings.TrimPrefix(ref, "#/$defs/"))
			}
			if described["description"] == nil {
				t.Errorf("%s.%s has no description", typ.Name(), name)
			}
		}
		slices.Sort(fields)
		slices.Sort(properties)
		if diff := cmp.Diff(fields, properties); diff != "" {
			t.Errorf("%s: Go type (-) and schema (+) differ:\n%s", typ.Name(), diff)
		}
		if def["additionalProperties"] != false {
			t.Errorf("%s: the schema lets unknown fields through", typ.Name())
		}
	}
	for name := range defs {
		isType := slices.ContainsFunc(types, func(typ reflect.Type) bool { return typ.Name() == name })
		if isUpper := name[0] < 'a'; isUpper != isType {
			t.Errorf("the schema defines %s, which is no type of the document", name)
		}
	}
}

func TestSchemaAgreesWithParse(t *testing.T) {
	root := loadSchema(t)
	tests := map[string]struct {
		text string
		ok   bool
	}{
		"the first example":      {readExample(t, "share.yaml"), true},
		"the documented example": {readExample(t, "share-documented.yaml"), true},
		"a minimal document":     {minimal, true},
		"much of everything": {withSpec("  organization: o-a1b2c3d4e5\n  externalID: ab\n  keys: {maxAge: 12h}\n"+
			"  iam: {path: /a/, permissionsBoundary: B, tags: {a: b}}\n") +
			"          workloadClusters: [w]\n      access: default\n", true},
		"an unknown field":     {withSpec("  x: y\n"), false},
		"no account":           {strings.Replace(minimal, "account: \"111111111111\"", "", 1), false},
		"a short account":      {strings.Replace(minimal, "\"111111111111\"", "\"1\"", 1), false},
		"an unquoted account":  {strings.Replace(minimal, "\"111111111111\"", "111111111111", 1), false},
		"a bad posture":        {withSpec("  posture: soft\n"), false},
		"two deliveries":       {minimal + "          kubernetes: {context: c}\n", false},
		"a cluster's context":  {inCluster("{context: c, kubeconfig: k, restart: false}"), true},
		"the cluster around":   {inCluster("{inCluster: true}"), true},
		"no cluster":           {inCluster("{inCluster: false}"), false},
		"two clusters in one":  {inCluster("{inCluster: true, context: c}"), false},
		"around, with a file":  {inCluster("{inCluster: true, kubeconfig: k}"), false},
		"a context, not here":  {inCluster("{inCluster: false, context: c}"), true},
		"restart in words":     {inCluster("{context: c, restart: \"no\"}"), false},
		"no delivery":          {strings.Replace(minimal, "          directory: out/store-001\n", "", 1), false},
		"access by two ways":   {minimal + "      access: {profile: p, roleARN: \"arn:aws:iam::999999999999:role/r\"}\n", false},
		"a tag of pullpass":    {withSpec("  iam: {tags: {\"pullpass:x\": a}}\n"), false},
		"a duration in months": {withSpec("  keys: {maxAge: 3m}\n"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := yaml.Unmarshal([]byte(test.text), &v); err != nil {
				t.Fatal(err)
			}
			complaints := checker{root}.check("share", root, v)
			if ok := len(complaints) == 0; ok != test.ok {
				t.Errorf("the schema takes it: %t, want %t: %v", ok, test.ok, complaints)
			}
			if mistakes := problems(t, test.text); (len(mistakes) == 0) != test.ok {
				t.Errorf("Parse takes it: %t, want %t: %v", len(mistakes) == 0, test.ok, mistakes)
			}
		})
	}
}

// inCluster is a document whose one cluster is delivered to itself.
func inCluster(kubernetes string) string {
	return strings.Replace(minimal, "directory: out/store-001", "kubernetes: "+kubernetes, 1)
}
