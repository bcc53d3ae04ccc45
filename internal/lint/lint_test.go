package lint_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/lint"
)

// The parts of the file of AWS's page, step 6, with a key of the right form.
const (
	role   = "role_arn=arn:aws:iam::111111111111:role/curated-packages-role\n"
	region = "region=us-west-2\n"
	source = "source_profile=curated-packages-user\n"
	secret = "uKxqVbC2dG/0nR5tY7wE+zM1aLp9sHfJ3iOcXkQv"
	key    = "aws_access_key_id=AKIASBFIJNV5XAIYUZIV\naws_secret_access_key=" + secret + "\n"
	user   = "[profile curated-packages-user]\n" + key
	good   = "[default]\n" + source + role + region + "\n" + user
)

// file is a config file of these profiles.
func file(defaults, rest string) string { return "[default]\n" + defaults + rest }

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// manifest is the Secret of AWS's page, step 7, with these lines of data.
func manifest(data ...string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: aws-secret\n  namespace: eksa-packages\ntype: Opaque\ndata:\n  " +
		strings.Join(data, "\n  ") + "\n"
}

// documented is the page's own Secret.
func documented(config string) string {
	return manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, `REGION: ""`, "config: "+config)
}

// inPlain is a Secret with its config under stringData.
func inPlain(config string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: aws-secret\n  namespace: eksa-packages\ntype: Opaque\nstringData:\n" +
		"  config: |\n    " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n    ") + "\n" +
		"data: {AWS_ACCESS_KEY_ID: \"\", AWS_SECRET_ACCESS_KEY: \"\", REGION: \"\"}\n"
}

// keys is the Secret of a subscription's own account, which needs no config.
func keys(id, secret, region string) string {
	return manifest("AWS_ACCESS_KEY_ID: "+encoded(id), "AWS_SECRET_ACCESS_KEY: "+encoded(secret), "REGION: "+encoded(region))
}

const anID = "AKIASBFIJNV5XAIYUZIV"

