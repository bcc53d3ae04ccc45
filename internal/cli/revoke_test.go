package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// An intruder has taken what a delivery opens: its key, a session and a registry token.
type intruder struct {
	o            *outdoors
	key, session aws.Credentials
	role, name   string
	token        string
	client       *http.Client
}

// steal takes it from a cluster's delivery.
func (o *outdoors) steal(cluster string) *intruder {
	o.t.Helper()
	held, err := delivery.Directory{Path: filepath.Join(o.dir, "out", cluster)}.Read(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	transport, err := o.box.Server.Ready().Transport()
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(transport.CloseIdleConnections)
	th := &intruder{
		o: o, client: &http.Client{Transport: transport}, role: held.Config.RoleARN.String(), name: held.Config.RoleSessionName,
		key: aws.Credentials{AccessKeyID: string(held.Config.Key.ID), SecretAccessKey: held.Config.Key.Secret.Reveal()},
	}
	assumed, err := th.assume()
	if err != nil {
		o.t.Fatal(err)
	}
	th.session = aws.Credentials{
		AccessKeyID:     aws.ToString(assumed.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(assumed.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(assumed.Credentials.SessionToken),
	}
	minted, err := th.mint()
	if err != nil {
		o.t.Fatal(err)
	}
	th.token = aws.ToString(minted.AuthorizationData[0].AuthorizationToken)
	if status := th.pull(); status != http.StatusOK {
		o.t.Fatalf("the stolen registry token is answered %d", status)
	}
	return th
}

func (th *intruder) as(credentials aws.Credentials) aws.Config {
	config := th.o.box.As(sandboxtest.Destination)
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
	return config
}

func (th *intruder) assume() (*sts.AssumeRoleOutput, error) {
	return sts.NewFromConfig(th.as(th.key)).AssumeRole(th.o.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(th.role), RoleSessionName: aws.String(th.name),
	})
}

func (th *intruder) mint() (*ecr.GetAuthorizationTokenOutput, error) {
	return ecr.NewFromConfig(th.as(th.session)).GetAuthorizationToken(th.o.t.Context(), nil)
}

// pull asks for a manifest with the stolen registry token.
func (th *intruder) pull() (status int) {
	th.o.t.Helper()
	const manifest = "https://346438352937.dkr.ecr.us-west-2.amazonaws.com/v2/eks-anywhere-packages-bundles/manifests/v1-31-latest"
	request, err := http.NewRequestWithContext(th.o.t.Context(), http.MethodGet, manifest, nil)
	if err != nil {
		th.o.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Basic "+th.token)
	response, err := th.client.Do(request)
	if err != nil {
		th.o.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		th.o.t.Fatal(err)
	}
	return response.StatusCode
}

// mustBeLockedOut checks that nothing that was stolen opens anything.
func (th *intruder) mustBeLockedOut() {
	th.o.t.Helper()
	if _, err := th.assume(); err == nil {
		th.o.t.Error("the stolen key assumes the role")
	}
	if _, err := th.mint(); err == nil {
		th.o.t.Error("the stolen session gets a registry token")
	}
	if status := th.pull(); status != http.StatusForbidden {
		th.o.t.Errorf("the stolen registry token is answered %d", status)
	}
}

// revocation is what programs read of `pullpass revoke -o json`.
type revocation struct {
	Clusters []struct {
		Account, Cluster string
		Ways             []struct {
			Way, State, Code, Basis string
			Milliseconds            int
		}
	}
}

// What one cluster was given is refused, key, session and registry token, on no day without its being seen to be; and on no
// day does a neighbour's pull fail, of the same destination or another.
func TestAClusterIsLockedOutInAllWeathersAndItsNeighboursPull(t *testing.T) {
	t.Parallel()
	for _, weather := range []string{"fair", "slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.later(20 * time.Second) // for IAM to be the same everywhere
			o.clear()
			stolen := o.steal("store-001")
			o.weather(weather)
			endOne, endOther := o.pulling(o.puller("store-002")), o.pulling(o.puller("plant-north"))
			stdout, _ := o.ends(0, o.here("revoke", "--cluster", "store-001", "--yes", "-o", "json")...)
			endOne()
			endOther()
			o.clear()
			o.later(20 * time.Second)
			stolen.mustBeLockedOut()
			var report revocation
			if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report.Clusters) != 1 || len(report.Clusters[0].Ways) != 3 {
				t.Fatalf("%v in %s", err, stdout)
			}
			for _, way := range report.Clusters[0].Ways {
				if way.State != "refused" {
					t.Errorf("%s is %s", way.Way, way.State)
				}
				t.Logf("%s: refused after %d ms, %s", way.Way, way.Milliseconds, way.Code)
			}
			o.must(o.here("verify", "--cluster", "store-002", "--cluster", "plant-north", "--cluster", "plant-south")...)
		})
	}
}

// A cluster that was revoked while it was given nothing, and one whose delivery is gone, are revoked without a proof of what
// nobody can try, and the report says so.
func TestWhatCannotBeTriedIsNotProven(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.must(o.here("apply", "--yes", "--no-verify")...)
	stolen := o.steal("store-001")
	moved := filepath.Join(o.dir, "out", "store-001")
	if err := os.Rename(moved, moved+"-elsewhere"); err != nil {
		t.Fatal(err)
	}
	stdout, _ := o.ends(0, o.here("revoke", "--cluster", "store-001", "--yes", "-o", "json")...)
	var report revocation
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report.Clusters) != 1 {
		t.Fatalf("%v in %s", err, stdout)
	}
	for _, way := range report.Clusters[0].Ways {
		if way.State != "not-proven" {
			t.Errorf("%s is %s", way.Way, way.State)
		}
	}
	stolen.mustBeLockedOut()
}

// A deny is dated by AWS's clock: by that of a machine that is days behind, the next apply would take it for one that is over.
func TestADenyOutlivesAWrongClock(t *testing.T) {
	t.Parallel()
	for sentence, off := range map[string]time.Duration{"two days behind": -48 * time.Hour, "two days ahead": 48 * time.Hour} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, "fair")
			o.must(o.here("apply", "--yes", "--no-verify")...)
			stolen := o.steal("store-001")
			var out, errs bytes.Buffer
			env := o.unattended(&out, &errs)
			env.Now = func() time.Time { return o.clock.Now().Add(off) }
			code := discreetly(t.Context(), t, o.here("revoke", "--cluster", "store-001", "--yes"), env)
			if code != 0 || strings.Count(out.String(), "refused after") != 3 {
				t.Fatalf("exit code %d:\n%s%s", code, &out, &errs)
			}
			_, said := o.ends(1, o.here("apply", "--yes", "--no-verify")...)
			until := o.clock.Now().UTC().Add(plan.DenyAge).Format("2006-01-02")
			if !strings.Contains(said, "its sessions are denied until "+until) {
				t.Errorf("the deny is not dated by AWS's clock, which says until %s:\n%s", until, said)
			}
			stolen.mustBeLockedOut()
		})
	}
}

// weather sets the weather anew.
func (o *outdoors) weather(name string) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPut, o.box.Server.Ready().Control+"/weather", strings.NewReader(name))
	if err != nil {
		o.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode >= 300 {
		o.t.Fatal(fmt.Errorf("setting the weather: %s %w", response.Status, err))
	}
}
