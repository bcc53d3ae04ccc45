package awsclient_test

import (
	"net"
	"net/http"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// cut is a network on which nobody listens.
type cut struct{ count atomic.Int64 }

func (c *cut) RoundTrip(request *http.Request) (*http.Response, error) {
	c.count.Add(1)
	_ = request.Body.Close()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// told keeps what is said while a call is repeated.
type told struct {
	mu    sync.Mutex
	texts []string
}

func (t *told) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts = append(t.texts, err.Error())
}

func TestAHostOutOfReachIsGivenUpSoonerThanOneThatThrottles(t *testing.T) {
	role, err := arn.Parse("arn:aws:iam::111111111111:role/operator")
	if err != nil {
		t.Fatal(err)
	}
	for name, access := range map[string]share.Access{
		"the call itself":              profile(sandboxtest.Source),
		"the call for its credentials": {RoleARN: role, SourceProfile: string(sandboxtest.Source)},
	} {
		t.Run(name, func(t *testing.T) {
			var network cut
			var notes told
			f := newLab(t, sandbox.Config{}).factory(t, "", func(c *awsclient.Config) {
				c.HTTPClient = &http.Client{Transport: &network}
				c.Retry = awsclient.Retry{MaxBackoff: time.Millisecond, Waiting: notes.tell}
			})
			_, err := clients(t, f, access).IAM.ListRoles(t.Context(), &iam.ListRolesInput{})
			if err == nil {
				t.Fatal("an answer came from nowhere")
			}
			if got := network.count.Load(); got != 4 {
				t.Errorf("%d attempts, want 4", got)
			}
			if want := regexp.MustCompile(`^cannot reach 127\.0\.0\.1:\d+: connection refused$`); len(notes.texts) != 1 || !want.MatchString(notes.texts[0]) {
				t.Errorf("told %q", notes.texts)
			}
		})
	}
}

// A clock that moves when somebody waits has the waits between attempts, and nothing is slept by the real one.
func TestTheWaitsBetweenAttemptsPassByTheCallersClock(t *testing.T) {
	var network cut
	var passed []time.Duration
	f := newLab(t, sandbox.Config{}).factory(t, "", func(c *awsclient.Config) {
		c.HTTPClient = &http.Client{Transport: &network}
		c.Retry = awsclient.Retry{MaxBackoff: time.Hour, Elapse: func(d time.Duration) time.Duration {
			passed = append(passed, d)
			return 0
		}}
	})
	if _, err := clients(t, f, profile(sandboxtest.Source)).IAM.ListRoles(t.Context(), &iam.ListRolesInput{}); err == nil {
		t.Error("a call to nobody was answered")
	}
	if attempts := int(network.count.Load()); attempts < 2 || len(passed) != attempts-1 {
		t.Errorf("%d attempts with the waits %v between them", attempts, passed)
	}
}
