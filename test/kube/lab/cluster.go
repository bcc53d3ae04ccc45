package lab

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// admins is the group whose members the API server lets do everything.
const admins = "system:masters"

// A Cluster is one API server, as far as anybody can tell a cluster of its own.
type Cluster struct {
	Name string
	// URL is where the API server listens, before and after it is started again.
	URL string
	// Client may do everything, as may Dynamic.
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	lab       *Lab
	dir       string
	port      port
	authority authority
	admin     *rest.Config
	server    *process
	peak      Bytes // the most of the servers that have ended
}

// newCluster prepares a cluster whose server does not run yet.
func (l *Lab) newCluster(t testing.TB, name string) *Cluster {
	t.Helper()
	c := &Cluster{Name: name, lab: l, dir: l.file(name), port: reservePort(t), authority: newAuthority(t, name)}
	c.URL = c.port.url("https")
	c.writePKI(t)
	admin := c.authority.client(t, "lab-admin", admins)
	c.admin = &rest.Config{
		Host: c.URL, QPS: -1, // The lab's own client is not held back.
		TLSClientConfig: rest.TLSClientConfig{CAData: c.authority.pem, CertData: admin.certificate, KeyData: admin.key},
	}
	c.kubeconfig(t, "admin", name, c.URL, admin)
	var err error
	if c.Client, err = kubernetes.NewForConfig(c.admin); err != nil {
		t.Fatalf("making a client of cluster %s: %v", name, err)
	}
	if c.Dynamic, err = dynamic.NewForConfig(c.admin); err != nil {
		t.Fatalf("making a client of cluster %s: %v", name, err)
	}
	t.Cleanup(c.end)
	return c
}

// Config is that of a client who may do everything.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.admin) }

// Kill ends the API server as a crash does: in the middle of whatever it answers. Until Start its port refuses connections.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	if c.server == nil {
		t.Fatalf("the API server of %s does not run", c.Name)
	}
	c.end()
}

func (c *Cluster) end() {
	if c.server != nil {
		c.peak = max(c.peak, c.server.kill())
		c.server = nil
	}
}

// Start starts the API server again after Kill: the same address, the same certificates, the same objects.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if c.server != nil {
		t.Fatalf("the API server of %s runs", c.Name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.start(ctx); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) start(ctx context.Context) error {
	var err error
	if c.server, err = startProcess(filepath.Join(c.dir, "kube-apiserver.log"), c.lab.Programs.apiServer, c.flags()...); err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	client, err := rest.HTTPClientFor(c.admin)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	err = c.server.await(ctx, func(ctx context.Context) error { return c.ready(ctx, client) })
	if err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	return nil
}

// ready asks the server itself, which is so once RBAC's own roles are there.
func (c *Cluster) ready(ctx context.Context, client *http.Client) error {
	return answers(ctx, client, c.URL+"/readyz")
}

// flags leave out what only a controller-manager or a kubelet would complete.
func (c *Cluster) flags() []string {
	return []string{
		"--etcd-servers=" + c.lab.etcd.url, "--etcd-prefix=/" + c.Name,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + c.port.String(), "--permit-port-sharing",
		"--cert-dir=" + c.dir, "--tls-cert-file=" + c.file("server.crt"), "--tls-private-key-file=" + c.file("server.key"),
		"--client-ca-file=" + c.file("ca.crt"), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-signing-key-file=" + c.file("sa.key"),
		"--service-account-key-file=" + c.file("sa.key"), "--service-cluster-ip-range=10.96.0.0/24",
		// The default ServiceAccount of a namespace, which a pod must have, is the controller-manager's to make.
		"--disable-admission-plugins=ServiceAccount",
		"--endpoint-reconciler-type=none", "--etcd-count-metric-poll-period=0", "--etcd-db-metric-poll-interval=0",
	}
}

func (c *Cluster) writePKI(t testing.TB) {
	t.Helper()
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	server := c.authority.server(t)
	writeFile(t, c.file("ca.crt"), c.authority.pem)
	writeFile(t, c.file("server.crt"), server.certificate)
	writeFile(t, c.file("server.key"), server.key)
	writeFile(t, c.file("sa.key"), encodeKey(t, newKey(t)))
}

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }
