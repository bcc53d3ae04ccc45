package trouble

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryPatternHasWordsToLookFor(t *testing.T) {
	for _, r := range recognisers() {
		words := wordsOf(patternsOf([]recogniser{r}))
		for _, word := range words {
			if len(word) < 2 {
				t.Errorf("%q is no word to look for, in %s", word, r.pattern)
			}
		}
	}
}

func TestWordsAreThoseThatAMatchMustHave(t *testing.T) {
	words := wordsOf(patternsOf([]recogniser{{pattern: sentence}}))
	if want := []string{"authorized"}; !slices.Equal(words, want) {
		t.Errorf("IAM's sentence is looked for by %q, want %q", words, want)
	}
}

// What is far from any message is not looked at, and messages keep their lines.
func TestALongLogIsSifted(t *testing.T) {
	idle := strings.Repeat("all is well\n", 200)
	log := idle + "User: arn:aws:iam::999999999999:user/u is\nnot authorized to perform:\nsts:AssumeRole on resource: arn:aws:iam::111111111111:role/r\n" + idle +
		strings.Repeat("attempt 17: no basic auth credentials\n", 500) + idle + "InvalidClientTokenId\n"
	sifted := sift(log, patternsOf(recognisers()))
	if strings.Count(sifted, "\n") != strings.Count(log, "\n") {
		t.Error("lines were lost")
	}
	if n := strings.Count(sifted, "no basic"); n < alike || n > alike+nearby {
		t.Errorf("%d lines that are alike are left, want about %d", n, alike)
	}
	if n := strings.Count(sifted, "all is well"); n > 6*nearby {
		t.Errorf("%d lines that say nothing are left", n)
	}
	got := Read(log, Place{})
	if got.Cause == nil || got.Cause.Line != 1104 || len(got.Also) != 2 || got.Also[0].Line != 201 || got.Also[1].Line != 404 {
		t.Errorf("it saw %+v, and %+v", got.Cause, got.Also)
	}
}
