package weather

import (
	"embed"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/plainyaml"
)

// MaxSize is the size of the largest forecast that is read, in bytes.
const MaxSize = 64 << 10

const (
	// longest bounds every wait: what lasts longer is a clock to be set, or a sandbox to be stopped.
	longest = time.Hour
	// fastest bounds the clock's rate: a day is then over in less than nine seconds.
	fastest = 10000
	// most bounds the rules, which are looked through for every request.
	most = 1000
)

// services are the places that a rule can name, apis those of them where writes to IAM are seen late: a registry and its
// layers see IAM as it is.
var (
	services = [...]string{"sts", "iam", "eks", "ecr", "registry", "layers"}
	apis     = services[:4]
)

// Parse reads a forecast, a YAML document with the fields of Forecast:
//
//	seed: 7
//	clock: {offset: -6m, rate: 60}
//	rules:
//	  - latency: {median: 40ms, p99: 400ms}
//	  - at: {service: iam, operation: "Create*", account: "999999999999"}
//	    errors: {internal: 0.03, unavailable: 0.02}
//	    reset: {before: 0.02, after: 0.03}
//
// Errors name the line and column; an unknown field is one, and so is a value out of its bounds.
func Parse(src []byte) (Forecast, error) {
	forecast, err := parse(src)
	if err != nil {
		return Forecast{}, fmt.Errorf("reading the forecast: %w", err)
	}
	return forecast, nil
}

func parse(src []byte) (forecast Forecast, err error) {
	if len(src) > MaxSize {
		return forecast, fmt.Errorf("it has %d bytes; at most %d are read", len(src), MaxSize)
	}
	document, err := plainyaml.Parse("a forecast", src)
	if err != nil {
		return forecast, err
	}
	if err := document.Decode(&forecast); err != nil {
		return forecast, err
	}
	if wrong := forecast.check(); wrong != nil {
		return forecast, document.Errorf(wrong.path, "%s: %s", strings.TrimPrefix(wrong.path, "$."), wrong.text)
	}
	return forecast, nil
}

// YAML returns the forecast as a document that Parse reads.
func (f Forecast) YAML() ([]byte, error) {
	text, err := yaml.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("writing the forecast: %w", err)
	}
	return text, nil
}

//go:embed forecasts/*.yaml
var named embed.FS

// Named returns one of the forecasts that come with the product, or false where none has the name.
func Named(name string) (Forecast, bool) {
	src, err := named.ReadFile("forecasts/" + name + ".yaml")
	if err != nil {
		return Forecast{}, false
	}
	forecast, err := Parse(src)
	return forecast, err == nil
}

// Names are the names that Named knows, sorted.
func Names() []string {
	// The folder is part of the program.
	files, _ := named.ReadDir("forecasts")
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(file.Name(), path.Ext(file.Name()))
	}
	return names
}

// mistake is what is wrong with the field at a path of the YAML document.
type mistake struct{ path, text string }

// Check reports what Parse would not have read.
func (f Forecast) Check() error {
	if wrong := f.check(); wrong != nil {
		return fmt.Errorf("checking the forecast: %s: %s", strings.TrimPrefix(wrong.path, "$."), wrong.text)
	}
	return nil
}

func (f Forecast) check() *mistake {
	if !(f.Clock.Rate >= 0 && f.Clock.Rate <= fastest) {
		return &mistake{"$.clock.rate", fmt.Sprintf("want a number from 0 to %d", fastest)}
	}
	const year = 366 * 24 * time.Hour
	if f.Clock.Offset < -year || f.Clock.Offset > year {
		return &mistake{"$.clock.offset", "want at most a year"}
	}
	if len(f.Rules) > most {
		return &mistake{"$.rules", fmt.Sprintf("want at most %d rules", most)}
	}
	for i, rule := range f.Rules {
		if wrong := rule.check(); wrong != nil {
			return &mistake{fmt.Sprintf("$.rules[%d]%s", i, wrong.path), wrong.text}
		}
	}
	return nil
}

