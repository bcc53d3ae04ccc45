package peers

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// A report is the table of all checks, for people.
type report struct {
	mu     sync.Mutex
	rows   []row
	scenes int
}

// A row is one check.
type row struct {
	scenario int // the scenario's place in the order of the source
	step     int // the check's place in its scenario
	program  string
	check    string
	way      way
	result   string
	failed   bool
}

// newPlace returns the next scene's place.
func (r *report) newPlace() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scenes++
	return r.scenes
}

func (r *report) add(checked row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, checked)
}

// write prints the rows, in the order of the source whichever scenario ended first, then the count.
func (r *report) write(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.scenario, b.scenario), cmp.Compare(a.step, b.step))
	})
	var text strings.Builder
	text.WriteString("program\tcheck\tway\tresult\n")
	failed := 0
	for _, checked := range r.rows {
		if checked.failed {
			failed++
			checked.result = "FAILED"
		}
		fmt.Fprintf(&text, "%s\t%s\t%s\t%s\n", checked.program, checked.check, checked.way, checked.result)
	}
	fmt.Fprintf(&text, "\n%d passed, %d failed\n", len(r.rows)-failed, failed)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, text.String()); err != nil {
		return err
	}
	return table.Flush()
}

// keep writes the report to a file when the test is over. run.sh prints it as its last words.
func (r *report) keep(t *testing.T, path string) {
	t.Cleanup(func() {
		var b bytes.Buffer
		if err := r.write(&b); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Error(err)
		}
	})
}
