package images

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spool holds what has come of an upload.
type spool interface {
	io.Writer
	// open returns what was written, from its beginning; the reader is good until the spool is discarded.
	open() (io.ReadCloser, error)
	discard() error
}

type memorySpool struct{ bytes.Buffer }

func newMemorySpool() (spool, error) { return &memorySpool{}, nil }

func (m *memorySpool) open() (io.ReadCloser, error) { return reader(m.Bytes()), nil }

func (m *memorySpool) discard() error {
	m.Buffer = bytes.Buffer{}
	return nil
}

const spoolPrefix = "spool-"

type fileSpool struct{ *os.File }

func newFileSpool(dir string) (spool, error) {
	f, err := os.CreateTemp(dir, spoolPrefix)
	if err != nil {
		return nil, err
	}
	return fileSpool{f}, nil
}

// open reads through a descriptor of its own, so that closing it leaves the one that is written to.
func (f fileSpool) open() (io.ReadCloser, error) { return os.Open(f.Name()) }

func (f fileSpool) discard() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
