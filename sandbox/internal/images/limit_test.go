package images

import (
	"errors"
	"strings"
	"testing"
)

func TestUploadsHoldNoMoreThanTheLimitInAll(t *testing.T) {
	store, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	store.uploads.limit = 10
	place := Place{Account: "111111111111", Region: "us-west-2", Name: "app"}
	send := func(id, text string) error {
		if err := store.BeginUpload(place, id); err != nil {
			t.Fatal(err)
		}
		_, err := store.AppendUpload(place, id, 0, strings.NewReader(text))
		return err
	}
	if err := send("one", "seven.."); err != nil {
		t.Fatal(err)
	}
	if err := send("two", "four"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("eleven bytes: %v", err)
	}
	if err := store.FinishUpload(t.Context(), place, "one", Digest([]byte("seven..")), 0); err != nil {
		t.Fatal(err)
	}
	if err := send("three", "nine....."); err != nil {
		t.Errorf("after the first was done: %v", err)
	}
	store.uploads.remove(func(*upload) bool { return true })
	if store.uploads.pending != 0 {
		t.Errorf("%d bytes are counted when there is no upload", store.uploads.pending)
	}
}