func (r Rule) check() *mistake {
	for _, wrong := range []*mistake{
		r.At.check(), r.Latency.check(), r.checkLag(), r.Throttle.check(), r.Errors.check(), r.Reset.check(), r.Slow.check(),
	} {
		if wrong != nil {
			return wrong
		}
	}
	return nil
}

func (p Place) check() *mistake {
	if !slices.ContainsFunc(services[:], func(name string) bool { return glob(p.Service, name) }) {
		return &mistake{".at.service", fmt.Sprintf("%q is none of %s", p.Service, strings.Join(services[:], ", "))}
	}
	if _, err := arn.ParseAccountID(string(p.Account)); p.Account != "" && err != nil {
		return &mistake{".at.account", err.Error()}
	}
	return nil
}

func (r Rule) checkLag() *mistake {
	switch {
	case r.Lag == nil:
		return nil
	case !within(*r.Lag):
		return outOfBounds(".lag")
	case !slices.ContainsFunc(apis, func(name string) bool { return glob(r.At.Service, name) }):
		return &mistake{".at.service", fmt.Sprintf("a rule with a lag needs one of %s: elsewhere IAM is seen as it is",
			strings.Join(apis, ", "))}
	case r.At.Operation != "":
		return &mistake{".at.operation", "a rule with a lag cannot have one: lag is of the data, whatever is done with it"}
	}
	return nil
}

func (l *Latency) check() *mistake {
	if l == nil {
		return nil
	}
	for _, bound := range []struct {
		name  string
		value time.Duration
	}{{"fixed", l.Fixed}, {"min", l.Min}, {"max", l.Max}, {"median", l.Median}, {"p99", l.P99}} {
		if !within(bound.value) {
			return outOfBounds(".latency." + bound.name)
		}
	}
	uniform, logNormal := l.Min != 0 || l.Max != 0, l.Median != 0 || l.P99 != 0
	switch {
	case uniform && logNormal || l.Fixed != 0 && (uniform || logNormal):
		return &mistake{".latency", "want one of fixed, min with max, median with p99"}
	case l.Max < l.Min:
		return &mistake{".latency.max", "want it to be at least min"}
	case logNormal && (l.Median == 0 || l.P99 < l.Median):
		return &mistake{".latency", "want a median above 0, and p99 to be at least that"}
	}
	return nil
}

func (t *Throttle) check() *mistake {
	switch {
	case t == nil:
		return nil
	case !(t.Rate >= 0 && t.Rate <= 1e6):
		return &mistake{".throttle.rate", "want a number from 0 to 1000000"}
	case t.Burst < 0 || t.Burst > 1e6:
		return &mistake{".throttle.burst", "want a number from 0 to 1000000"}
	case t.Burst != 0 && t.Rate == 0:
		return &mistake{".throttle.burst", "want a rate beside it"}
	}
	return checkShare(".throttle.share", t.Share)
}

func (e *Errors) check() *mistake {
	if e == nil {
		return nil
	}
	return checkShares(".errors.internal", e.Internal, ".errors.unavailable", e.Unavailable)
}

func (r *Reset) check() *mistake {
	if r == nil {
		return nil
	}
	return checkShares(".reset.before", r.Before, ".reset.after", r.After)
}

func (s *Slow) check() *mistake {
	if s != nil && (s.BytesPerSecond < 0 || s.BytesPerSecond > math.MaxInt32) {
		return &mistake{".slow.bytesPerSecond", "want a number from 0 to 2147483647"}
	}
	return nil
}

func checkShares(path string, share float64, otherPath string, other float64) *mistake {
	if wrong := checkShare(path, share); wrong != nil {
		return wrong
	}
	if wrong := checkShare(otherPath, other); wrong != nil {
		return wrong
	}
	if share+other > 1 {
		return &mistake{otherPath, "want the two shares to be at most 1 together"}
	}
	return nil
}

func checkShare(path string, share float64) *mistake {
	if share >= 0 && share <= 1 {
		return nil
	}
	return &mistake{path, "want a share from 0 to 1"}
}

func within(d time.Duration) bool { return d >= 0 && d <= longest }

func outOfBounds(path string) *mistake {
	return &mistake{path, fmt.Sprintf("want a time from 0s to %s", longest)}
}
