package state

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// A Lag is how far a reader is behind IAM's writes. "Because IAM data is replicated, changes … might not be immediately
// visible" (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
// Each version of each user, role, policy and access key reaches each replica in its own time, so that they may be seen
// in another order than they were written in. The zero Lag sees everything at once.
type Lag struct {
	// Max is the longest that a version takes. Most take much less.
	Max time.Duration
	// Replica is the copy of IAM's data that is read. The same version always takes the same time to it.
	Replica uint64
	Now     time.Time
}

// reaches is when a version that was written at a time is seen.
func (l Lag) reaches(written time.Time, name string, number int) time.Time {
	h := sha256.New()
	_ = binary.Write(h, binary.BigEndian, []uint64{l.Replica, uint64(number)}) // A hash takes everything.
	_, _ = io.WriteString(h, name)
	share := float64(binary.BigEndian.Uint64(h.Sum(nil))) / math.MaxUint64
	// The cube makes half of all take an eighth of the longest or less.
	return written.Add(time.Duration(float64(l.Max) * share * share * share))
}

// past holds what the IAM of each account was, as far back as somebody may still see it.
type past struct {
	span     time.Duration
	accounts map[arn.AccountID]*history
}

// A history is what one account's IAM was.
type history struct {
	timelines
	changed time.Time // when the last version was written
}

// timelines are the versions of an account's things, by what stays the same of each: "user/AIDA…", which can be renamed,
// "role/name", "key/AKIA…".
type timelines map[string]*timeline

// A timeline is the versions of one thing, the oldest first. Whatever came before the first is out of everybody's sight.
type timeline struct {
	label    string // what the time that a version takes is drawn from: it does not depend on random ids but those of keys
	versions []version
	written  int // how many there have ever been
}

// A version is a thing as it was from an instant on; nil if there was none.
type version struct {
	from   time.Time
	number int
	thing  any
}

// A heldKey is an access key as a thing of its own.
type heldKey struct {
	owner awsid.UniqueID
	key   *AccessKey
}

// Change is an Update of one account's IAM at an instant. Who lags behind goes on seeing it as it was, for as long as the
// span at the most; with a span of 0 nobody does.
func (s *Store) Change(id arn.AccountID, now time.Time, span time.Duration, f func(*World) error) error {
	return s.Update(func(w *World) error {
		switch {
		case span <= 0:
			s.past = nil
		case s.past == nil:
			s.past = newPast(w)
		}
		if err := f(w); err != nil || s.past == nil {
			return err
		}
		s.past.span = max(s.past.span, span)
		s.past.accounts[id].record(w.Accounts[id], now, s.past.span)
		return nil
	})
}

// newPast takes things as they are for what they have been all the time.
func newPast(w *World) *past {
	p := &past{accounts: map[arn.AccountID]*history{}}
	for id, account := range w.Accounts {
		p.accounts[id] = &history{timelines: timelines{}}
		p.accounts[id].record(account, time.Time{}, 0)
	}
	return p
}

// Seen is View for a reader that lags behind.
func (s *Store) Seen(lag Lag, f func(*World) error) error {
	return s.View(func(w *World) error {
		if lag.Max <= 0 || s.past == nil {
			return f(w)
		}
		return f(s.past.world(w, lag))
	})
}

// Rehearse lets f change one account's IAM as a reader that lags behind sees it; nothing of it is kept. It does nothing
// without lag, where the rehearsal could not differ from what follows.
func (s *Store) Rehearse(id arn.AccountID, lag Lag, f func(*World) error) error {
	return s.View(func(w *World) error {
		if lag.Max <= 0 || s.past == nil {
			return nil
		}
		seen := s.past.world(w, lag)
		copied := *seen.Accounts[id]
		copied.Users = cloned(copied.Users, (*User).clone)
		copied.Roles = cloned(copied.Roles, (*Role).clone)
		copied.Policies = cloned(copied.Policies, (*Policy).clone)
		seen.replace(&copied)
		return f(seen)
	})
}

func cloned[T any](things map[string]*T, clone func(*T) *T) map[string]*T {
	copies := make(map[string]*T, len(things))
	for name, thing := range things {
		copies[name] = clone(thing)
	}
	return copies
}

// record adds a version of everything in the account that is not as it was, and drops what nobody can see any more.
func (h *history) record(account *Account, now time.Time, span time.Duration) {
	h.changed = now
	things := thingsOf(account)
	for name, thing := range things {
		h.add(name, now, thing)
	}
	for name, line := range h.timelines {
		if things[name] == nil {
			h.add(name, now, nil)
		}
		if line.prune(now.Add(-span)) {
			delete(h.timelines, name)
		}
	}
}

