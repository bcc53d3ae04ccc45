package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/sandbox"
)

// cloud is the AWS that a command works with: AWS itself, or a sandbox under AWS's host names.
type cloud struct {
	// transport carries every request; nil for AWS itself, where each user of it has its own default.
	transport *http.Transport
	// carry is the Env's Carry.
	carry func(http.RoundTripper) http.RoundTripper
	// configFiles and credentialsFiles are as in awsclient.Config.
	configFiles, credentialsFiles []string
	// sandboxed says that every account has a profile named by its id.
	sandboxed bool
	// dir is the sandbox's directory, absolute; empty for AWS itself.
	dir   string
	close func(context.Context) error
}

// cloudFlags is the flag by which a command chooses its AWS.
type cloudFlags struct{ sandbox string }

func (f *cloudFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.sandbox, "sandbox", "", "use the embedded AWS in this `DIR` in place of AWS")
}

// openCloud returns the AWS of the flags. It must be closed.
func (a *app) openCloud(ctx context.Context, f cloudFlags) (*cloud, error) {
	if f.sandbox == "" {
		return a.realCloud(), nil
	}
	c, err := a.sandboxCloud(ctx, f.sandbox)
	if err != nil {
		return nil, err
	}
	c.carry = a.env.Carry
	return c, nil
}

// realCloud honours the two variables that move the AWS configuration files; the SDK does so too, and both must look at
// the same files.
func (a *app) realCloud() *cloud {
	c := &cloud{close: func(context.Context) error { return nil }}
	if file := a.env.getenv("AWS_CONFIG_FILE"); file != "" {
		c.configFiles = []string{file}
	}
	if file := a.env.getenv("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
		c.credentialsFiles = []string{file}
	}
	return c
}

// checkProfile refuses a profile from a flag that the AWS configuration does not have; empty is none.
func (c *cloud) checkProfile(name string) error {
	if name == "" {
		return nil
	}
	known, err := awsclient.Profiles(c.configFiles, c.credentialsFiles)
	if err != nil {
		return err
	}
	if !known[name] {
		return withHint(usagef("unknown profile %q", name),
			"the AWS configuration has: "+cmp.Or(strings.Join(slices.Sorted(maps.Keys(known)), ", "), "none"))
	}
	return nil
}

// served is a sandbox that answers, in this process or another.
type served struct {
	sandbox.Ready
	dir   string // absolute
	close func(context.Context) error
}

// joined is the sandbox that another process serves from a directory.
func joined(ready sandbox.Ready, dir string) (served, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return served{}, fmt.Errorf("naming the sandbox's directory: %w", err)
	}
	return served{ready, dir, func(context.Context) error { return nil }}, nil
}

// serveSandbox joins the process that serves the directory, or starts the sandbox in this one until it is closed.
func (a *app) serveSandbox(ctx context.Context, dir string, seed sandbox.Seed) (served, error) {
	dir, err := filepath.Abs(dir) // what the ready line names must be found from anywhere
	if err != nil {
		return served{}, fmt.Errorf("naming the sandbox's directory: %w", err)
	}
	box, err := sandbox.New(sandbox.Config{Dir: dir, Seed: seed, Clock: a.env.Now, Random: a.env.Random, Log: a.faults()})
	if errors.Is(err, sandbox.ErrInUse) {
		ready, readErr := sandbox.ReadReady(dir)
		if readErr != nil {
			return served{}, errors.Join(err, readErr)
		}
		return joined(ready, dir)
	}
	if err != nil {
		return served{}, err
	}
	server, err := box.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return served{}, errors.Join(err, box.Close())
	}
	return served{server.Ready(), dir, func(ctx context.Context) error {
		return errors.Join(server.Close(ctx), box.Close())
	}}, nil
}

// sandboxCloud is the sandbox of a directory, for as long as the command lasts.
func (a *app) sandboxCloud(ctx context.Context, dir string) (*cloud, error) {
	box, err := a.serveSandbox(ctx, dir, sandbox.Seed{})
	if err != nil {
		return nil, err
	}
	c, err := box.cloud()
	if err != nil {
		return nil, errors.Join(err, box.close(ctx))
	}
	return c, nil
}

func (s served) cloud() (*cloud, error) {
	transport, err := s.Transport()
	if err != nil {
		return nil, err
	}
	var dialer dialer
	transport.DialContext = dialer.dial
	return &cloud{
		transport: transport, configFiles: []string{sandbox.ConfigFile(s.dir)}, credentialsFiles: []string{},
		sandboxed: true, dir: s.dir,
		close: func(ctx context.Context) error {
			dialer.hangUp()
			return s.close(ctx)
		},
	}, nil
}

// dialer remembers its connections. A server that is to end waits for those that never carried a request, which a client
// makes when it dials ahead, and the SDK's clients keep theirs out of reach.
type dialer struct {
	net.Dialer
	mu    sync.Mutex
	conns []net.Conn
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns = append(d.conns, conn)
	return conn, nil
}

// hangUp closes every connection; most are closed already, which is no news.
func (d *dialer) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.conns {
		_ = conn.Close()
	}
}

// factory makes AWS clients for this cloud.
func (c *cloud) factory(a *app, region arn.Region, with ...func(*awsclient.Config)) *awsclient.Factory {
	config := awsclient.Config{
		ConfigFiles: c.configFiles, CredentialsFiles: c.credentialsFiles, Region: region, Token: a.tokenPrompt(),
		Isolated: c.sandboxed, // The shell's AWS_* variables are meant for AWS itself.
		Retry:    awsclient.Retry{Waiting: a.repeating(), Elapse: a.env.Elapse},
	}
	if c.transport != nil {
		config.HTTPClient = c.client()
	}
	for _, change := range with {
		change(&config)
	}
	return awsclient.New(config)
}

// client is for what does not go through the SDK's own clients; nil is the default one.
func (c *cloud) client() *http.Client {
	if c.transport == nil {
		return nil
	}
	if c.carry == nil {
		return &http.Client{Transport: c.transport}
	}
	return &http.Client{Transport: c.carry(c.transport)}
}

// withCloud runs use with the cloud of the flags and closes it afterwards.
func (a *app) withCloud(ctx context.Context, f cloudFlags, use func(*cloud) error) (err error) {
	c, err := a.openCloud(ctx, f)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := c.close(ctx); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("closing the sandbox: %w", closeErr))
		}
	}()
	return use(c)
}
