package fieldcheck

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesStandForWhatDiffers(t *testing.T) {
	field := &Field{run: "0badc0de"}
	field.Source.Account, field.Destination.Account = "111111111111", "999999999999"
	field.Region, field.Subscription = "us-west-2", "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"
	n := newNames(field)
	for text, want := range map[string]string{
		"arn:aws:iam::111111111111:role/pullpass/fieldcheck/0badc0de/r": "arn:aws:iam::<source>:role/pullpass/fieldcheck/<run>/r",
		"999999999999 and 123456789012":                                 "<destination> and <account>",
		"346438352937.dkr.ecr.us-west-2.amazonaws.com":                  "<packages>.dkr.ecr.us-west-2.amazonaws.com",
		"AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE":                    "<key id>, <key id>",
		"AIDACKCEVSQ6C2EXAMPLE AROACKCEVSQ6C2EXAMPLE":                   "<user id> <role id>",
		"ANPACKCEVSQ6C2EXAMPLE":                                         "<policy id>",
		"of e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964":                       "of <subscription>",
		"4ab90074-2968-4daf-a597-38c528416929":                          "<request>",
		"20261123T031804Z (2026-11-23T03:18:04.123Z)":                   "<time> (<time>)",
		"one\n  line":                        "one line",
		"sha256:" + strings.Repeat("ab", 32): "<digest>",
		"AccessKeysPerUser: 2":               "AccessKeysPerUser: 2",
	} {
		if diff := cmp.Diff(want, n.normal(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
