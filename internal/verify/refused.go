package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A Way is one of the ways in that a delivered credential gives.
type Way string

// The ways in, each of which gives the next.
const (
	// WayKey: the access key may assume the role.
	WayKey Way = "key"
	// WaySession: a session of the role may ask ECR for a registry token.
	WaySession Way = "session"
	// WayToken: a registry token pulls.
	WayToken Way = "registry-token"
)

// Ways returns every way in, in order.
func Ways() []Way { return []Way{WayKey, WaySession, WayToken} }

// A Pass is what a delivered credential opens, taken before access ends: its key, a session and a registry token. With it
// is shown later that none of them is good any more. It stays in memory, and nothing prints what it holds.
type Pass struct {
	walk walk
	// missing says of each way in why there is nothing to try it with, or why trying it would show nothing.
	missing map[Way]error
}

// ErrNoPass says that a way in could not be taken before, so that its being closed shows nothing.
var ErrNoPass = errors.New("it could not be used before")

// Mint does with a delivered file what a cluster does, and keeps what that gives. It pulls once, because a token that never
// pulled is not revoked when it does not pull.
func Mint(ctx context.Context, in Input, cfg Config) *Pass {
	p := &Pass{walk: newWalk(in, cfg), missing: map[Way]error{}}
	broken := error(nil)
	do := func(way Way, proofs ...func(*walk, context.Context) (string, error)) {
		for _, prove := range proofs {
			if broken == nil {
				ctx, cancel := context.WithTimeout(ctx, p.walk.Timeout)
				_, broken = prove(&p.walk, ctx)
				cancel()
			}
		}
		if broken != nil {
			p.missing[way] = fmt.Errorf("%w: %w", ErrNoPass, broken)
		}
	}
	do(WayKey, (*walk).proveConfig)
	do(WaySession, (*walk).proveRole)
	if isDenied(broken) {
		p.missing[WayKey] = p.missing[WaySession] // The role did not let it in before, whatever becomes of the key.
	}
	do(WayToken, (*walk).proveToken, (*walk).proveRegistry, (*walk).proveManifest)
	if broken != nil && p.missing[WaySession] == nil && p.walk.basic == "" {
		p.missing[WaySession] = p.missing[WayToken] // The session was refused for its only use.
	}
	return p
}

// Missing returns why a way in cannot be shown to be closed, nil where it can.
func (p *Pass) Missing(way Way) error { return p.missing[way] }

// A Refusal is what trying a way in again and again showed.
type Refusal struct {
	Way Way
	// Refused says that it was refused several times in a row.
	Refused bool
	// Code is AWS's or the registry's, of the refusal.
	Code string
	// After is the time between what ended it and the first refusal of these.
	After time.Duration
	// Err is why it is not known to be refused: ErrNoPass, ErrStillOpen, or what kept it from being tried.
	Err error
}

// ErrStillOpen says that a way in was open until patience ended.
var ErrStillOpen = errors.New("it is still accepted")

const (
	// inARow is how many refusals follow one another before a way in counts as closed: IAM is eventually consistent, so that
	// one server may refuse while another still accepts.
	inARow = 3
	// probing is the time between two tries, slowest the longest between those of a way in that stays open.
	probing, slowest = 200 * time.Millisecond, 2 * time.Second
	// Closing is how long a way in may stay open: "It might take a few minutes for policy updates to take effect"
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html).
	Closing = 5 * time.Minute
)

// AwaitRefusal tries a way in until it is refused, which began to end at the time since.
//
// GetCallerIdentity is not among the tries: it needs no permission, and no deny reaches it
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
func (p *Pass) AwaitRefusal(ctx context.Context, way Way, since time.Time) Refusal {
	if err := p.missing[way]; err != nil {
		return Refusal{Way: way, Err: err}
	}
	var first time.Time
	refused, pause := 0, probing
	for {
		code, err := p.try(ctx, way)
		now := p.walk.Now()
		switch {
		case code != "":
			if refused++; refused == 1 {
				first, pause = now, probing
			}
			if refused == inARow {
				return Refusal{Way: way, Refused: true, Code: code, After: max(0, first.Sub(since))}
			}
		case now.Sub(since) >= Closing:
			return Refusal{Way: way, Err: open(err)}
		default:
			refused = 0
		}
		if err := p.walk.Wait(ctx, pause); err != nil {
			return Refusal{Way: way, Err: fmt.Errorf("the proof was cut short: %w", err)}
		}
		if refused == 0 {
			pause = min(2*pause, slowest)
		}
	}
}

// open is the reason why a way in is not known to be closed.
func open(err error) error {
	if err == nil {
		return ErrStillOpen
	}
	return err
}

// try tries a way in once. The code is that of a refusal, empty for none; the error is why it could not be tried.
func (p *Pass) try(ctx context.Context, way Way) (code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.walk.Timeout)
	defer cancel()
	attempt := p.walk // What it gives is given up.
	switch way {
	case WayKey:
		_, err = attempt.proveRole(ctx)
	case WaySession:
		_, err = attempt.proveToken(ctx)
	case WayToken:
		_, err = attempt.proveManifest(ctx)
	}
	var fault *Fault
	if errors.As(err, &fault) && isRefusal(way, fault) {
		return fault.Code, nil
	}
	return "", err
}

// codeRegistryUnauthorized is the distribution specification's code for credentials that are not good.
const codeRegistryUnauthorized = string(transport.UnauthorizedErrorCode)

// isRefusal reports whether AWS refused because of who asks. An expiry is none: it would have come without a revocation.
func isRefusal(way Way, fault *Fault) bool {
	switch way {
	case WayKey:
		return slices.Contains([]string{codeUnknownKey, codeDenied}, fault.Code)
	case WaySession:
		return slices.Contains([]string{codeECRDenied, codeECRUnknownKey}, fault.Code)
	case WayToken:
		return slices.Contains([]string{codeRegistryDenied, codeRegistryUnauthorized, "HTTP 401", "HTTP 403"}, fault.Code) &&
			!strings.Contains(fault.Error(), "has expired")
	}
	return false
}

// isDenied reports whether STS refused a key that is good.
func isDenied(err error) bool {
	var fault *Fault
	return errors.As(err, &fault) && fault.Code == codeDenied
}
