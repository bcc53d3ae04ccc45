package plan

import (
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

// A RunID names one run of pullpass: <UTC time>.<random>.<host>, such as 20261122T231500Z.9f86d081.laptop. It fits into
// a tag's value and a file's name.
type RunID string

// ErrRunID is wrapped by the errors of ParseRunID.
var ErrRunID = errors.New("not a run id")

const (
	runTime     = "20060102T150405Z"
	runRandom   = 4
	maxHostName = 64
)

// NewRunID makes an id for a run that starts now on a machine.
func NewRunID(host string, now time.Time, random io.Reader) (RunID, error) {
	nonce := make([]byte, runRandom)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("making a run id: %w", err)
	}
	return RunID(now.UTC().Format(runTime) + "." + hex.EncodeToString(nonce) + "." + RunHost(host)), nil
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

// ParseRunID reads the id of a run, such as a tag's value.
func ParseRunID(s string) (RunID, error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) != 3 || len(parts[1]) != hex.EncodedLen(runRandom) || parts[2] != RunHost(parts[2]) {
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

// Host returns the machine of the run, empty if r is no run id.
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

// dead reports whether run is known to have ended: it is one of this machine's and holds no lock.
func (r Runs) dead(run RunID) bool {
	return run.Host() == r.Host && !slices.Contains(r.Live, run)
}
