package state

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
)

func TestAFileIsWhatJSONMakesOfTheWorld(t *testing.T) {
	world := NewWorld([]byte("<seal>"))
	for _, id := range []arn.AccountID{"999999999999", "111111111111"} {
		account := world.AddAccount(id)
		account.Alias = "a & b"
		key := &AccessKey{ID: "AKIA" + "EXAMPLE", Secret: "<s>", Active: true}
		key.LastUsed.Note(Use{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Region: "us-west-2", Service: "sts"})
		world.AddUser(account, &User{Entity: Entity{Account: id, Kind: "user", Path: "/", Name: "u"}, Keys: []*AccessKey{key}})
	}
	world.Organizations["o-a1b2c3d4e5"] = &Organization{ID: "o-a1b2c3d4e5", Management: "111111111111"}
	for sentence, world := range map[string]*World{"of two accounts": world, "of none": NewWorld(nil)} {
		want := byJSON(t, world)
		for _, length := range []int{0, len(want), 2 * len(want)} {
			got, err := encode(world, length)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("a world %s, for a length of %d (-want +got):\n%s", sentence, length, diff)
			}
		}
	}
}

func byJSON(t *testing.T, world *World) string {
	t.Helper()
	inner, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(saved{Format: format, SHA256: digest(inner), World: inner})
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}
