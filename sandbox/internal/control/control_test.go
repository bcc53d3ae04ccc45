package control_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/control"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// desk is a control with the weather that it controls.
type desk struct {
	*httptest.Server
	weather  *weather.Weather
	requests *requestlog.Log
}

func open(t *testing.T, forecast weather.Forecast) desk {
	t.Helper()
	d := desk{
		weather:  weather.New(weather.Config{Clock: time.Now}, forecast),
		requests: requestlog.New(2, nil, nil),
	}
	d.Server = httptest.NewServer(control.Handler(control.Config{Weather: d.weather, Requests: d.requests}))
	t.Cleanup(d.Close)
	return d
}

func (d desk) send(t *testing.T, method, path, body string, change func(*http.Request)) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(request)
	}
	response, err := d.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func TestTheWeatherIsSetAndRead(t *testing.T) {
	d := open(t, weather.Forecast{Seed: 3})
	if status, got := d.send(t, "GET", "/weather", "", nil); status != 200 || got != "seed: 3\n" {
		t.Errorf("at first %d %q", status, got)
	}
	status, answer := d.send(t, "PUT", "/weather", "seed: 4\nrules: [{at: {service: iam}, lag: 20s}]", nil)
	if status != 200 {
		t.Errorf("PUT = %d %s", status, answer)
	}
	lag := 20 * time.Second
	want := weather.Forecast{Seed: 4, Rules: []weather.Rule{{At: weather.Place{Service: "iam"}, Lag: &lag}}}
	if diff := cmp.Diff(want, d.weather.Forecast()); diff != "" {
		t.Error(diff)
	}
	if status, got := d.send(t, "GET", "/weather", "", nil); status != 200 || got != answer {
		t.Errorf("afterwards %d %q, want %q", status, got, answer)
	}
	if status, got := d.send(t, "PUT", "/weather", " storm\n", nil); status != 200 {
		t.Errorf("by name %d %s", status, got)
	}
	storm, _ := weather.Named("storm")
	if diff := cmp.Diff(storm, d.weather.Forecast()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoForecastChangesNothing(t *testing.T) {
	d := open(t, weather.Forecast{Seed: 3})
	for sentence, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"an unknown field":     {"rules:\n  - lags: 20s\n", 400, "[2:5] unknown field \"lags\""},
		"a value out of bound": {"rules:\n  - lag: 20h\n", 400, "[2:10] rules[0].lag: want a time"},
		"a name of none":       {"hail", 400, "reading the forecast: [1:1]"},
		"nothing":              {"", 400, "want one YAML document"},
		"too much":             {strings.Repeat("#", 1<<17), 413, "at most 65536 bytes"},
	} {
		if status, got := d.send(t, "PUT", "/weather", test.body, nil); status != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s: %d %q, want %d %q", sentence, status, got, test.status, test.want)
		}
	}
	if got := d.weather.Forecast().Seed; got != 3 {
		t.Errorf("seed %d has set in", got)
	}
}

// TestAWebPageCannotDriveIt sends what a browser sends for pages: under a name that a page has led to loopback, and from
// a page of another origin.
func TestAWebPageCannotDriveIt(t *testing.T) {
	d := open(t, weather.Forecast{Seed: 3})
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for sentence, test := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"a name of a page's own":                  {host("rebound.example:80"), 403},
		"one that begins like loopback":           {host("127.0.0.1.example"), 403},
		"one that ends like it":                   {host("example.localhost"), 403},
		"an address of the network":               {host("192.0.2.1:80"), 403},
		"a page of another origin":                {header("Origin", "https://example.com"), 403},
		"a page without an origin":                {header("Origin", "null"), 403},
		"an image in a page":                      {header("Sec-Fetch-Site", "cross-site"), 403},
		"localhost":                               {host("localhost:1234"), 200},
		"loopback of IPv6":                        {host("[::1]:1234"), 200},
		"the address bar":                         {header("Sec-Fetch-Site", "none"), 200},
		"what is no browser and comes as we said": {nil, 200},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, call := range [][3]string{{"GET", "/weather", ""}, {"GET", "/log", ""}, {"PUT", "/weather", "seed: 3"}} {
				if status, got := d.send(t, call[0], call[1], call[2], test.change); status != test.status {
					t.Errorf("%s %s = %d %s, want %d", call[0], call[1], status, got, test.status)
				}
			}
		})
	}
	for _, call := range [][2]string{{"POST", "/weather"}, {"DELETE", "/weather"}, {"PUT", "/log"}, {"GET", "/"}} {
		if status, _ := d.send(t, call[0], call[1], "", nil); status != 405 && status != 404 {
			t.Errorf("%s %s = %d", call[0], call[1], status)
		}
	}
}

func TestTheLogHasTheLastRequests(t *testing.T) {
	d := open(t, weather.Forecast{})
	for _, id := range []string{"one", "two", "three"} {
		d.requests.Add(requestlog.Entry{ID: id, Service: "iam", Outcome: requestlog.OK})
	}
	_, got := d.send(t, "GET", "/log", "", nil)
	want := `{"time":"0001-01-01T00:00:00Z","id":"two","service":"iam","outcome":"ok","status":0,"latency":0}` + "\n" +
		`{"time":"0001-01-01T00:00:00Z","id":"three","service":"iam","outcome":"ok","status":0,"latency":0}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
