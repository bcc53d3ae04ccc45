package plan_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
)

func TestARunIDCarriesItsTimeAndItsMachine(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 15, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		host string
		want plan.RunID
	}{
		"a plain name":             {"laptop", "20261122T231500Z.9f86d081.laptop"},
		"a name with dots":         {"ops-1.example.com", "20261122T231500Z.9f86d081.ops-1.example.com"},
		"a name with other runes":  {"Käthes Rechner", "20261122T231500Z.9f86d081.K-thes-Rechner"},
		"a name that is not there": {"", "20261122T231500Z.9f86d081.unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plan.NewRunID(test.host, at, bytes.NewReader([]byte{0x9f, 0x86, 0xd0, 0x81}))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if !got.Started().Equal(at) || got.Host() != plan.RunHost(test.host) {
				t.Errorf("got back %s on %q", got.Started(), got.Host())
			}
			if parsed, err := plan.ParseRunID(string(got)); err != nil || parsed != got {
				t.Errorf("parsed as %q, %v", parsed, err)
			}
		})
	}
}

func TestARunPlaceIsADirectoryOfAMachine(t *testing.T) {
	here, there := plan.RunPlace("laptop", "/a/.pullpass/runs"), plan.RunPlace("laptop", "/b/.pullpass/runs")
	if here == there || here == plan.RunHost("laptop") {
		t.Errorf("two copies of a share have the places %s and %s", here, there)
	}
	id, err := plan.NewRunID(here, time.Now(), bytes.NewReader(make([]byte, 4)))
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err := plan.ParseRunID(string(id)); err != nil || parsed.Host() != here {
		t.Errorf("parsed as %q, %v", parsed, err)
	}
}

func FuzzParseRunID(f *testing.F) {
	f.Add("20261122T231500Z.9f86d081.laptop_5e884898")
	f.Add("20261122T231500Z.9f86d081.laptop")
	f.Add("20261122T231500Z.9f86d081.")
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := plan.ParseRunID(s)
		if err != nil {
			return
		}
		if string(id) != s || id.Host() == "" || id.Started().IsZero() && s[:4] != "0001" {
			t.Errorf("%q was accepted as %q", s, id)
		}
		for _, c := range s {
			if c == '/' || c == 0 || c > 127 {
				t.Errorf("%q is not fit for a file's name", s)
			}
		}
	})
}
