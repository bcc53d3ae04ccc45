//go:build linux

package main

import (
	"path"
	"regexp"
	"strings"
)

// A rule says of which files something else holds than that no secret may be in them.
type rule struct {
	name, why string
	// holds is given the whole path and the file's name: of a file that was to be renamed, the name that it was to have.
	holds func(path, name string) bool
}

// first returns the first rule that holds of a file, or nil.
func first(rules []rule, file string) *rule {
	name := path.Base(file)
	if to := regexp.MustCompile(`^\.(.+)\.[0-9]+$`).FindStringSubmatch(name); to != nil { // as package atomicfile names them
		name = to[1]
	}
	for _, r := range rules {
		if r.holds(file, name) {
			return &r
		}
	}
	return nil
}

// unread are the files that are not read.
func unread() []rule {
	return []rule{
		{
			name: "Go's own", why: "the build cache, and what is built for one run",
			holds: func(p, _ string) bool { return strings.Contains(p, "/go-build") },
		},
		{
			name: "the sandbox's state", why: "it is what AWS keeps to itself, every key among it",
			holds: func(_, name string) bool { return name == "state.json" },
		},
	}
}

// meant are the files in which secrets belong.
func meant() []rule {
	return []rule{
		{
			name: "deliveries", why: "what a cluster reads, by the names that it always has",
			holds: func(_, name string) bool { return name == "aws-config" || name == "aws-secret.yaml" },
		},
		{
			name: "Secrets of clusters", why: "etcd keeps what was delivered to them",
			holds: func(path, _ string) bool { return strings.Contains(path, "/etcd/member/") },
		},
		{
			name: "AWS configurations", why: "an operator's own credentials, from which the SDK takes them",
			holds: func(_, name string) bool { return name == "config" },
		},
		{
			name: "planted secrets", why: "a test of the scan sees them found",
			holds: func(_, name string) bool { return strings.HasPrefix(name, "planted") },
		},
	}
}
