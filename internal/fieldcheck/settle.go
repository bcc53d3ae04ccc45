package fieldcheck

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// waited is the end of a wait.
type waited struct {
	answer
	// came says that the answer is the one that was waited for.
	came bool
	took time.Duration
	// before are the codes of the answers until then, each once; an answer without one is "200".
	before []string
}

// until repeats a question until the answer is the one that is wanted, or the limit is passed; the last answer counts. The
// time is what was waited, so that a clock which stands still does not make it endless.
func (f *Field) until(
	ctx context.Context, limit time.Duration, wanted func(answer) bool, ask func(context.Context) (answer, error),
) (w waited, err error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if w.answer, err = ask(ctx); err != nil {
			return w, err
		}
		if w.came = wanted(w.answer); w.came || w.took >= limit {
			return w, nil
		}
		said := w.code
		if w.ok() {
			said = "200"
		}
		if !slices.Contains(w.before, said) {
			w.before = append(w.before, said)
		}
		if err := f.Wait(ctx, pause); err != nil {
			return w, err
		}
		w.took += pause
	}
}

// is wants one code, however the answer goes on.
func is(code string) func(answer) bool {
	return func(a answer) bool { return a.refused(code) }
}

// settle waits until what was just changed should be known everywhere.
func (f *Field) settle(ctx context.Context) error { return f.Wait(ctx, spread) }

// administer repeats an administrator's call until IAM knows everywhere what the call builds on.
func (f *Field) administer(ctx context.Context, call func(context.Context) error) error {
	pause := firstPause
	for took := time.Duration(0); ; took += pause {
		err := call(ctx)
		if err == nil || !unsettled(err) || took > 2*spread {
			return err
		}
		if waitErr := f.Wait(ctx, pause); waitErr != nil {
			return errors.Join(err, waitErr)
		}
		pause = min(2*pause, longestPause)
	}
}

// unsettled tells what an administrator may be answered about things just made, or just deleted. Unlike those of others, an
// administrator's AccessDenied does not pass.
func unsettled(err error) bool {
	switch code, message := codeOf(err); code {
	case "NoSuchEntity", "DeleteConflict", "EntityAlreadyExists":
		return true
	case "MalformedPolicyDocument":
		return strings.HasPrefix(message, "Invalid principal")
	}
	return false
}

// codeOf returns what AWS said in an error of the SDK's; nothing for others.
func codeOf(err error) (code, message string) {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode(), api.ErrorMessage()
	}
	return "", ""
}
