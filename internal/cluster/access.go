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
	"sync"
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

// An Opener opens clusters, reading each kubeconfig once: a fleet's is large, and its contexts many. The zero value is
// ready for use, by several goroutines at once.
type Opener struct {
	mu     sync.Mutex
	loaded map[string]*clientcmdapi.Config
}

// Open prepares the access to one cluster: see Opener.Open.
func Open(a Access) (*Cluster, error) { return new(Opener).Open(a) }

// Open prepares the access to a cluster without asking it anything. Everything that the kubeconfig itself can be wrong
// about is an error that wraps ErrAccess; one that is not there wraps fs.ErrNotExist too.
//
// Exec plugins, proxies, certificates and tokens work as in kubectl.
func (o *Opener) Open(a Access) (*Cluster, error) {
	if a.InCluster {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("%w to the cluster that this program runs in: %w", ErrAccess, err)
		}
		return a.dial("the cluster of this pod", config)
	}
	name, config, err := o.find(a)
	if err != nil {
		return nil, fmt.Errorf("%w through %s: %w", ErrAccess, a.source(), err)
	}
	return a.dial("context "+name, config)
}

// find looks the context up in the kubeconfig and returns its name as well.
func (o *Opener) find(a Access) (string, *rest.Config, error) {
	shared, err := o.load(a)
	if err != nil {
		return "", nil, err
	}
	name, err := contextOf(shared, a.Context)
	if err != nil {
		return "", nil, err
	}
	if err := checkPlugin(shared, name); err != nil {
		return "", nil, err
	}
	own := shared.DeepCopy() // What is made of it writes into it.
	config, err := clientcmd.NewNonInteractiveClientConfig(*own, name, &clientcmd.ConfigOverrides{}, a.rules()).ClientConfig()
	return name, config, err
}

// load reads a kubeconfig once for all who ask for it.
func (o *Opener) load(a Access) (*clientcmdapi.Config, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := strings.Join(append([]string{a.Kubeconfig}, a.Precedence...), "\x00")
	if found := o.loaded[key]; found != nil {
		return found, nil
	}
	loaded, err := a.load()
	if err != nil {
		return nil, err
	}
	if o.loaded == nil {
		o.loaded = map[string]*clientcmdapi.Config{}
	}
	o.loaded[key] = loaded
	return loaded, nil
}

func (a Access) load() (*clientcmdapi.Config, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	return a.rules().Load()
}

func (a Access) rules() *clientcmd.ClientConfigLoadingRules {
	return &clientcmd.ClientConfigLoadingRules{ExplicitPath: a.Kubeconfig, Precedence: a.Precedence}
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
