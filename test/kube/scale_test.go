package kube

import (
	"fmt"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/test/kube/lab"
)

const (
	// far is how long a request takes, to a cluster or to AWS.
	far = 50 * time.Millisecond
	// rounds is how often each is measured; the median counts.
	rounds = 3
	// mostMemory is what pullpass may take with twenty clusters.
	mostMemory lab.Bytes = 100 << 20
)

// TestTwentyDeliveries measures how much longer than one delivery twenty take, with AWS and all clusters far away, in the
// same run and on the same machine, and bounds the memory. The times are told and not judged: the machine may be busy, and
// carries the roads, the sandbox and the API server as well.
func TestTwentyDeliveries(t *testing.T) {
	l := lab.Start(t, "hub")
	roads := l.Cluster(t, "hub").Tenants(t, 20, far)
	var one, twenty []time.Duration
	var peak lab.Bytes
	for range rounds {
		one = append(one, deliverOver(t, l, roads[:1]).Took)
		all := deliverOver(t, l, roads)
		twenty = append(twenty, all.Took)
		peak = max(peak, all.Peak)
	}
	ratio := float64(median(twenty)) / float64(median(one))
	l.Tell(t, fmt.Sprintf("twenty deliveries at %v a request take %.2f times as long as one (%v, %v: medians of %d); at most %s",
		far, ratio, median(twenty).Round(time.Millisecond), median(one).Round(time.Millisecond), rounds, peak))
	if peak > mostMemory {
		t.Errorf("pullpass took %s for twenty clusters, more than %s", peak, mostMemory)
	}
}

func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

// deliverOver applies a share to clusters that hold nothing, with an AWS that knows nothing of it either.
func deliverOver(t *testing.T, l *lab.Lab, roads []*lab.Road) lab.Outcome {
	t.Helper()
	for _, road := range roads {
		secrets := clientFor(t, road.Kubeconfig).CoreV1().Secrets(lab.Namespace)
		if err := secrets.Delete(t.Context(), credential.SecretName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	weather, err := sandbox.ParseForecast(fmt.Appendf(nil, "rules: [{latency: {fixed: %v}}]", far))
	if err != nil {
		t.Fatal(err)
	}
	o := l.OperatorIn(t, weather)
	o.WriteShareOver(t, roads...)
	outcome := o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify")
	if got := len(o.Keys(t)); got != len(roads) {
		t.Errorf("%d access keys for %d clusters", got, len(roads))
	}
	return outcome
}
