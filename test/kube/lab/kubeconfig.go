package lab

import (
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes the file with which one may do everything on all clusters.
func (l *Lab) writeKubeconfig(t testing.TB) string {
	t.Helper()
	config := api.NewConfig()
	for _, c := range l.clusters {
		c.addTo(config, c.Name, c.URL, pair{c.admin.CertData, c.admin.KeyData})
	}
	if len(l.clusters) > 0 {
		config.CurrentContext = l.clusters[0].Name
	}
	return write(t, config, l.file("kubeconfig"))
}

// kubeconfig writes a file of a name in the cluster's directory, with one context, for somebody who reaches the cluster by a
// URL.
func (c *Cluster) kubeconfig(t testing.TB, name, context, url string, user pair) string {
	t.Helper()
	config := api.NewConfig()
	c.addTo(config, context, url, user)
	config.CurrentContext = context
	return write(t, config, c.file(name+".kubeconfig"))
}

// addTo adds a way to the cluster: a cluster, a user and a context, all of one name.
func (c *Cluster) addTo(config *api.Config, name, url string, user pair) {
	config.Clusters[name] = &api.Cluster{Server: url, CertificateAuthorityData: c.authority.pem}
	config.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: user.certificate, ClientKeyData: user.key}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
}

func write(t testing.TB, config *api.Config, path string) string {
	t.Helper()
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatalf("writing a kubeconfig: %v", err)
	}
	return path
}
