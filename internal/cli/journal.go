package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
)

// A journal is the audit trail of a session, which is opened with the first effect. As long as the session has not begun to
// change things there is none, and nothing can be changed.
type journal struct {
	// operator returns who the session acts as in an account.
	operator func(context.Context, arn.AccountID) (arn.ARN, error)

	mu     sync.Mutex
	config *audit.Config
	trail  *audit.Trail
	failed error
}

var errOnlyReads = errors.New("this command only reads, and was about to change something: please report it")

// auditPath is where what is done for a share is recorded, unless --audit says otherwise.
func auditPath(document string) string {
	return strings.TrimSuffix(document, filepath.Ext(document)) + ".audit.jsonl"
}

// begin lets effects be made from now on.
func (j *journal) begin(c audit.Config) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.config = &c
}

// Ready implements audit.Recorder.
func (j *journal) Ready() error {
	trail, err := j.open()
	if err != nil {
		return err
	}
	return trail.Ready()
}

func (j *journal) open() (*audit.Trail, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.config == nil:
		return nil, errOnlyReads
	case j.trail == nil && j.failed == nil:
		j.trail, j.failed = audit.Open(*j.config)
	}
	return j.trail, j.failed
}

// Record implements audit.Recorder. It adds who is at work in the account, where the effect is none that AWS knows of.
func (j *journal) Record(ctx context.Context, e audit.Effect) {
	trail, err := j.open()
	if err != nil {
		return // Ready has said so, and the effect was not made.
	}
	if e.Operator.IsZero() && e.Account != "" {
		// Without an answer the field stays empty: that is better than no line.
		e.Operator, _ = j.operator(context.WithoutCancel(ctx), e.Account)
	}
	_ = trail.Record(e) // The trail tells it by Ready, and at its end.
}

// begun reports whether the session may change things.
func (j *journal) begun() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.config != nil
}

// keeps reports whether there is a trail, to which something may be added that is no effect.
func (j *journal) keeps() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.trail != nil || j.config != nil && j.failed == nil && exists(j.config.Path)
}

func exists(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// trailHead is where a trail ends.
type trailHead struct {
	Path string `json:"file"`
	audit.Head
}

// head returns where the trail ends; nil where nothing was done.
func (j *journal) head() *trailHead {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.trail == nil {
		return nil
	}
	return &trailHead{j.config.Path, j.trail.Head()}
}

// close ends the trail, if there is one, and returns what could not be recorded.
func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.trail == nil {
		return nil
	}
	err := j.trail.Close()
	j.trail, j.config = nil, nil
	return err
}

// end closes the trail and says where it ends.
func (j *journal) end(a *app) error {
	head := j.head()
	err := j.close()
	if head != nil && err == nil {
		a.progress("audit: %s, line %d, head %s", head.Path, head.Lines, head.Hash)
	}
	return err
}
