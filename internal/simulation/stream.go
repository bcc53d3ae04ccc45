package simulation

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// MaxLine is how long a line may be, in bytes, without its line break. The policies that can concern one request, each at
// its quota, take less.
const MaxLine = 1 << 20

// linesAhead is how many lines are read ahead of the one whose result is written next, for each processor.
const linesAhead = 8

// A Summary counts what Stream has answered.
type Summary struct {
	Cases     int
	Undecided int // cases with a mistake in them
}

// Stream reads cases, one a line, and writes a Result for each in the same order, one a line. Blank lines are passed over.
// A line that is no case, or longer than MaxLine, gets a Result that says so. Results are held back only while more lines
// are at hand. Cases are decided on all processors.
//
// The error is that of in, of out or of ctx. When ctx ends, a Read of in that is under way is left to itself.
func Stream(ctx context.Context, in io.Reader, out io.Writer) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	lines := source{work: make(chan line, linesAhead*workers), ordered: make(chan line, linesAhead*workers)}
	for range workers {
		go lines.decide()
	}
	go lines.read(ctx, in)
	s := newSink(out)
	for more := true; more; {
		var err error
		if more, err = s.step(ctx, lines.ordered); err != nil {
			_ = s.flush() // What is decided is worth having, but err says more than a second failure.
			return s.summary, err
		}
	}
	return s.summary, s.flush()
}

// A line is one of the input that is not blank.
type line struct {
	number  int // from 1
	text    []byte
	tooLong bool
	err     error       // what Read said where there is no line
	result  chan Result // holds one
}

// blank reports whether there is nothing to decide.
func (l line) blank() bool { return !l.tooLong && len(bytes.TrimSpace(l.text)) == 0 }

func (l line) run() Result {
	if l.tooLong {
		return undecided("", fmt.Errorf("line %d: longer than %d bytes", l.number, MaxLine))
	}
	c, err := Decode(l.text)
	if err != nil {
		return undecided(c.ID, fmt.Errorf("line %d: %w", l.number, err))
	}
	r := Run(c)
	if r.Decision == Undecided {
		r.Error = fmt.Sprintf("line %d: %s", l.number, r.Error)
	}
	return r
}

// A source hands out every line twice: as work to whoever is free, and in order to the one who writes results. It is work
// first, so that every line that is waited for is decided.
type source struct{ work, ordered chan line }

// read sends the lines of in until there are no more or nobody wants them.
func (s source) read(ctx context.Context, in io.Reader) {
	defer close(s.work)
	r := bufio.NewReaderSize(in, 1<<16)
	for number := 1; ; number++ {
		l := readLine(r)
		l.number, l.result = number, make(chan Result, 1)
		if errors.Is(l.err, io.EOF) {
			close(s.ordered)
			return
		}
		if l.err != nil {
			l.err = fmt.Errorf("reading cases: %w", l.err)
			send(ctx, s.ordered, l)
			return
		}
		if l.blank() {
			continue
		}
		if !send(ctx, s.work, l) || !send(ctx, s.ordered, l) {
			return
		}
	}
}

func send(ctx context.Context, to chan<- line, l line) (sent bool) {
	select {
	case to <- l:
		return true
	case <-ctx.Done():
		return false
	}
}

// decide decides lines until there will be no more.
func (s source) decide() {
	for l := range s.work {
		l.result <- l.run()
	}
}

// A sink writes results.
type sink struct {
	out     *bufio.Writer
	encoder *json.Encoder
	summary Summary
}

func newSink(out io.Writer) *sink {
	buffered := bufio.NewWriterSize(out, 1<<16)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	return &sink{out: buffered, encoder: encoder}
}

func (s *sink) flush() error {
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return nil
}

// step answers the next line; more is false if there is none.
func (s *sink) step(ctx context.Context, lines <-chan line) (more bool, err error) {
	l, more, err := s.next(ctx, lines)
	if !more || err != nil {
		return false, err
	}
	if l.err != nil {
		return false, l.err
	}
	return true, s.answer(<-l.result)
}

// next returns the next line. Whoever waits for answers before he asks on gets them first.
func (s *sink) next(ctx context.Context, lines <-chan line) (l line, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return line{}, false, err
	}
	select {
	case l, more = <-lines:
		return l, more, nil
	default:
	}
	if err := s.flush(); err != nil {
		return line{}, false, err
	}
	select {
	case l, more = <-lines:
		return l, more, nil
	case <-ctx.Done():
		return line{}, false, ctx.Err()
	}
}

func (s *sink) answer(r Result) error {
	s.summary.Cases++
	if r.Decision == Undecided {
		s.summary.Undecided++
	}
	if err := s.encoder.Encode(r); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return nil
}

// readLine reads a line. The last one need not end with a line break.
func readLine(r *bufio.Reader) (l line) {
	for {
		part, err := r.ReadSlice('\n')
		if err == nil {
			part = bytes.TrimRight(part, "\r\n")
		}
		if !l.tooLong {
			l.text = append(l.text, part...)
		}
		if len(l.text) > MaxLine {
			l.text, l.tooLong = nil, true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if !errors.Is(err, io.EOF) || l.blank() {
			l.err = err
		} // Otherwise there is a line yet, and the next call finds the end again.
		return l
	}
}
