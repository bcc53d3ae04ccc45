package cli_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/runlock"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// Of two runs at once the second lets the first finish, and says whose run it is, whatever it was asked to do.
func TestARunAtWorkIsNamedByWhoeverFindsItsMark(t *testing.T) {
	t.Parallel()
	other := func(t *testing.T, o *outdoors, place string) plan.RunID {
		run, err := plan.NewRunID(place, o.clock.Now().Add(-time.Minute), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	for sentence, test := range map[string]struct {
		begin func(*testing.T, *outdoors) plan.RunID
		// waited says that rotate would wait for it.
		waited bool
	}{
		"it is of this machine, and holds its lock": {waited: true, begin: func(t *testing.T, o *outdoors) plan.RunID {
			locks := filepath.Join(o.dir, ".pullpass", "runs")
			run := other(t, o, plan.RunPlace("lab", locks))
			lock, err := runlock.Hold(t.Context(), locks, run)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := lock.Release(); err != nil {
					t.Error(err)
				}
			})
			return run
		}},
		"it is of another machine, and marked the user a minute ago": {begin: func(t *testing.T, o *outdoors) plan.RunID {
			return other(t, o, plan.RunPlace("desktop", "/elsewhere"))
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, "fair")
			o.oneStore("")
			o.must(o.here("apply", "--yes", "--no-verify")...)
			before := o.held()
			run := test.begin(t, o)
			o.pending(run)
			if code, said := o.says("status"); code != 3 || !strings.Contains(said, string(run)) {
				t.Errorf("status: exit code %d, want 3 and the name of run %s:\n%s", code, run, said)
			}
			if !test.waited {
				if code, said := o.says("rotate", "--yes", "--force"); code != 1 || !strings.Contains(said, "run "+string(run)+" may be about to deliver a key") {
					t.Errorf("rotate: exit code %d, want 1 and the name of run %s:\n%s", code, run, said)
				}
			}
			if err := os.RemoveAll(filepath.Join(o.dir, "out")); err != nil { // so that apply has a key to make
				t.Fatal(err)
			}
			if code, said := o.says("apply", "--yes", "--no-verify"); code != 1 || !strings.Contains(said, "run "+string(run)+" may be about to deliver a key") {
				t.Errorf("apply: exit code %d, want 1 and the name of run %s:\n%s", code, run, said)
			}
			if keys := o.keys(); len(keys) != 1 || aws.ToString(keys[0].AccessKeyId) != before {
				t.Errorf("the user has the keys %v, and had %s", keys, before)
			}
		})
	}
}

// says runs a command that is not waited for, and returns all that it said.
func (o *outdoors) says(args ...string) (code int, said string) {
	o.t.Helper()
	var out bytes.Buffer
	code = discreetly(o.t.Context(), o.t, o.here(args[0], args[1:]...), o.unattended(&out, &out))
	return code, out.String()
}

// pending marks the user of the one store as one for whom a run is about to make a key.
func (o *outdoors) pending(run plan.RunID) {
	o.t.Helper()
	_, err := o.box.IAM(sandboxtest.Destination).TagUser(o.t.Context(), &iam.TagUserInput{
		UserName: aws.String("pullpass-packages-store-001"),
		Tags:     []types.Tag{{Key: aws.String(plan.TagPending), Value: aws.String(string(run))}},
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// keys are those of the user of the one store.
func (o *outdoors) keys() []types.AccessKeyMetadata {
	o.t.Helper()
	out, err := o.box.IAM(sandboxtest.Destination).ListAccessKeys(o.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("pullpass-packages-store-001")})
	if err != nil {
		o.t.Fatal(err)
	}
	return out.AccessKeyMetadata
}

// A run that follows another at once may not see yet what that one has made. It may have to leave that to the next run, which
// it says, but it makes no key again.
func TestRunsInARowMakeEachKeyOnce(t *testing.T) {
	t.Parallel()
	for _, weather := range []string{"lag", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.date()
			for range 5 {
				code, said := o.says("apply", "--yes", "--no-verify")
				if late := strings.Contains(said, "changed since the plan was made"); (code != 0 || late) && (code != 1 || !late) {
					t.Errorf("exit code %d:\n%s", code, said)
				}
			}
			o.later(20 * time.Second)
			o.clear()
			o.mustHoldTheOnlyKeys()
		})
	}
}

// date gives what was delivered just now the time of the clock: the file system has another.
func (o *outdoors) date() {
	o.t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "out", "*", "*"))
	if err != nil || len(files) == 0 {
		o.t.Fatalf("%d files are delivered: %v", len(files), err)
	}
	for _, file := range files {
		if err := os.Chtimes(file, o.clock.Now(), o.clock.Now()); err != nil {
			o.t.Fatal(err)
		}
	}
}
