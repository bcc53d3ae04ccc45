package audit_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/audit"
)

// proven is a trail that tells of proofs, among other things.
func proven(t *testing.T, share string, proofs ...audit.Proof) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	c := config(path)
	c.Share = share
	trail, err := audit.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proofs {
		record(t, trail, "arn:aws:iam::999999999999:user/cluster")
		if err := trail.Record(p.Effect()); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, trail)
	return mustRead(t, path)
}

func TestTheLastProofOfEachClusterIsRead(t *testing.T) {
	at := time.Date(2026, 11, 23, 6, 0, 0, 5_000_000, time.UTC)
	a := audit.Proof{Account: "999999999999", Cluster: "a", Key: "AKIAQAAAAAAAAAAAAA01", Time: at}
	broken := a
	broken.Broken = "role"
	elsewhere := audit.Proof{Account: "222222222222", Cluster: "a", Time: at, Broken: "config"}
	for sentence, test := range map[string]struct {
		text []byte
		want []audit.Proof
	}{
		"an empty trail tells of none":        {nil, nil},
		"the last of a cluster counts":        {proven(t, "s", a, elsewhere, broken), []audit.Proof{broken, elsewhere}},
		"another share's is none of this one": {proven(t, "other", a), nil},
		"one that was changed tells nothing":  {bytes.ReplaceAll(proven(t, "s", broken), []byte(`"role"`), []byte(`"ok"`)), nil},
		"what is no line tells nothing":       {append([]byte("notes\n"+strings.Repeat("x", 1<<20)+"\n"), proven(t, "s", a)...), []audit.Proof{a}},
		"a line needs no newline at the end":  {bytes.TrimSuffix(proven(t, "s", a), []byte("\n")), []audit.Proof{a}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := audit.LastProofs(bytes.NewReader(test.text), "s")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("proofs (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzLastProofs(f *testing.F) {
	f.Add([]byte("{\"n\":1}\n"))
	f.Add([]byte(`{"action":"pull:prove","resource":"cluster  accesskey/","hash":"` + strings.Repeat("0", 64) + `"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		proofs, err := audit.LastProofs(bytes.NewReader(text), "")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, p := range proofs {
			name := string(p.Account) + " " + p.Cluster
			if seen[name] {
				t.Errorf("two last proofs of %q", name)
			}
			seen[name] = true
		}
	})
}
