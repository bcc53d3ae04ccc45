package sandbox_test

import (
	"errors"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// shareByHand makes what AssumeRole needs of the page's steps, and returns the user's key.
func shareByHand(tb testing.TB, source, destination *iam.Client) aws.Credentials {
	tb.Helper()
	ctx := tb.Context()
	_, err := source.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("curated-packages-role"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
			`"Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		tb.Fatal(err)
	}
	name := aws.String("curated-packages-user")
	if _, err := destination.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		tb.Fatal(err)
	}
	_, err = destination.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("assume"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",` +
			`"Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}}`)})
	if err != nil {
		tb.Fatal(err)
	}
	out, err := destination.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		tb.Fatal(err)
	}
	return aws.Credentials{
		AccessKeyID: aws.ToString(out.AccessKey.AccessKeyId), SecretAccessKey: aws.ToString(out.AccessKey.SecretAccessKey),
	}
}

// BenchmarkReady is the time from nothing to a sandbox that answers, packages and all.
func BenchmarkReady(b *testing.B) {
	for b.Loop() {
		embedded, err := sandbox.New(sandbox.Config{})
		if err != nil {
			b.Fatal(err)
		}
		server, err := embedded.Listen(b.Context(), "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(server.Close(b.Context()), embedded.Close()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdle reports what a sandbox that nobody asks takes, in MiB of memory that the garbage collector keeps and of
// what the process has from the operating system.
func BenchmarkIdle(b *testing.B) {
	s := sandboxtest.Start(b, sandbox.Config{})
	for b.Loop() {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-heap")
	b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "MiB-process")
	runtime.KeepAlive(s)
}
