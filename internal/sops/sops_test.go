package sops_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/sops"
)

const (
	age  = "age1yt3tfqlfrwdwx0z0ynwplcr6qxcxfaqycuprpmy89nr83ltx74tqdpszlw"
	kms  = "arn:aws:kms:us-west-2:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	pgp  = "85D77543B3D624B63CEA9E6DBC17301B491B3F21"
	priv = "AGE-SECRET-KEY-1QQPQYHXDQTCFMYRG7RTGDLV6Y4UXLCLZ37F0R56W3F6YEQCXD8FSX0HNXC"
)

// rules is a file of rules as sops reads it.
type rules struct {
	CreationRules []struct {
		PathRegex      string `yaml:"path_regex"`
		EncryptedRegex string `yaml:"encrypted_regex"`
		KMS, Age, PGP  string
	} `yaml:"creation_rules"`
}

func TestTheRuleIsForTheSecretsManifestAndItsValues(t *testing.T) {
	var got rules
	text := sops.Recipients{Age: []string{age, age}, KMS: []string{kms}, PGP: []string{pgp}}.Rule()
	if err := yaml.UnmarshalWithOptions(text, &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(got.CreationRules) != 1 {
		t.Fatalf("%d rules", len(got.CreationRules))
	}
	rule := got.CreationRules[0]
	if diff := cmp.Diff([]string{kms, age + "," + age, pgp}, []string{rule.KMS, rule.Age, rule.PGP}); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	for path, want := range map[string]bool{
		"aws-secret.yaml": true, "clusters/store-001/aws-secret.yaml": true,
		"aws-secretsyaml": false, "aws-secret.yaml.bak": false, "my-aws-secret.yaml": false,
	} {
		if regexp.MustCompile(rule.PathRegex).MatchString(path) != want {
			t.Errorf("path %s: want %v", path, want)
		}
	}
	for key, want := range map[string]bool{"data": true, "stringData": true, "metadata": false, "type": false} {
		if regexp.MustCompile(rule.EncryptedRegex).MatchString(key) != want {
			t.Errorf("key %s: want %v", key, want)
		}
	}
}

func TestWithoutRecipientsTheRuleLeavesThemToTheFlags(t *testing.T) {
	const want = "creation_rules:\n  - path_regex: '(^|/)aws-secret\\.yaml$'\n    encrypted_regex: '^(data|stringData)$'\n"
	if diff := cmp.Diff(want, string(sops.Recipients{}.Rule())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCheckRecipients(t *testing.T) {
	for sentence, test := range map[string]struct {
		recipients sops.Recipients
		good       bool
	}{
		"none":                    {sops.Recipients{}, true},
		"one of each":             {sops.Recipients{Age: []string{age}, KMS: []string{kms}, PGP: []string{pgp}}, true},
		"a key of ssh":            {sops.Recipients{Age: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvYvYz"}}, true},
		"an alias":                {sops.Recipients{KMS: []string{"arn:aws:kms:us-west-2:111111111111:alias/gitops"}}, true},
		"a private key of age":    {sops.Recipients{Age: []string{age, priv}}, false},
		"a quote":                 {sops.Recipients{Age: []string{age + "'"}}, false},
		"a line break":            {sops.Recipients{Age: []string{age + "\n"}}, false},
		"an ARN of another kind":  {sops.Recipients{KMS: []string{"arn:aws:iam::111111111111:role/key/x"}}, false},
		"a quote in an ARN":       {sops.Recipients{KMS: []string{kms + "'"}}, false},
		"a short fingerprint":     {sops.Recipients{PGP: []string{pgp[:16]}}, false},
		"an empty one":            {sops.Recipients{PGP: []string{""}}, false},
		"several in one, as sops": {sops.Recipients{Age: []string{age + "," + age}}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := test.recipients.Check()
			if (err == nil) != test.good || err != nil && !errors.Is(err, sops.ErrRecipient) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), priv) {
				t.Error("the error shows a private key")
			}
		})
	}
}

func FuzzRule(f *testing.F) {
	f.Add(age, kms, pgp)
	f.Add("ssh-rsa AAAA", "arn:aws:kms:us-west-2:111111111111:alias/a", "")
	f.Fuzz(func(t *testing.T, age, kms, pgp string) {
		recipients := sops.Recipients{Age: []string{age}, KMS: []string{kms}, PGP: []string{pgp}}
		if recipients.Check() != nil {
			return
		}
		var got rules
		if err := yaml.UnmarshalWithOptions(recipients.Rule(), &got, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		rule := got.CreationRules[0]
		if diff := cmp.Diff([]string{age, kms, pgp}, []string{rule.Age, rule.KMS, rule.PGP}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
