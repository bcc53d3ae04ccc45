package credential_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
)

// pageConfig is the file of AWS's page "Share access to EKS Anywhere Curated Packages", step 6, for us-west-2.
const pageConfig = `[default]
source_profile=curated-packages-user
role_arn=arn:aws:iam::111111111111:role/curated-packages-role
region=us-west-2

[profile curated-packages-user]
aws_access_key_id=AKIAIOSFODNN7EXAMPLE
aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
`

const material = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func documented() credential.Config {
	return credential.Config{
		Region:      "us-west-2",
		RoleARN:     arn.IAM("111111111111", "role", "/", "curated-packages-role"),
		UserProfile: "curated-packages-user",
		Key:         credential.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: credential.NewSecret(material)},
	}
}

func TestRender(t *testing.T) {
	hardened, fenced := documented(), documented()
	hardened.RoleSessionName = hardened.UserProfile
	fenced.RoleSessionName, fenced.ExternalID = fenced.UserProfile, "ext-1"
	tests := map[string]struct {
		config credential.Config
		want   string
	}{
		"the documented posture is the page's file":    {documented(), pageConfig},
		"the hardened posture adds the session's name": {hardened, strings.Replace(pageConfig, "us-west-2\n", "us-west-2\nrole_session_name=curated-packages-user\n", 1)},
		"an external id follows it": {fenced,
			strings.Replace(pageConfig, "us-west-2\n", "us-west-2\nrole_session_name=curated-packages-user\nexternal_id=ext-1\n", 1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.config.Render()
			if err != nil {
				t.Fatalf("Render: %v", err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
			file, err := credential.Parse(got)
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			back, err := file.Config()
			if err != nil {
				t.Fatalf("Config: %v", err)
			}
			if !back.Equal(test.config) {
				t.Errorf("read back %+v, want %+v", back, test.config)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	tests := map[string]struct {
		spoil func(*credential.Config)
		want  string
	}{
		"no key":              {func(c *credential.Config) { *c = c.WithKey(credential.AccessKey{}) }, "no value for aws_access_key_id"},
		"no secret":           {func(c *credential.Config) { c.Key.Secret = credential.Secret{} }, "no value for aws_secret_access_key"},
		"no role":             {func(c *credential.Config) { c.RoleARN = arn.ARN{} }, "no value for role_arn"},
		"no Region":           {func(c *credential.Config) { c.Region = "" }, "no value for region"},
		"no user":             {func(c *credential.Config) { c.UserProfile = "" }, "no value for source_profile"},
		"a line in the user":  {func(c *credential.Config) { c.UserProfile = "a\nb" }, "the value of source_profile holds a space or an unprintable character"},
		"a bracket":           {func(c *credential.Config) { c.UserProfile = "a]b" }, "the profile's name holds a bracket"},
		"a space in a secret": {func(c *credential.Config) { c.Key.Secret = credential.NewSecret(material + "\r") }, "the value of aws_secret_access_key holds a space or an unprintable character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := documented()
			test.spoil(&c)
			got, err := c.Render()
			if !errors.Is(err, credential.ErrIncomplete) || err.Error() != "rendering an AWS config file: incomplete AWS config: "+test.want {
				t.Errorf("Render: %v, want %s", err, test.want)
			}
			if len(got) > 0 {
				t.Errorf("Render gave %d bytes beside the error", len(got))
			}
			if err != nil && strings.Contains(err.Error(), material) {
				t.Error("the error holds the secret")
			}
		})
	}
}

func TestConfigOfFilesMadeByHand(t *testing.T) {
	other := func(change func(*credential.Config)) credential.Config {
		c := documented()
		change(&c)
		return c
	}
	tests := map[string]struct {
		text string
		want credential.Config
	}{
		"CRLF line ends": {strings.ReplaceAll(pageConfig, "\n", "\r\n"), documented()},
		"spaces, comments and capitals": {"# made by hand\n" + strings.NewReplacer(
			"region=us-west-2", "Region = us-west-2 # here", "[default]", "[default] ; main").Replace(pageConfig), documented()},
		"a hash within a value is no comment": {strings.Replace(pageConfig, material, "abc#def;ghi", 1),
			other(func(c *credential.Config) { c.Key.Secret = credential.NewSecret("abc#def;ghi") })},
		"the last of two lines wins": {strings.Replace(pageConfig, "region=", "region=eu-west-1\nregion=", 1), documented()},
		"a section in two parts":     {pageConfig + "[default]\nexternal_id=ext\n", other(func(c *credential.Config) { c.ExternalID = "ext" })},
		"[profile default] beats [default]": {strings.Replace(pageConfig, "[default]", "[profile default]", 1) + "[default]\nregion=eu-west-1\n",
			documented()},
		"nested values and other sections": {"[services local]\nsts =\n  endpoint_url = http://127.0.0.1\n\n" + pageConfig + "[sso-session x]\nsso_region=a\n", documented()},
		"no line break at the end":         {strings.TrimSuffix(pageConfig, "\n"), documented()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := credential.Parse([]byte(test.text))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			got, err := file.Config()
			if err != nil || !got.Equal(test.want) {
				t.Errorf("Config = %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		text string
		line int
		msg  string
	}{
		"a line that is nothing":      {"[default]\nregion us-west-2\n", 2, "neither a section header nor key=value"},
		"an open header":              {"\n[default\n", 2, "a section header without its closing bracket"},
		"text after a header":         {"[default] x\n", 1, "text after a section header"},
		"an empty header":             {"[]\n", 1, "a section header wants one name, or a kind and a name"},
		"a header of three words":     {"[profile a b]\n", 1, "a section header wants one name, or a kind and a name"},
		"a property before a header":  {"region=us-west-2\n", 1, "a property before the first section header"},
		"a property without a key":    {"[default]\n=x\n", 2, "a property without a key of one word before ="},
		"an indented line of nothing": {"[default]\n  region=x\n", 2, "an indented line that continues no property"},
		"bytes that are no text":      {"[default]\n\xff", 1, "not UTF-8 text"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := credential.Parse([]byte(test.text))
			var syntax *credential.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("Parse: %v, want a SyntaxError", err)
			}
			if diff := cmp.Diff(&credential.SyntaxError{Line: test.line, Msg: test.msg}, syntax); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigRefuses(t *testing.T) {
	tests := map[string]struct {
		old, now string
		is       error
		says     string
	}{
		"no default profile":       {"[default]", "[profile main]", credential.ErrNoProfile, `profile "default": no such profile`},
		"no source profile":        {"source_profile=curated-packages-user\n", "", credential.ErrNoValue, `profile "default": no value for source_profile`},
		"no Region":                {"region=us-west-2\n", "", credential.ErrNoValue, `no value for region`},
		"an unknown profile":       {"[profile curated", "[profile other", credential.ErrNoProfile, `profile "curated-packages-user": no such profile`},
		"a profile without a word": {"[profile curated", "[curated", credential.ErrNoProfile, `(line 6 has [curated-packages-user] without the word profile)`},
		"an empty secret":          {material, "", credential.ErrNoValue, `no value for aws_secret_access_key`},
		"a role that is no ARN":    {"arn:aws:iam:", "arn", credential.ErrBadValue, `line 3: bad value for role_arn`},
		"a Region that is none":    {"us-west-2", "oregon", credential.ErrBadValue, `line 4: bad value for region`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := credential.Parse([]byte(strings.Replace(pageConfig, test.old, test.now, 1)))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			_, err = file.Config()
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Config: %v; want %v that says %s", err, test.is, test.says)
			}
		})
	}
}

func TestFileKeepsPlaces(t *testing.T) {
	file, err := credential.Parse([]byte("# c\n[default]\nregion =  us-west-2\n[profile u]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &credential.File{Sections: []credential.Section{
		{Name: "default", Line: 2, Properties: []credential.Property{{Key: "region", Value: credential.NewSecret("us-west-2"), Line: 3, Column: 11}}},
		{Kind: "profile", Name: "u", Line: 4},
	}}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestManifestIsThePageSecretAndDecodesToTheVeryBytes(t *testing.T) {
	config := []byte(strings.Repeat(pageConfig, 5)) // Longer than any line at which a base64 tool would wrap.
	got := credential.RenderManifest(config)
	want := `apiVersion: v1
kind: Secret
metadata:
  name: aws-secret
  namespace: eksa-packages
type: Opaque
data:
  AWS_ACCESS_KEY_ID: ""
  AWS_SECRET_ACCESS_KEY: ""
  REGION: ""
  config: `
	head, encoded := string(got[:len(want)]), string(got[len(want):])
	if diff := cmp.Diff(want, head); diff != "" {
		t.Fatalf("manifest (-want +got):\n%s", diff)
	}
	if strings.Count(encoded, "\n") != 1 {
		t.Errorf("the config takes more than one line")
	}
	data, err := credential.DecodeData(map[string]string{
		credential.KeyAccessKeyID: "", credential.KeyConfig: strings.TrimSuffix(encoded, "\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := data[credential.KeyConfig].Reveal(); got != string(config) {
		t.Errorf("decoded to %d other bytes, want %d", len(got), len(config))
	}
	if _, ok := data[credential.KeyAccessKeyID]; !ok || !data[credential.KeyAccessKeyID].IsZero() {
		t.Error("the empty key did not come back empty")
	}
}

func TestDecodeDataRefusesWhatIsNotBase64(t *testing.T) {
	twice := base64.StdEncoding.EncodeToString([]byte(material)) + "!"
	_, err := credential.DecodeData(map[string]string{"config": twice})
	if err == nil || !strings.Contains(err.Error(), `key "config"`) || strings.Contains(err.Error(), twice) {
		t.Errorf("DecodeData: %v; want an error that names the key and not the value", err)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	secret := credential.NewSecret(material)
	c := documented()
	hidden := struct{ key credential.AccessKey }{c.Key} // fmt calls no methods on unexported fields.
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "secret", secret, "config", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "secret", secret, "config", c, "hidden", hidden)
	text, err := json.Marshal(map[string]any{"secret": secret, "config": c, "pointer": &secret})
	if err != nil {
		t.Fatal(err)
	}
	outputs := []string{log.String(), string(text)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		outputs = append(outputs, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, c), fmt.Sprintf(verb, hidden), fmt.Sprintf(verb, &c))
	}
	for _, out := range outputs {
		for _, form := range []string{material, fmt.Sprintf("%x", material), fmt.Sprintf("%X", material), fmt.Sprintf("%d", []byte(material))} {
			if strings.Contains(out, form) {
				t.Errorf("the secret shows in %s", out)
			}
		}
	}
	if secret.Reveal() != material || secret.String() != "[redacted]" {
		t.Errorf("Reveal and String give %d bytes and %s", len(secret.Reveal()), secret)
	}
}

func TestSecretsAreEqualByMaterial(t *testing.T) {
	if !credential.NewSecret("a").Equal(credential.NewSecret("a")) || credential.NewSecret("a").Equal(credential.NewSecret("b")) {
		t.Error("Equal does not go by the material")
	}
	if !(credential.Secret{}).Equal(credential.NewSecret("")) || !(credential.Secret{}).IsZero() {
		t.Error("the zero secret is not the empty one")
	}
	other := documented()
	other.Key.Secret = credential.NewSecret("b")
	if documented().Equal(other) || !documented().Equal(documented()) {
		t.Error("Config.Equal does not go by the secret's material")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(pageConfig))
	f.Add([]byte(strings.ReplaceAll(pageConfig, "\n", "\r\n")))
	f.Add([]byte("[default]\ns3 =\n  a = b\n[x]\n; c\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := credential.Parse(src)
		if err != nil {
			return
		}
		config, err := file.Config()
		if err != nil {
			return
		}
		text, err := config.Render()
		if err != nil {
			if !errors.Is(err, credential.ErrIncomplete) {
				t.Errorf("Render: %v", err)
			}
			return
		}
		again, err := credential.Parse(text)
		if err != nil {
			t.Fatalf("reading what was rendered: %v", err)
		}
		if back, err := again.Config(); err != nil || !back.Equal(config) {
			t.Errorf("what was rendered reads as something else: %v", err)
		}
	})
}
