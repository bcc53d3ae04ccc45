package weather_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

const everything = `
seed: 7
clock: {offset: -6m, rate: 60}
rules:
  - latency: {median: 40ms, p99: 400ms}
    slow: {bytesPerSecond: 64000}
  - at: {service: iam, account: "999999999999"}
    lag: 20s
  - at: {service: "*", operation: "Create*"}
    latency: {min: 10ms, max: 50ms}
    throttle: {rate: 2.5, burst: 10, share: 0.2}
    errors: {internal: 0.03, unavailable: 0.02}
    reset: {before: 0.02, after: 0.03}
`

func TestAForecastIsReadWhole(t *testing.T) {
	got, err := weather.Parse([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	lag := 20 * time.Second
	want := weather.Forecast{
		Seed: 7, Clock: weather.Clock{Offset: -6 * time.Minute, Rate: 60},
		Rules: []weather.Rule{
			{
				Latency: &weather.Latency{Median: 40 * time.Millisecond, P99: 400 * time.Millisecond},
				Slow:    &weather.Slow{BytesPerSecond: 64000},
			},
			{At: weather.Place{Service: "iam", Account: "999999999999"}, Lag: &lag},
			{
				At:       weather.Place{Service: "*", Operation: "Create*"},
				Latency:  &weather.Latency{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond},
				Throttle: &weather.Throttle{Rate: 2.5, Burst: 10, Share: 0.2},
				Errors:   &weather.Errors{Internal: 0.03, Unavailable: 0.02},
				Reset:    &weather.Reset{Before: 0.02, After: 0.03},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAForecastIsWrittenAsItIsRead(t *testing.T) {
	forecasts := []weather.Forecast{{}, read(t, everything), read(t, "rules: [{errors: {}, lag: 0s}]")}
	for _, name := range weather.Names() {
		named, _ := weather.Named(name)
		forecasts = append(forecasts, named)
	}
	for _, want := range forecasts {
		text, err := want.YAML()
		if err != nil {
			t.Fatal(err)
		}
		got, err := weather.Parse(text)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s in\n%s", diff, text)
		}
	}
}

func TestAMistakeInAForecastIsPlaced(t *testing.T) {
	for sentence, test := range map[string]struct{ src, want string }{
		"a field that is unknown":        {"seeds: 1", `[1:1] unknown field "seeds"`},
		"a field of a rule":              {"rules:\n  - latencies: {fixed: 1s}\n", `[2:5] unknown field "latencies"`},
		"a tag":                          {"seed: !a 1", `[1:7] a forecast has no use for "!a"`},
		"a time without a unit":          {"rules:\n  - lag: 20\n", "[2:10] cannot unmarshal"},
		"a negative time":                {"rules:\n  - lag: -1s\n", "[2:10] rules[0].lag: want a time from 0s to 1h0m0s"},
		"a latency of days":              {"rules:\n  - latency: {fixed: 48h}\n", "[2:22] rules[0].latency.fixed: want a time from 0s"},
		"a latency said in two ways":     {"rules:\n  - latency: {fixed: 1s, min: 1s, max: 2s}\n", "rules[0].latency: want one of fixed"},
		"a uniform one that ends early":  {"rules:\n  - latency: {min: 2s, max: 1s}\n", "[2:29] rules[0].latency.max: want it to be at least min"},
		"a median without a tail":        {"rules:\n  - latency: {median: 2s}\n", "rules[0].latency: want a median above 0"},
		"a share of more than all":       {"rules:\n  - throttle: {share: 20}\n", "[2:23] rules[0].throttle.share: want a share from 0 to 1"},
		"a share that is no number":      {"rules:\n  - throttle: {share: .nan}\n", "[2:23] rules[0].throttle.share: want a share from 0 to 1"},
		"two shares of more than all":    {"rules:\n  - reset: {before: 0.6, after: 0.6}\n", "[2:33] rules[0].reset.after: want the two shares"},
		"a burst without a rate":         {"rules:\n  - throttle: {burst: 6}\n", "[2:23] rules[0].throttle.burst: want a rate beside it"},
		"a service that is none":         {"rules:\n  - at: {service: s3}\n", `[2:19] rules[0].at.service: "s3" is none of sts, iam, eks, ecr`},
		"a pattern that no service fits": {"rules:\n  - at: {service: \"x*\"}\n", `[2:19] rules[0].at.service: "x*" is none of`},
		"an account that is none":        {"rules:\n  - {}\n  - at: {account: \"1111\"}\n", "[3:19] rules[1].at.account: "},
		"a lag of an operation":          {"rules:\n  - at: {operation: GetUser}\n    lag: 1s\n", "[2:21] rules[0].at.operation: a rule with a lag"},
		"a lag where none is seen":       {"rules:\n  - at: {service: registry}\n    lag: 1s\n", "[2:19] rules[0].at.service: a rule with a lag"},
		"a clock that stands":            {"clock: {rate: -1}", "[1:15] clock.rate: want a number from 0 to 10000"},
		"a clock that is years off":      {"clock: {offset: 100000h}", "[1:17] clock.offset: want at most a year"},
		"a speed below nothing":          {"rules:\n  - slow: {bytesPerSecond: -1}\n", "[2:28] rules[0].slow.bytesPerSecond: want"},
		"rules without end":              {"rules: [" + strings.Repeat("{},", 1001) + "]", "[1:8] rules: want at most 1000 rules"},
		"a file without end":             {strings.Repeat("#", 1<<17), "at most 65536 are read"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := weather.Parse([]byte(test.src))
			if err == nil || !strings.Contains(err.Error(), "reading the forecast: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestNamedForecastsAreThere(t *testing.T) {
	if diff := cmp.Diff([]string{"fair", "flaky", "lag", "slow", "storm", "throttled"}, weather.Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range weather.Names() {
		forecast, ok := weather.Named(name)
		if !ok {
			t.Errorf("%s cannot be read", name)
		}
		if fair := len(forecast.Rules) == 0; fair != (name == "fair") {
			t.Errorf("%s has %d rules", name, len(forecast.Rules))
		}
	}
	for _, name := range []string{"", "sun", "../weather", "fair.yaml"} {
		if _, ok := weather.Named(name); ok {
			t.Errorf("%q is a forecast", name)
		}
	}
}

// FuzzParse holds that what is read is within its bounds, and is the same when it is checked once more.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte("rules: [{at: {service: registry}, latency: {fixed: 80ms}}]"))
	f.Add([]byte("clock: {rate: .inf}"))
	f.Add([]byte("rules: [{lag: 20}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		forecast, err := weather.Parse(src)
		if err != nil {
			return
		}
		if err := forecast.Check(); err != nil {
			t.Errorf("it is read, and checked it is %v", err)
		}
		w := weather.New(weather.Config{Clock: func() time.Time { return time.Unix(0, 0) }}, forecast)
		for range 3 {
			met := w.Meet(weather.Visit{Service: "iam", Operation: "CreateUser", Account: "111111111111"})
			if met.Latency < 0 || met.Latency > time.Hour {
				t.Errorf("a latency of %s", met.Latency)
			}
		}
	})
}
