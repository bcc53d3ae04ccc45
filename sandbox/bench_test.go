package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// signedCalls sends one signed request over and over, from as many clients as there are processors.
func signedCalls(b *testing.B, s *sandboxtest.Sandbox, keys aws.Credentials, body string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	b.SetParallelism(4)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		signer := v4.NewSigner()
		for pb.Next() {
			request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.Endpoint(), bytes.NewReader([]byte(body)))
			if err != nil {
				b.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if err := signer.SignHTTP(request.Context(), keys, request, hash, "sts", string(sandboxtest.Region), time.Now()); err != nil {
				b.Error(err)
				return
			}
			response, err := client.Do(request)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				b.Errorf("status %d", response.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkGetCallerIdentity is a signed and verified call over loopback, client and sandbox on the same processors.
func BenchmarkGetCallerIdentity(b *testing.B) {
	s := sandboxtest.Start(b, sandbox.Config{})
	keys, err := s.As(sandboxtest.Destination).Credentials.Retrieve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	signedCalls(b, s, keys, "Action=GetCallerIdentity&Version=2011-06-15")
}

// BenchmarkAssumeRole is the page's call across accounts: signed, verified, decided on both sides.
func BenchmarkAssumeRole(b *testing.B) {
	s := sandboxtest.Start(b, sandbox.Config{})
	keys := shareByHand(b, s)
	signedCalls(b, s, keys, "Action=AssumeRole&Version=2011-06-15&RoleSessionName=store-001&RoleArn="+
		url.QueryEscape("arn:aws:iam::111111111111:role/curated-packages-role"))
}

// shareByHand makes what AssumeRole needs of the page's steps, and returns the user's key.
func shareByHand(b *testing.B, s *sandboxtest.Sandbox) aws.Credentials {
	b.Helper()
	ctx := b.Context()
	_, err := s.IAM(sandboxtest.Source).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("curated-packages-role"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
			`"Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		b.Fatal(err)
	}
	destination, name := s.IAM(sandboxtest.Destination), aws.String("curated-packages-user")
	if _, err := destination.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		b.Fatal(err)
	}
	_, err = destination.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("assume"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",` +
			`"Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}}`)})
	if err != nil {
		b.Fatal(err)
	}
	out, err := destination.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		b.Fatal(err)
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
