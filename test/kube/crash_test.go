package kube

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestAClusterThatIsCutOffAtAnyWrite cuts a cluster off before each write of an apply and of a rotation, after it, and after it
// with the answer lost. What the packages controller has read works as long as it runs, and the next run ends well.
func TestAClusterThatIsCutOffAtAnyWrite(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Clusters()[0]
	installed(t, c)
	road := c.Slow(t, 0)
	points := 0
	for _, command := range []cutCommand{
		{"apply", func(*testing.T, *lab.Operator) {}, []string{"apply", "--sandbox", lab.Box, "--yes"}, 0},
		{"rotate", applied, []string{"rotate", "--sandbox", lab.Box, "--yes", "--force", "--settle", "0s", "--grace", "0s", "--follow", "0s", "--watch", "0s"}, 1},
	} {
		writes := 0
		t.Run(command.name+", uncut", func(t *testing.T) {
			o := command.begin(t, l, road)
			before := len(road.Requests())
			o.Exits(t, command.ends, command.line...)
			for _, request := range road.Requests()[before:] {
				if lab.Changes(request) {
					writes++
				}
			}
			ends(t, o, c)
		})
		if writes == 0 {
			t.Errorf("%s writes nothing", command.name)
		}
		for n := range writes {
			for _, how := range []stop{before, after, unanswered} {
				t.Run(fmt.Sprintf("%s, write %d, %s", command.name, n+1, how), func(t *testing.T) {
					command.cutAt(t, l, road, n+1, how)
				})
				points++
			}
		}
	}
	l.Tell(t, fmt.Sprintf("crash: %d points at the writes of a cluster", points))
}

// A cutCommand is a command that writes to a cluster.
type cutCommand struct {
	name string
	// situation is what it finds.
	situation func(*testing.T, *lab.Operator)
	line      []string
	// ends is its exit code where nothing cuts the cluster off.
	ends int
}

func applied(t *testing.T, o *lab.Operator) { o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes") }

// begin brings about the situation on an AWS of its own, and in the cluster, whose controller has read what there is.
func (cmd cutCommand) begin(t *testing.T, l *lab.Lab, road *lab.Road) *lab.Operator {
	t.Helper()
	c := l.Clusters()[0]
	secrets := c.Client.CoreV1().Secrets(lab.Namespace)
	for _, name := range []string{credential.SecretName, "registry-mirror-cred"} {
		_ = secrets.Delete(t.Context(), name, metav1.DeleteOptions{}) // The first time there is none.
	}
	c.RunController(t, time.Now().Add(-time.Hour))
	o := l.Operator(t)
	o.WriteShareOver(t, road)
	cmd.situation(t, o)
	return o
}

// cutAt cuts the cluster off at a write, and lets the command be run again.
func (cmd cutCommand) cutAt(t *testing.T, l *lab.Lab, road *lab.Road, n int, how stop) {
	t.Helper()
	c, o := l.Clusters()[0], cmd.begin(t, l, road)
	inUse := keyIfAny(t, c)
	end := &roadEnd{left: n, stop: how}
	straighten := road.Through(func(onwards http.Handler) http.Handler {
		end.onwards = onwards
		return end
	})
	said := o.Pullpass(t, cmd.line...)
	straighten()
	if !end.reached() {
		t.Errorf("it writes less than that:\n%s%s", said.Stdout, said.Stderr)
	}
	mustBeGood(t, o, inUse)
	again := o.Pullpass(t, cmd.line...)
	if again.Code != cmd.ends {
		t.Errorf("run again: exit code %d\n%s%s", again.Code, again.Stdout, again.Stderr)
	}
	mustBeGood(t, o, inUse)
	ends(t, o, c)
}

// ends lets the controller move to what there is, and the command be finished.
func ends(t *testing.T, o *lab.Operator, c *lab.Cluster) {
	t.Helper()
	c.RunController(t, aSecondLater(t))
	fetchToken(t, o, c)
	o.Exits(t, 0, "rotate", "--sandbox", lab.Box, "--yes", "--grace", "0s", "--follow", "0s", "--watch", "0s")
	o.Exits(t, 0, "verify", "--sandbox", lab.Box)
	eachHoldsItsOwn(t, o, []*lab.Cluster{c})
}

// keyIfAny is the key that the controller has read when it started; empty where there was none.
func keyIfAny(t *testing.T, c *lab.Cluster) string {
	t.Helper()
	if _, err := c.Client.CoreV1().Secrets(lab.Namespace).Get(t.Context(), credential.SecretName, metav1.GetOptions{}); err != nil {
		return ""
	}
	return holds(t, c)
}

// mustBeGood checks that a key which a controller uses is active.
func mustBeGood(t *testing.T, o *lab.Operator, key string) {
	t.Helper()
	if key == "" {
		return
	}
	listed, err := o.AWS.IAM(lab.Destination).ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("pullpass-packages-store-001")})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(listed.AccessKeyMetadata, func(k types.AccessKeyMetadata) bool {
		return aws.ToString(k.AccessKeyId) == key && k.Status == types.StatusTypeActive
	}) {
		t.Errorf("the controller uses access key %s, which is gone or inactive", key)
	}
}

// A stop says what becomes of the request at which a road ends.
type stop string

// The ways in which a road ends.
const (
	// before: the request does not reach the API server.
	before stop = "before"
	// after: the answer is the last thing that comes through.
	after stop = "after"
	// unanswered: the API server has done it, and nobody is told.
	unanswered stop = "answer lost"
)

// A roadEnd passes on what comes before it.
type roadEnd struct {
	onwards http.Handler
	stop    stop

	mu   sync.Mutex
	left int // how many changes until the end
}

// ServeHTTP passes requests on one by one, and from its end on it breaks connections off.
func (e *roadEnd) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left <= 0 {
		panic(http.ErrAbortHandler)
	}
	if lab.Changes(lab.Form(request)) {
		e.left--
	}
	switch {
	case e.left > 0, e.stop == after:
		e.onwards.ServeHTTP(w, request)
	case e.stop == unanswered:
		e.onwards.ServeHTTP(httptest.NewRecorder(), request)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

func (e *roadEnd) reached() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left <= 0
}
