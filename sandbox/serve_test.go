package sandbox_test

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestASandboxIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	s := sandboxtest.Start(t, sandbox.Config{Dir: dir})
	if _, err := s.Listen(t.Context(), "127.0.0.1:0"); !errors.Is(err, sandbox.ErrServed) {
		t.Errorf("a second Listen = %v, want ErrServed", err)
	}
	if err := s.Sandbox.Close(); !errors.Is(err, sandbox.ErrServed) {
		t.Errorf("Close under a server = %v, want ErrServed", err)
	}
	if _, err := sandbox.ReadReady(dir); err != nil {
		t.Errorf("the first server is no longer found: %v", err)
	}
	if err := s.Server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := s.Server.Close(t.Context()); err != nil {
		t.Errorf("a second Close = %v", err)
	}
	if _, err := sandbox.ReadReady(dir); err != nil {
		t.Errorf("the old server's second Close hid the new one: %v", err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestALayerIsFoundFromEveryAddressOfLoopback pulls, and so follows the registry's redirect to another host name.
func TestALayerIsFoundFromEveryAddressOfLoopback(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "127.0.0.2"} {
		s := sandboxtest.StartAt(t, sandbox.Config{}, host+":0")
		registry, _ := strings.CutPrefix(s.Server.Ready().Registries["346438352937.dkr.ecr.us-west-2.amazonaws.com"], "http://")
		if !strings.HasPrefix(registry, host+":") {
			t.Errorf("the registry beside %s is at %q", host, registry)
		}
		image, err := name.ParseReference(registry+"/hello-eks-anywhere:latest", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		pulled, err := remote.Image(image, remote.WithAuth(password(t, s)), remote.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		layers, err := pulled.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, layer := range layers {
			// The reader holds what it reads against the layer's digest.
			content, err := layer.Compressed()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, content); err != nil || n == 0 {
				t.Errorf("read %d bytes: %v", n, err)
			}
			_ = content.Close()
		}
	}
}

// password returns the registry credentials of the source's administrator.
func password(t *testing.T, s *sandboxtest.Sandbox) authn.Authenticator {
	t.Helper()
	out, err := s.ECR(sandboxtest.Source).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return basic(t, aws.ToString(out.AuthorizationData[0].AuthorizationToken))
}

// basic returns the registry credentials in the token that GetAuthorizationToken gives.
func basic(t *testing.T, token string) authn.Authenticator {
	t.Helper()
	plain, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	user, secret, _ := strings.Cut(string(plain), ":")
	return &authn.Basic{Username: user, Password: secret}
}

// TestWhatAKilledServerLeavesIsNotTrusted puts the ready file back that a killed process would have left.
func TestWhatAKilledServerLeavesIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sandbox.json")
	embedded, err := sandbox.New(sandbox.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.Close(t.Context()), embedded.Close(), os.WriteFile(file, left, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.ReadReady(dir); !errors.Is(err, sandbox.ErrNotServed) {
		t.Errorf("with no process there, ReadReady = %v, want ErrNotServed", err)
	}
	next, err := sandbox.New(sandbox.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = next.Close() }()
	if _, err := sandbox.ReadReady(dir); !errors.Is(err, sandbox.ErrNotServed) {
		t.Errorf("before the next process serves, ReadReady = %v, want ErrNotServed", err)
	}
}

func TestADirectoryThatCannotBeIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "state.json"), []byte(`{"version": 4}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), foreign} {
		if embedded, err := sandbox.New(sandbox.Config{Dir: dir}); err == nil {
			t.Errorf("%s is taken", dir)
			_ = embedded.Close()
		}
	}
	for name, want := range map[string]string{file: "x", filepath.Join(foreign, "state.json"): `{"version": 4}`} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s is now %q (%v)", name, got, err)
		}
	}
}

func TestADirectoryBehindALinkIsOneDirectory(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Start(t, sandbox.Config{Dir: link})
	if _, err := sandbox.New(sandbox.Config{Dir: dir}); !errors.Is(err, sandbox.ErrInUse) {
		t.Errorf("by its other name: %v, want ErrInUse", err)
	}
	if _, err := sandbox.ReadReady(dir); err != nil {
		t.Error(err)
	}
}

func TestTheAdministratorsActiveKeyIsGiven(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	name := aws.String("administrator")
	admin := s.IAM(sandboxtest.Source)
	old, _, err := s.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	made, err := admin.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	_, err = admin.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{
		UserName: name, AccessKeyId: aws.String(string(old)), Status: types.StatusTypeInactive,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Credentials(sandboxtest.Source); err != nil || string(got) != aws.ToString(made.AccessKey.AccessKeyId) {
		t.Errorf("the key given is %s (%v), want the active one", got, err)
	}
}

// TestARequestThroughTheProxyIsSecure holds what a policy sees of the transport against how the request came.
func TestARequestThroughTheProxyIsSecure(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	config, _ := real(t, s)
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",` +
		`"Condition":{"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}}`
	user := s.User(sandboxtest.Source, "careful", policy)
	_, err := iam.NewFromConfig(user).ListUsers(t.Context(), nil)
	wantRefusal(t, err, "AccessDenied", 403)
	config.Credentials = user.Credentials
	if _, err := iam.NewFromConfig(config).ListUsers(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestARelativeDirectoryIsFoundFromElsewhere(t *testing.T) {
	parent := t.TempDir()
	t.Chdir(parent)
	s := sandboxtest.Start(t, sandbox.Config{Dir: "box"})
	t.Chdir(t.TempDir())
	if got, want := s.Server.Ready().CA, filepath.Join(parent, "box"); filepath.Dir(got) != want {
		t.Errorf("the certificate is at %s, want it in %s", got, want)
	}
	ready, err := sandbox.ReadReady(filepath.Join(parent, "box"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ready.Transport(); err != nil {
		t.Error(err)
	}
	// What is written after the change of directory must go to the same place.
	if _, err := s.IAM(sandboxtest.Source).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("late")}); err != nil {
		t.Error(err)
	}
}
