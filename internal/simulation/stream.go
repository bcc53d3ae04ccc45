package simulation

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine is how long a line may be, in bytes, without its line break. The policies that can concern one request, each at
// its quota, take less.
const MaxLine = 1 << 20

// linesAhead is how many lines are read while one is decided.
const linesAhead = 16

// A Summary counts what Stream has answered.
type Summary struct {
	Cases     int
	Undecided int // cases with a mistake in them
}

// Stream reads cases, one a line, and writes a Result for each in the same order, one a line. Blank lines are passed over.
// A line that is no case, or longer than MaxLine, gets a Result that says so. Results are held back only while more lines
// are at hand.
//
// The error is that of in, of out or of ctx. When ctx ends, a Read of in that is under way is left to itself.
func Stream(ctx context.Context, in io.Reader, out io.Writer) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := newStream(out)
	lines := make(chan line, linesAhead)
	go readLines(ctx, in, lines)
	for {
		next, err := s.next(ctx, lines)
		if err == nil {
			err = next.err
		}
		if err == nil {
			err = s.answer(next)
		}
		if errors.Is(err, io.EOF) {
			return s.summary, s.flush()
		}
		if err != nil {
			_ = s.flush() // What is decided is worth having, but err says more than a second failure.
			return s.summary, err
		}
	}
}

// A stream writes results.
type stream struct {
	out     *bufio.Writer
	encoder *json.Encoder
	summary Summary
}

func newStream(out io.Writer) *stream {
	buffered := bufio.NewWriterSize(out, 1<<16)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	return &stream{out: buffered, encoder: encoder}
}

func (s *stream) flush() error {
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return nil
}

// next returns the next line. Whoever waits for answers before he asks on gets them first.
func (s *stream) next(ctx context.Context, lines <-chan line) (line, error) {
	if err := ctx.Err(); err != nil {
		return line{}, err
	}
	select {
	case l := <-lines:
		return l, nil
	default:
	}
	if err := s.flush(); err != nil {
		return line{}, err
	}
	select {
	case l := <-lines:
		return l, nil
	case <-ctx.Done():
		return line{}, ctx.Err()
	}
}

func (s *stream) answer(l line) error {
	r := l.run()
	s.summary.Cases++
	if r.Decision == Undecided {
		s.summary.Undecided++
		r.Error = fmt.Sprintf("line %d: %s", l.number, r.Error)
	}
	if err := s.encoder.Encode(r); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return nil
}

// A line is one of the input that is not blank.
type line struct {
	number  int // from 1
	text    []byte
	tooLong bool
	err     error // why there are no more: io.EOF or what Read said
}

func (l line) run() Result {
	if l.tooLong {
		return undecided("", fmt.Errorf("longer than %d bytes", MaxLine))
	}
	c, err := Decode(l.text)
	if err != nil {
		return undecided(c.ID, err)
	}
	return Run(c)
}

// readLines sends the lines of in until there are no more or nobody wants them.
func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	r := bufio.NewReaderSize(in, 1<<16)
	for number := 1; ; number++ {
		l := readLine(r)
		l.number = number
		if l.err == nil && !l.tooLong && len(l.text) == 0 {
			continue
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
		if l.err != nil {
			return
		}
	}
}

// readLine reads a line without the white space around it. The last one need not end with a line break.
func readLine(r *bufio.Reader) line {
	var text []byte
	tooLong := false
	for {
		part, err := r.ReadSlice('\n')
		if !tooLong {
			text = append(text, part...)
		}
		if len(bytes.TrimRight(text, "\r\n")) > MaxLine {
			text, tooLong = nil, true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (tooLong || len(bytes.TrimSpace(text)) > 0):
			err = nil // The next call finds the end again.
		case err != nil && !errors.Is(err, io.EOF):
			err = fmt.Errorf("reading cases: %w", err)
		}
		return line{text: bytes.TrimSpace(text), tooLong: tooLong, err: err}
	}
}
