package lab

import (
	"context"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
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

// Grant applies Roles and ClusterRoles and binds each to a user, a Role in its namespace, a ClusterRole everywhere, then
// waits until the API server has heard of it. Other documents are left out, such as bindings for somebody else.
func (c *Cluster) Grant(t testing.TB, user, manifests string) {
	t.Helper()
	var docs []string
	roles := readRoles(t, manifests)
	for _, r := range roles {
		docs = append(docs, r.print(t), r.bindTo(t, user))
	}
	if len(docs) == 0 {
		t.Fatal("there is no Role to grant")
	}
	c.Apply(t, strings.Join(docs, "---\n"))
	c.awaitReviews(t, user, roles, true)
}

// Revoke takes from a user what Grant gave him for the same manifests, then waits until the API server has heard of it.
func (c *Cluster) Revoke(t testing.TB, user, manifests string) {
	t.Helper()
	roles := readRoles(t, manifests)
	for _, r := range roles {
		args := []string{"delete", "--ignore-not-found", r.Kind + "/" + r.Name, r.Kind + "Binding/" + r.Name}
		if r.Namespace != "" {
			args = append(args, "--namespace", r.Namespace)
		}
		c.Kubectl(t, args...).Succeeded(t)
	}
	c.awaitReviews(t, user, roles, false)
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
