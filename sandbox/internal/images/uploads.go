package images

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
)

func newUploads(clock func() time.Time, share int64, newSpool func() (spool, error)) *uploads {
	if clock == nil {
		clock = time.Now
	}
	return &uploads{share: share, clock: clock, newSpool: newSpool, held: map[arn.AccountID]int64{}}
}

// add puts an upload on the list. If there are too many of its account, or in all, the oldest one that nobody is sending to
// gives way: one of its account, or of the account that has most.
func (u *uploads) add(up *upload) error {
	u.expire()
	u.mu.Lock()
	defer u.mu.Unlock()
	counts := map[arn.AccountID]int{}
	for _, other := range u.open {
		counts[other.place.Account]++
	}
	var err error
	switch account := up.place.Account; {
	case counts[account] >= accountUploads:
		err = u.evict(account)
	case len(u.open) >= mostUploads:
		err = u.evict(most(counts))
	}
	if err != nil {
		return err
	}
	u.open = append(u.open, up)
	return nil
}

// most returns the account with the highest count, of several the one whose number is lowest.
func most(counts map[arn.AccountID]int) (found arn.AccountID) {
	for _, account := range slices.Sorted(maps.Keys(counts)) {
		if counts[account] > counts[found] {
			found = account
		}
	}
	return found
}

// evict takes off the list the oldest upload of an account that nobody is sending to. The list is locked.
func (u *uploads) evict(account arn.AccountID) error {
	oldest := slices.IndexFunc(u.open, func(up *upload) bool { return up.place.Account == account && up.mu.TryLock() })
	if oldest < 0 {
		return fmt.Errorf("%w: too many uploads are under way", ErrTooLarge)
	}
	evicted := u.open[oldest]
	defer evicted.mu.Unlock()
	u.open = slices.Delete(u.open, oldest, oldest+1)
	evicted.gone = true
	u.count(account, -evicted.size)
	if err := evicted.discard(); err != nil {
		return fmt.Errorf("dropping an abandoned upload: %w", err)
	}
	return nil
}

// expire takes off the list what has lain idle for too long.
func (u *uploads) expire() {
	now := u.clock()
	u.remove(func(up *upload) bool {
		if !up.mu.TryLock() {
			return false
		}
		defer up.mu.Unlock()
		return now.Sub(up.touched) >= uploadLifetime
	})
}

// take finds an upload and locks it; release must follow. It waits for nobody: whoever asks may hold the state, which a
// client that sends slowly would then hold up for all.
func (u *uploads) take(place Place, id string) (*upload, error) {
	u.expire()
	up, locked := u.find(place, id)
	switch {
	case up == nil:
		return nil, ErrUploadUnknown
	case !locked:
		return nil, fmt.Errorf("%w: another part is on its way", ErrOutOfOrder)
	case up.spool == nil:
		up.mu.Unlock()
		return nil, ErrUploadUnknown
	}
	return up, nil
}

// find returns an upload of the list, nil for none, and locks it if nobody sends to it. That is asked with the list locked:
// whoever looks at each upload, to find those that are idle, holds the lock of each for a moment.
func (u *uploads) find(place Place, id string) (up *upload, locked bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, up := range u.open {
		if up.place == place && up.id == id {
			return up, up.mu.TryLock()
		}
	}
	return nil, false
}

// release unlocks an upload, and ends it if it was taken off the list meanwhile.
func (u *uploads) release(up *upload) {
	up.touched = u.clock()
	up.mu.Unlock()
	u.mu.Lock()
	gone := up.gone
	u.mu.Unlock()
	if gone {
		u.end(up)
	}
}

// remove takes uploads off the list. One that is being sent to is ended by whoever sends: nobody waits for a client.
func (u *uploads) remove(match func(*upload) bool) {
	u.mu.Lock()
	var removed []*upload
	u.open = slices.DeleteFunc(u.open, func(up *upload) bool {
		if !match(up) {
			return false
		}
		up.gone = true
		removed = append(removed, up)
		return true
	})
	u.mu.Unlock()
	for _, up := range removed {
		u.end(up)
	}
}

// end discards an upload that is off the list, unless somebody sends to it. A file that cannot be removed is left to the
// next Open.
func (u *uploads) end(up *upload) {
	if up.mu.TryLock() {
		defer up.mu.Unlock()
		_ = u.discard(up)
	}
}

// discard gives back what an upload, which is locked, takes up.
func (u *uploads) discard(up *upload) error {
	u.spend(up.place.Account, -up.size)
	return up.discard()
}

func (u *upload) discard() error {
	if u.spool == nil {
		return nil
	}
	err := u.spool.discard()
	u.spool, u.size = nil, 0
	return err
}

// spend adds to what an account's uploads take up.
func (u *uploads) spend(account arn.AccountID, n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count(account, n)
}

// count does so with the list locked.
func (u *uploads) count(account arn.AccountID, n int64) {
	u.pending += n
	if u.held[account] += n; u.held[account] == 0 {
		delete(u.held, account)
	}
}

// metered counts what is read against the limits of all uploads.
type metered struct {
	part    io.Reader
	uploads *uploads
	account arn.AccountID
	total   int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.part.Read(p)
	u := m.uploads
	u.mu.Lock()
	defer u.mu.Unlock()
	if share := u.share; u.held[m.account]+int64(n) > share || u.pending+int64(n) > shares*share {
		return 0, fmt.Errorf("%w: uploads under way may hold %d bytes for an account, %d in all", ErrTooLarge, share, shares*share)
	}
	u.count(m.account, int64(n))
	m.total += int64(n)
	return n, err
}
