package sandbox_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestADirectoryLeadsClientsToItsServer(t *testing.T) {
	dir := t.TempDir()
	sandboxtest.Start(t, sandbox.Config{Dir: dir})
	ready, err := sandbox.ReadReady(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ready.Transport(); err != nil {
		t.Error(err)
	}
	loaded, err := config.LoadDefaultConfig(context.Background(),
		config.WithSharedConfigFiles([]string{sandbox.ConfigFile(dir)}), config.WithSharedConfigProfile("222222222222"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(loaded).GetCallerIdentity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.Arn); got != "arn:aws:iam::222222222222:user/administrator" {
		t.Errorf("the profile is %s", got)
	}
	for _, name := range []string{sandbox.ConfigFile(dir), dir + "/ca.key", dir + "/state.json", dir + "/sandbox.json"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, info.Mode().Perm())
		}
	}
}

func TestADirectoryOutlivesItsServer(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	first, err := sandbox.New(sandbox.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.New(sandbox.Config{Dir: dir}); !errors.Is(err, sandbox.ErrInUse) {
		t.Errorf("a second sandbox in the same directory: %v, want ErrInUse", err)
	}
	id, secret, err := first.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	server, err := first.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := iam.New(iam.Options{BaseEndpoint: aws.String(server.Ready().Endpoint), Region: "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()}, nil
		})})
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("kept")}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.Close(ctx), first.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.ReadReady(dir); !errors.Is(err, sandbox.ErrNotServed) {
		t.Errorf("after Close, ReadReady = %v, want ErrNotServed", err)
	}
	again := sandboxtest.Start(t, sandbox.Config{Dir: dir})
	if _, err := again.IAM(sandboxtest.Source).GetUser(ctx, &iam.GetUserInput{UserName: aws.String("kept")}); err != nil {
		t.Error(err)
	}
	if second, _, err := again.Credentials(sandboxtest.Source); err != nil || second != id {
		t.Errorf("the administrator's key changed from %s to %s (%v)", id, second, err)
	}
}
