//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/internal/leak"
)

// A report is what a command wrote. Several goroutines may add to it.
type report struct {
	began time.Time
	code  int // the command's

	mu     sync.Mutex
	files  map[string]bool // that were read
	bytes  int64           // in them and in the streams, as often as they were read
	passed map[string]int  // files that were not read, by rule
	meant  map[string]int  // files that hold secrets and are meant to, by rule
	leaks  map[string]bool
	unread map[string]bool
}

func newReport() *report {
	return &report{
		began: time.Now(), files: map[string]bool{}, passed: map[string]int{}, meant: map[string]int{},
		leaks: map[string]bool{}, unread: map[string]bool{},
	}
}

// read scans a file and closes it.
func (r *report) read(file *os.File) {
	defer func() { _ = file.Close() }() // it was only read
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return
	}
	if by := first(unread(), file.Name()); by != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.passed[by.name]++
		return
	}
	found, size, err := leak.Scan(file)
	r.add(file.Name(), found, size, err)
}

func (r *report) add(path string, found []leak.Finding, size int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[path] = true
	r.bytes += size
	if err != nil {
		r.unread[fmt.Sprintf("%s: %v", path, err)] = true
	}
	if by := first(meant(), path); by != nil && len(found) > 0 {
		r.meant[by.name]++
		return
	}
	for _, f := range found {
		r.leaks[fmt.Sprintf("%s: %s", path, f)] = true
	}
}

// heard adds what went to a standard stream.
func (r *report) heard(name string, s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += int64(len(s.said))
	for _, f := range s.Findings() {
		r.leaks[fmt.Sprintf("%s%s: %s", name, testAt(s.said[:f.Offset]), f)] = true
	}
}

// testAt names the test that go test -v has announced last: "=== RUN   TestScripts/apply".
func testAt(said []byte) string {
	const mark = "\n=== "
	_, last, found := strings.Cut(string(said[max(0, bytes.LastIndex(said, []byte(mark))):]), mark)
	fields := strings.Fields(last)
	if !found || len(fields) < 2 {
		return ""
	}
	return " of " + fields[1]
}

func (r *report) exitCode() int {
	if r.code == 0 && len(r.leaks)+len(r.unread) > 0 {
		return 1
	}
	return r.code
}

func (r *report) print(to io.Writer) {
	tell := func(format string, args ...any) { _, _ = fmt.Fprintf(to, format, args...) } // there is nobody to tell of a failure
	for _, line := range slices.Sorted(maps.Keys(r.unread)) {
		tell("NOT READ %s\n", line)
	}
	for _, line := range slices.Sorted(maps.Keys(r.leaks)) {
		tell("LEAK %s\n", line)
	}
	for _, by := range meant() {
		tell("%7d times a secret in %s: %s\n", r.meant[by.name], by.name, by.why)
	}
	for _, by := range unread() {
		tell("%7d times not read, %s: %s\n", r.passed[by.name], by.name, by.why)
	}
	tell("%7d files, %.1f MB with standard output and error, in %.0f s: %d leaks\n",
		len(r.files), float64(r.bytes)/1e6, time.Since(r.began).Seconds(), len(r.leaks))
}
