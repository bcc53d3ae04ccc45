package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
)

// A place is where a cluster's credential goes.
type place interface {
	provision.Deliverer
	// Config reads the AWS config file that was delivered; delivery.ErrNothing where none was.
	Config(context.Context) ([]byte, error)
	// Remove takes out what was delivered, if it has this key; delivery.ErrOtherKey where it has another.
	Remove(context.Context, awsid.AccessKeyID) error
}

// place returns where a cluster's credential goes.
func (s *session) place(ctx context.Context, c share.ClusterDelivery) (place, error) {
	if c.Kubernetes == nil {
		return s.directory(c)
	}
	return s.inCluster(ctx, c)
}

// errNoDirectory says that a credential is in a cluster and in no file.
var errNoDirectory = errors.New("the share delivers it into the cluster itself, not to a directory")

// directory returns where a cluster's files go.
func (s *session) directory(c share.ClusterDelivery) (delivery.Directory, error) {
	if c.Directory == "" {
		return delivery.Directory{}, fmt.Errorf("finding the files of cluster %s: %w", c.Cluster, errNoDirectory)
	}
	return delivery.Directory{Path: s.beside(c.Directory), Effects: s.journal}, nil
}

// beside returns a path of the share document, which is relative to it unless absolute.
func (s *session) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.dir, path)
}

// inCluster returns the Secret of a cluster.
func (s *session) inCluster(ctx context.Context, c share.ClusterDelivery) (cluster.Delivery, error) {
	reached, err := s.reached.cluster(ctx, s, c)
	if err != nil {
		return cluster.Delivery{}, err
	}
	return cluster.Delivery{
		Cluster: reached, Workload: c.ManagedBy != "", Share: s.desired.Share, Force: s.forceConflicts,
		CreateNamespace: s.createNamespace, Registry: s.desired.Registry, Name: c.Cluster, Now: s.app.env.Now, Wait: s.app.env.Wait,
	}, nil
}

func (s *session) deliverer(ctx context.Context, c share.ClusterDelivery) (provision.Deliverer, error) {
	return s.place(ctx, c)
}

func (s *session) restart(ctx context.Context, c share.ClusterDelivery) error {
	place, err := s.inCluster(ctx, c)
	if err != nil {
		return err
	}
	return place.Restart(ctx)
}

// clusters are those that a session has reached, so that what is read and then written is reached once.
type clusters struct {
	opener cluster.Opener
	mu     sync.Mutex
	opened map[clusterKey]*opening
}

// clusterKey is a cluster of a kubeconfig, or one that it manages.
type clusterKey struct {
	share.Kubernetes
	workload string
}

// opening is a cluster that is being reached; one that could not be is tried again when it is asked for again.
type opening struct {
	mu      sync.Mutex
	cluster *cluster.Cluster
}

func newClusters() *clusters { return &clusters{opened: map[clusterKey]*opening{}} }

func (all *clusters) cluster(ctx context.Context, s *session, c share.ClusterDelivery) (*cluster.Cluster, error) {
	named, err := all.open(clusterKey{Kubernetes: *c.Kubernetes}, func() (*cluster.Cluster, error) {
		return all.opener.Open(s.clusterAccess(*c.Kubernetes))
	})
	if err != nil || c.ManagedBy == "" {
		return named, err
	}
	return all.open(clusterKey{Kubernetes: *c.Kubernetes, workload: c.Cluster}, func() (*cluster.Cluster, error) {
		return named.Workload(ctx, c.Cluster)
	})
}

func (all *clusters) open(key clusterKey, open func() (*cluster.Cluster, error)) (*cluster.Cluster, error) {
	all.mu.Lock()
	if all.opened[key] == nil {
		all.opened[key] = &opening{}
	}
	found := all.opened[key]
	all.mu.Unlock()
	found.mu.Lock()
	defer found.mu.Unlock()
	if found.cluster == nil {
		opened, err := open()
		if err != nil {
			return nil, err
		}
		found.cluster = opened
	}
	return found.cluster, nil
}

// clusterAccess is how kubectl would reach the cluster, given the same kubeconfig and context.
func (s *session) clusterAccess(k share.Kubernetes) cluster.Access {
	access := cluster.Access{
		Context: k.Context, InCluster: k.InCluster, UserAgent: s.userAgent(), Wrap: cluster.Audited(s.journal),
	}
	switch files := s.app.env.getenv("KUBECONFIG"); {
	case k.Kubeconfig != "":
		access.Kubeconfig = s.beside(s.app.fromHome(k.Kubeconfig))
	case files != "":
		access.Precedence = filepath.SplitList(files)
	default:
		access.Precedence = []string{s.app.fromHome("~/.kube/config")}
	}
	return access
}

// userAgent names the run too, so that the audit log of an API server tells the same story as the session's own.
func (s *session) userAgent() string {
	if s.named.run == "" {
		return userAgent()
	}
	return userAgent() + " run/" + string(s.named.run)
}

// fromHome gives a path that begins with ~/ its meaning, which a shell would have given it on a command line.
func (a *app) fromHome(path string) string {
	if rest, found := strings.CutPrefix(path, "~/"); found {
		return filepath.Join(a.env.getenv("HOME"), rest)
	}
	return path
}
