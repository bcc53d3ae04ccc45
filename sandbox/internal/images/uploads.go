package images

import (
	"fmt"
	"io"
	"slices"
)

// add puts an upload on the list, in the place of the oldest one that nobody is sending to if there are too many.
func (u *uploads) add(up *upload) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.open) >= mostUploads {
		oldest := slices.IndexFunc(u.open, func(up *upload) bool { return up.mu.TryLock() })
		if oldest < 0 {
			return fmt.Errorf("%w: %d uploads are under way", ErrTooLarge, len(u.open))
		}
		evicted := u.open[oldest]
		defer evicted.mu.Unlock()
		u.open = slices.Delete(u.open, oldest, oldest+1)
		evicted.gone = true
		u.pending -= evicted.size
		if err := evicted.discard(); err != nil {
			return fmt.Errorf("dropping an abandoned upload: %w", err)
		}
	}
	u.open = append(u.open, up)
	return nil
}

// take finds an upload and locks it; release must follow. It waits for nobody: whoever asks may hold the state, which a
// client that sends slowly would then hold up for all.
func (u *uploads) take(place Place, id string) (*upload, error) {
	up := u.find(place, id)
	if up == nil {
		return nil, ErrUploadUnknown
	}
	if !up.mu.TryLock() {
		return nil, fmt.Errorf("%w: another part is on its way", ErrOutOfOrder)
	}
	if up.spool == nil {
		up.mu.Unlock()
		return nil, ErrUploadUnknown
	}
	return up, nil
}

func (u *uploads) find(place Place, id string) *upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, up := range u.open {
		if up.place == place && up.id == id {
			return up
		}
	}
	return nil
}

// release unlocks an upload, and ends it if it was taken off the list meanwhile.
func (u *uploads) release(up *upload) {
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
	u.spend(-up.size)
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

// spend adds to what all uploads take up.
func (u *uploads) spend(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pending += n
}

// metered counts what is read against the limit of all uploads.
type metered struct {
	part    io.Reader
	uploads *uploads
	total   int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.part.Read(p)
	m.uploads.mu.Lock()
	defer m.uploads.mu.Unlock()
	if m.uploads.pending+int64(n) > m.uploads.limit {
		return 0, fmt.Errorf("%w: uploads under way may hold %d bytes in all", ErrTooLarge, m.uploads.limit)
	}
	m.uploads.pending += int64(n)
	m.total += int64(n)
	return n, err
}
