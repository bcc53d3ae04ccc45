package fieldcheck

import "testing"

func FuzzPrincipalOf(f *testing.F) {
	f.Add(`%7B%22Statement%22%3A%5B%7B%22Principal%22%3A%7B%22AWS%22%3A%22AIDAEXAMPLE%22%7D%7D%5D%7D`)
	f.Add(`{"Statement":[{"Principal":{"AWS":["a","b"]}},{"Principal":{"AWS":"c"}}]}`)
	f.Fuzz(func(t *testing.T, trust string) {
		if named, err := principalOf(trust); err != nil && named != "" {
			t.Errorf("%q names %q and is a mistake: %v", trust, named, err)
		}
	})
}
