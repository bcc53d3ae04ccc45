package lab

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
)

// An etcd is the store of all clusters of a lab.
type etcd struct {
	url  string
	peak Bytes // once it has ended
}

// startEtcd starts one that ends with the test. It does not sync its files: only a crash of the machine would lose data.
func startEtcd(ctx context.Context, t testing.TB, program, dir string) (*etcd, error) {
	t.Helper()
	clients, peers := reservePort(t).url("http"), reservePort(t).url("http")
	p, err := startProcess(filepath.Join(dir, "etcd.log"), program,
		"--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--socket-reuse-port", "--log-level=warn",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers, "--initial-advertise-peer-urls="+peers, "--initial-cluster=default="+peers,
	)
	if err != nil {
		return nil, err
	}
	e := &etcd{url: clients}
	t.Cleanup(func() { e.peak = p.kill() })
	return e, p.await(ctx, e.healthy)
}

func (e *etcd) healthy(ctx context.Context) error {
	return answers(ctx, http.DefaultClient, e.url+"/health")
}

// answers tells whether a GET of a URL is answered with 200.
func answers(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}
