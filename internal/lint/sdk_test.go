package lint_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A cloud is a sandbox in which the file of AWS's page works.
type cloud struct {
	*sandboxtest.Sandbox
	client *http.Client
	// real puts a key that exists in place of the examples' key.
	real *strings.Replacer
}

func newCloud(t *testing.T) cloud {
	t.Helper()
	box := sandboxtest.Start(t, sandbox.Config{})
	userARN := "arn:aws:iam::111111111111:role/curated-packages-role"
	box.Role(sandboxtest.Source, "curated-packages-role",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::999999999999:root"}}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`)
	made := box.User(sandboxtest.Destination, "curated-packages-user",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+userARN+`"}}`)
	given, err := made.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := box.Server.Ready().Transport()
	if err != nil {
		t.Fatal(err)
	}
	// The examples cut a character off, or change the kind.
	id, material := given.AccessKeyID, given.SecretAccessKey
	return cloud{box, &http.Client{Transport: transport}, strings.NewReplacer(
		anID[4:], id[4:], anID[4:19], id[4:19], secret, material, secret[1:], material[1:])}
}

// token does what kubelet's credential provider does with a config file: it loads it for the Region of the image, and asks
// for a registry's password.
func (c cloud) token(ctx context.Context, file string, options ...func(*config.LoadOptions) error) error {
	options = append(options,
		config.WithSharedConfigFiles([]string{file}), config.WithSharedCredentialsFiles([]string{}),
		config.WithHTTPClient(c.client), config.WithRetryMaxAttempts(1))
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return err
	}
	_, err = ecr.NewFromConfig(loaded).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	return err
}

// ambient takes away what the machine's own environment would add.
func ambient(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "aws-config")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// inImagesRegion is where kubelet's credential provider takes the Region from.
func inImagesRegion() func(*config.LoadOptions) error { return config.WithRegion("us-west-2") }

// TestSDKSaysWhatTheRulesQuote gives every bad config file of a rule to the SDK, of the version that this module uses.
// test/peers does so with the released programs.
func TestSDKSaysWhatTheRulesQuote(t *testing.T) {
	ambient(t)
	c := newCloud(t)
	if err := c.token(t.Context(), write(t, c.real.Replace(good)), inImagesRegion()); err != nil {
		t.Fatalf("the good file does not work: %v", err)
	}
	said := map[lint.Quote]bool{}
	for code, tests := range examples() {
		rule, _ := lint.Find(code)
		for name, test := range tests {
			if strings.Contains(test.bad, "kind: Secret") || len(test.bad) > 1<<20 {
				continue
			}
			t.Run(string(code)+"/"+name, func(t *testing.T) {
				c.compare(t, rule, test, said)
			})
		}
		for _, quote := range rule.Quotes {
			if quote.By == lint.Kubelet && !said[quote] {
				t.Errorf("%s: the SDK never says %q", code, quote.Text)
			}
		}
	}
}

// compare demands that the SDK fails with a file of a rule in some of the rule's words, or works where the rule quotes no
// failure of kubelet's or the finding is none that matters. It notes what was said.
func (c cloud) compare(t *testing.T, rule lint.Rule, bad example, said map[lint.Quote]bool) {
	t.Helper()
	err := c.token(t.Context(), write(t, c.real.Replace(bad.bad)), inImagesRegion())
	quotes, matched := 0, 0
	for _, quote := range rule.Quotes {
		if quote.By != lint.Kubelet {
			continue
		}
		quotes++
		if err != nil && strings.Contains(err.Error(), quote.Text) {
			said[quote] = true
			matched++
		}
	}
	works := quotes == 0 || strings.HasPrefix(bad.at[0], string(lint.Warning)) && err == nil
	if works && err != nil {
		t.Errorf("the rule says that it works, the SDK: %v", err)
	}
	if !works && matched == 0 {
		t.Errorf("the SDK says nothing of what the rule quotes, but: %v", err)
	}
}

func TestSDKNeedsTheRegionInProfileDefault(t *testing.T) {
	ambient(t)
	c := newCloud(t)
	file := write(t, c.real.Replace(strings.Replace(good, region, "", 1)))
	if err := c.token(t.Context(), file); err == nil || !strings.Contains(err.Error(), "Missing Region") {
		t.Errorf("without a Region of the image's the SDK says: %v", err)
	}
	if err := c.token(t.Context(), file, inImagesRegion()); err != nil {
		t.Errorf("with one it says: %v", err)
	}
}

func TestSDKReadsAsScanDoes(t *testing.T) {
	ambient(t)
	for name, file := range map[string]string{
		"a colon":               "[default]\nregion: us-west-2\n",
		"quotes":                "[default]\nregion=\"us-west-2\"\n",
		"a comment":             "[default]\nregion=us-west-2 # here\n",
		"capitals":              "[default]\nREGION=us-west-2\n",
		"indented":              "  [default]\n  region=us-west-2\n",
		"profile default":       "[default]\nregion=eu-west-1\n[profile default]\nregion=us-west-2\n",
		"the last one":          "[default]\nregion=eu-west-1\nregion=us-west-2\n",
		"a nested one does not": "[default]\nregion=us-west-2\ns3 =\n  region = eu-west-1\n",
		"a stray nested one":    "[default]\nother=x\n  region = us-west-2\n",
		"white space in header": "[ default ] ; here\nregion=us-west-2\n",
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigFiles([]string{write(t, file)}),
				config.WithSharedCredentialsFiles([]string{}), config.WithCredentialsProvider(aws.AnonymousCredentials{}))
			if err != nil || loaded.Region != "us-west-2" {
				t.Errorf("the SDK reads %q: %v", loaded.Region, err)
			}
			for _, found := range lint.Check("f", []byte(file)) {
				if found.Rule.Code == "PP003" || found.Rule.Code == "PP012" || found.Rule.Code == "PP016" {
					t.Errorf("lint reads another Region: %s: %s", found.Rule.Code, found.Message)
				}
			}
			spoiled := strings.ReplaceAll(file, "us-west-2", "us-west-9")
			if strings.Contains(name, "does not") {
				return
			}
			if found := codes(lint.Check("f", []byte(spoiled))); !slices.Contains(found, "PP012") {
				t.Errorf("lint does not see the Region that the SDK does: %v", found)
			}
		})
	}
}
