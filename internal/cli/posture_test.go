package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// twoStores makes the share one of two clusters of one account.
func (o *outdoors) twoStores(posture string) {
	o.t.Helper()
	text := `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  posture: ` + posture + `
  source: {account: "111111111111", access: {profile: "111111111111"}}
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters:
        - {name: store-001, directory: out/store-001}
        - {name: store-002, directory: out/store-002}
`
	if err := os.WriteFile(filepath.Join(o.dir, "share.yaml"), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// keysOf counts the keys of a user of the destination.
func (o *outdoors) keysOf(user string) int {
	o.t.Helper()
	out, err := o.box.IAM(sandboxtest.Destination).ListAccessKeys(o.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String(user)})
	if err != nil {
		o.t.Fatal(err)
	}
	return len(out.AccessKeyMetadata)
}

// following lets a cluster pull, each time with what is delivered now, until the function that it returns is called.
func (o *outdoors) following(p *puller) (end func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			p.carry()
			p.pull(ctx)
		}
	})
	return func() {
		cancel()
		group.Wait()
		p.carry()
		p.pull(o.t.Context())
		if p.pulls < 2 {
			o.t.Errorf("%s pulled %d times", p.cluster, p.pulls)
		}
	}
}

// A share that was made, or adopted, in the documented posture moves to the hardened one while its clusters pull: one with
// what is delivered at the moment, and one with what somebody carries to it later.
func TestAShareChangesItsPostureInAllWeathersWithoutAFailedPull(t *testing.T) {
	t.Parallel()
	const shared = "curated-packages-user"
	for _, weather := range []string{"fair", "slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.twoStores("documented")
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.later(20 * time.Second) // for IAM to be the same everywhere
			near, far := o.puller("store-001"), o.puller("store-002")
			ends := []func(){o.following(near), o.pulling(far)}
			o.twoStores("hardened")
			if stdout, _ := o.ends(3, o.here("plan")...); !strings.Contains(stdout, "  ~ tag former keys of the clusters of user pullpass-packages-store-002") {
				t.Errorf("the plan:\n%s", stdout)
			}
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.later(20 * time.Second)
			if stdout, _ := o.ends(1, o.here("rotate", "--yes")...); !strings.HasSuffix(stdout, "Keys: 1 pending, 2 not due.\n") || o.keysOf(shared) != 1 {
				t.Errorf("with what was delivered to be carried on yet:\n%s", stdout)
			}
			far.carry()
			o.later(20 * time.Second)
			if stdout, _ := o.ends(0, o.here("rotate", "--yes", "--not-later-than", "2026-01-01")...); !strings.HasSuffix(stdout, "Keys: 1 rotated, 2 not due.\n") {
				t.Errorf("in the end:\n%s", stdout)
			}
			for _, end := range ends {
				end()
			}
			o.clear()
			if n := o.keysOf(shared); n != 0 {
				t.Errorf("%s has %d keys", shared, n)
			}
			o.later(20 * time.Second)
			if stdout, _ := o.ends(0, o.here("plan")...); !strings.Contains(stdout, "user "+shared) {
				t.Errorf("nothing says that the user is left behind:\n%s", stdout)
			}
		})
	}
}
