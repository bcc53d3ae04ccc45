package weather_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// TestTheDocumentsExamplesAreForecasts holds docs/weather.md to what is read.
func TestTheDocumentsExamplesAreForecasts(t *testing.T) {
	src, err := os.ReadFile("../../../docs/weather.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	_, rest, _ := strings.Cut(text, "```yaml\n")
	whole, _, _ := strings.Cut(rest, "```")
	if forecast := read(t, whole); len(forecast.Rules) != 2 || forecast.Clock.Rate != 60 {
		t.Errorf("the whole example has %d rules", len(forecast.Rules))
	}
	examples, field := 0, ""
	for _, row := range regexp.MustCompile("(?m)^\\| (?:`([a-z]+)`)? *\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		if row[1] != "" {
			field = row[1]
		}
		rule := read(t, "rules: [{"+field+": "+row[2]+"}]").Rules[0]
		if rule == (weather.Rule{}) {
			t.Errorf("%s: %s says nothing", field, row[2])
		}
		examples++
	}
	if examples != 9 {
		t.Errorf("%d examples were found, want 9", examples)
	}
	for _, name := range weather.Names() {
		if !strings.Contains(text, "| `"+name+"` |") {
			t.Errorf("%s is not in the table", name)
		}
	}
}

func TestAZeroUndoesWhatCameBefore(t *testing.T) {
	w, _ := under(read(t, `
rules:
  - latency: {fixed: 1s}
    lag: 1s
    throttle: {share: 1}
    errors: {internal: 1}
    reset: {before: 1}
    slow: {bytesPerSecond: 1}
  - {latency: {}, lag: 0s, throttle: {}, errors: {}, reset: {}, slow: {}}
`))
	if met := w.Meet(weather.Visit{Service: "iam", Operation: "GetUser"}); met != (weather.Encounter{}) {
		t.Errorf("met %v", met)
	}
	if got := w.Conditions(t.Context(), "iam", "111111111111").Lag; got != 0 {
		t.Errorf("a lag of %s", got)
	}
}
