package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// signedCalls sends one signed request over and over, from as many clients as there are processors.
func signedCalls(b *testing.B, s *sandboxtest.Sandbox, body string) {
	id, secret, err := s.Credentials(sandboxtest.Destination)
	if err != nil {
		b.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()}
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
	signedCalls(b, s, "Action=GetCallerIdentity&Version=2011-06-15")
}
