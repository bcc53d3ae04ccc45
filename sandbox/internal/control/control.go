// Package control is the sandbox's own HTTP interface, by which whoever runs it sets its weather and reads its log.
package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// Config is what is controlled. Every field is needed.
type Config struct {
	Weather  *weather.Weather
	Requests *requestlog.Log
}

// Handler serves:
//
//	GET /weather  the forecast that has set in, as YAML
//	PUT /weather  makes a forecast set in: YAML, or the name of one that comes with the product
//	GET /log      the last requests, a line of JSON each, the oldest first
//
// It belongs on loopback. A web page, which a browser of the same machine would let send requests there, gets 403: under a
// name of its own that it has led to loopback, by the name; under ours, because browsers say where a request comes from.
func Handler(config Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /weather", config.weather)
	mux.HandleFunc("PUT /weather", config.setWeather)
	mux.HandleFunc("GET /log", config.log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, fmt.Sprintf("%q is no name of this machine's loopback", r.Host), http.StatusForbidden)
			return
		}
		if fromPage(r.Header) {
			http.Error(w, "this is not for web pages", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header names loopback.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fromPage reports whether a browser sends the request for a page. It then says so in Origin with every PUT, and in
// Sec-Fetch-Site with anything that was not typed into its address bar (Fetch, "`Origin` header"; Fetch Metadata Request
// Headers, section 2.4).
func fromPage(h http.Header) bool {
	site := h.Get("Sec-Fetch-Site")
	return h.Get("Origin") != "" || site != "" && site != "none"
}

func (c Config) weather(w http.ResponseWriter, _ *http.Request) {
	sendForecast(w, c.Weather.Forecast())
}

func (c Config) setWeather(w http.ResponseWriter, r *http.Request) {
	src, err := io.ReadAll(http.MaxBytesReader(w, r.Body, weather.MaxSize))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		http.Error(w, fmt.Sprintf("a forecast has at most %d bytes", long.Limit), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the forecast ends early", http.StatusBadRequest)
		return
	}
	forecast, ok := weather.Named(string(bytes.TrimSpace(src)))
	if !ok {
		if forecast, err = weather.Parse(src); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	c.Weather.Set(forecast)
	sendForecast(w, forecast)
}

func sendForecast(w http.ResponseWriter, forecast weather.Forecast) {
	text, err := forecast.YAML()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	// A failed write means that the client has gone: there is nobody to tell.
	_, _ = w.Write(text)
}

func (c Config) log(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	for _, entry := range c.Requests.Recent() {
		if err := encoder.Encode(entry); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, _ = b.WriteTo(w)
}