// wrapped is base64 without -w0, pasted below a key of YAML.
func wrapped(s, between string) string {
	return strings.Join(slices.Collect(func(yield func(string) bool) {
		for all := encoded(s); all != ""; {
			n := min(76, len(all))
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}), between)
}

// An example is a pair of inputs for a rule: bad has findings of it at these places, good has none at all.
type example struct {
	good, bad string
	at        []string
}

// place is where a finding is, in short: severity, line, column, and the place inside a Secret.
func place(f lint.Finding) string {
	text := fmt.Sprintf("%s %d:%d", f.Severity, f.Line, f.Column)
	if inside := f.Inside(); inside != "" {
		text += " " + inside
	}
	return text
}

func examples() map[lint.Code]map[string]example {
	return map[lint.Code]map[string]example{
		"PP001": {
			"an empty file":               {good, "", []string{"error 1:1"}},
			"a file of comments":          {good, "\n# nothing yet\n", []string{"error 1:1"}},
			"an empty config in a Secret": {documented(encoded(good)), documented(`""`), []string{"error 11:11 config:1"}},
			"an empty config beside good keys": {
				keys(anID, secret, "us-west-2"), keys(anID, secret, "us-west-2") + "  config: \"\"\n", []string{"error 11:11 config:1"},
			},
		},
		"PP002": {
			"a file in base64":        {good, encoded(good), []string{"error 1:1"}},
			"base64 on several lines": {good, wrapped(good, "\n") + "\n", []string{"error 1:1"}},
			"a Secret encoded twice":  {documented(encoded(good)), documented(encoded(encoded(good))), []string{"error 11:11 config:1"}},
			"base64 under stringData": {inPlain(good), inPlain(encoded(good)), []string{"error 8:11 config:1"}},
		},
		"PP003": {
			"no region":            {good, file(source+role, user), []string{"error 1:1"}},
			"an empty region":      {good, file(source+role+"region=\n", user), []string{"error 1:1"}},
			"a region of the user": {good, file(source+role, user+region), []string{"error 1:1"}},
			"in a Secret":          {documented(encoded(good)), documented(encoded(file(source+role, user))), []string{"error 11:11 config:1"}},
		},
		"PP004": {
			"a user's profile":      {good, file(source+role+region, "[curated-packages-user]\n"+key), []string{"error 5:1"}},
			"one that nobody names": {good, good + "[somebody]\nregion=us-west-2\n", []string{"warning 9:1"}},
			"another word":          {good, file(source+role+region, "[user curated-packages-user]\n"+key), []string{"error 5:1"}},
		},
		"PP005": {"nothing but a role": {good, file(role+region, user), []string{"error 2:1"}}},
		"PP006": {
			"default names itself":      {good, file("source_profile=default\n"+role+region, user), []string{"error 2:1"}},
			"the next one names itself": {good, file(source+role+region, "[profile curated-packages-user]\n"+source+role), []string{"error 6:1"}},
		},
		"PP007": {
			"two name each other":      {good, file("source_profile=a\n"+role+region, "[profile a]\nsource_profile=default\n"+role), []string{"error 6:1"}},
			"two behind the first one": {good, file("source_profile=a\n"+role+region, "[profile a]\nsource_profile=b\n"+role+"[profile b]\nsource_profile=a\n"+role), []string{"error 9:1"}},
		},
		"PP008": {
			"no such profile":  {good, file("source_profile=nobody\n"+role+region, user), []string{"error 2:16"}},
			"another capital":  {good, file("source_profile=Curated-packages-user\n"+role+region, user), []string{"error 2:16"}},
			"quotes around it": {good, file(source+role+region, "[profile \"curated-packages-user\"]\n"+key), []string{"error 2:16"}},
		},
		"PP009": {
			"a key that nobody uses":      {good, file(source+role+region+key, user), []string{"warning 5:1"}},
			"a key that assumes the role": {good, file(role+region+key, ""), []string{"warning 4:1"}},
			"a profile that names itself": {good, file("source_profile=default\n"+role+region+key, ""), []string{"warning 5:1"}},
		},
		"PP010": {"a role in China": {good, file(source+strings.Replace(role, "arn:aws:", "arn:aws-cn:", 1)+region, user), []string{"error 3:10"}}},
		"PP011": {
			"a name":             {good, file(source+"role_arn=curated-packages-role\n"+region, user), []string{"error 3:10"}},
			"a word in brackets": {good, file(source+"role_arn=<role-arn>\n"+region, user), []string{"error 3:10"}},
			"a user":             {good, file(source+strings.Replace(role, ":role/", ":user/", 1)+region, user), []string{"error 3:10"}},
			"a bucket":           {good, file(source+"role_arn=arn:aws:s3:::role/x\n"+region, user), []string{"error 3:10"}},
		},
		"PP012": {
			"a Region that is not":      {good, file(source+role+"region=us-west-9\n", user), []string{"error 4:8"}},
			"a Region in China":         {good, file(source+role+"region=cn-north-1\n", user), []string{"error 4:8"}},
			"the page's own word":       {good, file(source+role+"region=region-code\n", user), []string{"error 4:8"}},
			"capitals":                  {good, file(source+role+"region=US-WEST-2\n", user), []string{"error 4:8"}},
			"a comment without a space": {good + "# x", file(source+role+"region=us-west-2#here\n", user), []string{"error 4:8"}},
			"REGION of a Secret":        {keys(anID, secret, "us-west-2"), keys(anID, secret, "us-west-9"), []string{"error 10:11 REGION"}},
		},
		"PP013": {
			"the id of a user":      {good, strings.Replace(good, "AKIA", "AIDA", 1), []string{"error 7:19"}},
			"a session's":           {good, strings.Replace(good, "AKIA", "ASIA", 1), []string{"error 7:19"}},
			"one letter is missing": {good, strings.Replace(good, "YUZIV", "YUZI", 1), []string{"error 7:19"}},
			"in a Secret's key":     {keys(anID, secret, "us-west-2"), keys("AROASBFIJNV5XAIYUZIV", secret, "us-west-2"), []string{"error 8:22 AWS_ACCESS_KEY_ID"}},
		},
		"PP014": {
			"one character is missing": {good, strings.Replace(good, secret, secret[1:], 1), []string{"error 8:23"}},
			"the line above, too":      {good, strings.Replace(good, secret, anID+secret, 1), []string{"error 8:23"}},
			"in a Secret's key":        {keys(anID, secret, "us-west-2"), keys(anID, secret[1:], "us-west-2"), []string{"error 9:26 AWS_SECRET_ACCESS_KEY"}},
		},
		"PP015": {
			"no secret": {good, file(source+role+region, "[profile curated-packages-user]\naws_access_key_id="+anID+"\n"), []string{"error 6:1"}},
			"no id":     {good, file(source+role+region, "[profile curated-packages-user]\naws_secret_access_key="+secret+"\n"), []string{"error 6:1"}},
		},
		"PP016": {
			"another name": {strings.Replace(good, "[default]", "[profile default]", 1), strings.Replace(good, "[default]", "[profile packages]", 1), []string{"error 1:1"}},
			"capitals":     {good, strings.Replace(good, "[default]", "[DEFAULT]", 1), []string{"error 1:1"}},
		},
		"PP017": {"only a key": {good, file(region+key, ""), []string{"warning 3:1"}}},
		"PP018": {"no role": {good, file(source+region, user), []string{"error 2:1"}}},
		"PP019": {
			"the user has none":   {good, file(source+role+region, "[profile curated-packages-user]\nregion=us-west-2\n"), []string{"error 5:1"}},
			"default has nothing": {good, file(region, ""), []string{"error 1:1"}},
		},
		"PP020": {"no bracket of default": {good, strings.Replace(good, "[default]", "[default", 1), []string{"error 1:1"}}, "no bracket": {good, strings.Replace(good, "-user]", "-user", 1), []string{"error 6:1"}}},
		"PP021": {
			"a stray word":            {"# a stray word\n" + good, file("stray\n"+source+role+region, user), []string{"warning 2:1"}},
			"before the first header": {good, region + good, []string{"warning 1:1"}},
		},
		"PP022": {
			"a byte order mark": {good, "\ufeff" + good, []string{"error 1:1"}},
			"UTF-16":            {good, "\xff\xfe[\x00d\x00", []string{"error 1:1"}},
			"too many objects":  {documented(encoded(good)), strings.Repeat("kind: Secret\n---\n", 6000), []string{"error 10001:1"}},
			"too large":         {good, good + strings.Repeat("#\n", 3<<20), []string{"error 1:1"}},
		},
		"PP023": {"every line": {good, strings.ReplaceAll(good, "\n", "\r\n"), []string{"info 1:10"}}},
		"PP024": {
			"twice in a section": {good, file(source+role+"region=eu-west-1\n"+region, user), []string{"warning 4:1"}},
			"in two sections":    {good, good + "[default]\nregion=us-east-1\n", []string{"warning 4:1"}},
		},
		"PP025": {
			"the key of the page": {good, file(source+role+region, "[profile curated-packages-user]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"),
				[]string{"error 6:19", "error 7:23"}},
			"a Secret's key": {keys(anID, secret, "us-west-2"), keys("AKIAIOSFODNN7EXAMPLE", secret, "us-west-2"), []string{"error 8:22 AWS_ACCESS_KEY_ID"}},
		},
		"PP026": {"a second factor": {good, file(source+role+region+"mfa_serial=arn:aws:iam::999999999999:mfa/x\n", user), []string{"error 5:1"}}},
		"PP027": {
			"from variables": {good, file(role+region+"credential_source=Environment\n", user), []string{"error 4:1"}},
			"from a program": {good, file(source+role+region, "[profile curated-packages-user]\ncredential_process=/bin/true\n"), []string{"error 6:1"}},
			"from a sign-in": {good, file(region+"sso_session=corp\nsso_account_id=111111111111\nsso_role_name=x\n", "[sso-session corp]\nsso_region=us-east-1\nsso_start_url=https://corp.awsapps.com/start\n"), []string{"error 3:1"}},
		},
	}
}

// secretExamples are about manifests.
func secretExamples() map[lint.Code]map[string]example {
	config := "config: " + encoded(good)
	asJSON := `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aws-secret", "namespace": "eksa-packages"},
 "data": {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "REGION": "", "config": "` + encoded(good) + `"}}`
	list := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(documented(encoded(good))), "\n", "\n  ") + "\n"
	broken := strings.Replace(good, region, "", 1)
	return map[lint.Code]map[string]example{
		"PP003": {
			"in JSON":            {asJSON, strings.Replace(asJSON, encoded(good), encoded(broken), 1), []string{"error 2:89 config:1"}},
			"in a List":          {list, strings.Replace(list, encoded(good), encoded(broken), 1), []string{"error 14:13 config:1"}},
			"in a second object": {"kind: ConfigMap\n---\n" + documented(encoded(good)), "kind: ConfigMap\n---\n" + documented(encoded(broken)), []string{"error 13:11 config:1"}},
		},
		"PP101": {
			"a bracket too much":          {documented(encoded(good)), documented(encoded(good)) + "}\n", []string{"error 12:1"}},
			"base64 that is not indented": {documented(encoded(good)), documented(wrapped(good, "\n")), []string{"error 12:1"}},
			"nested without end":          {documented(encoded(good)), "kind: " + strings.Repeat("[", 100), []string{"error 1:71"}},
		},
		"PP102": {
			"indented lines": {documented(wrapped(good, "")), documented(wrapped(good, "\n    ")), []string{"error 11:11 config"}},
			"quoted lines":   {documented(`"` + encoded(good) + `"`), documented(`"` + wrapped(good, "\n    ") + `"`), []string{"error 11:11 config"}},
			"a folded block": {documented("|\n    " + wrapped(good, "\n    ")), documented(">\n    " + wrapped(good, "\n    ")), []string{"error 11:11 config"}},
		},
		"PP103": {
			"plain text":     {documented(encoded(good)), documented("/etc/aws-config?"), []string{"error 11:11 config"}},
			"the page's own": {documented(encoded(good)), documented("<encoded-aws-config-file>"), []string{"error 11:11 config"}},
			"no text":        {documented(encoded(good)), documented("[a]"), []string{"error 11:11 config"}},
		},
		"PP104": {"both": {manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, "REGION: "+encoded("us-west-2"), config), keys(anID, secret, "us-west-2") + "  " + config + "\n", []string{"warning 11:11 config"}}},
		"PP105": {
			"three empty keys":    {documented(encoded(good)), manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, `REGION: ""`), []string{"error 8:3"}},
			"a Region and no key": {keys(anID, secret, "us-west-2"), keys("", "", "us-west-2"), []string{"error 8:3"}},
		},
		"PP106": {
			"REGION":                {keys(anID, secret, "us-west-2"), keys(anID, secret, "us-west-2\n"), []string{"error 10:11 REGION"}},
			"the id":                {keys(anID, secret, "us-west-2"), keys(anID+"\n", secret, "us-west-2"), []string{"error 8:22 AWS_ACCESS_KEY_ID"}},
			"the secret":            {keys(anID, secret, "us-west-2"), keys(anID, secret+"\r\n", "us-west-2"), []string{"error 9:26 AWS_SECRET_ACCESS_KEY"}},
			"no harm beside config": {documented(encoded(good)), manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, "REGION: Cg==", config), []string{"info 10:11 REGION"}},
		},
		"PP107": {
			"REGION beside config": {documented(encoded(good)), manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, config), []string{"error 8:3"}},
			"only config":          {documented(encoded(good)), manifest(config), []string{"error 8:3", "error 8:3", "error 8:3"}},
			"REGION beside keys":   {keys(anID, secret, "us-west-2"), manifest("AWS_ACCESS_KEY_ID: "+encoded(anID), "AWS_SECRET_ACCESS_KEY: "+encoded(secret)), []string{"error 8:3"}},
		},
		"PP108": {
			"another name":      {documented(encoded(good)), strings.Replace(documented(encoded(good)), "aws-secret", "aws-secrets", 1), []string{"warning 4:9"}},
			"another namespace": {documented(encoded(good)), strings.Replace(documented(encoded(good)), "eksa-packages", "default", 1), []string{"warning 5:14"}},
			"no namespace":      {documented(encoded(good)), strings.Replace(documented(encoded(good)), "  namespace: eksa-packages\n", "", 1), []string{"warning 4:3"}},
		},
		"PP109": {
			"a capital":      {documented(encoded(good)) + "  foreign: \"\"\n", documented(encoded(good)) + "  Config: \"\"\n", []string{"warning 12:11 Config"}},
			"the SDK's name": {documented(encoded(good)), documented(encoded(good)) + "  AWS_REGION: " + encoded("us-west-2") + "\n", []string{"warning 12:15 AWS_REGION"}},
		},
		"PP110": {"config twice": {documented(encoded(good)), documented(encoded(good)) + "stringData:\n  config: |\n    " + strings.ReplaceAll(good, "\n", "\n    ") + "\n", []string{"warning 13:11 config"}}},
		"PP111": {"another kind": {documented(encoded(good)), "apiVersion: v1\nkind: ConfigMap\n", []string{"error 1:1"}}},
		"PP112": {
			"sops":            {documented(encoded(good)), documented("ENC[AES256_GCM,data:x]") + "sops: {version: 3.9.0}\n", []string{"info 1:1"}},
			"a sealed secret": {documented(encoded(good)), "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n", []string{"info 1:1"}},
			"one value":       {documented(encoded(good)), documented("ENC[AES256_GCM,data:x]"), []string{"info 11:11 config"}},
		},
	}
}

func TestEveryRuleFindsItsMistakeAndNothingElse(t *testing.T) {
	for _, table := range []map[lint.Code]map[string]example{examples(), secretExamples()} {
		testExamples(t, table)
	}
}

func testExamples(t *testing.T, table map[lint.Code]map[string]example) {
	t.Helper()
	for code, tests := range table {
		for name, test := range tests {
			t.Run(string(code)+"/"+name, func(t *testing.T) {
				if found := lint.Check("f", []byte(test.good)); len(found) > 0 {
					t.Errorf("the good one has findings: %s: %s", found[0].Rule.Code, found[0].Message)
				}
				var at []string
				for _, found := range lint.Check("f", []byte(test.bad)) {
					if found.Rule.Code != code {
						t.Errorf("the bad one also has %s at %s: %s", found.Rule.Code, place(found), found.Message)
						continue
					}
					at = append(at, place(found))
				}
				if diff := cmp.Diff(test.at, at); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
			})
		}
	}
}
