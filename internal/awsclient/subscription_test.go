package awsclient

import (
	"testing"
	"time"
)

func TestASubscriptionWithoutAllFieldsIsReadAsFarAsItGoes(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want Subscription
		bad  bool
	}{
		"dates with fractions": {
			body: `{"subscription":{"id":"s","status":"EXPIRING","effectiveDate":1.5,"expirationDate":1.6E9}}`,
			want: Subscription{ID: "s", Status: "EXPIRING", Effective: time.Unix(1, 5e8).UTC(), Expires: time.Unix(1_600_000_000, 0).UTC()},
		},
		"a Region without packages": {body: `{"subscription":{"id":"s"}}`, want: Subscription{ID: "s"}},
		"no subscription":           {body: `{}`, bad: true},
		"no JSON":                   {body: `<html>`, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseSubscription([]byte(test.body))
			if (err != nil) != test.bad || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzParseSubscription(f *testing.F) {
	f.Add([]byte(`{"subscription":{"id":"s","packageRegistry":"346438352937.dkr.ecr.us-west-2.amazonaws.com","expirationDate":1.6E9}}`))
	f.Add([]byte(`{"subscription":{"effectiveDate":1e300}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if s, err := parseSubscription(body); err != nil && s != (Subscription{}) {
			t.Errorf("an error came with %+v", s)
		}
	})
}
