package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

const account arn.AccountID = "999999999999"

func fresh() (*state.World, error) {
	world := state.NewWorld(make([]byte, 32))
	a := world.AddAccount(account)
	world.AddUser(a, user("first"))
	return world, nil
}

func user(name string) *state.User {
	return &state.User{Entity: state.Entity{
		Account: account, Kind: "user", Path: "/", Name: name, ID: awsid.UniqueID("AIDA" + name),
	}}
}

func addUser(name string) func(*state.World) error {
	return func(w *state.World) error {
		w.AddUser(w.Accounts[account], user(name))
		return nil
	}
}

func names(t *testing.T, store *state.Store) (names []string) {
	t.Helper()
	err := store.View(func(w *state.World) error {
		for _, u := range state.Sorted(w.Accounts[account].Users) {
			names = append(names, u.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func open(t *testing.T, dir string) *state.Store {
	t.Helper()
	store, err := state.Open(dir, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestAnUpdateIsOnTheDiskWhenItReturns(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	store := open(t, dir)
	if err := store.Update(addUser("second")); err != nil {
		t.Fatal(err)
	}
	// What a crash would leave behind now, opened while the store has not been closed.
	b, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, "state.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	after := open(t, copied)
	if diff := cmp.Diff([]string{"first", "second"}, names(t, after)); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	for _, s := range []*state.Store{store, after} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFailedUpdateIsNotSaved(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	before, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	if err := store.Update(func(*state.World) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("Update = %v, want the error of its function", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("a failed Update changed the file")
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

func TestManyUpdatesAtOnceAreAllSaved(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if err := store.Update(addUser(fmt.Sprintf("user-%02d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	defer func() { _ = again.Close() }()
	if got := len(names(t, again)); got != 51 {
		t.Errorf("%d users after reopening, want 51", got)
	}
}

func TestADirectoryInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	if _, err := state.Open(dir, fresh); !errors.Is(err, state.ErrLocked) {
		t.Errorf("a second Open = %v, want ErrLocked", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestATornOrForeignFileIsRefusedAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, content := range map[string][]byte{
		"a file cut in the middle":          whole[:len(whole)/2],
		"a file of another program":         []byte(`{"version": 4, "terraform_version": "1.9"}`),
		"a file of another format":          bytes.Replace(whole, []byte("state/1"), []byte("state/9"), 1),
		"a file in which one byte is wrong": bytes.Replace(whole, []byte("first"), []byte("worst"), 1),
		"an empty file":                     {},
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := state.Open(dir, fresh); !errors.Is(err, state.ErrForeign) {
			t.Errorf("%s: Open = %v, want ErrForeign", what, err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(content, after) {
			t.Errorf("%s was touched", what)
		}
	}
}

func TestPoliciesKeysAndUseSurviveASave(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	document, err := state.NewDocument(iampolicy.Identity, "p",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	used := state.Use{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Region: "us-west-2", Service: "sts"}
	err = store.Update(func(w *state.World) error {
		u := w.Accounts[account].User("FIRST")
		u.Inline = map[string]*state.Document{"p": document}
		key := &state.AccessKey{ID: "AKIAEXAMPLE", Secret: "s", Active: true}
		key.LastUsed.Note(used)
		w.AddKey(u, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	defer func() { _ = again.Close() }()
	_ = again.View(func(w *state.World) error {
		u, key, ok := w.Key("AKIAEXAMPLE")
		if !ok || u.Name != "first" || key.Secret != "s" || !key.Active {
			t.Errorf("the key came back as %v, %+v of %+v", ok, key, u)
		}
		if got, ok := key.LastUsed.Get(); !ok || got != used {
			t.Errorf("last use = %v, %v", got, ok)
		}
		if p := u.Inline["p"]; p.Compiled == nil || p.Text != document.Text || p.Compiled.Name() != "p" {
			t.Errorf("the policy came back as %+v", p)
		}
		return nil
	})
}

func TestAClosedStoreWritesNoMore(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir)
	defer func() { _ = second.Close() }()
	before, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Update(addUser("late")); !errors.Is(err, state.ErrClosed) {
		t.Errorf("Update after Close = %v, want ErrClosed", err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("a second Close = %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the closed store changed the file that is another's now")
	}
}

func TestTimeAloneExpiresASubscription(t *testing.T) {
	end := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		status, before, after state.SubscriptionStatus
		opens                 bool // before the end
	}{
		{state.Creating, state.Creating, state.Creating, false},
		{state.Active, state.Active, state.Expired, true},
		{state.Updating, state.Updating, state.Expired, true},
		{state.Expiring, state.Expiring, state.Expired, true},
		{state.Expired, state.Expired, state.Expired, false},
		{state.Deleting, state.Deleting, state.Deleting, false},
	} {
		s := state.Subscription{Status: test.status, Effective: end.AddDate(-1, 0, 0), Expires: end}
		last := end.Add(-time.Nanosecond)
		if got := s.StatusAt(last); got != test.before || s.Opens(last) != test.opens {
			t.Errorf("%s before its end is %s, open %v", test.status, got, s.Opens(last))
		}
		if got := s.StatusAt(end); got != test.after || s.Opens(end) {
			t.Errorf("%s at its end is %s, open %v", test.status, got, s.Opens(end))
		}
		if s.Opens(s.Effective.Add(-time.Nanosecond)) {
			t.Errorf("%s is open before it begins", test.status)
		}
	}
}
