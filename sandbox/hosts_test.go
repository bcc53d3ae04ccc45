package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// real returns a configuration that knows nothing of the sandbox but its proxy and its certificate.
func real(t *testing.T, s *sandboxtest.Sandbox) (aws.Config, *http.Client) {
	t.Helper()
	transport, err := s.Server.Ready().Transport()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	config := s.As(sandboxtest.Source)
	config.BaseEndpoint, config.HTTPClient = nil, client
	return config, client
}

func TestEveryServiceAnswersUnderItsRealHostName(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	config, _ := real(t, s)
	ctx := context.Background()
	if _, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, nil); err != nil {
		t.Error(err)
	}
	if _, err := iam.NewFromConfig(config).ListUsers(ctx, nil); err != nil {
		t.Error(err)
	}
	out, err := eks.NewFromConfig(config).ListEksAnywhereSubscriptions(ctx, &eks.ListEksAnywhereSubscriptionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Subscriptions) != 1 {
		t.Errorf("%d subscriptions, want 1", len(out.Subscriptions))
	}
}

func TestARealHostNameTellsTheServiceAndTheRegion(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	config, _ := real(t, s)
	wrongRegion := func(o *sts.Options) {
		o.BaseEndpoint = aws.String("https://sts.eu-west-1.amazonaws.com")
	}
	_, err := sts.NewFromConfig(config, wrongRegion).GetCallerIdentity(context.Background(), nil)
	wantRefusal(t, err, "SignatureDoesNotMatch", 403)
	wrongService := func(o *iam.Options) { o.BaseEndpoint = aws.String("https://sts.us-east-1.amazonaws.com") }
	_, err = iam.NewFromConfig(config, wrongService).ListUsers(context.Background(), nil)
	if err == nil || !strings.Contains(err.Error(), "Credential should be scoped to correct service: 'sts'") {
		t.Errorf("got %v, want the text about the service", err)
	}
}

func TestARegistryAsksForAPasswordUnderItsRealHostName(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	_, client := real(t, s)
	const host = "346438352937.dkr.ecr.us-west-2.amazonaws.com"
	for name, url := range map[string]string{
		"the real name": "https://" + host + "/v2/",
		"its own port":  s.Server.Ready().Registries[host] + "/v2/",
	} {
		response, err := client.Get(url)
		if err != nil {
			t.Errorf("under %s: %v", name, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized || response.Header.Get("Www-Authenticate") == "" {
			t.Errorf("under %s: status %d, challenge %q", name, response.StatusCode, response.Header.Get("Www-Authenticate"))
		}
	}
}