func (t timelines) add(name string, now time.Time, thing any) {
	line := t[name]
	if line == nil {
		line = &timeline{label: label(name, thing)}
		t[name] = line
	}
	if n := len(line.versions); n > 0 && reflect.DeepEqual(line.versions[n-1].thing, thing) {
		return
	}
	line.versions = append(line.versions, version{now, line.written, thing})
	line.written++
}

func label(name string, thing any) string {
	if user, ok := thing.(*User); ok {
		return "user/" + strings.ToLower(user.Name)
	}
	return name
}

// prune drops versions that everybody has seen the end of, and reports whether nothing is left to see.
func (l *timeline) prune(before time.Time) (gone bool) {
	for len(l.versions) > 1 && l.versions[1].from.Before(before) {
		l.versions = l.versions[1:]
	}
	return len(l.versions) == 1 && l.versions[0].thing == nil && l.versions[0].from.Before(before)
}

// seen is the latest version that has reached a reader, the zero version for none. One that followed on others that are kept
// no more has reached everybody, also where the lag has become longer since.
func (l *timeline) seen(lag Lag) version {
	for i, v := range slices.Backward(l.versions) {
		pruned := i == 0 && v.number > 0
		if pruned || !lag.Now.Before(lag.reaches(v.from, l.label, v.number)) {
			return v
		}
	}
	return version{}
}

// thingsOf returns copies of what an account's IAM holds, without when it was last used, which is not written.
func thingsOf(account *Account) map[string]any {
	things := map[string]any{}
	for _, user := range account.Users {
		copied := user.clone()
		for _, key := range copied.Keys {
			things["key/"+string(key.ID)] = heldKey{user.ID, key}
		}
		copied.Keys = nil
		things["user/"+string(user.ID)] = copied
	}
	for name, role := range account.Roles {
		things["role/"+name] = role.clone()
	}
	for name, policy := range account.Policies {
		things["policy/"+name] = policy.clone()
	}
	return things
}

// world is the world with the IAM of every account as a reader sees it. What it shares with the true one must not be
// changed.
func (p *past) world(now *World, lag Lag) *World {
	seen := &World{
		Seal: now.Seal, Accounts: maps.Clone(now.Accounts), Organizations: now.Organizations,
		keys: maps.Clone(now.keys), ids: maps.Clone(now.ids),
	}
	for id, h := range p.accounts {
		if lag.Now.Before(h.changed.Add(lag.Max)) {
			seen.replace(h.account(now.Accounts[id], lag))
		}
	}
	return seen
}

func (t timelines) account(now *Account, lag Lag) *Account {
	seen := *now
	seen.Roles, seen.Policies = map[string]*Role{}, map[string]*Policy{}
	var users []seenUser
	var keys []heldKey
	for name, line := range t {
		_, short, _ := strings.Cut(name, "/")
		v := line.seen(lag)
		switch thing := v.thing.(type) {
		case *User:
			users = append(users, seenUser{*thing, v.from})
		case *Role:
			seen.Roles[short] = thing.usedAs(now.Roles[short])
		case *Policy:
			seen.Policies[short] = thing
		case heldKey:
			keys = append(keys, thing)
		}
	}
	seen.Users = byName(users)
	giveKeys(keys, seen.Users, now.Users)
	return &seen
}

// A seenUser is a copy of a user as it was from an instant on.
type seenUser struct {
	User
	from time.Time
}

// byName returns users by name. Of two that have had the same name, one after the other, it is the later.
func byName(users []seenUser) map[string]*User {
	slices.SortFunc(users, func(a, b seenUser) int {
		return cmp.Or(a.from.Compare(b.from), a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	found := map[string]*User{}
	for i := range users {
		found[strings.ToLower(users[i].Name)] = &users[i].User
	}
	return found
}

// giveKeys gives keys to the users that hold them, each with when it was last used in truth.
func giveKeys(keys []heldKey, seen, now map[string]*User) {
	owners, inTruth := byID(seen), byID(now)
	for _, held := range keys {
		if user := owners[held.owner]; user != nil {
			user.Keys = append(user.Keys, held.key.usedAs(inTruth[held.owner]))
		}
	}
	for _, user := range seen {
		slices.SortFunc(user.Keys, func(a, b *AccessKey) int {
			return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
		})
	}
}

func byID(users map[string]*User) map[awsid.UniqueID]*User {
	found := make(map[awsid.UniqueID]*User, len(users))
	for _, user := range users {
		found[user.ID] = user
	}
	return found
}
