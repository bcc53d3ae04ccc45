package oci

import (
	"net"
	"net/http"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

// userName is the user name that goes with a registry token.
const userName = "AWS"

// authenticate opens the token of a request: the user name AWS with the password that GetAuthorizationToken gave.
func (h *handler) authenticate(r *http.Request, region arn.Region) (*token.Registry, error) {
	user, password, ok := r.BasicAuth()
	if !ok || user != userName {
		return nil, unauthorized()
	}
	opened, err := token.Open[token.Registry](h.config.Sealer, password)
	if err != nil {
		return nil, unauthorized()
	}
	if opened.Region != region {
		// A token of another Region is none that the registry can read [seen]; what it says then is not known.
		return nil, faultf(http.StatusBadRequest, "DENIED", "The authorization token is not valid in %s.", region)
	}
	if !h.config.Clock().Before(opened.Expires) {
		return nil, denied("Your authorization token has expired. Reauthenticate and try again.") // [seen]
	}
	return &opened, nil
}

// caller returns the principal behind a token. A token outlives the session that asked for it, but not the role, nor the
// key: that one which is gone or inactive ends it at once follows from the documents ("authorized … against the
// principal"), the text is that of ECR's API; neither has been seen.
func caller(world *state.World, opened *token.Registry) (*guard.Caller, error) {
	if opened.Session != nil {
		if caller, ok := guard.SessionCaller(world, opened.Session); ok {
			return caller, nil
		}
	} else if user, key, ok := world.Key(opened.KeyID); ok && key.Active {
		return guard.UserCaller(world, user, opened.KeyID), nil
	}
	return nil, denied("The security token included in the request is invalid.")
}

// permit decides on what a request does, for the principal behind its token as it is at this moment.
func (h *handler) permit(x *exchange, action string) error {
	return h.config.State.View(func(world *state.World) error {
		caller, err := caller(world, x.token)
		if err != nil {
			return err
		}
		x.entry.Principal = caller.Principal.ARN
		if action == "" {
			return nil
		}
		target, err := h.rules.Target(world, caller.Account.ID, x.place, action, h.config.Clock())
		if err != nil {
			return err
		}
		x.entry.Resources, x.entry.Decision = []string{target.Resource}, requestlog.Deny
		decision := guard.Decide(world, caller, h.scene(x), target)
		if !decision.Allowed() {
			return denied(guard.Denial(caller, target, decision))
		}
		x.entry.Decision = requestlog.Allow
		_, err = x.repository(world)
		return err
	})
}

func (h *handler) scene(x *exchange) guard.Scene {
	ip, _, err := net.SplitHostPort(x.RemoteAddr)
	if err != nil {
		ip = ""
	}
	return guard.Scene{
		Now: h.config.Clock(), Region: x.place.Region, SourceIP: ip, UserAgent: x.UserAgent(), Secure: x.TLS != nil,
		Password: true,
	}
}
