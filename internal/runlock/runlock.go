// Package runlock tells the runs of this machine that are at work from those that are over.
package runlock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullpass/pullpass/internal/filelock"
	"github.com/pullpass/pullpass/internal/plan"
)

const (
	suffix  = ".lock"
	dirMode = 0o700
	// probing is how long a look at a lock may keep its owner waiting.
	probing = 10 * time.Millisecond
	probes  = 100
	// forgotten is the age from which the file of a dead run is removed. A younger one may be about to be locked.
	forgotten = time.Hour
)

// A Lock is held by a run for as long as it works. The operating system drops it with the process, however that ends.
type Lock struct {
	lock *filelock.Lock
	path string
}

// Hold takes the lock of a run in a directory, which is made if need be.
func Hold(ctx context.Context, dir string, run plan.RunID) (*Lock, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("locking run %s: %w", run, err)
	}
	path := filepath.Join(dir, string(run)+suffix)
	var lock *filelock.Lock
	var err error
	for range probes {
		// Nobody else has this run's id, so whoever holds the lock only looks at it.
		if lock, err = filelock.Acquire(path); !errors.Is(err, filelock.ErrHeld) {
			break
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("locking run %s: %w", run, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("locking run %s: %w", run, err)
	}
	return &Lock{lock: lock, path: path}, nil
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(probing)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// alone is the file that the one run locks which takes keys away. Its name is no run's.
const alone = "alone" + suffix

// HoldAlone takes the place in a directory that one run has at a time: run ids tell which of two runs began first only to the
// second, and not which looked for the other first. It returns filelock.ErrHeld where another has it. The directory must
// exist, as Hold makes it.
func HoldAlone(dir string) (*filelock.Lock, error) {
	lock, err := filelock.Acquire(filepath.Join(dir, alone))
	if err != nil {
		return nil, fmt.Errorf("waiting for other runs to end: %w", err)
	}
	return lock, nil
}

// Release says that the run is over.
func (l *Lock) Release() error {
	if err := errors.Join(os.Remove(l.path), l.lock.Release()); err != nil {
		return fmt.Errorf("unlocking a run: %w", err)
	}
	return nil
}

// Live returns the runs that hold a lock in a directory, sorted; none where there is no directory. It removes what runs
// that were killed have left, once they are an hour old.
func Live(dir string, now time.Time) ([]plan.RunID, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for other runs: %w", err)
	}
	var live []plan.RunID
	for _, entry := range entries {
		name, found := strings.CutSuffix(entry.Name(), suffix)
		if !found {
			continue
		}
		run, err := plan.ParseRunID(name)
		if err != nil {
			continue // Somebody else's file.
		}
		held, err := probe(filepath.Join(dir, entry.Name()), now.Sub(run.Started()) > forgotten)
		if err != nil {
			return nil, fmt.Errorf("looking for other runs: %w", err)
		}
		if held {
			live = append(live, run)
		}
	}
	return live, nil
}

// probe reports whether somebody holds a lock, and removes its file if nobody does and it is to be forgotten.
func probe(path string, forget bool) (bool, error) {
	lock, err := filelock.Acquire(path)
	if errors.Is(err, filelock.ErrHeld) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if forget {
		err = os.Remove(path)
	}
	return false, errors.Join(err, lock.Release())
}
