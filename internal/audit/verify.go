package audit

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// A Report says what a trail looks like.
type Report struct {
	// Lines counts the lines of the file.
	Lines int `json:"lines"`
	// Head is the hash of the last line that stands where it was written; the zero Hash of a trail without lines.
	Head Hash `json:"head"`
	// Torn are the lines, counted from 1, that were never finished and after which the next run went on.
	Torn []int `json:"torn"`
	// Breaks are in the order of the lines, the first hundred of them. Only the first is certain to be what it is called.
	Breaks []Break `json:"breaks"`
}

// Intact reports whether every line is as it was written and stands where it was written.
func (r Report) Intact() bool { return len(r.Breaks) == 0 }

// A Break is a place at which the chain does not hold.
type Break struct {
	// Line counts from 1.
	Line int  `json:"line"`
	What What `json:"what"`
	// Why says by what it shows.
	Why string `json:"why"`
}

// String is one line of text.
func (b Break) String() string { return fmt.Sprintf("line %d: %s: %s", b.Line, b.What, b.Why) }

// What happened to a line.
type What string

// What can be told to have happened.
const (
	Changed  What = "changed"
	Removed  What = "removed"
	Inserted What = "inserted"
	Moved    What = "moved"
	// TornLine is a last line that was never finished, and after which no run has gone on yet.
	TornLine What = "torn"
)

// Verify reads a trail and says whether its lines are those that were written. Heads are hashes that were noted when they
// were the last ones; a trail without one of them has lost its end.
//
// The error is that of reading.
func Verify(r io.Reader, heads ...Hash) (Report, error) {
	stands, err := read(r)
	if err != nil {
		return Report{}, fmt.Errorf("reading the audit trail: %w", err)
	}
	j := judge{stands: stands, skipped: map[int]bool{}, report: Report{Lines: len(stands), Torn: []int{}, Breaks: []Break{}}}
	j.all()
	for _, head := range heads {
		j.find(head)
	}
	return j.report, nil
}

// A standing is what a line of a file says of itself.
type standing struct {
	// err is why it is no line.
	err error
	// number, hash, prev and torn are the line's own.
	number     int
	hash, prev Hash
	torn       *Hash
	// sum is the SHA-256 of the text, ended that a newline follows it.
	sum   Hash
	ended bool
}

var errTooLong = errors.New("it is longer than any line that was written")

// read keeps of every line what the judge needs, which is little whatever the file holds.
func read(r io.Reader) ([]standing, error) {
	var all []standing
	buffered := bufio.NewReaderSize(r, longestLine+1)
	for {
		text, err := buffered.ReadSlice('\n')
		if len(text) == 0 && errors.Is(err, io.EOF) {
			return all, nil
		}
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		s := stand(text)
		for errors.Is(err, bufio.ErrBufferFull) {
			text, err = buffered.ReadSlice('\n')
			s.ended = len(text) > 0 && text[len(text)-1] == '\n'
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if tooLong {
			s = standing{err: errTooLong, ended: s.ended}
		}
		all = append(all, s)
	}
}

func stand(text []byte) standing {
	var s standing
	if len(text) > 0 && text[len(text)-1] == '\n' {
		text, s.ended = text[:len(text)-1], true
	}
	var l line
	if l, s.hash, s.err = decode(text); s.err != nil {
		s.sum = sha256.Sum256(text)
	}
	s.number, s.prev, s.torn = l.Number, l.Prev, l.Torn
	return s
}

// A judge goes through the lines in their order.
type judge struct {
	stands []standing
	report Report
	// number and prev are those of the line that stood last in its place.
	number int
	prev   Hash
	// bad counts the lines since then that are none, loose says that the next line may follow another than prev.
	bad   int
	loose bool
	// skipped are numbers that did not come in their turn.
	skipped map[int]bool
}

// mostBreaks bounds what is said of a file that is no trail at all.
const mostBreaks = 100

func (j *judge) all() {
	for i, s := range j.stands {
		if len(j.report.Breaks) >= mostBreaks {
			return
		}
		if s.err != nil {
			j.noLine(i, s)
			continue
		}
		j.line(i, s)
	}
}

func (j *judge) say(i int, what What, why string, args ...any) {
	j.report.Breaks = append(j.report.Breaks, Break{Line: i + 1, What: what, Why: fmt.Sprintf(why, args...)})
}

func (j *judge) noLine(i int, s standing) {
	switch last := i == len(j.stands)-1; {
	case !last && j.continued(s, j.stands[i+1]):
		j.report.Torn = append(j.report.Torn, i+1)
	case last && !s.ended:
		j.say(i, TornLine, "it was never finished, by a machine that stopped or a disk that was full; the next run goes on after it")
	default:
		j.say(i, Changed, "%v", s.err)
		j.bad++
	}
}

// continued reports whether the run that wrote a line found the torn one before it, as it is.
func (j *judge) continued(torn, next standing) bool {
	return next.err == nil && next.torn != nil && *next.torn == torn.sum && next.number == j.number+1 && next.prev == j.prev
}

func (j *judge) line(i int, s standing) {
	switch want := j.number + 1; {
	case s.number < want:
		j.early(i, s)
		return
	case s.number > want+j.bad:
		j.late(i, s, want)
	case s.number == want && s.prev != j.prev && j.bad == 0 && !j.loose:
		j.unfollowed(i, s)
	}
	if s.torn != nil && (i == 0 || j.stands[i-1].err == nil) {
		j.say(i, Removed, "a torn line stood before it")
	}
	j.number, j.prev, j.bad, j.loose = s.number, s.hash, 0, false
	j.report.Head = s.hash
}

// early is a line whose number has been before, or was skipped.
func (j *judge) early(i int, s standing) {
	if j.skipped[s.number] {
		j.say(i, Moved, "it is number %d and stands after number %d", s.number, j.number)
		delete(j.skipped, s.number)
		return
	}
	j.say(i, Inserted, "number %d stands here a second time", s.number)
	// Either of the two may be the one that was written.
	j.loose = s.number == j.number
}

// late is a line before which others are missing.
func (j *judge) late(i int, s standing, want int) {
	what, why := Removed, "number %d was written before it, and is not there"
	for _, other := range j.stands[i+1:] {
		if other.err == nil && want <= other.number && other.number < s.number {
			j.skipped[other.number] = true
			what, why = Moved, "number %d was written before it, and stands elsewhere"
		}
	}
	if want+1 < s.number {
		j.say(i, what, "it is number %d and follows number %d: lines that were written between are not there", s.number, j.number)
		return
	}
	j.say(i, what, why, want)
}

// unfollowed is a line in its turn that was written after another one than stands before it.
func (j *judge) unfollowed(i int, s standing) {
	if s.number == 1 {
		j.say(i, Changed, "it is the first, and was written after another one")
		return
	}
	j.say(i-1, Changed, "it is not the line after which number %d was written, although it carries the hash of its own text", s.number)
}

func (j *judge) find(head Hash) {
	for _, s := range j.stands {
		if s.err == nil && s.hash == head {
			return
		}
	}
	j.say(max(0, len(j.stands)-1), Removed, "no line has the hash %s, which was noted when it was the last", head)
}
