package oci

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// kind is what a path of the registry API is about.
type kind int

const (
	nothing   kind = iota
	base           // /v2/
	catalog        // /v2/_catalog
	manifest       // /v2/<name>/manifests/<reference>
	blob           // /v2/<name>/blobs/<digest>
	uploads        // /v2/<name>/blobs/uploads/
	upload         // /v2/<name>/blobs/uploads/<id>
	tags           // /v2/<name>/tags/list
	referrers      // /v2/<name>/referrers/<digest>
)

// route is a path, taken apart. Of tag, digest and id those are set that the kind has.
type route struct {
	kind   kind
	name   string
	tag    string
	digest v1.Hash
	id     string
}

// parsePath reads a path of the OCI distribution specification ("API", the table of endpoints). A path that is none, or
// that holds an invalid name, tag, digest or id, is nothing: names are taken from the end, for "blobs" and "manifests"
// may be part of a repository's name.
func parsePath(path string) route {
	rest, ok := strings.CutPrefix(path, "/v2")
	switch {
	case !ok:
		return route{}
	case rest == "" || rest == "/":
		return route{kind: base}
	case rest == "/_catalog":
		return route{kind: catalog}
	}
	if name, ok := strings.CutSuffix(rest, "/blobs/uploads/"); ok {
		return named(name, route{kind: uploads})
	}
	if name, ok := strings.CutSuffix(rest, "/blobs/uploads"); ok {
		return named(name, route{kind: uploads})
	}
	if name, ok := strings.CutSuffix(rest, "/tags/list"); ok {
		return named(name, route{kind: tags})
	}
	rest, last := cutLast(rest)
	rest, noun := cutLast(rest)
	switch noun {
	case "manifests":
		return named(rest, reference(last))
	case "blobs":
		return named(rest, digested(blob, last))
	case "referrers":
		return named(rest, digested(referrers, last))
	case "uploads":
		if name, ok := strings.CutSuffix(rest, "/blobs"); ok && validUploadID(last) {
			return named(name, route{kind: upload, id: last})
		}
	}
	return route{}
}

// cutLast takes the last segment off a path.
func cutLast(path string) (rest, last string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func named(path string, r route) route {
	name, ok := strings.CutPrefix(path, "/")
	if !ok || !images.ValidName(name) || r.kind == nothing {
		return route{}
	}
	r.name = name
	return r
}

func reference(s string) route {
	if images.ValidTag(s) {
		return route{kind: manifest, tag: s}
	}
	return digested(manifest, s)
}

func digested(k kind, s string) route {
	digest, err := images.ParseDigest(s)
	if err != nil {
		return route{}
	}
	return route{kind: k, digest: digest}
}

func validUploadID(id string) bool {
	return len(id) <= 64 && id != "" && strings.Trim(id, "0123456789abcdef-") == ""
}
