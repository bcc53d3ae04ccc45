package weather_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// still is a clock that stands until it is moved.
type still struct{ passed atomic.Int64 }

func (s *still) now() time.Time       { return time.Unix(1_800_000_000, s.passed.Load()) }
func (s *still) pass(d time.Duration) { s.passed.Add(int64(d)) }

func under(forecast weather.Forecast) (*weather.Weather, *still) {
	clock := &still{}
	return weather.New(weather.Config{Clock: clock.now}, forecast), clock
}

func read(t testing.TB, src string) weather.Forecast {
	t.Helper()
	forecast, err := weather.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return forecast
}

const wild = `
seed: 11
rules:
  - latency: {median: 40ms, p99: 400ms}
    throttle: {share: 0.2}
    errors: {internal: 0.1, unavailable: 0.1}
    reset: {before: 0.1, after: 0.2}
`

// visits are requests of several accounts to several operations, each so many times.
func visits(times int) []weather.Visit {
	var all []weather.Visit
	for range times {
		for _, account := range []arn.AccountID{"", "111111111111", "999999999999"} {
			for _, operation := range []string{"CreateUser", "GetUser"} {
				all = append(all, weather.Visit{Service: "iam", Operation: operation, Account: account})
			}
		}
	}
	return all
}

// TestTheSameSeedGivesTheSameWeather whatever the order in which the requests of different places come, one by one or
// side by side.
func TestTheSameSeedGivesTheSameWeather(t *testing.T) {
	inOrder := func(all []weather.Visit, w *weather.Weather) map[weather.Visit][]weather.Encounter {
		met := map[weather.Visit][]weather.Encounter{}
		for _, visit := range all {
			met[visit] = append(met[visit], w.Meet(visit))
		}
		return met
	}
	first, _ := under(read(t, wild))
	want := inOrder(visits(50), first)

	shuffled := visits(50)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	second, _ := under(read(t, wild))
	if diff := cmp.Diff(want, inOrder(shuffled, second)); diff != "" {
		t.Errorf("in another order: %s", diff)
	}

	third, _ := under(read(t, wild))
	var group sync.WaitGroup
	var mu sync.Mutex
	together := map[weather.Visit][]weather.Encounter{}
	for range 8 {
		group.Go(func() {
			for _, visit := range visits(6) {
				met := third.Meet(visit)
				mu.Lock()
				together[visit] = append(together[visit], met)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for visit, met := range together {
		if diff := cmp.Diff(sorted(want[visit][:len(met)]), sorted(met)); diff != "" {
			t.Errorf("side by side, %v: %s", visit, diff)
		}
	}

	again, _ := under(read(t, wild))
	inOrder(visits(7), again)
	again.Set(read(t, wild))
	if diff := cmp.Diff(want, inOrder(visits(50), again)); diff != "" {
		t.Errorf("when it sets in anew: %s", diff)
	}
}

func sorted(met []weather.Encounter) []string {
	var texts []string
	for _, e := range met {
		texts = append(texts, fmt.Sprint(e))
	}
	slices.Sort(texts)
	return texts
}

func TestAnotherSeedGivesOtherWeather(t *testing.T) {
	forecast := read(t, wild)
	one, _ := under(forecast)
	forecast.Seed++
	other, _ := under(forecast)
	same := 0
	for _, visit := range visits(50) {
		if one.Meet(visit) == other.Meet(visit) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of 300 requests meet the same", same)
	}
}

// TestDrawsStayTheSame pins what a seed gives, so that a forecast that found a bug finds it again with the next version.
func TestDrawsStayTheSame(t *testing.T) {
	w, _ := under(read(t, wild))
	var got []string
	for range 8 {
		got = append(got, fmt.Sprint(w.Meet(weather.Visit{Service: "iam", Operation: "CreateUser", Account: "111111111111"}).Told()))
	}
	want := []string{ // computed apart from this program
		"[latency 44.04ms]",
		"[latency 53.127ms]",
		"[latency 184.339ms]",
		"[latency 25.209ms throttled]",
		"[latency 12.117ms reset after]",
		"[latency 17.278ms unavailable]",
		"[latency 30.808ms]",
		"[latency 16.989ms reset before]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSharesAreKept(t *testing.T) {
	w, _ := under(read(t, wild))
	const n = 20000
	tally := map[string]int{}
	var waits []time.Duration
	for range n {
		met := w.Meet(weather.Visit{Service: "sts", Operation: "AssumeRole", Account: "111111111111"})
		tally[fmt.Sprint(met.Fault, met.Cut)]++
		waits = append(waits, met.Latency)
	}
	const reached = 0.9 // is not cut off before
	handled := reached * 0.8 * 0.8
	for what, share := range map[string]float64{
		fmt.Sprint(weather.NoFault, weather.CutBefore):     0.1,
		fmt.Sprint(weather.Throttled, weather.NoCut):       reached * 0.2,
		fmt.Sprint(weather.InternalFailure, weather.NoCut): reached * 0.8 * 0.1,
		fmt.Sprint(weather.Unavailable, weather.NoCut):     reached * 0.8 * 0.1,
		fmt.Sprint(weather.NoFault, weather.CutAfter):      handled * 0.2 / 0.9,
		fmt.Sprint(weather.NoFault, weather.NoCut):         handled * 0.7 / 0.9,
	} {
		if got := float64(tally[what]) / n; math.Abs(got-share) > 0.01 {
			t.Errorf("%s: a share of %.3f, want %.3f", what, got, share)
		}
	}
	slices.Sort(waits)
	for percentile, want := range map[float64]time.Duration{0.5: 40 * time.Millisecond, 0.99: 400 * time.Millisecond} {
		got := waits[int(percentile*n)]
		if ratio := float64(got) / float64(want); ratio < 0.9 || ratio > 1.1 {
			t.Errorf("of the latencies, %v are below %s, want %s", percentile, got, want)
		}
	}
}

func TestOfTheRulesAtAPlaceTheLastThatSaysSomethingCounts(t *testing.T) {
	w, _ := under(read(t, `
rules:
  - latency: {fixed: 10ms}
    errors: {internal: 1}
  - at: {service: iam, operation: "Get*"}
    errors: {internal: 0}
  - at: {service: iam, account: "111111111111"}
    latency: {fixed: 20ms}
  - at: {service: registry, operation: Batch*Image}
    errors: {unavailable: 1}
`))
	for sentence, test := range map[string]struct {
		visit weather.Visit
		want  weather.Encounter
	}{
		"the general": {
			weather.Visit{Service: "sts", Operation: "AssumeRole", Account: "111111111111"},
			weather.Encounter{Latency: 10 * time.Millisecond, Fault: weather.InternalFailure},
		},
		"an exception of one thing": {
			weather.Visit{Service: "iam", Operation: "GetUser", Account: "999999999999"},
			weather.Encounter{Latency: 10 * time.Millisecond},
		},
		"two exceptions": {
			weather.Visit{Service: "iam", Operation: "GetUser", Account: "111111111111"},
			weather.Encounter{Latency: 20 * time.Millisecond},
		},
		"a star in the middle": {
			weather.Visit{Service: "registry", Operation: "BatchGetImage"},
			weather.Encounter{Latency: 10 * time.Millisecond, Fault: weather.Unavailable},
		},
		"a star that fits only half": {
			weather.Visit{Service: "registry", Operation: "BatchGetImages"},
			weather.Encounter{Latency: 10 * time.Millisecond, Fault: weather.InternalFailure},
		},
		"a request of nobody": {
			weather.Visit{Service: "iam"},
			weather.Encounter{Latency: 10 * time.Millisecond, Fault: weather.InternalFailure},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.Meet(test.visit)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABucketIsAnAccountsAndFillsWithTime(t *testing.T) {
	w, clock := under(read(t, `
clock: {rate: 60}
rules:
  - throttle: {rate: 2, burst: 3}
  - at: {service: eks}
    throttle: {share: 0}
`))
	through := func(account arn.AccountID, service string) (n int) {
		for range 10 {
			if w.Meet(weather.Visit{Service: service, Operation: "Any", Account: account}).Fault == weather.NoFault {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		sentence string
		passed   time.Duration
		account  arn.AccountID
		service  string
		want     int
	}{
		{"the burst", 0, "111111111111", "iam", 3},
		{"another service has the same bucket", 0, "111111111111", "sts", 0},
		{"another account has another", 0, "999999999999", "iam", 3},
		{"a place that is exempt", 0, "111111111111", "eks", 10},
		{"a second of the sandbox's time", 17 * time.Millisecond, "111111111111", "iam", 2},
		{"no more than the burst is kept", time.Hour, "111111111111", "iam", 3},
		{"a clock that goes back fills nothing", -time.Hour, "111111111111", "iam", 0},
	} {
		clock.pass(step.passed)
		if got := through(step.account, step.service); got != step.want {
			t.Errorf("%s: %d requests got through, want %d", step.sentence, got, step.want)
		}
	}
}

func TestTheClockRunsAsForecast(t *testing.T) {
	w, clock := under(weather.Forecast{})
	start := clock.now()
	want := func(sentence string, since time.Duration) {
		t.Helper()
		if got := w.Now().Sub(start); got != since {
			t.Errorf("%s: %s since the start, want %s", sentence, got, since)
		}
	}
	clock.pass(time.Minute)
	want("fair weather", time.Minute)
	w.Set(weather.Forecast{Clock: weather.Clock{Rate: 60}})
	want("a change of rate is no leap", time.Minute)
	clock.pass(time.Minute)
	want("an hour in a minute", 61*time.Minute)
	w.Set(weather.Forecast{Clock: weather.Clock{Offset: -6 * time.Minute}})
	want("what was lived stays lived, and the offset is a leap", 55*time.Minute)
	clock.pass(time.Minute)
	want("and is then as fast as before", 56*time.Minute)
	w.Set(weather.Forecast{})
	want("without the offset", 62*time.Minute)
}

func TestWhatWasLivedNeverLeaps(t *testing.T) {
	w, clock := under(weather.Forecast{})
	start := clock.now()
	for sentence, forecast := range map[string]weather.Forecast{
		"a clock that is set back":   {Clock: weather.Clock{Offset: -time.Hour}},
		"a clock that is set ahead":  {Clock: weather.Clock{Offset: time.Hour}},
		"a clock that is right":      {},
		"a clock of another day yet": {Clock: weather.Clock{Offset: 24 * time.Hour}},
	} {
		before := w.Lived()
		w.Set(forecast)
		if leap := w.Lived().Sub(before); leap != 0 {
			t.Errorf("%s: a leap of %s", sentence, leap)
		}
		clock.pass(time.Minute)
	}
	w.Set(weather.Forecast{Clock: weather.Clock{Rate: 60}})
	clock.pass(time.Minute)
	if got := w.Lived().Sub(start); got != 64*time.Minute {
		t.Errorf("after an hour in a minute it has lived %s, want 1h4m", got)
	}
}

func TestFairWeatherIsNothing(t *testing.T) {
	w, clock := under(weather.Forecast{Seed: 9})
	if met := w.Meet(weather.Visit{Service: "iam", Operation: "GetUser"}); met != (weather.Encounter{}) || met.Told() != nil {
		t.Errorf("met %v", met)
	}
	if !w.Now().Equal(clock.now()) || w.Resets() {
		t.Error("the clock is off, or there are resets")
	}
}
