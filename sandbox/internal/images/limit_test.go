package images

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// in is a place in an account.
func in(account arn.AccountID) Place {
	return Place{Account: account, Region: "us-west-2", Name: "app"}
}

func TestUploadsHoldNoMoreThanTheirLimits(t *testing.T) {
	store, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	store.uploads.share = 10
	send := func(account arn.AccountID, id, text string) error {
		if err := store.BeginUpload(in(account), id); err != nil {
			t.Fatal(err)
		}
		_, err := store.AppendUpload(in(account), id, 0, strings.NewReader(text))
		return err
	}
	const one, two, three = "111111111111", "222222222222", "333333333333"
	if err := send(one, "one", "seven.."); err != nil {
		t.Fatal(err)
	}
	if err := send(one, "two", "four"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("eleven bytes: %v", err)
	}
	if err := send(two, "one", "ten......."); err != nil {
		t.Errorf("another account, with its own share: %v", err)
	}
	if err := send(three, "one", "four"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("21 bytes in all: %v", err)
	}
	if err := store.FinishUpload(t.Context(), in(one), "one", Digest([]byte("seven..")), 0); err != nil {
		t.Fatal(err)
	}
	if err := send(one, "three", "nine....."); err != nil {
		t.Errorf("after the first was done: %v", err)
	}
	store.uploads.remove(func(*upload) bool { return true })
	if store.uploads.pending != 0 || len(store.uploads.held) != 0 {
		t.Errorf("%d bytes are counted when there is no upload, by account %v", store.uploads.pending, store.uploads.held)
	}
}

func TestAnAccountsUploadsGiveWayToItsOwn(t *testing.T) {
	store, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	const quiet, busy = "111111111111", "222222222222"
	if err := store.BeginUpload(in(quiet), "first"); err != nil {
		t.Fatal(err)
	}
	for i := range mostUploads + 1 {
		if err := store.BeginUpload(in(busy), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(store.uploads.open); n != accountUploads+1 {
		t.Errorf("%d uploads are under way", n)
	}
	// Where there are too many in all, it is those of whoever has most.
	for i := range mostUploads - accountUploads {
		if err := store.BeginUpload(in(arn.AccountID(fmt.Sprintf("3%011d", i))), "u"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(store.uploads.open); n != mostUploads {
		t.Errorf("%d uploads are under way", n)
	}
	if _, err := store.UploadSize(in(quiet), "first"); err != nil {
		t.Errorf("the upload of the quiet account: %v", err)
	}
}

func TestAnUploadThatLiesIdleEnds(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	store, err := Open(Config{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	const account = "111111111111"
	for _, id := range []string{"left", "used"} {
		if err := store.BeginUpload(in(account), id); err != nil {
			t.Fatal(err)
		}
		now = now.Add(uploadLifetime - time.Second)
		if _, err := store.AppendUpload(in(account), id, 0, strings.NewReader("text")); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Second)
	if _, err := store.UploadSize(in(account), "left"); !errors.Is(err, ErrUploadUnknown) {
		t.Errorf("the one that was left: %v", err)
	}
	if size, err := store.UploadSize(in(account), "used"); size != 4 || err != nil {
		t.Errorf("the other: %d, %v", size, err)
	}
	if store.uploads.pending != 4 {
		t.Errorf("%d bytes are held", store.uploads.pending)
	}
}

// TestUploadsSideBySideAreNotInEachOthersWay has clients that each send to their own upload, while every request looks at
// all of them for those that lie idle.
func TestUploadsSideBySideAreNotInEachOthersWay(t *testing.T) {
	store, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	const account, clients, parts = "111111111111", 8, 20_000
	var sending sync.WaitGroup
	for client := range clients {
		id := fmt.Sprint(client)
		if err := store.BeginUpload(in(account), id); err != nil {
			t.Fatal(err)
		}
		sending.Go(func() {
			for i := range parts {
				if _, err := store.AppendUpload(in(account), id, int64(i), strings.NewReader("x")); err != nil {
					t.Errorf("upload %s, part %d: %v", id, i, err)
					return
				}
			}
		})
	}
	sending.Wait()
}

func TestAnUploadThatCannotBeginLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for i := range mostUploads {
		busy := &upload{place: Place{Account: arn.AccountID(fmt.Sprintf("%012d", i))}}
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
	store, err := Open(Config{})
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

// TestTheLimitsAreAsDocumented holds the rows of docs/sandbox-limits.md about uploads against the program.
func TestTheLimitsAreAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/sandbox-limits.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		fmt.Sprintf("| uploads under way to one account's repositories, in memory | %d MiB |", memoryShare>>20),
		fmt.Sprintf("| the same in a directory | %d MiB |", diskShare>>20),
		fmt.Sprintf("| the same of all accounts | %d times as much |", shares),
		fmt.Sprintf("| uploads under way to one account's repositories | %d |", accountUploads),
		fmt.Sprintf("| uploads under way in all | %d |", mostUploads),
		fmt.Sprintf("| an upload that nobody sends to | %s of the sandbox's clock |", uploadLifetime),
	} {
		if !strings.Contains(string(doc), row) {
			t.Errorf("the document does not have %q", row)
		}
	}
}
