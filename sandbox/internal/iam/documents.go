package iam

import (
	"errors"
	"net/url"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
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
	if err := checkLength(parameter, text, 1, longestDocument); err != nil {
		return nil, err
	}
	document, err := parseDocument(iampolicy.Trust, role.String(), text)
	if err != nil {
		return nil, err
	}
	if err := within("ACLSizePerRole", trustSize, iampolicy.Size([]byte(text))); err != nil {
		return nil, err
	}
	stored, err := world.Stored(document)
	var unknown *state.UnknownPrincipalError
	if errors.As(err, &unknown) {
		return nil, malformed(invalidPrincipal("AWS", unknown.Principal))
	}
	return stored, err
}
