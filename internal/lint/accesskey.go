package lint

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/internal/awsid"
)

// secretLength is the length of every secret access key.
const secretLength = 40

// The key of step 6 of AWS's page, which is that of its other pages, too.
const (
	exampleKeyID  = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// keys looks at every key of the file, used or not.
func (c *config) keys() {
	for _, s := range c.profiles.sections {
		if !s.isProfile() && s.kind != "" {
			continue
		}
		var id, secret property
		for _, p := range s.properties {
			switch p.key {
			case keyID:
				id = p
			case keySecret:
				secret = p
			}
		}
		c.key(s, id, secret)
	}
}

func (c *config) key(s section, id, secret property) {
	if id.value != "" && !c.placeholder(id) {
		if problem := keyIDProblem(id.value); problem != "" {
			c.at("PP013", id.span.start, "%s", problem)
		}
	}
	if secret.value != "" && !c.placeholder(secret) {
		if problem := secretProblem(secret.value); problem != "" {
			c.at("PP014", secret.span.start, "%s", problem)
		}
	}
	switch {
	case id.value != "" && secret.value == "":
		c.at("PP015", id.at, "%s has %s and no %s", shown(s.name), keyID, keySecret)
	case id.value == "" && secret.value != "":
		c.at("PP015", secret.at, "%s has %s and no %s", shown(s.name), keySecret, keyID)
	}
}

// placeholder reports a value that AWS's page means to be replaced.
func (c *config) placeholder(p property) bool {
	if !isExample(p.value) {
		return false
	}
	c.at("PP025", p.span.start, "the value of %s is an example", p.key)
	return true
}

func isExample(value string) bool { return value == exampleKeyID || value == exampleSecret }

// keyIDProblem says why a text is not the id of a user's access key; it is empty where it is one. It quotes no more than
// the first four characters: people paste secrets into the wrong line.
func keyIDProblem(value string) string {
	id, err := awsid.ParseAccessKeyID(value)
	switch {
	case err != nil && !strings.HasPrefix(value, string(awsid.LongLived)):
		return "an access key id of a user begins with AKIA"
	case err != nil:
		return fmt.Sprintf("AKIA wants 16 more characters of A-Z and 2-7; the value has %d characters", len(value))
	case id.Kind() == awsid.Temporary:
		return "this is the key of a session (ASIA), which ends within hours"
	}
	return ""
}

// secretProblem says why a text is not a secret access key; it is empty where it may be one.
func secretProblem(value string) string {
	if len(value) == secretLength {
		return ""
	}
	return fmt.Sprintf("the secret has %d characters; every secret access key has %d", len(value), secretLength)
}

// shown is a name as messages give it: one that may be a secret on the wrong line is left out.
func shown(name string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	if len(name) >= secretLength && strings.Trim(name, alphabet) == "" {
		return "…"
	}
	return name
}
