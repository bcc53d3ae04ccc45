// Package awsclient is the only place where clients of the AWS SDK are made.
package awsclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/share"
)

// Config says how AWS is reached. The zero value is the SDK's own way.
type Config struct {
	// HTTPClient carries every request to STS, IAM, EKS and ECR, whatever certificates AWS_CA_BUNDLE or the configuration
	// files ask for; nil for one made for many parallel calls, which trusts those too.
	HTTPClient aws.HTTPClient
	// ConfigFiles and CredentialsFiles are the AWS configuration files; nil for those that the SDK finds. An empty list
	// is none.
	ConfigFiles, CredentialsFiles []string
	// Isolated says that keys in the profiles of those files are all that is read: no variable of the environment, no
	// endpoint that a file configures, no metadata service. Requests go to AWS's own host names.
	Isolated bool
	// Region is used where the access given names none: IAM does not mind, STS wants one.
	Region arn.Region
	Retry  Retry
	// Token asks for the code of an MFA device, given its serial number. nil refuses.
	Token func(ctx context.Context, serial string) (string, error)
	// SessionName is the name of the sessions of roles that a share gives as access; empty for "pullpass".
	SessionName string
	// Run is put into the User-Agent of every request, as run/<id>; empty for no mark.
	Run string
	// Dated is told the date of every answer, by many goroutines; nil for nobody. The SDK signs by AWS's clock once it knows that
	// the one here is off, so that a wrong clock fails no call.
	Dated func(time.Time)
	// Effects is asked before every call that changes something, and told what became of it; nil for nobody.
	Effects audit.Recorder
}

// Retry bounds how calls are repeated that AWS throttled or that failed on the way.
type Retry struct {
	// MaxAttempts counts all attempts of a call; 0 for 10. A host that cannot be reached gets 4 at most.
	MaxAttempts int
	// MaxBackoff is the longest wait between two attempts; 0 for 20 seconds.
	MaxBackoff time.Duration
	// Waiting is told why a call is repeated once that takes a while; nil for nobody. It is called from many goroutines.
	Waiting func(error)
	// Elapse lets a wait between two attempts pass by a clock of the caller's, and returns what is left of it to be slept;
	// nil leaves all. The SDK itself sleeps by the real clock.
	Elapse func(time.Duration) time.Duration
}

const (
	defaultMaxAttempts = 10
	defaultMaxBackoff  = 20 * time.Second
	defaultSessionName = "pullpass"
	// connections is how many idle connections are kept to one host: IAM has one host for all accounts.
	connections = 256
)

// ErrNoToken says that an MFA code is needed and that there is nobody to ask.
var ErrNoToken = errors.New("an MFA code is needed, and there is no terminal to ask for it")

// ErrHalfKey says that a profile has one of aws_access_key_id and aws_secret_access_key without the other.
var ErrHalfKey = errors.New("it has half a key: aws_access_key_id and aws_secret_access_key go together")

// A Factory makes the clients of one run. They share one transport, so that connections are used again.
type Factory struct {
	config Config
	// buildable is what the SDK can add certificates to. It refuses to load a configuration that has some with any other.
	buildable *awshttp.BuildableClient
	mu        sync.Mutex
	known     map[key]*entry
}

type key struct {
	access share.Access
	region arn.Region
}

// An entry has a lock of its own, so that accesses are read side by side.
type entry struct {
	mu      sync.Mutex
	clients *Clients
}

// New returns a Factory.
func New(c Config) *Factory {
	if c.Retry.MaxAttempts == 0 {
		c.Retry.MaxAttempts = defaultMaxAttempts
	}
	if c.Retry.MaxBackoff == 0 {
		c.Retry.MaxBackoff = defaultMaxBackoff
	}
	if c.SessionName == "" {
		c.SessionName = defaultSessionName
	}
	buildable := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = connections
		t.MaxIdleConnsPerHost = connections
	})
	return &Factory{config: c, buildable: buildable, known: map[key]*entry{}}
}

// Clients are the clients of one account. One pace is kept for all of them, because AWS throttles by account.
type Clients struct {
	STS           *sts.Client
	IAM           *iam.Client
	ECR           *ecr.Client
	Subscriptions *Subscriptions

	mu     sync.Mutex
	caller arn.ARN
}

