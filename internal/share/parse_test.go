package share_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/share"
)

// minimal is a valid document to which a test appends or in which it replaces something.
const minimal = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: curated-packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111"}
  destinations:
    - account: "999999999999"
      clusters:
        - name: store-001
          directory: out/store-001
`

func mustParse(t *testing.T, text string) *share.Document {
	t.Helper()
	doc, err := share.Parse("share.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return doc
}

// problems returns what Parse reports, one line:column: field: message [hint] each.
func problems(t *testing.T, text string) []string {
	t.Helper()
	_, err := share.Parse("share.yaml", []byte(text))
	if err == nil {
		return nil
	}
	var errs share.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("Parse gave an error of type %T: %v", err, err)
	}
	var lines []string
	for _, e := range errs {
		line := fmt.Sprintf("%d:%d: %s: %s", e.Line, e.Column, e.Field, e.Msg)
		if e.Hint != "" {
			line += " [" + e.Hint + "]"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestParseFillsInDefaults(t *testing.T) {
	doc := mustParse(t, minimal)
	if doc.Spec.Posture != share.Hardened {
		t.Errorf("posture = %q, want hardened", doc.Spec.Posture)
	}
	if want := (share.Keys{MaxAge: 90 * 24 * time.Hour, Idle: 24 * time.Hour}); doc.Spec.Keys != want {
		t.Errorf("keys = %v, want %v", doc.Spec.Keys, want)
	}
	if doc.Spec.IAM.Path != "/pullpass/" {
		t.Errorf("iam.path = %q, want /pullpass/", doc.Spec.IAM.Path)
	}
	if got := doc.Spec.IAM.PermissionsBoundary.In("111111111111"); got != nil {
		t.Errorf("boundary = %v, want none", got)
	}
	documented := mustParse(t, strings.Replace(minimal, "spec:\n", "spec:\n  posture: documented\n", 1))
	if documented.Spec.IAM.Path != "/" {
		t.Errorf("documented iam.path = %q, want /", documented.Spec.IAM.Path)
	}
	want := share.Names{
		Policy:           "curated-packages-policy",
		Role:             "curated-packages-role",
		AssumeRolePolicy: "curated-packages-assume-role-policy",
		User:             "curated-packages-user",
	}
	if diff := cmp.Diff(want, documented.Spec.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestParseReadsEveryField(t *testing.T) {
	doc := mustParse(t, `# comment
apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata:
  name: curated-packages
spec:
  registry:
    region: us-west-2
    subscription: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964
    account: "346438352937"
  source:
    account: "111111111111"
    access: {roleARN: "arn:aws:iam::111111111111:role/ops/Admin", externalID: abc, sourceProfile: base}
  organization: o-a1b2c3d4e5
  posture: hardened
  externalID: share-7
  iam: {path: /company/, permissionsBoundary: /rules/Developer, tags: {cost-center: "42", empty: ""}}
  keys: {maxAge: 12h, idle: 36h}
  destinations:
    - account: "064352486547"
      access: default
      clusters:
        - name: store-001
          kubernetes: {kubeconfig: ~/.kube/config, context: store-001}
          workloadClusters: [store-001-w1, store-001-w2]
        - name: hub
          kubernetes: {inCluster: true, restart: false}
    - account: '999999999999'
      access: {profile: retail admin}
