package awsclient

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

// Profiles returns the names of the profiles in AWS configuration files, for share.CheckProfiles. Files that are not
// there count as empty; nil stands for the files that the SDK finds where no variable names others.
func Profiles(configFiles, credentialsFiles []string) (map[string]bool, error) {
	if configFiles == nil {
		configFiles = config.DefaultSharedConfigFiles
	}
	if credentialsFiles == nil {
		credentialsFiles = config.DefaultSharedCredentialsFiles
	}
	known := map[string]bool{}
	for _, f := range []struct {
		files []string
		name  func(header string) (string, bool)
	}{{configFiles, configProfile}, {credentialsFiles, credentialsProfile}} {
		for _, file := range f.files {
			src, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading the profiles of the AWS configuration: %w", err)
			}
			collect(known, src, f.name)
		}
	}
	return known, nil
}

// collect is as lenient as the SDK: only the headers matter here, whatever else a file holds.
func collect(known map[string]bool, src []byte, name func(string) (string, bool)) {
	lines := bufio.NewScanner(bytes.NewReader(src))
	lines.Buffer(nil, len(src)+1)
	for lines.Scan() {
		header, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "[")
		if !found {
			continue
		}
		header, _, found = strings.Cut(header, "]")
		if !found {
			continue
		}
		if profile, ok := name(strings.TrimSpace(header)); ok {
			known[profile] = true
		}
	}
}

// configProfile reads a header of a config file, where all profiles but the default one have a prefix
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
func configProfile(header string) (string, bool) {
	if header == "default" {
		return header, true
	}
	words := strings.Fields(header)
	if len(words) != 2 || words[0] != "profile" {
		return "", false
	}
	return words[1], true
}

// credentialsProfile reads a header of a credentials file, which is the profile's name.
func credentialsProfile(header string) (string, bool) {
	return header, header != "" && !strings.ContainsAny(header, " \t")
}
