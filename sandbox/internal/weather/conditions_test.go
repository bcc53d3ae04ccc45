package weather_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

func TestTheLagIsThatOfTheRequestsPlace(t *testing.T) {
	w, _ := under(read(t, `
rules:
  - lag: 5s
  - at: {service: iam}
    lag: 20s
  - at: {service: iam, account: "999999999999"}
    lag: 0s
`))
	for _, test := range []struct {
		service string
		account arn.AccountID
		want    time.Duration
	}{
		{"sts", "111111111111", 5 * time.Second},
		{"iam", "111111111111", 20 * time.Second},
		{"iam", "999999999999", 0},
		{"iam", "", 20 * time.Second},
	} {
		if got := w.Conditions(t.Context(), test.service, test.account).Lag; got != test.want {
			t.Errorf("%s of %q: %s, want %s", test.service, test.account, got, test.want)
		}
	}
	if got := w.LongestLag(); got != 20*time.Second {
		t.Errorf("the longest is %s", got)
	}
}

// TestAConnectionStaysWithItsReplica whichever service and account its requests are for; each connection has its own, the
// same whenever the sandbox is started with the same seed.
func TestAConnectionStaysWithItsReplica(t *testing.T) {
	replicas := func(seed uint64) []uint64 {
		forecast := read(t, "rules: [{lag: 20s}]")
		forecast.Seed = seed
		w, _ := under(forecast)
		var drawn []uint64
		for range 20 {
			_, conn := net.Pipe()
			ctx := w.ConnContext(context.Background(), conn)
			first := w.Conditions(ctx, "iam", "111111111111").Replica
			for _, service := range []string{"iam", "sts", "ecr"} {
				if again := w.Conditions(ctx, service, "999999999999").Replica; again != first {
					t.Fatalf("one connection came to %d and %d", first, again)
				}
			}
			drawn = append(drawn, first)
		}
		return drawn
	}
	one, same, other := replicas(1), replicas(1), replicas(2)
	seen := map[uint64]bool{}
	for i := range one {
		if one[i] != same[i] || one[i] == other[i] {
			t.Errorf("connection %d: %d and %d with one seed, %d with another", i, one[i], same[i], other[i])
		}
		seen[one[i]] = true
	}
	if len(seen) != len(one) {
		t.Errorf("%d connections came to %d replicas", len(one), len(seen))
	}
}

func TestWithoutLagThereAreNoReplicas(t *testing.T) {
	w, _ := under(read(t, "rules: [{latency: {fixed: 80ms}}]"))
	if got := w.Conditions(t.Context(), "iam", "111111111111"); got != (weather.Conditions{}) {
		t.Errorf("got %v", got)
	}
}

func BenchmarkMeet(b *testing.B) {
	visit := weather.Visit{Service: "iam", Operation: "GetUser", Account: "111111111111"}
	for _, name := range []string{"fair", "storm"} {
		b.Run(name, func(b *testing.B) {
			forecast, _ := weather.Named(name)
			w := weather.New(weather.Config{Clock: time.Now}, forecast)
			b.ReportAllocs()
			for b.Loop() {
				w.Meet(visit)
			}
		})
	}
}
