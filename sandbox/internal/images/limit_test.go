package images

import (
	"errors"
	"io"
	"os"
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

func TestAnUploadThatCannotBeginLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range mostUploads {
		busy := &upload{}
		busy.mu.Lock()
		store.uploads.open = append(store.uploads.open, busy)
	}
	if err := store.BeginUpload(Place{}, "one more"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one upload more than there may be: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// fullSpool is a disk that fills up: it takes four bytes.
type fullSpool struct{ memorySpool }

func (f *fullSpool) Write(p []byte) (int, error) {
	n, _ := f.Buffer.Write(p[:min(len(p), 4-f.Len())])
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// What a full disk took half of a part of must not become a layer under the digest of something else.
func TestAnUploadEndsWhenItsContentIsNoLongerWhatCame(t *testing.T) {
	store, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	store.uploads.newSpool = func() (spool, error) { return &fullSpool{}, nil }
	place := Place{Account: "111111111111", Region: "us-west-2", Name: "app"}
	if err := store.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"ab", "cdefgh"} {
		_, err = store.AppendUpload(place, "u", Anywhere, strings.NewReader(part))
	}
	if !errors.Is(err, io.ErrShortWrite) {
		t.Fatalf("a part that does not fit: %v", err)
	}
	if err := store.FinishUpload(t.Context(), place, "u", Digest([]byte("ab")), 0); !errors.Is(err, ErrUploadUnknown) {
		t.Errorf("a layer of what is left: %v", err)
	}
	if store.uploads.pending != 0 {
		t.Errorf("%d bytes are still counted", store.uploads.pending)
	}
}
