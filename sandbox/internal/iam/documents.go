package iam

import (
	"net/url"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// encoded is the text of a policy, which IAM shows URL-encoded as RFC 3986 has it
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html).
type encoded string

// MarshalText implements encoding.TextMarshaler.
func (e encoded) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(url.QueryEscape(string(e)), "+", "%20")), nil
}

// parseDocument reads a policy that a request brings, and puts what is wrong with it in AWS's words. Name is where the
// policy will stand.
func parseDocument(kind iampolicy.Kind, name, text string) (*state.Document, error) {
	document, err := state.NewDocument(kind, name, text)
	if err != nil {
		return nil, malformed(complaint(kind, text))
	}
	return document, nil
}

// parseTrust reads a role's trust policy. The users and roles that it names must exist, and are stored as their unique
// ids: one made later under the same name is another
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
func parseTrust(world *state.World, role arn.ARN, parameter, text string) (*state.Document, error) {
	if text == "" {
		return nil, invalidValue(parameter, "Member must not be null")
	}
	document, err := parseDocument(iampolicy.Trust, role.String(), text)
	if err != nil {
		return nil, err
	}
	if err := within("ACLSizePerRole", trustSize, iampolicy.Size([]byte(text))); err != nil {
		return nil, err
	}
	stored := map[string]string{}
	for _, statement := range document.Parsed.Statements {
		for _, principal := range statement.Principal.AWS {
			as, ok := storedPrincipal(world, principal)
			if !ok {
				return nil, malformed(invalidPrincipal("AWS", principal))
			}
			if as != principal {
				stored[principal] = as
			}
		}
	}
	if len(stored) == 0 {
		return document, nil
	}
	return document.MapPrincipals(func(principal string) string {
		if as, ok := stored[principal]; ok {
			return as
		}
		return principal
	})
}

// storedPrincipal returns how a trust policy keeps an AWS principal, or false for one that does not exist: a user or role
// as its unique id, an account as the ARN of its root. Session principals are kept as they are.
func storedPrincipal(world *state.World, principal string) (string, bool) {
	if principal == "*" {
		return principal, true
	}
	if account, err := arn.ParseAccountID(principal); err == nil {
		return arn.Root(account).String(), world.Accounts[account] != nil
	}
	name, err := arn.Parse(principal)
	if err != nil {
		_, exists := world.PrincipalARN(awsid.UniqueID(principal))
		return principal, exists
	}
	switch name.Kind() {
	case "user", "role":
		id, exists := world.PrincipalID(name)
		return string(id), exists
	case "root":
		return principal, world.Accounts[name.Account] != nil
	}
	return principal, true
}

// shownTrust returns a trust policy as IAM shows it: users and roles by their ARN as long as they exist, and by the id
// that is stored once they are gone.
func shownTrust(world *state.World, trust *state.Document) encoded {
	named := false
	mapped := trust.Parsed.MapPrincipals(func(principal string) string {
		name, exists := world.PrincipalARN(awsid.UniqueID(principal))
		if !exists {
			return principal
		}
		named = true
		return name.String()
	})
	if !named {
		return encoded(trust.Text)
	}
	return encoded(mapped.JSON())
}