// For returns the clients that an access leads to, of which those of regional services use the given Region. The same
// access gives the same clients. Nothing is sent yet, but where the access asks for it: the SDK calls STS, an SSO portal
// or another program once credentials are needed.
func (f *Factory) For(ctx context.Context, access share.Access, region arn.Region) (*Clients, error) {
	e := f.entry(key{access, region})
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clients != nil {
		return e.clients, nil
	}
	cfg, err := f.load(ctx, access)
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration for %s: %w", describe(access), err)
	}
	clients := &Clients{}
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), f.audited(clients))
	clients.STS = sts.NewFromConfig(cfg)
	clients.IAM = iam.NewFromConfig(cfg)
	clients.ECR = ecr.NewFromConfig(cfg, func(o *ecr.Options) { o.Region = string(region) })
	clients.Subscriptions = &Subscriptions{client: eks.NewFromConfig(cfg, func(o *eks.Options) { o.Region = string(region) })}
	e.clients = clients
	return clients, nil
}

func (f *Factory) entry(k key) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[k] == nil {
		f.known[k] = &entry{}
	}
	return f.known[k]
}

func describe(access share.Access) string {
	switch {
	case access.Profile != "":
		return "profile " + access.Profile
	case !access.RoleARN.IsZero():
		return "role " + access.RoleARN.String()
	}
	return "the default access"
}

// load gives every access its configuration, from wherever it is read.
func (f *Factory) load(ctx context.Context, access share.Access) (aws.Config, error) {
	read := f.chain
	if f.config.Isolated {
		read = f.isolated
	}
	cfg, err := read(ctx, access)
	if err != nil && strings.Contains(err.Error(), "partial credentials found") { // The SDK has no type for it.
		return cfg, ErrHalfKey
	}
	if err != nil {
		return cfg, err
	}
	if f.config.HTTPClient != nil {
		cfg.HTTPClient = f.config.HTTPClient
	}
	if !access.RoleARN.IsZero() {
		cfg.Credentials = f.assume(cfg, access)
	}
	// The calls that fetch credentials do not take part in the pace: they are made while the call that needs them has its
	// place, and often go to another account.
	pace := newPace(f.config.Retry)
	cfg.Retryer = func() aws.Retryer { return pace }
	return cfg, nil
}

// chain reads the configuration through the SDK, which for the default access and for what a profile leaves out also
// reads the AWS_* variables of its own environment.
func (f *Factory) chain(ctx context.Context, access share.Access) (aws.Config, error) {
	var asked atomic.Bool
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(f.buildable),
		config.WithRetryer(func() aws.Retryer { return newPatience(f.config.Retry) }),
		config.WithDefaultRegion(string(f.config.Region)),
		config.WithAPIOptions(f.tracing()),
		config.WithLogger(logging.Nop{}), // The SDK's own goes to stderr; what matters comes back as an error.
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = func() (string, error) {
				asked.Store(true)
				return f.token(ctx, access, aws.ToString(o.SerialNumber))
			}
			f.carry(o)
		}),
	}
	if f.config.ConfigFiles != nil {
		options = append(options, config.WithSharedConfigFiles(f.config.ConfigFiles))
	}
	if f.config.CredentialsFiles != nil {
		options = append(options, config.WithSharedCredentialsFiles(f.config.CredentialsFiles))
	}
	if profile := profileOf(access); profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err == nil && cfg.Credentials != nil {
		cfg.Credentials = &firstAnswer{provider: cfg.Credentials, asked: &asked}
	}
	return cfg, err
}

// profileOf is the profile that an access begins with; empty for the default access.
func profileOf(access share.Access) string { return access.Profile + access.SourceProfile }

// assume returns the credentials of a role that the share gives as access.
func (f *Factory) assume(cfg aws.Config, access share.Access) aws.CredentialsProvider {
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), access.RoleARN.String(), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = f.config.SessionName
		if access.ExternalID != "" {
			o.ExternalID = aws.String(access.ExternalID)
		}
	})
	return aws.NewCredentialsCache(provider)
}

// carry lets the HTTP client of the run carry the calls by which a profile assumes its role.
func (f *Factory) carry(o *stscreds.AssumeRoleOptions) {
	if client, ok := o.Client.(*sts.Client); ok && f.config.HTTPClient != nil {
		o.Client = sts.New(client.Options(), func(so *sts.Options) { so.HTTPClient = f.config.HTTPClient })
	}
}

func (f *Factory) token(ctx context.Context, access share.Access, serial string) (string, error) {
	if f.config.Token == nil {
		return "", fmt.Errorf("%s: %w", describe(access), ErrNoToken)
	}
	return f.config.Token(ctx, serial)
}

// Caller returns who the clients act as. STS is asked once; GetCallerIdentity needs no permission.
func (c *Clients) Caller(ctx context.Context) (arn.ARN, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.caller.IsZero() {
		return c.caller, nil
	}
	out, err := c.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return arn.ARN{}, fmt.Errorf("asking STS who the caller is: %w", err)
	}
	caller, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return arn.ARN{}, fmt.Errorf("asking STS who the caller is: %w", err)
	}
	c.caller = caller
	return caller, nil
}
