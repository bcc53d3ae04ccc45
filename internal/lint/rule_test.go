package lint_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/lint"
)

func TestEveryRuleHasAGoodAndABadCase(t *testing.T) {
	tested := map[lint.Code]bool{}
	for code := range examples() {
		tested[code] = true
	}
	for code := range secretExamples() {
		tested[code] = true
	}
	for code := range liveExamples() {
		tested[code] = true
	}
	for code := range environments() {
		tested[code] = true
	}
	for _, rule := range lint.Rules() {
		if !tested[rule.Code] {
			t.Errorf("%s, %s, has no case", rule.Code, rule.Title)
		}
		delete(tested, rule.Code)
	}
	for code := range tested {
		t.Errorf("there are cases of %s, which is no rule", code)
	}
}

func TestRulesSayAllThatTheyShould(t *testing.T) {
	form := regexp.MustCompile(`^PP[0-3]\d\d$`)
	seen := map[lint.Code]bool{}
	for _, r := range lint.Rules() {
		if !form.MatchString(string(r.Code)) || seen[r.Code] {
			t.Errorf("%s is no code, or given twice", r.Code)
		}
		seen[r.Code] = true
		for name, text := range map[string]string{"today": r.Today, "fix": r.Fix} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is no sentence: %q", r.Code, name, text)
			}
		}
		if r.Title == "" || r.Source == "" || r.Mark == "" || r.Severity == "" {
			t.Errorf("%s lacks something: %+v", r.Code, r)
		}
	}
}

// mendable are inputs with what --fix makes of them.
func TestFixMendsWhatIsSafe(t *testing.T) {
	tests := map[string]struct{ before, after string }{
		"a byte order mark":                 {"\ufeff" + good, good},
		"base64 in place of the file":       {encoded(good), good},
		"the word profile":                  {strings.Replace(good, "profile ", "", 1), good},
		"the word profile in a Secret":      {documented(encoded(strings.Replace(good, "profile ", "", 1))), documented(encoded(good))},
		"a Secret that was encoded thrice":  {documented(encoded(encoded(encoded(good)))), documented(encoded(good))},
		"indented base64":                   {documented(wrapped(good, "\n    ")), documented(encoded(good))},
		"base64 in quotes, on lines":        {documented(`"` + wrapped(good, "\n    ") + `"`), documented(`"` + encoded(good) + `"`)},
		"lines that end in CRLF":            {strings.ReplaceAll(documented(wrapped(good, "\n    ")), "\n", "\r\n"), strings.ReplaceAll(documented(encoded(good)), "\n", "\r\n")},
		"white space behind keys":           {keys(anID+"\n", secret+"\n", "us-west-2\n"), keys(anID, secret, "us-west-2")},
		"white space where nothing is left": {documented(encoded(good)) + "  AWS_SESSION_TOKEN: \"Cg==\"\n", documented(encoded(good)) + "  AWS_SESSION_TOKEN: \"\"\n"},
		"a missing key": {
			manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, "config: "+encoded(good)),
			manifest(`REGION: ""`, `AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`, "config: "+encoded(good)),
		},
		"letters of two bytes before it": {
			"# Geschäft\n" + strings.Replace(documented("é"), "é", encoded(encoded(good)), 1), "# Geschäft\n" + documented(encoded(good)),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fixed, mended := lint.Fix("f", []byte(test.before))
			if diff := cmp.Diff(test.after, string(fixed)); diff != "" {
				t.Errorf("fixed (-want +got):\n%s", diff)
			}
			if len(mended) == 0 {
				t.Error("nothing was mended")
			}
			for _, f := range mended {
				if !f.Rule.Safe {
					t.Errorf("%s was mended and is not called safe", f.Rule.Code)
				}
			}
			if again, more := lint.Fix("f", fixed); !bytes.Equal(again, fixed) || len(more) > 0 {
				t.Error("the second run mends more")
			}
		})
	}
}

func TestFixLeavesAloneWhatItCannotPlace(t *testing.T) {
	for name, src := range map[string]string{
		"a missing key in flow style":       strings.Replace(documented("x"), "data:\n", "data: {config: "+encoded(good)+"}\nother:\n", 1),
		"a profile of a name that is taken": good + "[curated-packages-user]\nregion=eu-west-1\n",
		"a folded block":                    documented(">\n    " + wrapped(good, "\n    ")),
		"a plain value":                     inPlain(encoded(good)),
		"an anchor":                         documented("&c " + wrapped(good, "\n    ")),
		"a missing key without config":      manifest(`AWS_ACCESS_KEY_ID: ""`, `AWS_SECRET_ACCESS_KEY: ""`),
	} {
		t.Run(name, func(t *testing.T) {
			if len(lint.Check("f", []byte(src))) == 0 {
				t.Error("there is no finding")
			}
			if fixed, mended := lint.Fix("f", []byte(src)); string(fixed) != src || len(mended) > 0 {
				t.Errorf("it was changed to:\n%s", fixed)
			}
		})
	}
}

func TestNoFindingHoldsASecret(t *testing.T) {
	check := func(src string) {
		t.Helper()
		for _, f := range lint.Check("f", []byte(src)) {
			if printed := fmt.Sprintf("%+v %#v %s", f, f, f.Message); strings.Contains(printed, secret[:20]) || strings.Contains(printed, secret[20:]) {
				t.Errorf("%s shows the secret: %s", f.Rule.Code, f.Message)
			}
			if f.Fix == nil {
				continue
			}
			if shown := f.Fix.What + f.Fix.Before + f.Fix.After; strings.Contains(shown, secret[1:]) || strings.Contains(fmt.Sprintf("%+v", *f.Fix), secret[1:]) {
				t.Errorf("the fix of %s shows the secret", f.Rule.Code)
			}
			if text := f.Fix.Text.Reveal(); f.Fix.Public && (strings.Contains(text, secret[1:]) || len(text) > 100) {
				t.Errorf("the fix of %s is called public", f.Rule.Code)
			}
		}
	}
	for _, table := range []map[lint.Code]map[string]example{examples(), secretExamples()} {
		for _, tests := range table {
			for _, test := range tests {
				check(test.bad)
			}
		}
	}
	for _, line := range []string{"source_profile", "role_arn", "region", "aws_access_key_id"} {
		check(strings.Replace(good, line+"=", line+"="+secret+"\n#", 1)) // The secret on the wrong line.
	}
	check("[" + secret + "]\n")
	check("[default]\n" + secret + "\n")
}

func TestManyAlikeAreCutOffAndHideNothingElse(t *testing.T) {
	found := lint.Check("f", []byte(strings.Repeat("stray\n", 5000)))
	counts := map[lint.Code]int{}
	for _, f := range found {
		counts[f.Rule.Code]++
	}
	if diff := cmp.Diff(map[lint.Code]int{"PP016": 1, "PP021": 100}, counts); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if last := found[len(found)-1].Message; !strings.HasSuffix(last, "further ones are not listed") {
		t.Errorf("the last one does not say that there are more: %s", last)
	}
}

func TestBase64OfSomethingElseIsNoConfig(t *testing.T) {
	if found := codes(lint.Check("f", []byte(encoded("stray\n")))); slices.Contains(found, "PP002") {
		t.Errorf("findings: %v", found)
	}
}
