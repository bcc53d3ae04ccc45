package cli_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A downstream is a cluster far away that lives on the files of a delivery, with what pulls in it. A courier brings the files
// and restarts what reads them only when it starts.
type downstream struct {
	o    *outdoors
	name string
	// mounted says that the nodes follow the delivered files by themselves, at once; the courier only restarts.
	mounted bool
	tally   *tally

	mu      sync.Mutex // one consumer at a time
	carried []byte
	// consumers are a node that has just joined and has no token yet, a node that has been there for long, and the packages
	// controller.
	newcomer, node, controller *consumer
}

// tally counts what the consumers of all clusters did.
type tally struct{ pulls, retries, failed atomic.Int64 }

func (o *outdoors) downstream(name string, mounted bool, counts *tally) *downstream {
	o.t.Helper()
	transport, err := o.box.Server.Ready().Transport()
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(transport.CloseIdleConnections)
	d := &downstream{o: o, name: name, mounted: mounted, tally: counts}
	client := &http.Client{Transport: transport}
	d.newcomer = newConsumer(o.clock, client, 0)
	// kubelet keeps a token for half of its life of 12 hours, and the controller asks for one each hour.
	d.node = newConsumer(o.clock, client, 6*time.Hour)
	d.controller = newConsumer(o.clock, client, time.Hour)
	d.visit()
	return d
}

// visit is the courier's.
func (d *downstream) visit() {
	d.o.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.carried = d.delivered()
	d.controller.start(d.carried)
}

func (d *downstream) delivered() []byte {
	file, err := os.ReadFile(filepath.Join(d.o.dir, "out", d.name, credential.ConfigFileName))
	if err != nil {
		d.o.t.Errorf("cluster %s: %v", d.name, err)
	}
	return file
}

// mostTold is how many failed pulls are told of: where one fails, many do.
const mostTold = 5

// pull has every consumer of the cluster pull once.
func (d *downstream) pull(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	file := d.file()
	d.persevere(ctx, d.newcomer, "a new node", file)
	d.persevere(ctx, d.node, "a node", file)
	d.persevere(ctx, d.controller, "the controller", nil)
}

// join has another node join the cluster and pull.
func (d *downstream) join(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.persevere(ctx, d.newcomer, "a new node", d.file())
}

// file is what the nodes have.
func (d *downstream) file() []byte {
	if d.mounted {
		return d.delivered()
	}
	return d.carried
}

func (d *downstream) persevere(ctx context.Context, c *consumer, what string, file []byte) {
	d.tally.pulls.Add(1)
	err := c.persevere(ctx, file, &d.tally.retries)
	if err == nil || ctx.Err() != nil {
		return
	}
	if d.tally.failed.Add(1) > mostTold {
		d.o.t.Fail()
		return
	}
	d.o.t.Errorf("at %s %s of cluster %s could not pull: %v", d.o.clock.Now().UTC().Format(time.RFC3339), what, d.name, err)
}

// A consumer pulls with a token that it keeps for a time. A consumer that was started knows no other file than that.
type consumer struct {
	clock *sandboxtest.Clock
	http  *http.Client
	keeps time.Duration

	started  []byte
	config   credential.Config
	session  aws.Credentials
	sts      *sts.Client
	ecr      *ecr.Client
	password string
	asked    time.Time
}

func newConsumer(clock *sandboxtest.Clock, client *http.Client, keeps time.Duration) *consumer {
	c := &consumer{clock: clock, http: client, keeps: keeps}
	config := func(provide func() aws.Credentials) aws.Config {
		return aws.Config{
			Region: "us-west-2", HTTPClient: client,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return provide(), nil }),
			// As often as the SDK tries where nobody tells it otherwise.
			Retryer: func() aws.Retryer { return hurriedRetryer{retry.NewStandard(), clock} },
		}
	}
	c.sts = sts.NewFromConfig(config(func() aws.Credentials {
		return aws.Credentials{AccessKeyID: string(c.config.Key.ID), SecretAccessKey: c.config.Key.Secret.Reveal()}
	}))
	c.ecr = ecr.NewFromConfig(config(func() aws.Credentials { return c.session }))
	return c
}

// hurriedRetryer is the SDK's own, which sleeps by such a clock.
type hurriedRetryer struct {
	*retry.Standard
	clock *sandboxtest.Clock
}

// RetryDelay implements aws.Retryer.
func (r hurriedRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	delay, failed := r.Standard.RetryDelay(attempt, err)
	return r.clock.Elapse(delay), failed
}

// start is what a restart does: the old token is forgotten, and the file is read for the last time.
func (c *consumer) start(file []byte) { c.started, c.password = file, "" }