`)
	type access = share.Access
	want := share.Spec{
		Registry: share.RegistrySpec{Region: "us-west-2", Subscription: "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", Account: "346438352937"},
		Source: share.Source{Account: "111111111111", Access: &access{
			RoleARN:    arn.ARN{Partition: "aws", Service: "iam", Account: "111111111111", Resource: "role/ops/Admin"},
			ExternalID: "abc", SourceProfile: "base",
		}},
		Organization: "o-a1b2c3d4e5",
		Posture:      share.Hardened,
		ExternalID:   "share-7",
		Keys:         share.Keys{MaxAge: 12 * time.Hour, Idle: 36 * time.Hour},
		Destinations: []share.Destination{
			{Account: "064352486547", Access: &access{Default: true}, Clusters: []share.Cluster{{
				Name:             "store-001",
				Kubernetes:       &share.Kubernetes{Kubeconfig: "~/.kube/config", Context: "store-001", Restart: true},
				WorkloadClusters: []string{"store-001-w1", "store-001-w2"},
			}, {
				Name: "hub", Kubernetes: &share.Kubernetes{InCluster: true},
			}}},
			{Account: "999999999999", Access: &access{Profile: "retail admin"}},
		},
	}
	got := doc.Spec
	if diff := cmp.Diff(map[string]string{"cost-center": "42", "empty": ""}, got.IAM.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if got.IAM.Path != "/company/" {
		t.Errorf("path = %q, want /company/", got.IAM.Path)
	}
	boundary := got.IAM.PermissionsBoundary.In("999999999999")
	if boundary == nil || boundary.String() != "arn:aws:iam::999999999999:policy/rules/Developer" {
		t.Errorf("boundary in 999999999999 = %v", boundary)
	}
	got.IAM, got.Names = share.IAM{}, share.Names{}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(share.Boundary{})); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	replace := func(old, now string) string {
		if !strings.Contains(minimal, old) {
			t.Fatalf("the minimal document does not hold %q", old)
		}
		return strings.Replace(minimal, old, now, 1)
	}
	spec := func(lines string) string { return replace("  destinations:", lines+"\n  destinations:") }
	cluster := func(lines string) string { return replace("          directory: out/store-001\n", lines) }
	tests := map[string]struct {
		text string
		want []string
	}{
		"an unknown field, with the nearest known one": {
			replace("account: \"999", "acount: \"999"),
			[]string{
				"8:7: spec.destinations[0].account: is missing",
				"8:7: spec.destinations[0].acount: unknown field [did you mean account?]",
			},
		},
		"an unknown field far from any, with the known ones": {
			replace("metadata: {name: curated-packages}", "metadata: {name: curated-packages, zzzzzzzzzz: 1}"),
			[]string{"3:36: metadata.zzzzzzzzzz: unknown field [known: name]"},
		},
		"a field that stands twice": {
			spec("  posture: hardened\n  posture: documented"),
			[]string{"8:3: spec.posture: stands here a second time; the first is on line 7"},
		},
		"text where a mapping belongs": {
			replace("{region: us-west-2}", "us-west-2"),
			[]string{"5:13: spec.registry: must be a mapping of fields, not text"},
		},
		"a mapping where a list belongs": {
			minimal[:strings.Index(minimal, "    - account")] + "    account: x\n",
			[]string{"8:5: spec.destinations: must be a list, not a mapping"},
		},
		"nothing where text belongs": {
			replace("{account: \"111111111111\"}", "{account: }"),
			[]string{"6:20: spec.source.account: must be text, not nothing [give a value or leave the field out]"},
		},
		"empty text": {
			cluster("          directory: \"\"\n"),
			[]string{"11:22: spec.destinations[0].clusters[0].directory: must not be empty [give a value or leave the field out]"},
		},
		"a boolean where text belongs": {
			replace("name: store-001", "name: true"),
			[]string{"10:17: spec.destinations[0].clusters[0].name: must be text, not a boolean [put it in quotes: \"true\"]"},
		},
		"no destinations": {
			minimal[:strings.Index(minimal, "    - account")] + "    []\n",
			[]string{"8:5: spec.destinations: names no destination"},
		},
		"a document of another version and kind": {
			strings.NewReplacer("v1alpha1", "v2", "kind: Share", "kind: Pass").Replace(minimal),
			[]string{
				"1:13: apiVersion: must be pullpass.dev/v1alpha1, not \"pullpass.dev/v2\"",
				"2:7: kind: must be Share, not \"Pass\"",
			},
		},
		"an invitation, which is told at once and alone": {
			replace("kind: Share", "kind: Invitation"),
			[]string{"2:7: kind: this is an invitation, not a share [pullpass accept share.yaml]"},
		},
		"a tag of YAML, an anchor or an alias": {
			replace("{region: us-west-2}", "{region: &r us-west-2, subscription: *r, account: !!str 5}"),
			[]string{
				"5:22: spec.registry.region: must be text, not an anchor [write the value out: a share has no anchors, aliases or tags]",
				"5:50: spec.registry.subscription: must be text, not an alias [write the value out: a share has no anchors, aliases or tags]",
				"5:63: spec.registry.account: must be text, not a tag [write the value out: a share has no anchors, aliases or tags]",
			},
		},
		"a merge key": {
			spec("  <<: {posture: hardened}"),
			[]string{"7:3: spec: a key must be plain text [write the fields out]"},
		},
		"an account id of eleven digits": {
			replace("\"999999999999\"", "\"99999999999\""),
			[]string{"8:16: spec.destinations[0].account: an account id is 12 digits, not \"99999999999\""},
		},
		"an unquoted account id": {
			replace("\"999999999999\"", "999999999999"),
			[]string{"8:16: spec.destinations[0].account: an account id must be quoted: YAML takes it for a number, which loses leading zeros [write \"999999999999\" in quotes]"},
		},
		"an unquoted account id with a leading zero, which some readers of YAML take for text": {
			replace("\"999999999999\"", "064352486547"),
			[]string{"8:16: spec.destinations[0].account: an account id must be quoted: YAML takes it for a number, which loses leading zeros [write \"064352486547\" in quotes]"},
		},
		"an unquoted account id that lost its leading zero": {
			replace("\"999999999999\"", "64352486547"),
			[]string{"8:16: spec.destinations[0].account: an account id has 12 digits and must be quoted: this number has 11; leading zeros are lost in an unquoted number [write all 12 digits, in quotes]"},
		},
		"an account that is a destination twice": {
			minimal + "    - account: \"999999999999\"\n",
			[]string{"12:16: spec.destinations[1].account: the account is a destination already, on line 8"},
		},
		"the source as a destination": {
			replace("\"999999999999\"", "\"111111111111\""),
			[]string{"8:16: spec.destinations[0].account: is the source account itself, which has access by its subscription"},
		},
		"a cluster twice, in another case": {
			minimal + "        - {name: Store-001, directory: out/b}\n",
			[]string{"12:18: spec.destinations[0].clusters[1].name: the destination has a cluster of that name already, on line 10"},
		},
		"two clusters with one directory, in different accounts": {
			minimal + "    - account: \"222222222222\"\n      clusters:\n        - {name: b, directory: ./out/store-001/}\n",
			[]string{"14:32: spec.destinations[1].clusters[0].directory: another cluster's credential goes there already, on line 11"},
		},
		"two clusters with one context": {
			cluster("          kubernetes: {context: c}\n        - {name: b, kubernetes: {context: c}}\n"),
			[]string{"12:33: spec.destinations[0].clusters[1].kubernetes: another cluster's credential goes there already, on line 11"},
		},
		"a cluster with no delivery": {
			cluster(""),
			[]string{"10:11: spec.destinations[0].clusters[0]: says nowhere to deliver the credential [add directory: out/store-001, or kubernetes: {context: …}]"},
		},
		"a cluster with two deliveries": {
			minimal + "          kubernetes: {context: c}\n",
			[]string{"12:23: spec.destinations[0].clusters[0].kubernetes: a cluster has one delivery; directory and kubernetes exclude each other"},
		},
		"a Kubernetes delivery without a context": {
			cluster("          kubernetes: {kubeconfig: a}\n"),
			[]string{"11:23: spec.destinations[0].clusters[0].kubernetes: names no context [name one of kubectl config get-contexts, or inCluster: true]"},
		},
		"a Kubernetes delivery without anything": {
			cluster("          kubernetes: {}\n"),
			[]string{"11:23: spec.destinations[0].clusters[0].kubernetes: names no context [name one of kubectl config get-contexts, or inCluster: true]"},
		},
		"a delivery to the cluster around and to another": {
			cluster("          kubernetes: {inCluster: true, context: c}\n"),
			[]string{"11:35: spec.destinations[0].clusters[0].kubernetes.inCluster: the cluster that pullpass runs in needs no kubeconfig and no context"},
		},
		"a boolean in words": {
			cluster("          kubernetes: {context: c, restart: never}\n"),
			[]string{"11:45: spec.destinations[0].clusters[0].kubernetes.restart: must be true or false, not text"},
		},
		"a workload cluster with the name of another cluster": {
			minimal + "          workloadClusters: [Store-001]\n",
			[]string{"12:30: spec.destinations[0].clusters[0].workloadClusters[0]: the destination has a cluster of that name already, on line 10"},
		},
		"a workload cluster twice": {
			minimal + "          workloadClusters: [a, b, a]\n",
			[]string{"12:36: spec.destinations[0].clusters[0].workloadClusters[2]: the destination has a cluster of that name already, on line 12"},
		},
		"a bad cluster name": {
			replace("name: store-001", "name: store_001"),
			[]string{"10:17: spec.destinations[0].clusters[0].name: must be letters, digits and hyphens, as EKS Anywhere wants cluster names, not \"store_001\""},
		},
		"a cluster name of 81 characters": {
			replace("name: store-001", "name: "+strings.Repeat("c", 81)),
			[]string{"10:17: spec.destinations[0].clusters[0].name: has 81 characters; EKS Anywhere takes at most 80"},
		},
		"a share name in capitals": {
			replace("curated-packages", "Curated"),
			[]string{"3:18: metadata.name: must be lower case letters, digits and inner hyphens, not \"Curated\""},
		},
		"a share name that leaves no room": {
			replace("curated-packages", strings.Repeat("s", 43)),
			[]string{"3:18: metadata.name: has 43 characters; at most 42 leave room for an account id in IAM's role names of 64"},
		},
		"an unknown Region, with the known ones": {
			replace("us-west-2", "us-west-9"),
			[]string{"5:22: spec.registry.region: unknown Region \"us-west-9\" [known Regions: af-south-1, ap-east-1, ap-northeast-1, ap-northeast-2, ap-northeast-3, ap-south-1, ap-south-2, ap-southeast-1, ap-southeast-2, ap-southeast-3, ap-southeast-4, ap-southeast-5, ap-southeast-7, ca-central-1, ca-west-1, eu-central-1, eu-central-2, eu-north-1, eu-south-1, eu-south-2, eu-west-1, eu-west-2, eu-west-3, il-central-1, me-central-1, me-south-1, mx-central-1, sa-east-1, us-east-1, us-east-2, us-west-1, us-west-2; for another give the registry's account too]"},
		},
		"a Region of GovCloud, even beside an account": {
			replace("{region: us-west-2}", "{region: us-gov-west-1, account: \"346438352937\"}"),
			[]string{"5:22: spec.registry.region: finding the packages registry of us-gov-west-1: no packages registry exists in AWS GovCloud (US) [curated packages are for the commercial Regions]"},
		},
		"no Region": {
			replace("region: us-west-2", "account: \"346438352937\""),
			[]string{"5:13: spec.registry.region: is missing"},
		},
		"the ARN of a subscription": {
			replace("{region: us-west-2}", "{region: us-west-2, subscription: \"arn:aws:eks:us-west-2:111111111111:eks-anywhere-subscription/e29fd0d2\"}"),
			[]string{"5:47: spec.registry.subscription: a subscription id is like e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964, not \"arn:aws:eks:us-west-2:111111111111:eks-anywhere-subscription/e29fd0d2\" [of the ARN give the last part: e29fd0d2]"},
		},
		"an unknown posture": {
			spec("  posture: harden"),
			[]string{"7:12: spec.posture: unknown posture \"harden\" [did you mean hardened?]"},
		},
		"a bad organization": {
			spec("  organization: r-1234"),
			[]string{"7:17: spec.organization: an organization id is like o-a1b2c3d4e5, not \"r-1234\""},
		},
		"fences in the documented posture": {
			spec("  posture: documented\n  organization: o-a1b2c3d4e5\n  externalID: abc"),
			[]string{
				"8:17: spec.organization: has no effect in the documented posture [leave it out, or choose posture: hardened]",
				"9:15: spec.externalID: has no effect in the documented posture [leave it out, or choose posture: hardened]",
			},
		},
		"names in the hardened posture": {
			spec("  names: {user: u}"),
			[]string{"7:10: spec.names: has no effect in the hardened posture [leave it out, or choose posture: documented]"},
		},
		"names that IAM would refuse": {
			spec("  posture: documented\n  names: {user: " + strings.Repeat("u", 65) + ", role: a b, policy: " + strings.Repeat("p", 129) + "}"),
			[]string{
				"8:17: spec.names.user: has 65 characters; IAM takes 64",
				"8:90: spec.names.role: a name in IAM is letters, digits and any of _+=,.@-, not \"a b\"",
				"8:103: spec.names.policy: has 129 characters; IAM takes 128",
			},
		},
		"an external id of one character, and one with a space": {
			spec("  externalID: x") + "      access: {roleARN: \"arn:aws:iam::999999999999:role/r\", externalID: a b}\n",
			[]string{
				"7:15: spec.externalID: has 1 characters; STS takes 2 to 1224",
				"13:73: spec.destinations[0].access.externalID: must be letters, digits and any of _+=,.@:/-",
			},
		},
		"paths": {
			spec("  iam: {path: pullpass}"),
			[]string{"7:15: spec.iam.path: a path begins and ends with a slash and is made of letters, digits and any of _+=,.@- between slashes, not \"pullpass\" [write it like /pullpass/]"},
		},
		"a path with a wildcard": {
			spec("  iam: {path: /pull*/}"),
			[]string{"7:15: spec.iam.path: a path begins and ends with a slash and is made of letters, digits and any of _+=,.@- between slashes, not \"/pull*/\" [write it like /pullpass/]"},
		},
		"a path that is too long with the share's name": {
			spec("  iam: {path: /" + strings.Repeat("p", 500) + "/}"),
			[]string{"7:15: spec.iam.path: with the share's name makes a path of 519 characters; IAM takes 512"},
		},
		"a boundary of one account": {
			spec("  iam: {permissionsBoundary: \"arn:aws:iam::111111111111:policy/rules/Developer\"}"),
			[]string{"7:30: spec.iam.permissionsBoundary: an ARN ties the boundary to account 111111111111, but it bounds entities of every account of the share [give /rules/Developer, which then names the policy of each account]"},
		},
		"a boundary that is no policy": {
			spec("  iam: {permissionsBoundary: \"arn:aws:iam::aws:role/x\"}"),
			[]string{"7:30: spec.iam.permissionsBoundary: a boundary is the name of a policy, like Developer or /company/Developer, or the ARN of one that AWS manages, not \"arn:aws:iam::aws:role/x\""},
		},
		"tags that AWS or pullpass would not have": {
			spec("  iam: {tags: {\"aws:x\": a, \"PullPass:share\": b, \"a!\": c, n: 42, Team: d, team: e, v: \"#\"}}"),
			[]string{
				"7:16: spec.iam.tags.aws:x: keys that begin with aws: are AWS's own",
				"7:28: spec.iam.tags.PullPass:share: keys that begin with pullpass: are set by pullpass",
				"7:49: spec.iam.tags.a!: a tag's key is letters, digits, spaces and any of _.:/=+-@",
				"7:61: spec.iam.tags.n: must be text, not a number [put it in quotes: \"42\"]",
				"7:74: spec.iam.tags.team: differs from Team in case only; IAM takes the two for one",
				"7:86: spec.iam.tags.v: a tag's value is letters, digits, spaces and any of _.:/=+-@",
			},
		},
		"durations": {
			spec("  keys: {maxAge: 3 months}"),
			[]string{"7:18: spec.keys.maxAge: a duration is whole days or hours, such as 90d or 12h, not \"3 months\""},
		},
		"a duration beyond ten years": {
			spec("  keys: {maxAge: 3651d}"),
			[]string{"7:18: spec.keys.maxAge: 3651d is more than ten years"},
		},
		"access by an unknown word": {
			replace("{account: \"111111111111\"}", "{account: \"111111111111\", access: admin}"),
			[]string{"6:45: spec.source.access: the only word here is default, not \"admin\" [for a profile of that name write {profile: \"admin\"}]"},
		},
		"access by nothing": {
			replace("{account: \"111111111111\"}", "{account: \"111111111111\", access: {}}"),
			[]string{"6:45: spec.source.access: needs profile or roleARN [for the ordinary AWS configuration write access: default; without access the side is handed over]"},
		},
		"access by a profile as well as a role, of another account": {
			replace("{account: \"111111111111\"}", "{account: \"111111111111\", access: {profile: p, roleARN: \"arn:aws:iam::222222222222:role/r\"}}"),
			[]string{
				"6:67: spec.source.access.roleARN: profile and roleARN exclude each other [for a role assumed from a profile use sourceProfile]",
				"6:67: spec.source.access.roleARN: is a role of account 222222222222, but opens account 111111111111",
			},
		},
		"a source profile without a role": {
			replace("{account: \"111111111111\"}", "{account: \"111111111111\", access: {profile: p, sourceProfile: q}}"),
			[]string{"6:73: spec.source.access.sourceProfile: goes with roleARN only"},
		},
		"a role ARN that is none": {
			replace("{account: \"111111111111\"}", "{account: \"111111111111\", access: {roleARN: \"arn:aws:iam::aws:role/r\"}}"),
			[]string{"6:55: spec.source.access.roleARN: a role's ARN names its account: arn:aws:iam::111111111111:role/name, not \"arn:aws:iam::aws:role/r\""},
		},
		"two documents": {
			minimal + "---\nkind: Share\n",
			[]string{"13:1: : a second document; a share file holds one [put each share into a file of its own]"},
		},
		"an empty document": {
			"# nothing\n",
			[]string{"1:1: : the document is empty [begin with apiVersion: pullpass.dev/v1alpha1 and kind: Share]"},
		},
		"a document that is a list": {
			"- a\n",
			[]string{"1:1: : must be a mapping of fields, not a list"},
		},
		"an empty mapping": {
			"{}\n",
			[]string{"1:1: apiVersion: is missing", "1:1: kind: is missing", "1:1: metadata: is missing", "1:1: spec: is missing"},
		},
		"text that is not UTF-8": {
			"a: b\nc: \xff\n",
			[]string{"2:4: : the text is not UTF-8 [save the file as UTF-8]"},
		},
		"text that is not YAML": {
			"kind: [Share\n",
			[]string{"1:7: : not valid YAML: sequence end token ']' not found"},
		},
		"lists in lists without end": {
			strings.Repeat("[", 100_000),
			[]string{"1:33: : the document nests deeper than any field of a share"},
		},
		"a file that is no share at all": {
			strings.Repeat("#", 1<<20+1),
			[]string{"1:1: : the document has 1048577 bytes; at most 1048576 are read"},
		},
		"all mistakes at once, by position": {
			strings.NewReplacer("kind: Share", "kind: share", "us-west-2", "mars-1", "\"111111111111\"", "\"1\"", "out/store-001", "7").Replace(minimal),
			[]string{
				"2:7: kind: must be Share, not \"share\"",
				"5:22: spec.registry.region: a Region is a code such as us-west-2, not \"mars-1\"",
				"6:21: spec.source.account: an account id is 12 digits, not \"1\"",
				"11:22: spec.destinations[0].clusters[0].directory: must be text, not a number [put it in quotes: \"7\"]",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problems(t, test.text)); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseTakes(t *testing.T) {
	tests := map[string]string{
		"CRLF line ends":                               strings.ReplaceAll(minimal, "\n", "\r\n"),
		"a byte order mark":                            "\ufeff" + minimal,
		"a document header and trailer":                "---\n" + minimal + "---\n",
		"one cluster name in two accounts":             minimal + "    - account: \"222222222222\"\n      clusters:\n        - {name: store-001, directory: out/b}\n",
		"a destination without clusters":               minimal + "    - account: \"222222222222\"\n",
		"an unlisted Region with its registry account": strings.Replace(minimal, "{region: us-west-2}", "{region: us-west-9, account: \"346438352937\"}", 1),
		"an AWS managed boundary": strings.Replace(minimal, "spec:\n",
			"spec:\n  iam: {permissionsBoundary: \"arn:aws:iam::aws:policy/PowerUserAccess\"}\n", 1),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if got := problems(t, text); got != nil {
				t.Errorf("mistakes: %s", strings.Join(got, "\n"))
			}
		})
	}
}

func TestErrorsPrintTheFileThePlaceAndAHint(t *testing.T) {
	_, err := share.Parse("share.yaml", []byte(strings.NewReplacer("kind: Share", "kind: share", "name: curated", "nam: curated").Replace(minimal)))
	want := `share.yaml:2:7: kind: must be Share, not "share"
