package lab

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	printer "sigs.k8s.io/yaml"
)

// A role is a Role or a ClusterRole: they differ in whether they have a namespace.
type role struct{ rbacv1.Role }

func readRoles(t testing.TB, manifests string) []role {
	t.Helper()
	var roles []role
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
	for {
		var r role
		switch err := decoder.Decode(&r.Role); {
		case errors.Is(err, io.EOF):
			return roles
		case err != nil:
			t.Fatalf("reading Roles: %v", err)
		case r.Kind == "Role" || r.Kind == "ClusterRole":
			roles = append(roles, r)
		}
	}
}

func (r role) print(t testing.TB) string {
	t.Helper()
	text, err := printer.Marshal(r.Role)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// object is the role as the API server takes it.
func (r role) object(t testing.TB) *unstructured.Unstructured {
	t.Helper()
	return untyped(t, &r.Role)
}

// binding gives the role to a user, and has its name.
func (r role) binding(t testing.TB, user string) *unstructured.Unstructured {
	t.Helper()
	binding := rbacv1.RoleBinding{
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: r.Kind, Name: r.Name},
	}
	binding.APIVersion, binding.Kind = r.APIVersion, r.Kind+"Binding"
	binding.Name, binding.Namespace = r.Name, r.Namespace
	return untyped(t, &binding)
}

func untyped(t testing.TB, object any) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: content}
}

// A permission is one verb on one resource, in one rule of a role.
type permission struct {
	rule                  int
	verb, group, resource string
	only                  []string // the names of objects; none stands for all
}

func (p permission) name(namespace string) string {
	resource := p.resource
	if p.group != "" {
		resource += "." + p.group
	}
	if len(p.only) > 0 {
		resource += " " + strings.Join(p.only, ", ")
	}
	if namespace == "" {
		return fmt.Sprintf("%s %s everywhere", p.verb, resource)
	}
	return fmt.Sprintf("%s %s in %s", p.verb, resource, namespace)
}

// permissions are all that the role gives, in its own order.
func (r role) permissions() []permission {
	var all []permission
	for i, rule := range r.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, permission{i, verb, group, resource, rule.ResourceNames})
				}
			}
		}
	}
	return all
}

// take replaces the permission's rule by rules that give all but it.
func (r *role) take(p permission) {
	whole := r.Rules[p.rule]
	var rest []rbacv1.PolicyRule
	for _, group := range whole.APIGroups {
		for _, resource := range whole.Resources {
			verbs := slices.Clone(whole.Verbs)
			if group == p.group && resource == p.resource {
				verbs = slices.DeleteFunc(verbs, func(verb string) bool { return verb == p.verb })
			}
			if len(verbs) > 0 {
				rest = append(rest, rbacv1.PolicyRule{
					Verbs: verbs, APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: whole.ResourceNames,
				})
			}
		}
	}
	r.Rules = slices.Concat(r.Rules[:p.rule], rest, r.Rules[p.rule+1:])
}

// attributes are those of a request that the permission is about.
func (p permission) attributes(namespace string) *authorizationv1.ResourceAttributes {
	resource, subresource, _ := strings.Cut(p.resource, "/")
	attributes := &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: p.verb, Group: p.group, Resource: resource, Subresource: subresource,
	}
	if len(p.only) > 0 {
		attributes.Name = p.only[0]
	}
	return attributes
}
