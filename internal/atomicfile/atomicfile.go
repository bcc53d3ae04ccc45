// Package atomicfile writes files that are there whole or not at all.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Write puts data into the file at path with exactly the mode given: into a temporary file beside it, to the disk, and
// then over the old one, so that a reader or a crash sees the old content or the new, never a part. The directory must
// exist.
func Write(path string, data []byte, mode fs.FileMode) error {
	if err := write(path, data, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func write(path string, data []byte, mode fs.FileMode) error {
	temp, err := create(path)
	if err != nil {
		return err
	}
	if err = fill(temp, data, mode); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temp.Name()))
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// create makes a temporary file, which is locked as long as it is open, so that Sweep can tell it from what a killed process
// has left. One that is swept before it is locked is made anew.
func create(path string) (*os.File, error) {
	for {
		temp, err := os.CreateTemp(filepath.Dir(path), prefix(path)+"*")
		if err != nil {
			return nil, err
		}
		if err = syscall.Flock(int(temp.Fd()), syscall.LOCK_EX); err == nil {
			_, err = os.Lstat(temp.Name()) // Nobody else makes a file of that name.
		}
		if err == nil {
			return temp, nil
		}
		if closeErr := temp.Close(); !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, closeErr, os.Remove(temp.Name()))
		}
	}
}

// prefix begins the names of the temporary files of a path.
func prefix(path string) string { return "." + filepath.Base(path) + "." }

func fill(f *os.File, data []byte, mode fs.FileMode) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return err
}

// Sweep removes the temporary files that writers of path have left which were killed: they may hold what nobody looks for
// there. Those of a Write under way are left alone.
func Sweep(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		number, found := strings.CutPrefix(e.Name(), prefix(path))
		if _, parseErr := strconv.ParseUint(number, 10, 64); found && parseErr == nil && e.Type().IsRegular() {
			err = errors.Join(err, remove(filepath.Join(filepath.Dir(path), e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("removing what was left of writing %s: %w", path, err)
	}
	return nil
}

// remove removes a file that nobody has locked.
func remove(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // It has its name by now, or somebody else has swept.
	}
	if err != nil {
		return err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return f.Close()
	}
	if err == nil {
		err = os.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a rename last: a new name is on the disk only once its directory is.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
