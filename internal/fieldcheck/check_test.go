package fieldcheck

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelectTakesIDsAndThemes(t *testing.T) {
	checks, err := Select([]string{"clock", "key/third"})
	if err != nil {
		t.Fatal(err)
	}
	var got []ID
	for _, c := range checks {
		got = append(got, c.ID)
	}
	if diff := cmp.Diff([]ID{"key/third", "clock/sts", "clock/iam", "clock/ecr"}, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	if _, err := Select([]string{"clock", "weather"}); err == nil || !strings.Contains(err.Error(), `"weather"`) {
		t.Errorf("an unknown theme gives %v", err)
	}
}

func TestTheDocumentListsEveryCheck(t *testing.T) {
	text, err := os.ReadFile("../../docs/field-check.md")
	if err != nil {
		t.Fatal(err)
	}
	want := "| check | assumption | mark |\n|---|---|---|\n"
	for _, c := range Checks() {
		want += fmt.Sprintf("| %s | %s | %s |\n", c.ID, c.Assumption, c.Mark)
	}
	_, listed, _ := strings.Cut(string(text), "## The checks\n\n")
	listed, _, _ = strings.Cut(listed, "\n\n")
	if diff := cmp.Diff(want, listed+"\n"); diff != "" {
		t.Errorf("the checks of docs/field-check.md (-want +there):\n%s", diff)
	}
}

func TestEveryCheckHasAnIDOfItsOwnAndAMark(t *testing.T) {
	seen := map[ID]bool{}
	for _, c := range Checks() {
		if seen[c.ID] || c.Mark == "" || c.Assumption == "" || c.run == nil {
			t.Errorf("check %q is there twice, or lacks something", c.ID)
		}
		seen[c.ID] = true
	}
}
