package lab

import (
	"context"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// User returns a kubeconfig for a user who may do nothing but what RBAC gives him, by manifests that name him as
// `kind: User`. Its context has the cluster's name.
func (c *Cluster) User(t testing.TB, name string, groups ...string) string {
	t.Helper()
	return c.kubeconfig(t, name, c.Name, c.URL, c.authority.client(t, name, groups...))
}

// UserConfig is the same user's as a configuration of client-go.
func (c *Cluster) UserConfig(t testing.TB, name string, groups ...string) *rest.Config {
	t.Helper()
	user := c.authority.client(t, name, groups...)
	config := c.Config()
	config.CertData, config.KeyData = user.certificate, user.key
	return config
}

// Grant makes Roles and ClusterRoles and binds each to a user, a Role in its namespace, a ClusterRole everywhere, then waits
// until the API server has heard of it. Other documents are left out, such as bindings for somebody else.
func (c *Cluster) Grant(t testing.TB, user, manifests string) {
	t.Helper()
	roles := readRoles(t, manifests)
	if len(roles) == 0 {
		t.Fatal("there is no Role to grant")
	}
	options := metav1.ApplyOptions{FieldManager: "lab", Force: true}
	for _, r := range roles {
		for _, object := range []*unstructured.Unstructured{r.object(t), r.binding(t, user)} {
			if _, err := c.rbac(object).Apply(t.Context(), object.GetName(), object, options); err != nil {
				t.Fatalf("cluster %s: making %s %s: %v", c.Name, object.GetKind(), object.GetName(), err)
			}
		}
	}
	c.awaitReviews(t, user, roles, true)
}

// Revoke takes from a user what Grant gave him for the same manifests, then waits until the API server has heard of it. It
// deletes the roles alone: the API server follows roles and bindings apart, and one that had heard of a binding's end first
// would be asked about the next Grant with the last one's role still in mind. A binding to no role gives nothing.
func (c *Cluster) Revoke(t testing.TB, user, manifests string) {
	t.Helper()
	roles := readRoles(t, manifests)
	for _, r := range roles {
		object := r.object(t)
		err := c.rbac(object).Delete(t.Context(), object.GetName(), metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatalf("cluster %s: deleting %s %s: %v", c.Name, object.GetKind(), object.GetName(), err)
		}
	}
	c.awaitReviews(t, user, roles, false)
}

// rbac is where an object of RBAC is kept: that of kind RoleBinding with the other rolebindings of its namespace.
func (c *Cluster) rbac(object *unstructured.Unstructured) dynamic.ResourceInterface {
	kept := c.Dynamic.Resource(rbacv1.SchemeGroupVersion.WithResource(strings.ToLower(object.GetKind()) + "s"))
	if namespace := object.GetNamespace(); namespace != "" {
		return kept.Namespace(namespace)
	}
	return kept
}

// awaitReviews asks the API server about every permission of the roles until it allows all, or none. It goes by copies of the
// Roles that follow them a moment later.
func (c *Cluster) awaitReviews(t testing.TB, user string, roles []role, allowed bool) {
	t.Helper()
	for _, r := range roles {
		for _, p := range r.permissions() {
			err := wait.PollUntilContextTimeout(t.Context(), between, patience, true, func(ctx context.Context) (bool, error) {
				got, err := c.review(ctx, user, p.attributes(r.Namespace))
				return got == allowed, err
			})
			if err != nil {
				t.Fatalf("cluster %s: waiting until %s may %s is %t: %v", c.Name, user, p.name(r.Namespace), allowed, err)
			}
		}
	}
}

// review is the API server's answer to whether a user may do something.
func (c *Cluster) review(ctx context.Context, user string, what *authorizationv1.ResourceAttributes) (bool, error) {
	review, err := c.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: what},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

// A Less is a set of Roles with one permission fewer than it was.
type Less struct {
	Name      string // what is gone: "get secrets in eksa-packages"
	Manifests string
}

// EachLess takes away one permission at a time, that is one verb on one resource, and returns every set that remains.
func EachLess(t testing.TB, manifests string) []Less {
	t.Helper()
	var all []Less
	for i, r := range readRoles(t, manifests) {
		for _, p := range r.permissions() {
			roles := readRoles(t, manifests)
			roles[i].take(p)
			var docs []string
			for _, remaining := range roles {
				docs = append(docs, remaining.print(t))
			}
			all = append(all, Less{p.name(r.Namespace), strings.Join(docs, "---\n")})
		}
	}
	return all
}
