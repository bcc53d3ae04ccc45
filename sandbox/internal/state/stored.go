package state

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// UnknownPrincipalError says that a policy names a principal that does not exist.
type UnknownPrincipalError struct{ Principal string }

func (e *UnknownPrincipalError) Error() string {
	return fmt.Sprintf("the principal %s does not exist", e.Principal)
}

// Stored returns a policy as AWS keeps it: users and roles by their unique id, so that one made later under the same name
// is another, and accounts by the ARN of their root
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html). Each must exist, else the
// error is an *UnknownPrincipalError. Session principals are kept as they are.
func (w *World) Stored(document *Document) (*Document, error) {
	unknown, changed := "", false
	mapped := document.Parsed.MapPrincipals(func(principal string) string {
		stored, ok := w.storedPrincipal(principal)
		if !ok && unknown == "" {
			unknown = principal
		}
		changed = changed || stored != principal
		return stored
	})
	switch {
	case unknown != "":
		return nil, &UnknownPrincipalError{unknown}
	case !changed:
		return document, nil
	}
	return compile(document.Name, mapped, string(mapped.JSON()))
}

func (w *World) storedPrincipal(principal string) (stored string, exists bool) {
	if principal == "*" {
		return principal, true
	}
	if account, err := arn.ParseAccountID(principal); err == nil {
		return arn.Root(account).String(), w.Accounts[account] != nil
	}
	name, err := arn.Parse(principal)
	if err != nil {
		_, exists := w.PrincipalARN(awsid.UniqueID(principal))
		return principal, exists
	}
	if name.Partition != arn.Partition {
		return principal, false // partitions share no accounts, even if the numbers are the same
	}
	switch name.Kind() {
	case "user", "role":
		id, exists := w.PrincipalID(name)
		return string(id), exists
	case "root":
		return principal, w.Accounts[name.Account] != nil
	}
	return principal, true
}

// Shown returns the text of a policy as AWS shows it: users and roles by their ARN as long as they exist, and by the id
// that is stored once they are gone.
func (w *World) Shown(document *Document) string {
	named := false
	mapped := document.Parsed.MapPrincipals(func(principal string) string {
		name, exists := w.PrincipalARN(awsid.UniqueID(principal))
		if !exists {
			return principal
		}
		named = true
		return name.String()
	})
	if !named {
		return document.Text
	}
	return string(mapped.JSON())
}
