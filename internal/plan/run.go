package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// TagPending is the tag that marks a user for whom a run is about to make and deliver a key. Its value is the run's id.
const TagPending = "pullpass:pending"

// A RunID names one run of pullpass: <UTC time>.<random>.<host>_<directory of locks>, such as
// 20261122T231500Z.9f86d081.laptop_5e884898; older ones lack the directory. It fits into
// a tag's value and a file's name.
type RunID string

// ErrRunID is wrapped by the errors of ParseRunID.
var ErrRunID = errors.New("not a run id")

const (
	runTime     = "20060102T150405Z"
	runRandom   = 4
	maxHostName = 64
	placeMark   = "_"
	placeHash   = 4
)

// NewRunID makes an id for a run that starts now at a place that RunPlace names, or on a machine that keeps no locks.
func NewRunID(place string, now time.Time, random io.Reader) (RunID, error) {
	nonce := make([]byte, runRandom)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("making a run id: %w", err)
	}
	return RunID(now.UTC().Format(runTime) + "." + hex.EncodeToString(nonce) + "." + runPlace(place)), nil
}

// RunHost returns a machine's name as run ids have it: what is no letter, digit, hyphen or dot becomes a hyphen.
func RunHost(host string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.':
			return r
		}
		return '-'
	}, host)
	if clean == "" {
		return "unknown"
	}
	return clean[:min(len(clean), maxHostName)]
}

// RunPlace names the directory in which the runs of a machine are locked, as Runs.Host has it: the machine's name and a short
// hash of the directory's absolute path. Another copy of a share on the same machine locks its runs elsewhere, so that
// nothing here tells whether they are at work.
func RunPlace(host, locks string) string {
	sum := sha256.Sum256([]byte(locks))
	return RunHost(host) + placeMark + hex.EncodeToString(sum[:placeHash])
}

// runPlace cleans a place, with a directory or without one, as in ids of runs that had none.
func runPlace(place string) string {
	host, hash, found := strings.Cut(place, placeMark)
	if sum, err := hex.DecodeString(hash); !found || err != nil || len(sum) != placeHash {
		return RunHost(place)
	}
	return RunHost(host) + placeMark + hash
}

// ParseRunID reads the id of a run, such as a tag's value.
func ParseRunID(s string) (RunID, error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) != 3 || len(parts[1]) != hex.EncodedLen(runRandom) || parts[2] != runPlace(parts[2]) {
		return "", fmt.Errorf("%w: %q", ErrRunID, s)
	}
	if _, err := hex.DecodeString(parts[1]); err != nil {
		return "", fmt.Errorf("%w: %q", ErrRunID, s)
	}
	if _, err := time.Parse(runTime, parts[0]); err != nil {
		return "", fmt.Errorf("%w: %q", ErrRunID, s)
	}
	return RunID(s), nil
}

// Host returns the machine of the run and its directory of locks, as RunPlace does, empty if r is no run id.
func (r RunID) Host() string {
	parts := strings.SplitN(string(r), ".", 3)
	if len(parts) != 3 {
		return ""
	}
	return parts[2]
}

// Started returns when the run began, the zero time if r is no run id.
func (r RunID) Started() time.Time {
	text, _, _ := strings.Cut(string(r), ".")
	started, err := time.Parse(runTime, text)
	if err != nil {
		return time.Time{}
	}
	return started
}

// dead reports whether run is known to have ended: it is of this machine, was to hold a lock in this
// directory, and holds none.
func (r Runs) dead(run RunID) bool {
	return run.Host() == r.Host && !slices.Contains(r.Live, run)
}
