package sandbox_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const usersFile = `
accounts:
  - id: "999999999999"
    users:
      - name: store-001
        path: /stores/
        keys: 2
        policies:
          itself: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "iam:GetUser", Resource: "*"}]}
          keys: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListAccessKeys","Resource":"*"}]}'
      - name: store-002
`

func seeded(t *testing.T, file string) sandbox.Seed {
	t.Helper()
	seed, err := sandbox.ParseSeed([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func TestASeededUserHasAProfileWithItsKeyAndMayDoWhatItsPoliciesSay(t *testing.T) {
	dir := t.TempDir()
	sandboxtest.Start(t, sandbox.Config{Dir: dir, Seed: seeded(t, usersFile)})
	user := fromProfile(t, dir, "999999999999/store-001")
	who, err := sts.NewFromConfig(user).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("arn:aws:iam::999999999999:user/stores/store-001", aws.ToString(who.Arn)); diff != "" {
		t.Error(diff)
	}
	client := iam.NewFromConfig(user)
	if _, err := client.GetUser(t.Context(), &iam.GetUserInput{}); err != nil {
		t.Errorf("the policy that is a mapping has no effect: %v", err)
	}
	keys, err := client.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{})
	if err != nil {
		t.Fatalf("the policy that is a text has no effect: %v", err)
	}
	if len(keys.AccessKeyMetadata) != 2 {
		t.Errorf("the user has %d keys, want 2", len(keys.AccessKeyMetadata))
	}
	_, err = client.ListUsers(t.Context(), &iam.ListUsersInput{})
	wantRefusal(t, err, "AccessDenied", 403)
}

func TestOnlySeededUsersWithAKeyHaveAProfile(t *testing.T) {
	dir := t.TempDir()
	t.Run("at first", func(t *testing.T) {
		s := sandboxtest.Start(t, sandbox.Config{Dir: dir, Seed: seeded(t, usersFile)})
		s.User(sandboxtest.Destination, "made-later", "")
		wantProfiles(t, dir)
	})
	t.Run("after a restart, which reads the users from the directory", func(t *testing.T) {
		sandboxtest.Start(t, sandbox.Config{Dir: dir})
		wantProfiles(t, dir)
	})
}

func TestASeededPolicyThatIsNoneIsNamed(t *testing.T) {
	_, err := sandbox.New(sandbox.Config{Seed: seeded(t, `accounts: [{id: "111111111111", users: [{name: u, policies: {p: "{}"}}]}]`)})
	if want := "seeding account 111111111111: policy p of user u: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

func wantProfiles(t *testing.T, dir string) {
	t.Helper()
	profiles, err := os.ReadFile(sandbox.ConfigFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.SplitSeq(string(profiles), "\n") {
		if name, ok := strings.CutPrefix(line, "[profile "); ok {
			got = append(got, strings.TrimSuffix(name, "]"))
		}
	}
	if diff := cmp.Diff([]string{"999999999999", "999999999999/store-001"}, got); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// fromProfile is the SDK's configuration by a profile of a sandbox's directory.
func fromProfile(t testing.TB, dir, profile string) aws.Config {
	t.Helper()
	loaded, err := config.LoadDefaultConfig(context.Background(),
		config.WithSharedConfigFiles([]string{sandbox.ConfigFile(dir)}), config.WithSharedConfigProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