const (
	// backOff is the time between two attempts. kubelet waits for longer; here that would only hurry the clock.
	backOff = 100 * time.Millisecond
	// perseverance is how often a pull is begun that fails for no fault of the credential.
	perseverance = 200
)

// persevere pulls, and tries again what failed on the way. That a credential is refused fails the pull: no client knows that
// it may be taken in a moment.
func (c *consumer) persevere(ctx context.Context, file []byte, retries *atomic.Int64) error {
	for attempt := 1; ; attempt++ {
		err := c.pull(ctx, file)
		if err == nil || !passing(err) || attempt == perseverance {
			return err
		}
		retries.Add(1)
		if err := c.clock.Wait(ctx, backOff); err != nil {
			return err
		}
	}
}

// errWeather is wrapped by what fails for reasons that pass.
var errWeather = errors.New("no fault of the credential")

func passing(err error) bool {
	return errors.Is(err, errWeather) ||
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

func (c *consumer) pull(ctx context.Context, file []byte) error {
	if c.password == "" || c.clock.Now().Sub(c.asked) >= c.keeps {
		if c.started != nil {
			file = c.started
		}
		if err := c.ask(ctx, file); err != nil {
			return err
		}
	}
	repository := "https://" + registry.Registry{Account: "346438352937", Region: "us-west-2"}.Host() + "/v2/" + registry.Probe().Repository
	text, err := c.get(ctx, repository+"/manifests/"+registry.Probe().Tag)
	if err != nil {
		return err
	}
	var manifest struct{ Layers []struct{ Digest string } }
	if err := json.Unmarshal(text, &manifest); err != nil || len(manifest.Layers) == 0 {
		return fmt.Errorf("the manifest %s: %w", text, err)
	}
	layer, err := c.get(ctx, repository+"/blobs/"+manifest.Layers[0].Digest)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(layer); "sha256:"+hex.EncodeToString(sum[:]) != manifest.Layers[0].Digest {
		return fmt.Errorf("layer %s has other bytes", manifest.Layers[0].Digest)
	}
	return nil
}

// ask goes the way of the SDK's default chain with the file: the role's session, and with that a token.
func (c *consumer) ask(ctx context.Context, file []byte) (err error) {
	if c.config, err = credential.ParseConfig(file); err != nil {
		return err
	}
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(c.config.RoleARN.String()), RoleSessionName: aws.String(cmp.Or(c.config.RoleSessionName, "consumer")),
	}
	if c.config.ExternalID != "" {
		in.ExternalId = aws.String(c.config.ExternalID)
	}
	assumed, err := c.sts.AssumeRole(ctx, in)
	if err != nil {
		return err
	}
	c.session = aws.Credentials{
		AccessKeyID: aws.ToString(assumed.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(assumed.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(assumed.Credentials.SessionToken),
	}
	out, err := c.ecr.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return err
	}
	decoded, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return err
	}
	c.password, c.asked = string(decoded[len("AWS:"):]), c.clock.Now()
	return nil
}

// get fetches something of the registry, or of where that redirects to.
func (c *consumer) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth("AWS", c.password)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWeather, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusTooManyRequests, response.StatusCode >= http.StatusInternalServerError:
		return nil, fmt.Errorf("%w: %s", errWeather, response.Status)
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("GET %s: %s %s", url, response.Status, text)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errWeather, err)
	}
	return text, nil
}

// That the consumers of a storm fail where a cluster's would is what the storm rests on.
func TestAConsumerFailsWhereItsCredentialIsRefused(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.oneStore("")
	o.must(o.here("apply", "--yes", "--no-verify")...)
	var counts tally
	d := o.downstream("store-001", false, &counts)
	d.pull(t.Context())
	replaceKey(t, o.box.IAM("999999999999"), "pullpass-packages-store-001", "nobody")
	for sentence, test := range map[string]struct {
		*consumer
		later time.Duration
		holds bool
	}{
		"a node that has just joined has no token":    {consumer: d.newcomer},
		"a node with a token goes on":                 {consumer: d.node, holds: true},
		"the controller with a token goes on":         {consumer: d.controller, holds: true},
		"the controller asks for another in an hour":  {consumer: d.controller, later: time.Hour},
		"a node asks for another after half its life": {consumer: d.node, later: 6 * time.Hour},
	} {
		t.Run(sentence, func(t *testing.T) {
			at := *test.consumer
			at.asked = at.asked.Add(-test.later)
			if err := at.persevere(t.Context(), d.carried, &counts.retries); (err == nil) != test.holds {
				t.Errorf("pulled with %v", err)
			}
		})
	}
}
