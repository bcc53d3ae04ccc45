package kube

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// An interruption is a transport that does something once, before the first request of a method goes out.
type interruption struct {
	method string
	do     func() error
	once   sync.Once
	next   http.RoundTripper
}

func (i *interruption) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	if r.Method == i.method {
		i.once.Do(func() { err = i.do() })
	}
	if err != nil {
		return nil, err
	}
	return i.next.RoundTrip(r)
}

// interrupted reaches a cluster with something happening before the first request of a method.
func interrupted(t *testing.T, l *lab.Lab, c *lab.Cluster, method string, do func() error) cluster.Delivery {
	t.Helper()
	opened, err := cluster.Open(cluster.Access{
		Kubeconfig: l.Kubeconfig, Context: c.Name,
		Wrap: func(next http.RoundTripper) http.RoundTripper {
			return &interruption{method: method, do: do, next: next}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Delivery{Cluster: opened, Share: "packages", Name: c.Name}
}

// racing lets another manager take the config after it was read as ours, and expects that this is noticed.
func racing(t *testing.T, l *lab.Lab, c *lab.Cluster, other func()) {
	t.Helper()
	d := interrupted(t, l, c, http.MethodPatch, func() error { other(); return nil })
	if err := d.Write(t.Context(), theConfig("G")); !errors.Is(err, cluster.ErrConflict) {
		t.Errorf("Write: %v", err)
	}
	if got := d.Observe(t.Context()); !got.Config.Equal(theConfig("E")) {
		t.Errorf("the other's config is gone: %s", got.Config.Key.ID)
	}
}
