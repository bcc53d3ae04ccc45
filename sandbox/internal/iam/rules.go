package iam

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// The longest values of the API reference, in characters.
const (
	longestName       = 64  // of a new user or role
	longestReference  = 128 // of the name of a user or role that should exist
	longestPolicyName = 128
	longestPath       = 512
	longestText       = 1000 // of a description
	shortestARN       = 20
	longestARN        = 2048
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkName holds the API reference's pattern [\w+=,.@-]+.
func checkName(parameter, value string, longest int) error {
	if err := checkLength(parameter, value, 1, longest); err != nil {
		return err
	}
	if strings.Trim(value, alphanumeric+"_+=,.@-") != "" {
		return wire.Errorf(wire.ValidationError,
			"The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
			parameter)
	}
	return nil
}

func checkLength(parameter, value string, shortest, longest int) error {
	switch length := utf8.RuneCountInString(value); {
	case value == "" && shortest > 0:
		return invalidValue(parameter, "Member must not be null")
	case length < shortest:
		return invalidValue(parameter, fmt.Sprintf("Member must have length greater than or equal to %d", shortest))
	case length > longest:
		return invalidValue(parameter, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	}
	return nil
}

func checkNumber(parameter string, value, least, most int) error {
	switch {
	case value < least:
		return invalidValue(parameter, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	case value > most:
		return invalidValue(parameter, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
	return nil
}

// checkChoice refuses a value that is none of the choices. An empty one stands for the default.
func checkChoice(parameter, value string, choices ...string) error {
	if value == "" || slices.Contains(choices, value) {
		return nil
	}
	return invalidValue(parameter, "Member must satisfy enum value set: ["+strings.Join(choices, ", ")+"]")
}

// checkPath holds the API reference's pattern (\u002F)|(\u002F[\u0021-\u007E]+\u002F). An empty path stands for "/".
func checkPath(parameter, path string) error {
	if err := checkLength(parameter, path, 0, longestPath); err != nil {
		return err
	}
	if path == "" || path == "/" {
		return nil
	}
	if len(path) < 3 || path[0] != '/' || path[len(path)-1] != '/' || !visible(path) {
		return wire.Errorf(wire.ValidationError, "The specified value for %s is invalid. "+
			"It must begin and end with / and contain only alphanumeric characters and/or / characters.", parameter)
	}
	return nil
}

// checkPathPrefix holds the pattern \u002F[\u0021-\u007F]*, so that a prefix need not end with a slash.
func checkPathPrefix(prefix string) error {
	if err := checkLength("pathPrefix", prefix, 0, longestPath); err != nil {
		return err
	}
	if prefix != "" && (prefix[0] != '/' || !visible(prefix)) {
		return wire.Errorf(wire.ValidationError, "The specified value for pathPrefix is invalid. "+
			"It must begin with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

// orRoot returns the path that a request means: "/" where it gives none.
func orRoot(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
