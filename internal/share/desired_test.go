package share_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

var oregon = registry.Registry{Account: "346438352937", Region: "us-west-2"}

func mustDerive(t *testing.T, text string) share.Desired {
	t.Helper()
	desired, err := mustParse(t, text).Desired(oregon)
	if err != nil {
		t.Fatalf("Desired: %v", err)
	}
	return desired
}

func withSpec(lines string) string { return strings.Replace(minimal, "spec:\n", "spec:\n"+lines, 1) }

func equalPolicy(t *testing.T, what string, got *iampolicy.Document, kind iampolicy.Kind, want string) {
	t.Helper()
	wanted, err := iampolicy.Parse([]byte(want), kind)
	if err != nil {
		t.Fatalf("%s: the wanted document: %v", what, err)
	}
	if !iampolicy.Equal(got, wanted) {
		t.Errorf("%s is\n%s\nwant\n%s", what, got.Indented(), wanted.Indented())
	}
}

// The documents below are those of AWS's page "Share access to EKS Anywhere Curated Packages", copied by hand with the
// page's example accounts and the registry of us-west-2.
const (
	pageReadPolicy = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ECRRead",
      "Effect": "Allow",
      "Action": [
        "ecr:DescribeImageScanFindings",
        "ecr:GetDownloadUrlForLayer",
        "ecr:DescribeRegistry",
        "ecr:DescribePullThroughCacheRules",
        "ecr:DescribeImageReplicationStatus",
        "ecr:ListTagsForResource",
        "ecr:ListImages",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:BatchCheckLayerAvailability"
      ],
      "Resource": "arn:aws:ecr:*:346438352937:repository/*"
    },
    {
      "Sid": "ECRLogin",
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken"
      ],
      "Resource": "*"
    }
  ]
}`
	pageTrust = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::999999999999:root"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}`
	pageAssumeRolePolicy = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Resource": "arn:aws:iam::111111111111:role/curated-packages-role"
  }
}`
)

func TestDocumentedPostureMakesWhatThePageMakes(t *testing.T) {
	d := mustDerive(t, withSpec("  posture: documented\n"))
	read, role := d.Source.Policies[0], d.Source.Roles[0]
	equalPolicy(t, "the policy", read.Document, iampolicy.Identity, pageReadPolicy)
	equalPolicy(t, "the trust", role.Trust, iampolicy.Trust, pageTrust)
	dest := d.Destinations[0]
	equalPolicy(t, "the assume role policy", dest.Policies[0].Document, iampolicy.Identity, pageAssumeRolePolicy)
	got := []string{
		read.ARN().String(), role.ARN().String(), fmt.Sprint(role.Policies),
		dest.Policies[0].ARN().String(), dest.Users[0].ARN().String(), fmt.Sprint(dest.Users[0].Policies),
	}
	want := []string{
		"arn:aws:iam::111111111111:policy/curated-packages-policy",
		"arn:aws:iam::111111111111:role/curated-packages-role",
		"[arn:aws:iam::111111111111:policy/curated-packages-policy]",
		"arn:aws:iam::999999999999:policy/curated-packages-assume-role-policy",
		"arn:aws:iam::999999999999:user/curated-packages-user",
		"[arn:aws:iam::999999999999:policy/curated-packages-assume-role-policy]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	c := dest.Clusters[0]
	if c.User != "curated-packages-user" || c.Config.UserProfile != c.User || c.Config.RoleSessionName != "" || c.Config.Region != "us-west-2" {
		t.Errorf("delivery = %+v", c)
	}
	if len(d.Source.Policies)+len(d.Source.Roles)+len(dest.Policies)+len(dest.Users) != 4 {
		t.Errorf("more than the page makes: %+v", d)
	}
}

func TestDocumentedNamesCanBeOverridden(t *testing.T) {
	d := mustDerive(t, withSpec("  posture: documented\n  iam: {path: /x/}\n  names: {policy: p, role: r, assumeRolePolicy: a, user: u}\n"))
	got := []string{
		d.Source.Policies[0].ARN().String(), d.Source.Roles[0].ARN().String(),
		d.Destinations[0].Policies[0].ARN().String(), d.Destinations[0].Users[0].ARN().String(),
		strings.Join(d.Destinations[0].Policies[0].Document.Statements[0].Resource, " "),
	}
	want := []string{
		"arn:aws:iam::111111111111:policy/x/p", "arn:aws:iam::111111111111:role/x/r",
		"arn:aws:iam::999999999999:policy/x/a", "arn:aws:iam::999999999999:user/x/u",
		"arn:aws:iam::111111111111:role/x/r",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestHardenedPosture(t *testing.T) {
	d := mustDerive(t, withSpec("  organization: o-a1b2c3d4e5\n  externalID: ext-1\n"))
	equalPolicy(t, "the policy", d.Source.Policies[0].Document, iampolicy.Identity, `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "ECRRead", "Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
     "Resource": "arn:aws:ecr:us-west-2:346438352937:repository/*"},
    {"Sid": "ECRLogin", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
  ]
}`)
	equalPolicy(t, "the trust", d.Source.Roles[0].Trust, iampolicy.Trust, `{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
    "Action": "sts:AssumeRole",
    "Condition": {
      "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:user/pullpass/curated-packages/*"},
      "StringEquals": {
        "sts:RoleSessionName": "${aws:username}",
        "aws:PrincipalOrgID": "o-a1b2c3d4e5",
        "sts:ExternalId": "ext-1"
      }
    }
  }]
}`)
	dest := d.Destinations[0]
	equalPolicy(t, "the assume role policy", dest.Policies[0].Document, iampolicy.Identity, `{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Resource": "arn:aws:iam::111111111111:role/pullpass/curated-packages/pullpass-curated-packages-999999999999"}
}`)
	got := []string{d.Source.Policies[0].ARN().String(), d.Source.Roles[0].ARN().String(), dest.Policies[0].ARN().String(), dest.Users[0].ARN().String()}
	want := []string{
		"arn:aws:iam::111111111111:policy/pullpass/curated-packages/pullpass-curated-packages-read",
		"arn:aws:iam::111111111111:role/pullpass/curated-packages/pullpass-curated-packages-999999999999",
		"arn:aws:iam::999999999999:policy/pullpass/curated-packages/pullpass-curated-packages-assume-role",
		"arn:aws:iam::999999999999:user/pullpass/curated-packages/pullpass-curated-packages-store-001",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	c := dest.Clusters[0].Config
	if c.RoleSessionName != "pullpass-curated-packages-store-001" || c.ExternalID != "ext-1" || c.RoleARN != d.Source.Roles[0].ARN() {
		t.Errorf("config = %+v", c)
	}
}

func TestHardenedTrustHasNoFenceThatTheShareDoesNotName(t *testing.T) {
	d := mustDerive(t, minimal)
	equalPolicy(t, "the trust", d.Source.Roles[0].Trust, iampolicy.Trust, `{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
    "Action": "sts:AssumeRole",
    "Condition": {
      "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:user/pullpass/curated-packages/*"},
      "StringEquals": {"sts:RoleSessionName": "${aws:username}"}
    }
  }]
}`)
	if c := d.Destinations[0].Clusters[0].Config; c.ExternalID != "" {
		t.Errorf("external id = %q, want none", c.ExternalID)
	}
}

func TestTagsSayWhatAThingBelongsTo(t *testing.T) {
	tags := func(d share.Desired) map[string]string {
		dest := d.Destinations[0]
		text := func(tags map[string]string) string {
			var pairs []string
			for _, key := range slices.Sorted(maps.Keys(tags)) {
				pairs = append(pairs, key+"="+tags[key])
			}
			return strings.Join(pairs, " ")
		}
		return map[string]string{
			"policy": text(d.Source.Policies[0].Tags), "role": text(d.Source.Roles[0].Tags),
			"destination policy": text(dest.Policies[0].Tags), "user": text(dest.Users[0].Tags),
		}
	}
	const own = "pullpass:share=curated-packages team=a"
	tests := map[string]struct {
		posture string
		want    map[string]string
	}{
		"documented": {"documented", map[string]string{
			"policy": own, "role": own,
			"destination policy": "pullpass:destination=999999999999 " + own,
			"user":               "pullpass:destination=999999999999 " + own,
		}},
		"hardened": {"hardened", map[string]string{
			"policy": own, "role": "pullpass:destination=999999999999 " + own,
			"destination policy": "pullpass:destination=999999999999 " + own,
			"user":               "pullpass:cluster=store-001 pullpass:destination=999999999999 " + own,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := mustDerive(t, withSpec("  posture: "+test.posture+"\n  iam: {tags: {team: a}}\n"))
			if diff := cmp.Diff(test.want, tags(d)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBoundaryIsPutOnRolesAndUsersOfEachAccount(t *testing.T) {
	d := mustDerive(t, withSpec("  iam: {permissionsBoundary: Developer}\n"))
	if got := d.Source.Roles[0].Boundary; got == nil || got.String() != "arn:aws:iam::111111111111:policy/Developer" {
		t.Errorf("role's boundary = %v", got)
	}
	if got := d.Destinations[0].Users[0].Boundary; got == nil || got.String() != "arn:aws:iam::999999999999:policy/Developer" {
		t.Errorf("user's boundary = %v", got)
	}
}

// many returns a document of n destinations without clusters.
func many(n int, posture string) string {
	var b strings.Builder
	b.WriteString(withSpec("  posture: " + posture + "\n"))
	for i := 2; i <= n; i++ {
		fmt.Fprintf(&b, "    - account: \"%012d\"\n", i)
	}
	return b.String()
}

func TestATrustTooLargeForOneRoleIsSplit(t *testing.T) {
	tests := map[string]struct {
		destinations int
		want         []int // destinations of each role
	}{
		"58 destinations fill one role": {58, []int{58}},
		"the 59th gets a second role":   {59, []int{58, 1}},
		"117 destinations need three":   {117, []int{58, 58, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := mustDerive(t, many(test.destinations, "documented"))
			var got []int
			for i, role := range d.Source.Roles {
				got = append(got, len(role.Destinations))
				want := "curated-packages-role"
				if i > 0 {
					want = fmt.Sprintf("curated-packages-role-%d", i+1)
				}
				if role.Name != want {
					t.Errorf("role %d is called %s, want %s", i+1, role.Name, want)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("destinations of each role (-want +got):\n%s", diff)
			}
			if problems := d.Quotas(); problems != nil {
				t.Errorf("quotas: %v", problems)
			}
			last := d.Destinations[len(d.Destinations)-1]
			role := d.Source.Roles[len(d.Source.Roles)-1].ARN().String()
			if got := last.Policies[0].Document.Statements[0].Resource; len(got) != 1 || got[0] != role {
				t.Errorf("the last destination may assume %v, want %s", got, role)
			}
		})
	}
}

func TestAnAppendedDestinationMovesNoOther(t *testing.T) {
	before, after := mustDerive(t, many(70, "documented")), mustDerive(t, many(71, "documented"))
	for i, side := range before.Destinations {
		if !iampolicy.Equal(side.Policies[0].Document, after.Destinations[i].Policies[0].Document) {
			t.Errorf("destination %s got another role", side.Account)
		}
	}
}

func TestUserNamesFitIntoIAM(t *testing.T) {
	long := strings.Repeat("c", 79)
	cluster := func(name string) string {
		d := mustDerive(t, strings.Replace(minimal, "store-001", name, 1))
		return d.Destinations[0].Users[0].Name
	}
	if got, want := cluster(strings.Repeat("c", 38)), "pullpass-curated-packages-"+strings.Repeat("c", 38); got != want {
		t.Errorf("a name of 64 characters became %s", got)
	}
	a, b := cluster(long+"a"), cluster(long+"b")
	if len(a) != 64 || len(b) != 64 || a == b {
		t.Errorf("long names became %s and %s, want two different ones of 64 characters", a, b)
	}
	// The hash is part of the contract: a user must be found again by a later release. Computed with sha256sum.
	if want := "pullpass-curated-packages-ccccccccccccccccccccccccccc-625385b092"; a != want {
		t.Errorf("got %s, want %s", a, want)
	}
}

func TestQuotasNamesWhatIAMWouldRefuse(t *testing.T) {
	name := strings.Repeat("r", 63)
	d := mustDerive(t, strings.Replace(many(59, "documented"), "  posture: documented\n", "  posture: documented\n  names: {role: "+name+"}\n", 1))
	var got []string
	for _, p := range d.Quotas() {
		got = append(got, p.Error())
	}
	want := []string{"arn:aws:iam::111111111111:role/" + name + "-2: 65 characters in the name; IAM takes 64"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	long := mustDerive(t, withSpec("  externalID: "+strings.Repeat("e", 1224)+"\n  iam: {path: /"+strings.Repeat("p", 490)+"/}\n"))
	if problems := long.Quotas(); len(problems) != 0 {
		t.Errorf("a trust within the quota: %v", problems)
	}
	d.Source.Roles[0].Policies = make([]arn.ARN, 11)
	d.Destinations[0].Users[0].Policies = make([]arn.ARN, 11)
	d.Destinations[0].Policies[0].Path = "/" + strings.Repeat("p", 511) + "/"
	if problems := d.Quotas(); len(problems) != 4 {
		t.Errorf("problems = %v, want four", problems)
	}
}

func TestDesiredRefusesAnotherRegistry(t *testing.T) {
	doc := mustParse(t, strings.Replace(minimal, "{region: us-west-2}", "{region: us-west-2, account: \"346438352937\"}", 1))
	tests := map[string]struct {
		reg  registry.Registry
		want string
	}{
		"of another Region":  {registry.Registry{Account: "346438352937", Region: "us-east-1"}, "share.yaml:5:22: spec.registry.region: the registry 346438352937.dkr.ecr.us-east-1.amazonaws.com is in another Region"},
		"of another account": {registry.Legacy(), "share.yaml:5:42: spec.registry.account: the subscription's packages are in registry account 783794618700\nhint: correct the account or leave it out"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := doc.Desired(test.reg)
			var e *share.Error
			if !errors.As(err, &e) || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func readExample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// outline prints the accounts, roles, clusters and users of d, one destination a line.
func outline(d share.Desired) []string {
	var lines []string
	for _, r := range d.Source.Roles {
		lines = append(lines, fmt.Sprintf("role %s for %v", r.Name, r.Destinations))
	}
	for _, side := range d.Destinations {
		line := string(side.Account) + ":"
		for _, c := range side.Clusters {
			line += " " + c.Cluster + "→" + c.Directory
		}
		for _, u := range side.Users {
			line += " " + u.Name
		}
		lines = append(lines, line)
	}
	return lines
}

func TestSelectNarrows(t *testing.T) {
	hardened, documented := mustDerive(t, readExample(t, "share.yaml")), mustDerive(t, readExample(t, "share-documented.yaml"))
	managing := mustDerive(t, strings.Replace(inCluster("{context: hub}")+"          workloadClusters: [w1, w2]\n"+
		"        - {name: other, directory: out/other}\n", "name: store-001", "name: hub", 1))
	const (
		hub        = "999999999999: hub→ w1→ w2→ pullpass-curated-packages-hub"
		retailRole = "role pullpass-curated-packages-999999999999 for [999999999999]"
		plantRole  = "role pullpass-curated-packages-222222222222 for [222222222222]"
		pageRole   = "role curated-packages-role for [999999999999 222222222222]"
		retail     = "999999999999: store-001→out/store-001 store-002→out/store-002 pullpass-curated-packages-store-001 pullpass-curated-packages-store-002"
		plant      = "222222222222: plant-north→out/plant-north plant-south→out/plant-south pullpass-curated-packages-plant-north pullpass-curated-packages-plant-south"
	)
	tests := map[string]struct {
		of                     share.Desired
		destinations, clusters []string
		want                   []string
	}{
		"nothing given is all": {hardened, nil, nil, []string{retailRole, plantRole, retail, plant}},
		"a destination":        {hardened, []string{"222222222222"}, nil, []string{plantRole, plant}},
		"a cluster": {hardened, nil, []string{"store-002"},
			[]string{retailRole, "999999999999: store-002→out/store-002 pullpass-curated-packages-store-002"}},
		"clusters of two destinations": {hardened, nil, []string{"store-002", "plant-north"}, []string{
			retailRole, plantRole,
			"999999999999: store-002→out/store-002 pullpass-curated-packages-store-002",
			"222222222222: plant-north→out/plant-north pullpass-curated-packages-plant-north",
		}},
		"a cluster with those that it manages":  {managing, nil, []string{"hub"}, []string{retailRole, hub}},
		"a managed cluster with all the others": {managing, nil, []string{"w2"}, []string{retailRole, hub}},
		"what destinations share stays whole": {documented, []string{"999999999999"}, []string{"store-001"},
			[]string{pageRole, "999999999999: store-001→out/store-001 curated-packages-user"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.of.Select(test.destinations, test.clusters)
			if err != nil {
				t.Fatalf("Select: %v", err)
			}
			if diff := cmp.Diff(test.want, outline(got)); diff != "" {
				t.Errorf("what is left (-want +got):\n%s", diff)
			}
			if want := len(test.destinations)+len(test.clusters) > 0; got.Partial != want {
				t.Errorf("Partial = %t, want %t", got.Partial, want)
			}
		})
	}
}

func TestSelectRefusesUnknownNames(t *testing.T) {
	d := mustDerive(t, readExample(t, "share.yaml"))
	tests := map[string]struct {
		destinations, clusters []string
		want                   string
	}{
		"a destination": {[]string{"333333333333"}, nil, `narrowing share curated-packages: unknown destination "333333333333"; known: 222222222222, 999999999999`},
		"a cluster":     {nil, []string{"store-003"}, `narrowing share curated-packages: unknown cluster "store-003"; known: plant-north, plant-south, store-001, store-002`},
		"a cluster of another destination": {[]string{"222222222222"}, []string{"store-001"},
			`narrowing share curated-packages: unknown cluster "store-001"; known: plant-north, plant-south`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.Select(test.destinations, test.clusters)
			if !errors.Is(err, share.ErrUnknownName) || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}
