package iam

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func TestNamesPathsAndIDsHaveTheirRules(t *testing.T) {
	name := func(s string) error { return checkName("userName", s, longestName) }
	path := func(s string) error { return checkPath("path", s) }
	version := func(s string) error {
		if versionID(s) {
			return nil
		}
		return wire.Errorf(wire.ValidationError, "no version id")
	}
	for sentence, test := range map[string]struct {
		check func(string) error
		value string
		valid bool
	}{
		"every character of a name":      {name, "aZ09_+=,.@-", true},
		"64 characters":                  {name, strings.Repeat("n", 64), true},
		"65 characters":                  {name, strings.Repeat("n", 65), false},
		"no name":                        {name, "", false},
		"a slash in a name":              {name, "a/b", false},
		"a letter of another alphabet":   {name, "ä", false},
		"the root":                       {path, "/", true},
		"no path":                        {path, "", true},
		"a path of two":                  {path, "/a/b/", true},
		"punctuation in a path":          {path, "/!~*/", true},
		"512 characters":                 {path, "/" + strings.Repeat("p", 510) + "/", true},
		"513 characters":                 {path, "/" + strings.Repeat("p", 511) + "/", false},
		"nothing between two slashes":    {path, "//", false},
		"no slash in front":              {path, "a/", false},
		"no slash behind":                {path, "/a", false},
		"a space in a path":              {path, "/a b/", false},
		"a character that is not ASCII":  {path, "/ä/", false},
		"a prefix of half a name":        {checkPathPrefix, "/a", true},
		"a prefix without a slash":       {checkPathPrefix, "a", false},
		"a key id":                       {checkKeyID, "AKIAIOSFODNN7EXAMPLE", true},
		"a key id of 15 characters":      {checkKeyID, "AKIAIOSFODNN7EX", false},
		"a key id with a hyphen":         {checkKeyID, "AKIAIOSFODNN7-EXAMPLE", false},
		"a first version":                {version, "v1", true},
		"a version with a suffix":        {version, "v12.a-B9", true},
		"a version with an empty suffix": {version, "v1.", true},
		"a version with a wrong suffix":  {version, "v1.a_b", false},
		"version nought":                 {version, "v0", false},
		"a version without its v":        {version, "1", false},
		"a version without a number":     {version, "v", false},
		"a version that is not a number": {version, "v1a", false},
		"two letters in front":           {version, "vv1", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if err := test.check(test.value); (err == nil) != test.valid {
				t.Errorf("%q: error = %v, want valid: %t", test.value, err, test.valid)
			}
		})
	}
}
