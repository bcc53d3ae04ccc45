package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/pullpass/pullpass/internal/filelock"
)

// Config says where a run records what it does.
type Config struct {
	// Path is the file, which is made with mode 0600 if it is not there.
	Path string
	// Share and Run name what the effects are for.
	Share, Run string
	// Now returns the time of each line.
	Now func() time.Time
}

// A Trail is a file of effects that one run appends to. Other runs may append to the same file at the same time. It is
// safe for concurrent use.
type Trail struct {
	config Config
	file   *os.File
	// out is where lines are written: file, but in tests.
	out sink

	mu   sync.Mutex // held while a line is written
	last end        // where the chain stood when this run wrote last

	// failures has a lock of its own, so that what begins does not wait for what is being recorded.
	failures struct {
		sync.Mutex
		err error
	}
}

// A sink takes lines and gets them onto the disk.
type sink interface {
	io.Writer
	Sync() error
}

const fileMode = 0o600

// Open opens the trail and writes the line that says that the run begins. The error wraps ErrUnwritten.
func Open(c Config) (*Trail, error) {
	t, err := open(c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwritten, err)
	}
	if err := t.Record(Effect{Action: Begin, Outcome: Outcome{Result: OK}}); err != nil {
		return nil, errors.Join(err, t.file.Close())
	}
	return t, nil
}

// open opens a regular file, or makes it, and nothing else: no link is followed, no device or pipe waited for.
func open(c Config) (*Trail, error) {
	f, err := os.OpenFile(c.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, fileMode)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("%s: a symbolic link: %w", c.Path, ErrNotAFile)
	}
	if err != nil {
		return nil, err
	}
	t := &Trail{config: c, file: f, out: f}
	if err := t.check(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// check refuses what others can write, and makes a new name last.
func (t *Trail) check() error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: %w", t.config.Path, ErrNotAFile)
	}
	dir, err := os.Open(filepath.Dir(t.config.Path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Ready returns why nothing more may be done, nil as long as everything was recorded. It wraps ErrUnwritten.
func (t *Trail) Ready() error {
	t.failures.Lock()
	defer t.failures.Unlock()
	return t.failures.err
}

func (t *Trail) fail(err error) {
	t.failures.Lock()
	defer t.failures.Unlock()
	t.failures.err = errors.Join(t.failures.err, err)
}

// Record appends an effect, and returns when it is on the disk. Where that fails, Ready fails from then on: the error tells
// what is not recorded, and wraps ErrUnwritten. What was under way meanwhile can still be recorded.
func (t *Trail) Record(e Effect) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := filelock.Exclusively(t.file, func() error { return t.append(e) })
	if err == nil {
		return nil
	}
	if e.Action != Begin {
		err = fmt.Errorf("%w (not recorded: %s of %s, which ended: %s)", err, e.Action, e.Resource, e.Result)
	}
	err = fmt.Errorf("%w: %s: %w", ErrUnwritten, t.config.Path, err)
	t.fail(err)
	return err
}

// A Head is the end of a trail.
type Head struct {
	Lines int  `json:"lines"`
	Hash  Hash `json:"hash"`
}

// Head returns the last line that this run wrote. Who notes its hash elsewhere can tell later that it is still there.
func (t *Trail) Head() Head {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Head{Lines: t.last.number, Hash: t.last.hash}
}

// Close closes the file. Its error is Ready's, if there is one: the end of a run is the last occasion to tell.
func (t *Trail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.Ready(), t.file.Close())
}

// append writes a line under the lock of the file.
func (t *Trail) append(e Effect) error {
	at, err := t.end()
	if err != nil {
		return err
	}
	text, hash, err := t.line(e, at).encode()
	if err != nil {
		return err
	}
	if at.open {
		text = append([]byte("\n"), text...)
	}
	text = append(text, '\n')
	if _, err = t.out.Write(text); err == nil {
		err = t.out.Sync()
	}
	if err != nil {
		return errors.Join(err, t.takeBack(e, at))
	}
	t.last = end{size: at.size + int64(len(text)), number: at.number + 1, hash: hash}
	return nil
}

// takeBack takes a line away that was not finished, where no effect is told of in it, or where another unfinished line
// stands before it, which can be told from a changed one only as long as it is the last.
func (t *Trail) takeBack(e Effect, at end) error {
	if e.Action != Begin && !at.open {
		return nil
	}
	return t.file.Truncate(at.size)
}

// end returns where the chain stands now, which other runs may have taken further.
func (t *Trail) end() (end, error) {
	info, err := t.file.Stat()
	if err != nil {
		return end{}, err
	}
	there, err := os.Lstat(t.config.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, there):
		return end{}, errors.New("the file was taken away while it was written")
	case err != nil:
		return end{}, err
	case info.Size() == t.last.size:
		return t.last, nil
	case info.Size() < t.last.size:
		return end{}, fmt.Errorf("%w: lines of this run are gone", ErrBroken)
	}
	return readEnd(t.file, info.Size())
}

func (t *Trail) line(e Effect, at end) line {
	l := line{
		Number: at.number + 1, Time: t.config.Now().UTC().Truncate(time.Millisecond),
		Run: cut(t.config.Run, longest), Share: cut(t.config.Share, longest), Step: cut(e.Step, longest),
		Account: cut(string(e.Account), longest), Operator: operator(e), Action: cut(e.Action, longest),
		Resource: cut(e.Resource, longestResource), Outcome: e.cut(), Prev: at.hash,
	}
	for _, earlier := range e.Earlier[:min(len(e.Earlier), mostEarlier)] {
		l.Earlier = append(l.Earlier, earlier.cut())
	}
	if len(at.fragment) > 0 {
		torn := Hash(sha256.Sum256(at.fragment))
		l.Torn = &torn
	}
	return l
}

func operator(e Effect) string {
	if e.Operator.IsZero() {
		return ""
	}
	return cut(e.Operator.String(), longest)
}
