package peers

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestDelivered gives what pullpass delivers to programs that were not written for it, in one sandbox under AWS's real host
// names: in both postures, with the share as it was applied, then with one action less at a time, then spoiled.
func TestDelivered(t *testing.T) {
	s := newStage(t, "")
	recorded := &record{}
	t.Run("administrators", func(t *testing.T) { s.administer(t, recorded) })
	const done = 0
	s.playEach(t, "lent", done, func(t *testing.T, l *lending) { l.play(t, recorded) })
	t.Run("what is granted is what is needed", recorded.grantsTheNeeded)

	late := newStage(t, expired)
	late.chart, late.image = s.chart, s.image
	const proofFailed = 4
	late.playEach(t, "expired", proofFailed, func(t *testing.T, l *lending) { l.try(t, recorded, subscriptionExpired) })
	if !t.Failed() { // The documents tell of runs that passed.
		recorded.keep(t)
	}
}

// playEach applies a share in each posture, which must end with a certain exit code, then plays them beside each other.
func (s *stage) playEach(t *testing.T, name string, code int, play func(*testing.T, *lending)) {
	t.Helper()
	var lent []*lending
	for _, p := range postures {
		lent = append(lent, s.lend(t, p, code))
	}
	if s.image == "" {
		lent[0].readBundle(t)
	}
	t.Run(name, func(t *testing.T) {
		for _, l := range lent {
			t.Run(string(l.posture), func(t *testing.T) {
				t.Parallel()
				play(t, l)
			})
		}
	})
}

// A posture is how a share is granted.
type posture string

const (
	documented posture = "documented"
	hardened   posture = "hardened"
)

var postures = []posture{documented, hardened}

// A stage is the sandbox that all programs share, with what is alike for them all.
type stage struct {
	scene
	host         string // of the packages registry
	chart, image string // repository@digest, as the bundle names them
	containerd   containerd
}

// newStage serves a sandbox with these accounts; an empty text stands for the default accounts.
func newStage(t *testing.T, accounts string) *stage {
	t.Helper()
	found := findPrograms(t)
	s := &stage{
		scene: scene{programs: found, aws: found.aws[0], way: realNames, home: t.TempDir(), exported: map[string][]string{}},
		host:  registryHost(registryByTable(t, region)),
	}
	s.cloud = startCloud(t, s.programs.pullpass, accounts)
	for _, account := range []string{source, destination} {
		s.exports(t, account) // Both postures read them at once from here on.
	}
	s.containerd = startContainerd(t, found)
	return s
}

// A lending is a share that pullpass applied, and what it delivered to one cluster.
type lending struct {
	*stage
	posture    posture
	configFile string
	secretFile string

	user, role             string // ARNs
	readPolicy, rolePolicy string // ARNs of the role's policy and of the user's
	keyID                  string
	password               string // taken as the share was applied
}

// lend applies a share of one cluster in a posture, which must end with a certain exit code.
func (s *stage) lend(t *testing.T, p posture, code int) *lending {
	t.Helper()
	o := s.operate(t, string(p), string(p))
	file := filepath.Join(o.dir, "share.yaml")
	writeFile(t, file, strings.NewReplacer("POSTURE", string(p), "REGISTRY", registryByTable(t, region)).Replace(
		`apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: peers-POSTURE}
spec:
  registry: {region: us-west-2, account: "REGISTRY"}
  posture: POSTURE
  source: {account: "111111111111", access: {profile: "111111111111"}}
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters: [{name: store-001, directory: out/store-001}]
`))
	o.pullpass(t, code, file, "apply", "--yes")
	l := &lending{stage: s, posture: p,
		configFile: filepath.Join(o.dir, "out", "store-001", "aws-config"),
		secretFile: filepath.Join(o.dir, "out", "store-001", "aws-secret.yaml"),
	}
	l.learn(t)
	l.password = l.freshPassword(t).succeeded(t).text()
	return l
}

// learn finds out what apply made, from the delivered file on.
func (l *lending) learn(t *testing.T) {
	t.Helper()
	config := string(readFile(t, l.configFile))
	l.role, l.keyID = setTo(t, config, "role_arn"), setTo(t, config, "aws_access_key_id")
	user := setTo(t, config, "source_profile")
	l.user = printed(t, l.admin(t, destination, "iam", "get-user", "--user-name", user, "--query", "User.Arn"))
	const first = "AttachedPolicies[0].PolicyArn"
	l.readPolicy = printed(t, l.admin(t, source, "iam", "list-attached-role-policies", "--role-name", base(l.role), "--query", first))
	l.rolePolicy = printed(t, l.admin(t, destination, "iam", "list-attached-user-policies", "--user-name", user, "--query", first))
}

// setTo is the first value that an AWS config file gives a setting.
func setTo(t *testing.T, config, setting string) string {
	t.Helper()
	for line := range strings.Lines(config) {
		if name, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == setting {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("the delivered file does not set %s", setting)
	return ""
}

// base is the name at the end of an ARN.
func base(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// play runs everything with the share as it is, then with less and less of it.
func (l *lending) play(t *testing.T, r *record) {
	l.try(t, r, asApplied)
	l.tryEachAction(t, r)
	for _, c := range spoiled() {
		c.spoil(t, l)
		l.try(t, r, c)
	}
}

// readBundle learns from the bundle by which digests it names a chart and an image.
func (l *lending) readBundle(t *testing.T) {
	t.Helper()
	a := l.attempt(t)
	pullArtifact(t, a).succeeded(t)
	var b bundle
	if err := yaml.Unmarshal(readFile(t, a.pulledBundle()), &b); err != nil {
		t.Fatalf("the bundle: %v", err)
	}
	l.chart, l.image = b.find(t, aPackage)
}
