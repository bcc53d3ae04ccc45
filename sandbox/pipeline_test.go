package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestASignedRequestIsAnsweredAsItsAccountsAdministrator(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	out, err := s.STS(sandboxtest.Destination).GetCallerIdentity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := aws.ToString(out.Arn), "arn:aws:iam::999999999999:user/administrator"; got != want {
		t.Errorf("Arn = %s, want %s", got, want)
	}
	if got := aws.ToString(out.Account); got != "999999999999" {
		t.Errorf("Account = %s", got)
	}
}

func TestARequestIsRefusedBeforeAnythingIsDecided(t *testing.T) {
	clock := time.Now()
	s := sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return clock }})
	id, secret, err := s.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := s.Credentials(sandboxtest.Other)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sentence   string
		id, secret string
		token      string
		code       string
		status     int
	}{
		{"a key that nobody holds", "AKIAIOSFODNN7EXAMPLE", secret.Reveal(), "", "InvalidClientTokenId", 403},
		{"a secret of another key", string(other), secret.Reveal(), "", "SignatureDoesNotMatch", 403},
		{"a session token with a long-lived key", string(id), secret.Reveal(), "FwoGZXIvYXdzE", "InvalidClientTokenId", 403},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			client := sts.NewFromConfig(s.With(test.id, test.secret, test.token))
			_, err := client.GetCallerIdentity(context.Background(), nil)
			wantRefusal(t, err, test.code, test.status)
		})
	}
	t.Run("a clock that is 16 minutes off", func(t *testing.T) {
		clock = clock.Add(16 * time.Minute)
		_, err := s.STS(sandboxtest.Source).GetCallerIdentity(context.Background(), nil)
		wantRefusal(t, err, "SignatureDoesNotMatch", 403)
	})
}

func TestAnUnsignedRequestIsRefused(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	response, err := http.Get(s.Endpoint() + "/?Action=GetCallerIdentity&Version=2011-06-15")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("status = %d, want 403", response.StatusCode)
	}
}

func wantRefusal(t *testing.T, err error, code string, status int) {
	t.Helper()
	var refusal smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &refusal) || !errors.As(err, &response) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if refusal.ErrorCode() != code || response.HTTPStatusCode() != status {
		t.Errorf("got %d %s: %s, want %d %s", response.HTTPStatusCode(), refusal.ErrorCode(), refusal.ErrorMessage(), status, code)
	}
}
