package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Access says how a cluster is reached.
type Access struct {
	// Kubeconfig is a file that must be there; "" for the files of Precedence.
	Kubeconfig string
	// Precedence are the files that kubectl would read: those of KUBECONFIG, or else the one in the home directory. They
	// are merged, the first that says something winning; those that are not there are passed over.
	Precedence []string
	// Context is a context of the kubeconfig; "" for its current one.
	Context string
	// InCluster reaches the cluster in which the program runs, as the service account of its pod. The kubeconfig does not
	// count then.
	InCluster bool
	// UserAgent is the product's, such as pullpass/1.2.0.
	UserAgent string
	// Timeout is that of one request; 0 for 15 s.
	Timeout time.Duration
	// Wrap goes around the transport of every request; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

const defaultTimeout = 15 * time.Second

// Open prepares the access to a cluster without asking it anything. Everything that the kubeconfig itself can be wrong
// about is an error that wraps ErrAccess; one that is not there wraps fs.ErrNotExist too.
//
// Exec plugins, proxies, certificates and tokens work as in kubectl.
func Open(a Access) (*Cluster, error) {
	if a.InCluster {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("%w to the cluster that this program runs in: %w", ErrAccess, err)
		}
		return a.dial("the cluster of this pod", config)
	}
	name, config, err := a.load()
	if err != nil {
		return nil, fmt.Errorf("%w through %s: %w", ErrAccess, a.source(), err)
	}
	return a.dial("context "+name, config)
}

// load reads the kubeconfig and returns the name of the context as well.
func (a Access) load() (string, *rest.Config, error) {
	if err := a.check(); err != nil {
		return "", nil, err
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: a.Kubeconfig, Precedence: a.Precedence}
	config, err := rules.Load()
	if err != nil {
		return "", nil, err
	}
	name, err := contextOf(config, a.Context)
	if err != nil {
		return "", nil, err
	}
	if err := checkPlugin(config, name); err != nil {
		return "", nil, err
	}
	loaded, err := clientcmd.NewNonInteractiveClientConfig(*config, name, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	return name, loaded, err
}

// check looks for the files, because the loader takes files of Precedence that are all missing for an empty kubeconfig.
func (a Access) check() error {
	if a.Kubeconfig != "" {
		_, err := os.Stat(a.Kubeconfig)
		return withoutPath(err)
	}
	if !slices.ContainsFunc(a.Precedence, func(file string) bool { _, err := os.Stat(file); return err == nil }) {
		return fs.ErrNotExist
	}
	return nil
}

// withoutPath leaves the path to whoever says which kubeconfig it was.
func withoutPath(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (a Access) source() string {
	switch {
	case a.Kubeconfig != "":
		return "kubeconfig " + a.Kubeconfig
	case len(a.Precedence) == 0:
		return "no kubeconfig"
	default:
		return "kubeconfig " + strings.Join(a.Precedence, ", ")
	}
}

// contextOf returns the context that counts, or names those that there are.
func contextOf(config *clientcmdapi.Config, wanted string) (string, error) {
	name := wanted
	if name == "" {
		name = config.CurrentContext
	}
	if _, found := config.Contexts[name]; found {
		return name, nil
	}
	there := "it has none"
	if names := nearestFirst(name, slices.Sorted(maps.Keys(config.Contexts))); len(names) > 0 {
		there = "it has " + strings.Join(names, ", ")
	}
	if name == "" {
		return "", fmt.Errorf("no context is current: %s", there)
	}
	return "", fmt.Errorf("no context %q: %s", name, there)
}

// nearestFirst orders names by how much of their start and end they share with a word, which suits names that people
// number.
func nearestFirst(word string, names []string) []string {
	slices.SortStableFunc(names, func(a, b string) int { return shared(word, b) - shared(word, a) })
	return names
}

func shared(a, b string) int {
	start, shorter := 0, min(len(a), len(b))
	for start < shorter && a[start] == b[start] {
		start++
	}
	end := 0
	for end < shorter-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return start + end
}

// checkPlugin looks for the program that gives credentials, which would otherwise be missed at the first request only.
func checkPlugin(config *clientcmdapi.Config, context string) error {
	user := config.AuthInfos[config.Contexts[context].AuthInfo]
	if user == nil || user.Exec == nil {
		return nil
	}
	if _, err := exec.LookPath(user.Exec.Command); err != nil {
		hint := ""
		if user.Exec.InstallHint != "" {
			hint = ": " + strings.TrimSpace(user.Exec.InstallHint)
		}
		return fmt.Errorf("context %q signs in with the program %s: %w%s", context, user.Exec.Command, errors.Unwrap(err), hint)
	}
	return nil
}

// dial makes the client. Client-side rate limits are off: servers have priority and fairness of their own.
func (a Access) dial(name string, config *rest.Config) (*Cluster, error) {
	config.UserAgent = a.UserAgent
	config.QPS = -1
	config.Timeout = a.Timeout
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	config.WarningHandlerWithContext = rest.NoWarnings{}
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper { return bounded{inner} })
	if a.Wrap != nil {
		config.Wrap(a.Wrap)
	}
	config.GroupVersion = &schema.GroupVersion{Version: "v1"}
	config.NegotiatedSerializer = statuses()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("%w to %s: %w", ErrAccess, name, err)
	}
	client.CheckRedirect = stay
	requests, err := rest.UnversionedRESTClientForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("%w to %s: %w", ErrAccess, name, err)
	}
	return &Cluster{name: name, client: requests, access: a}, nil
}

// statuses decodes what the API answers in place of an object; objects are decoded here.
func statuses() runtime.NegotiatedSerializer {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	return serializer.NewCodecFactory(scheme).WithoutConversion()
}
