package sarif_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/lint/sarif"
	"github.com/pullpass/pullpass/internal/registry"
)

const (
	secret = "uKxqVbC2dG/0nR5tY7wE+zM1aLp9sHfJ3iOcXkQv"
	bad    = "[default]\nsource_profile=u\nrole_arn=arn:aws:iam::111111111111:role/r\n\n[u]\naws_access_key_id=AKIASBFIJNV5XAIYUZIV\naws_secret_access_key=" + secret + "\n"
)

// log is what a reader of the format takes for granted: the fields that the schema requires, and GitHub's code scanning
// (https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
type log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string `json:"name"`
				Rules []struct {
					ID               string  `json:"id"`
					ShortDescription message `json:"shortDescription"`
					FullDescription  message `json:"fullDescription"`
				} `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Results []result `json:"results"`
	} `json:"runs"`
}

type message struct {
	Text string `json:"text"`
}

type result struct {
	RuleID    string  `json:"ruleId"`
	RuleIndex int     `json:"ruleIndex"`
	Level     string  `json:"level"`
	Message   message `json:"message"`
	Locations []struct {
		PhysicalLocation *struct {
			ArtifactLocation struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine   int `json:"startLine"`
				StartColumn int `json:"startColumn"`
			} `json:"region"`
		} `json:"physicalLocation"`
		LogicalLocations []struct {
			FullyQualifiedName string `json:"fullyQualifiedName"`
		} `json:"logicalLocations"`
	} `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Fixes               []struct {
		ArtifactChanges []struct {
			Replacements []struct {
				DeletedRegion struct {
					ByteOffset int `json:"byteOffset"`
					ByteLength int `json:"byteLength"`
				} `json:"deletedRegion"`
				InsertedContent message `json:"insertedContent"`
			} `json:"replacements"`
		} `json:"artifactChanges"`
	} `json:"fixes"`
}

func decode(t *testing.T, findings []lint.Finding) log {
	t.Helper()
	b, err := json.Marshal(sarif.New("1.2.3", findings))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), secret) {
		t.Error("the log shows the secret")
	}
	var l log
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatal(err)
	}
	if l.Version != "2.1.0" || !strings.Contains(l.Schema, "sarif-schema-2.1.0.json") || len(l.Runs) != 1 {
		t.Fatalf("it is no log of one run: version %q, schema %q, %d runs", l.Version, l.Schema, len(l.Runs))
	}
	return l
}

func TestEveryResultIsOfARuleAndAtAPlace(t *testing.T) {
	live := lint.CheckLive(lint.Live{
		Name: "store-001", Registry: registry.Legacy(), Secret: &lint.LiveSecret{},
	})
	findings := append(lint.Check("a dir/aws-config", []byte(bad)), live...)
	run := decode(t, findings).Runs[0]
	if run.Tool.Driver.Name == "" || len(run.Results) != len(findings) || len(findings) < 3 {
		t.Fatalf("%d results of %d findings", len(run.Results), len(findings))
	}
	for i, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.RuleIndex]
		if rule.ID != r.RuleID || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" {
			t.Errorf("result %d is of %s, its rule is %+v", i, r.RuleID, rule)
		}
		if !slices.Contains([]string{"none", "note", "warning", "error"}, r.Level) || r.Message.Text == "" || len(r.Locations) != 1 {
			t.Errorf("result %d is incomplete: %+v", i, r)
		}
		if at := r.Locations[0].PhysicalLocation; at != nil && (at.ArtifactLocation.URI != "a%20dir/aws-config" || at.Region.StartLine < 1 || at.Region.StartColumn < 1) {
			t.Errorf("result %d is at %+v", i, at)
		}
	}
	cluster := run.Results[len(run.Results)-1].Locations[0]
	if cluster.PhysicalLocation != nil || cluster.LogicalLocations[0].FullyQualifiedName != "store-001" {
		t.Errorf("what is in a cluster is in no file: %+v", cluster)
	}
}

func TestFixesAreThoseWithoutASecret(t *testing.T) {
	var got []string
	for _, r := range decode(t, lint.Check("f", []byte(bad))).Runs[0].Results {
		for _, fix := range r.Fixes {
			change := fix.ArtifactChanges[0].Replacements[0]
			at := change.DeletedRegion
			got = append(got, r.RuleID+" "+bad[:at.ByteOffset]+change.InsertedContent.Text+bad[at.ByteOffset+at.ByteLength:])
		}
	}
	if diff := cmp.Diff([]string{"PP004 " + strings.Replace(bad, "[u]", "[profile u]", 1)}, got); diff != "" {
		t.Errorf("fixes (-want +got):\n%s", diff)
	}
}

func TestNoFixCarriesACredential(t *testing.T) {
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	twice := "kind: Secret\nmetadata: {name: aws-secret, namespace: eksa-packages}\ndata:\n  config: " + encoded(encoded(bad)) + "\n"
	for _, src := range []string{twice, encoded(bad)} {
		mended := false
		for _, r := range decode(t, lint.Check("f", []byte(src))).Runs[0].Results {
			mended = mended || r.RuleID == "PP002"
			if r.RuleID == "PP002" && len(r.Fixes) > 0 {
				t.Error("a fix carries the config")
			}
		}
		if !mended {
			t.Error("PP002 is not found")
		}
	}
}

func TestFingerprintsOutliveOtherLinesAndTellAlikeApart(t *testing.T) {
	prints := func(src string) []string {
		var prints []string
		for _, r := range decode(t, lint.Check("f", []byte(src))).Runs[0].Results {
			if r.RuleID == "PP021" {
				prints = append(prints, r.PartialFingerprints["pullpass/v1"])
			}
		}
		return prints
	}
	before, after := prints(bad+"stray\nstray\n"), prints("# more\n\n"+bad+"stray\n# between\nstray\n")
	if diff := cmp.Diff(before, after); diff != "" || len(before) != 2 || before[0] == before[1] {
		t.Errorf("fingerprints %v (-before +after):\n%s", before, diff)
	}
}
