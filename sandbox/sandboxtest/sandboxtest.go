// Package sandboxtest starts a sandbox for a test, with clients of the real SDK for it.
package sandboxtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
)

// The accounts of the default seed.
const (
	Source      arn.AccountID = "111111111111"
	Destination arn.AccountID = "999999999999"
	Other       arn.AccountID = "222222222222"
	Stranger    arn.AccountID = "888888888888"
)

// Region is where the default seed's subscription is.
const Region arn.Region = "us-west-2"

// Sandbox is a running sandbox.
type Sandbox struct {
	*sandbox.Sandbox
	Server *sandbox.Server
	t      testing.TB
}

// Start serves a sandbox until the test ends.
func Start(t testing.TB, config sandbox.Config) *Sandbox {
	t.Helper()
	return StartAt(t, config, "127.0.0.1:0")
}

// StartAt does so at an address of loopback.
func StartAt(t testing.TB, config sandbox.Config, address string) *Sandbox {
	t.Helper()
	embedded, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, embedded, address)
}

// Serve does so with a sandbox that is there, and closes it in the end.
func Serve(t testing.TB, embedded *sandbox.Sandbox, address string) *Sandbox {
	t.Helper()
	server, err := embedded.Listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(t.Context()); err != nil {
			t.Errorf("closing the server: %v", err)
		}
		if err := embedded.Close(); err != nil {
			t.Errorf("closing the sandbox: %v", err)
		}
	})
	return &Sandbox{Sandbox: embedded, Server: server, t: t}
}

// Endpoint is the URL of the APIs.
func (s *Sandbox) Endpoint() string { return s.Server.Ready().Endpoint }

// As returns an SDK configuration that signs as the administrator of an account, in Region.
func (s *Sandbox) As(account arn.AccountID) aws.Config {
	s.t.Helper()
	id, secret, err := s.Credentials(account)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.With(string(id), secret.Reveal(), "")
}

// With returns an SDK configuration that signs with a key; token is empty for a long-lived one. It makes one attempt a
// call: a test wants to see the first answer.
func (s *Sandbox) With(id, secret, token string) aws.Config {
	return aws.Config{
		Region:           string(Region),
		Credentials:      credentials.NewStaticCredentialsProvider(id, secret, token),
		BaseEndpoint:     aws.String(s.Endpoint()),
		RetryMaxAttempts: 1,
		HTTPClient:       newClient(),
	}
}

// User makes a user with one inline policy, none if it is empty, and returns an SDK configuration that signs with its key.
func (s *Sandbox) User(account arn.AccountID, name, policy string) aws.Config {
	s.t.Helper()
	admin, ctx := s.IAM(account), s.t.Context()
	if _, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		s.t.Fatal(err)
	}
	if policy != "" {
		in := &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("given"), PolicyDocument: &policy}
		if _, err := admin.PutUserPolicy(ctx, in); err != nil {
			s.t.Fatal(err)
		}
	}
	out, err := admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.With(aws.ToString(out.AccessKey.AccessKeyId), aws.ToString(out.AccessKey.SecretAccessKey), "")
}

// Role makes a role with a trust policy and one inline policy, none if it is empty, and returns its ARN.
func (s *Sandbox) Role(account arn.AccountID, name, trust, policy string) string {
	s.t.Helper()
	admin, ctx := s.IAM(account), s.t.Context()
	out, err := admin.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		s.t.Fatal(err)
	}
	if policy != "" {
		in := &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("given"), PolicyDocument: &policy}
		if _, err := admin.PutRolePolicy(ctx, in); err != nil {
			s.t.Fatal(err)
		}
	}
	return aws.ToString(out.Role.Arn)
}

// Session assumes a role and returns an SDK configuration that signs as the session.
func (s *Sandbox) Session(as aws.Config, in *sts.AssumeRoleInput) aws.Config {
	s.t.Helper()
	out, err := sts.NewFromConfig(as).AssumeRole(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	c := out.Credentials
	return s.With(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
}

// Post sends a body to the APIs, signed for a service, and returns the status and the body of the answer. It is for what
// the SDK's clients would not send.
func (s *Sandbox) Post(as aws.Config, service string, header http.Header, body []byte) (status int, answer string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Endpoint(), bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, values := range header {
		request.Header[name] = values
	}
	keys, err := as.Credentials.Retrieve(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(s.t.Context(), keys, request, hex.EncodeToString(sum[:]), service, as.Region, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// IAM returns a client that signs as the administrator of an account.
func (s *Sandbox) IAM(account arn.AccountID) *iam.Client { return iam.NewFromConfig(s.As(account)) }

// STS returns a client that signs as the administrator of an account.
func (s *Sandbox) STS(account arn.AccountID) *sts.Client { return sts.NewFromConfig(s.As(account)) }

// EKS returns a client that signs as the administrator of an account.
func (s *Sandbox) EKS(account arn.AccountID) *eks.Client { return eks.NewFromConfig(s.As(account)) }

// ECR returns a client that signs as the administrator of an account.
func (s *Sandbox) ECR(account arn.AccountID) *ecr.Client { return ecr.NewFromConfig(s.As(account)) }
