package peers

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A handover is a share of which pullpass has one side, while the administrator of the other runs the commands that
// `pullpass plan` prints.
type handover struct {
	posture string
	account string // the side that is handed over
}

func handovers() []handover {
	return []handover{
		{"documented", source}, {"documented", destination},
		{"hardened", source}, {"hardened", destination},
	}
}

func (h handover) String() string {
	side := "source"
	if h.account == destination {
		side = "destination"
	}
	return fmt.Sprintf("one side alone: the %s's, %s", side, h.posture)
}

func (h handover) play() play { return play{name: h.String(), act: h.act} }

// act makes the share by both hands, then by one that has both sides, and demands that nothing tells the two apart.
func (h handover) act(t *testing.T, s *scene) {
	s.check(t, s.aws, h.String(), func(t *testing.T) string {
		byHands := s.operate(t, h.posture, "by-hands")
		byHands.commands(t, h.account)
		byHands.pullpass(t, 0, byHands.only(t, other(h.account)), "apply", "--yes")
		both := byHands.only(t, source, destination)
		byHands.pullpass(t, 0, both, "plan")
		byHands.pullpass(t, 0, both, "verify")

		alone := *s
		alone.home, alone.exported = t.TempDir(), map[string][]string{}
		alone.cloud = startCloud(t, s.programs.pullpass, "")
		byOne := alone.operate(t, h.posture, "by-one")
		byOne.pullpass(t, 0, byOne.only(t, source, destination), "apply", "--yes")
		if diff := cmp.Diff(byOne.state(t), byHands.state(t)); diff != "" {
			t.Errorf("the end state is another (-made by apply +made by both hands):\n%s", diff)
		}
		return "the printed commands end as apply does"
	})
}

func other(account string) string {
	if account == source {
		return destination
	}
	return source
}

// An operator makes one share in one sandbox, in a directory of his own.
type operator struct {
	*scene
	posture string
	dir     string
}

func (s *scene) operate(t *testing.T, posture, name string) operator {
	t.Helper()
	dir := filepath.Join(s.home, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return operator{s, posture, dir}
}

// only writes the share document of one who has access to these accounts, and returns its path.
func (o operator) only(t *testing.T, accounts ...string) string {
	t.Helper()
	access := map[string]string{}
	for _, account := range accounts {
		access[account] = fmt.Sprintf("access: {profile: %q}", account)
	}
	file := filepath.Join(o.dir, "share.yaml")
	writeFile(t, file, fmt.Sprintf(`apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: curated-packages}
spec:
  registry: {region: %s, account: %q}
  posture: %s
  source:
    account: %q
    %s
  destinations:
    - account: %q
      %s
      clusters:
        - {name: store-001, directory: out/store-001}
        - {name: store-002, directory: out/store-002}
`, region, registryByTable(t, region), o.posture, source, access[source], destination, access[destination]))
	return file
}

// pullpass runs a command of pullpass that must end with a certain exit code, and returns what it printed.
func (o operator) pullpass(t *testing.T, code int, share, command string, flags ...string) string {
	t.Helper()
	args := append([]string{command, "--sandbox", o.cloud.dir, "--share", share}, flags...)
	ended := o.programs.pullpass.run(t, o.bare(), nil, args...)
	if ended.code != code {
		t.Fatalf("pullpass %s ended with %d in place of %d: %s%s", command, ended.code, code, ended.stdout, ended.stderr)
	}
	return string(ended.stdout)
}

// commands runs what plan prints for the administrator of an account, as that one would.
func (o operator) commands(t *testing.T, account string) {
	t.Helper()
	const changesArePending = 3
	printed := o.pullpass(t, changesArePending, o.only(t, other(account)), "plan")
	_, section, ok := strings.Cut(printed, "\n# For the administrator of "+account)
	if !ok {
		t.Fatalf("plan printed nothing for the administrator of %s", account)
	}
	_, commands, _ := strings.Cut(section, "\n")
	if !strings.HasPrefix(commands, "aws iam ") {
		t.Fatalf("plan printed no command of the AWS CLI for %s", account)
	}
	env := slices.Concat(o.bare(), o.exports(t, account), []string{"PATH=" + o.onPath(t) + ":" + os.Getenv("PATH")})
	shell().run(t, env, nil, "-c", "set -eu\ncd \"$1\"\n"+commands, "sh", o.dir).succeeded(t)
}

// onPath returns a directory in which the AWS CLI under test is called aws.
func (o operator) onPath(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", o.aws.path)
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// state is all that was made: both accounts as IAM shows them and the files of each delivery, without what is new each
// time: dates, ids, keys.
func (o operator) state(t *testing.T) map[string]any {
	t.Helper()
	state := map[string]any{}
	for _, account := range []string{source, destination} {
		shown := o.admin(t, account, "iam", "get-account-authorization-details",
			"--filter", "User", "Role", "LocalManagedPolicy").succeeded(t)
		var details any
		if err := json.Unmarshal(shown.stdout, &details); err != nil {
			t.Fatalf("the details of account %s: %v", account, err)
		}
		state[account] = lasting(details)
	}
	for _, cluster := range []string{"store-001", "store-002"} {
		for name, content := range o.delivery(t, cluster) {
			state[cluster+"/"+name] = content
		}
	}
	return state
}

// lasting returns a JSON value without the members that differ each time that the same is made.
func lasting(value any) any {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(name string, _ any) bool {
			return strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "Id") || name == "RoleLastUsed"
		})
		for name, member := range value {
			value[name] = lasting(member)
		}
	case []any:
		for i, member := range value {
			value[i] = lasting(member)
		}
	}
	return value
}

// A key's two halves, as an AWS config file holds them.
var keyMaterial = regexp.MustCompile(`(?m)^(aws_access_key_id|aws_secret_access_key)(\s*=\s*)\S+$`)

// delivery returns the files of a cluster's delivery, with their mode. The config inside the manifest is decoded.
func (o operator) delivery(t *testing.T, cluster string) map[string]string {
	t.Helper()
	files := map[string]string{}
	dir := filepath.Join(o.dir, "out", cluster)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		content := decodeConfig(t, string(readFile(t, filepath.Join(dir, entry.Name()))))
		files[entry.Name()] = info.Mode().String() + "\n" + keyMaterial.ReplaceAllString(content, "$1$2…")
	}
	return files
}

// decodeConfig writes the config of a Secret's manifest, a line of base64, as what it stands for.
func decodeConfig(t *testing.T, manifest string) string {
	t.Helper()
	before, encoded, ok := strings.Cut(manifest, "\n  config: ")
	if !ok {
		return manifest
	}
	encoded, after, _ := strings.Cut(encoded, "\n")
	config, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("the manifest's config: %v", err)
	}
	return before + "\n  config, decoded:\n" + string(config) + after
}
