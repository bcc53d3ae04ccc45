package eksa_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/eksa"
)

// sts answers AssumeRole and remembers who asked for which role.
type sts struct{ key, role, session string }

var signedBy = regexp.MustCompile(`Credential=([A-Z0-9]+)/`)

func (s *sts) Do(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	if found := signedBy.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		s.key = found[1]
	}
	s.role, s.session = r.PostForm.Get("RoleArn"), r.PostForm.Get("RoleSessionName")
	action := r.PostForm.Get("Action")
	body := `<` + action + `Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><` + action + `Result><Credentials>
		<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
		<SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
		</Credentials></` + action + `Result></` + action + `Response>`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// outcome is what becomes of a file: the Region that is asked, and as whom.
type outcome struct{ Region, Key, Role, Session string }

// check loads a config file as eksctl anywhere does for its check of the access, in an environment of nothing but the
// variables given. An error shows as an outcome of its own.
func check(t *testing.T, file string, environ []eksa.Variable) outcome {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // so that it is put back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none")) // rather than that of the machine
	for _, v := range environ {
		t.Setenv(v.Name, v.Value)
	}
	var asked sts
	loaded, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigFiles([]string{file}), config.WithHTTPClient(&asked))
	if err != nil {
		return outcome{Role: err.Error()}
	}
	got, err := loaded.Credentials.Retrieve(context.WithoutCancel(t.Context()))
	if err != nil {
		return outcome{Region: loaded.Region, Role: err.Error()}
	}
	if asked.role == "" {
		asked.key = got.AccessKeyID
	}
	return outcome{Region: loaded.Region, Key: asked.key, Role: asked.role, Session: asked.session}
}

const role = "arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999"

func configFile(t *testing.T) string {
	t.Helper()
	parsed, err := arn.Parse(role)
	if err != nil {
		t.Fatal(err)
	}
	key, err := awsid.ParseAccessKeyID("AKIASBFIJNV5XAIYUZIV")
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := credential.Config{
		Region: "us-west-2", RoleARN: parsed, UserProfile: "pullpass-packages-store-001", RoleSessionName: "pullpass-packages-store-001",
		Key: credential.AccessKey{ID: key, Secret: credential.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
	}.Render()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "aws-config")
	if err := os.WriteFile(file, rendered, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What the delivered file says, and nothing else.
func intended() outcome {
	return outcome{Region: "us-west-2", Key: "AKIASBFIJNV5XAIYUZIV", Role: role, Session: "pullpass-packages-store-001"}
}

func TestWhatIsUnsetWouldWinOverTheFile(t *testing.T) {
	for sentence, hostile := range map[string][]eksa.Variable{
		"keys":                     {{"AWS_ACCESS_KEY_ID", "AKIAHOSTILEHOSTILE22"}, {"AWS_SECRET_ACCESS_KEY", "x"}},
		"keys in the old spelling": {{"AWS_ACCESS_KEY", "AKIAHOSTILEHOSTILE22"}, {"AWS_SECRET_KEY", "x"}},
		"the keys of a session": {
			{"AWS_ACCESS_KEY_ID", "ASIAHOSTILEHOSTILE22"}, {"AWS_SECRET_ACCESS_KEY", "x"}, {"AWS_SESSION_TOKEN", "x"},
		},
		"a profile":             {{"AWS_PROFILE", "pullpass-packages-store-001"}},
		"the default's profile": {{"AWS_DEFAULT_PROFILE", "pullpass-packages-store-001"}},
		"an unknown profile":    {{"AWS_PROFILE", "nobody"}},
		"a Region":              {{"AWS_REGION", "eu-central-1"}},
		"the default's Region":  {{"AWS_DEFAULT_REGION", "eu-central-1"}},
		"a web identity": {
			{"AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/null"}, {"AWS_ROLE_ARN", "arn:aws:iam::222222222222:role/pod"},
			{"AWS_ROLE_SESSION_NAME", "pod"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			file := configFile(t)
			if got := check(t, file, hostile); got == intended() {
				t.Errorf("the file wins over %v: it need not be unset", hostile)
			}
			left := slices.DeleteFunc(slices.Clone(hostile), func(v eksa.Variable) bool { return slices.Contains(eksa.Unset(), v.Name) })
			if diff := cmp.Diff(intended(), check(t, file, left)); diff != "" {
				t.Errorf("with %v left (-want +got):\n%s", left, diff)
			}
		})
	}
}

func TestWhatIsLeftDoesNotWinOverTheFile(t *testing.T) {
	for sentence, left := range map[string][]eksa.Variable{
		"nothing": nil,
		"a container's credentials": {
			{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"},
			{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "x"},
		},
		"the place of another config file": {{"AWS_CONFIG_FILE", "/dev/null"}},
		"the machine's own metadata":       {{"AWS_EC2_METADATA_DISABLED", "false"}},
		"the keys of Snow":                 {{"EKSA_AWS_CREDENTIALS_FILE", "/dev/null"}, {"EKSA_AWS_CA_BUNDLES_FILE", "/dev/null"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, v := range left {
				if slices.Contains(eksa.Unset(), v.Name) {
					t.Errorf("%s is unset", v.Name)
				}
			}
			if diff := cmp.Diff(intended(), check(t, configFile(t), left)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The credentials file of whoever runs the program is read beside the file, wherever it is: see Environment.Set.
func TestACredentialsFileDoesNotWinOverTheFile(t *testing.T) {
	for sentence, text := range map[string]string{
		"a Region of its default": "[default]\nregion=eu-central-1\n",
		"a role of its default": "[default]\nrole_arn=arn:aws:iam::222222222222:role/other\nsource_profile=other\n" +
			"[other]\naws_access_key_id=AKIAHOSTILEHOSTILE22\naws_secret_access_key=x\n",
		"a process of its default": "[default]\ncredential_process=/bin/false\n",
		"an old key of the user":   "[pullpass-packages-store-001]\naws_access_key_id=AKIAHOSTILEHOSTILE22\naws_secret_access_key=x\n",
	} {
		t.Run(sentence, func(t *testing.T) {
			file := configFile(t)
			credentials := filepath.Join(filepath.Dir(file), "credentials")
			if err := os.WriteFile(credentials, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			own := []eksa.Variable{{"AWS_SHARED_CREDENTIALS_FILE", credentials}}
			if got := check(t, file, own); got == intended() {
				t.Error("the file wins over it: it need not be kept away")
			}
			set := eksa.Environment{ConfigFile: file, Region: "us-west-2"}.Set()
			if diff := cmp.Diff(intended(), check(t, file, slices.Concat(own, set))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