share.yaml:3:11: metadata.name: is missing
share.yaml:3:12: metadata.nam: unknown field
hint: did you mean name?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	var one *share.Error
	if !errors.As(err, &one) || one.Line != 2 {
		t.Errorf("errors.As found %v, want the mistake on line 2", one)
	}
}

func TestErrorAtPlacesFieldsAndWhatSurroundsMissingOnes(t *testing.T) {
	doc := mustParse(t, minimal)
	tests := map[string]share.Position{
		"spec.destinations[0].clusters[0].directory":        {Line: 11, Column: 22},
		"spec.destinations[0].clusters[0].kubernetes":       {Line: 10, Column: 11},
		"spec.destinations[0].clusters[0].kubernetes.a.b.c": {Line: 10, Column: 11},
		"spec.iam.path": {Line: 5, Column: 3},
		"nothing":       {Line: 1, Column: 1},
	}
	for field, want := range tests {
		if got := doc.ErrorAt(field, "x", ""); got.Position != want || got.File != "share.yaml" {
			t.Errorf("ErrorAt(%s) is at %s:%v, want %v", field, got.File, got.Position, want)
		}
	}
}

func TestCheckProfiles(t *testing.T) {
	doc := mustParse(t, strings.Replace(minimal, "{account: \"111111111111\"}", "{account: \"111111111111\", access: {profile: admn}}", 1)+
		"      access: {roleARN: \"arn:aws:iam::999999999999:role/r\", sourceProfile: base}\n")
	if err := share.CheckProfiles(doc, map[string]bool{"admn": true, "base": true}); err != nil {
		t.Errorf("known profiles: %v", err)
	}
	err := share.CheckProfiles(doc, map[string]bool{"admin": true, "other": true})
	want := `share.yaml:6:55: spec.source.access.profile: unknown profile "admn"
hint: did you mean admin?
share.yaml:12:76: spec.destinations[0].access.sourceProfile: unknown profile "base"
hint: known: admin, other`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	for _, path := range []string{"../../examples/share.yaml", "../../examples/share-documented.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a: &x [1, *x]\n? b\n: {c: !!int 5}\n<<: *x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := share.Parse("share.yaml", src)
		if err == nil {
			if share.IsInvitation(src) {
				t.Error("it is taken for an invitation")
			}
			if doc.Metadata.Name == "" || doc.Spec.Source.Account == "" || doc.Spec.Registry.Region == "" {
				t.Errorf("accepted a document without a name, source or Region: %+v", doc)
			}
			return
		}
		var errs share.Errors
		if !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("an error of type %T: %v", err, err)
		}
		lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + 1
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Msg == "" {
				t.Errorf("a mistake without a place or words: %+v", e)
			}
		}
	})
}
