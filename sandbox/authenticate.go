package sandbox

import (
	"errors"
	"net/http"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/sigv4"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// endpoint is what the address that a client used says about the service. On bare loopback it says nothing, and the
// signature's scope decides.
type endpoint struct {
	service string
	region  arn.Region
}

// identify tells which service a request is for. One that names no service in a way the sandbox knows is told so in
// the form of STS.
func (g *gateway) identify(r *http.Request, at endpoint) *api.Service {
	name := at.service
	if name == "" {
		name = claimedService(r)
	}
	if service, ok := g.services[name]; ok {
		return service
	}
	return g.services["sts"]
}

// claimedService is the service that a request seems to be for, so that even one that cannot be authenticated gets its
// error in the right form.
func claimedService(r *http.Request) string {
	if signature, err := sigv4.Parse(r); err == nil {
		return signature.Scope.Service
	}
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return "ecr"
	case strings.HasPrefix(r.URL.Path, "/eks-anywhere-"):
		return "eks"
	}
	return "sts"
}

// identity is an authenticated caller, as it can be kept while the world is not held.
type identity struct {
	key     awsid.AccessKeyID
	session *token.Session
}

// claim checks, in AWS's order [seen], the scope, the time, and the key with its session token. It returns what the
// request must have been signed with: the signature itself, which comes last, covers the body.
func (g *gateway) claim(r *http.Request, req *request, at endpoint) (awsid.SecretAccessKey, error) {
	signature, err := sigv4.Parse(r)
	if err != nil {
		return "", signatureError(err)
	}
	req.signature = signature
	// The signature's account is as good as its key, which is looked for in these conditions.
	req.account = claimedAccount(signature)
	req.conditions = g.weather.Conditions(r.Context(), req.service.Name, req.account)
	rules := sigv4.Rules{Service: req.service.Name, Region: at.region, Skew: req.service.Skew, Now: g.clock()}
	if err := signature.Check(r, rules); err != nil {
		return "", signatureError(err)
	}
	if _, err := arn.ParseRegion(string(signature.Scope.Region)); err != nil {
		// On bare loopback the rules allow any Region, but it must be one.
		return "", wire.Errorf(wire.SignatureDoesNotMatch, "Credential should be scoped to a valid region, not '%s'.", signature.Scope.Region)
	}
	return g.secret(req)
}

// claimedAccount is the account whose key a request names; empty for what is no key's id.
func claimedAccount(signature *sigv4.Signature) arn.AccountID {
	account, err := awsid.Account(signature.AccessKeyID)
	if err != nil {
		return ""
	}
	return account
}

// secret finds what the request's key signs with, and who that is.
func (g *gateway) secret(req *request) (secret awsid.SecretAccessKey, err error) {
	req.identity.key = req.signature.AccessKeyID
	if req.signature.SessionToken != "" {
		session, err := token.Open[token.Session](g.sealer, req.signature.SessionToken)
		if err != nil || session.KeyID != req.identity.key {
			return "", errInvalidToken()
		}
		if !g.clock().Before(session.Expires) {
			return "", wire.Errorf(wire.ExpiredToken, "The security token included in the request is expired")
		}
		req.identity.session = &session
	}
	err = g.store.Seen(g.lag(req), func(w *state.World) error {
		secret, err = req.identity.secret(w)
		return err
	})
	return secret, err
}

func (i identity) secret(w *state.World) (awsid.SecretAccessKey, error) {
	if _, err := i.caller(w); err != nil {
		return "", err
	}
	if i.session != nil {
		return awsid.SecretAccessKey(i.session.Secret), nil
	}
	_, key, _ := w.Key(i.key)
	return awsid.SecretAccessKey(key.Secret), nil
}

// caller finds the identity in the world, where it may have changed or gone since the last look.
func (i identity) caller(w *state.World) (*guard.Caller, error) {
	if i.session != nil {
		if caller, ok := guard.SessionCaller(w, i.session); ok {
			return caller, nil
		}
		return nil, errInvalidToken()
	}
	user, key, ok := w.Key(i.key)
	if !ok || !key.Active {
		return nil, errInvalidToken()
	}
	return guard.UserCaller(w, user, i.key), nil
}

// errInvalidToken is AWS's one answer to a key that does not exist, is inactive, or comes with the wrong session token.
func errInvalidToken() error {
	return wire.Errorf(wire.InvalidClientTokenID, "The security token included in the request is invalid.")
}

func signatureError(err error) error {
	var refusal *sigv4.Error
	if !errors.As(err, &refusal) {
		return err
	}
	code := wire.SignatureDoesNotMatch
	switch refusal.Reason {
	case sigv4.MissingToken:
		code = wire.MissingAuthenticationToken
	case sigv4.Incomplete:
		code = wire.IncompleteSignature
	case sigv4.Mismatch:
	}
	return wire.Errorf(code, "%s", refusal.Message)
}
