package oci

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

func TestPaths(t *testing.T) {
	digest := images.Digest(nil)
	for path, want := range map[string]route{
		"/v2":                                    {kind: base},
		"/v2/":                                   {kind: base},
		"/v2/_catalog":                           {kind: catalog},
		"/v2/app/manifests/v1":                   {kind: manifest, name: "app", tag: "v1"},
		"/v2/a/b/c/manifests/" + digest.String(): {kind: manifest, name: "a/b/c", digest: digest},
		"/v2/manifests/blobs/manifests/blobs":    {kind: manifest, name: "manifests/blobs", tag: "blobs"},
		"/v2/app/blobs/" + digest.String():       {kind: blob, name: "app", digest: digest},
		"/v2/app/blobs/uploads":                  {kind: uploads, name: "app"},
		"/v2/app/blobs/uploads/":                 {kind: uploads, name: "app"},
		"/v2/app/blobs/uploads/0af":              {kind: upload, name: "app", id: "0af"},
		"/v2/app/tags/list":                      {kind: tags, name: "app"},
		"/v2/app/referrers/" + digest.String():   {kind: referrers, name: "app", digest: digest},
		"/v2/app":                                {},
		"/v2/app/":                               {},
		"/v2//manifests/v1":                      {},
		"/v2/manifests/v1":                       {},
		"/v2app/manifests/v1":                    {},
		"/v2/../x/manifests/v1":                  {},
		"/v2/app/../x/manifests/v1":              {},
		"/v2/app//manifests/v1":                  {},
		"/v2/app/manifests/":                     {},
		"/v2/app/manifests/a/b":                  {},
		"/v2/app/blobs/v1":                       {},
		"/v2/app/blobs/uploads/../x":             {},
		"/v2/app/blobs/uploads/ABC":              {},
		"/v2/app/blobs/sha512:" + strings.Repeat("0", 128): {},
		"/V2/app/manifests/v1":                             {},
		"":                                                 {},
	} {
		if got := parsePath(path); got != want {
			t.Errorf("%q: %+v", path, got)
		}
	}
}

// FuzzParsePath holds that a path which means something has a valid repository name, and means the same when it is put
// together again.
func FuzzParsePath(f *testing.F) {
	for _, path := range []string{"/v2/", "/v2/_catalog", "/v2/a/b/manifests/v1", "/v2/app/blobs/uploads/0af", "/v2/a/tags/list"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := parsePath(path)
		if r.kind == nothing || r.kind == base || r.kind == catalog {
			return
		}
		if !images.ValidName(r.name) || strings.Contains(r.name, "..") {
			t.Fatalf("%q names %q", path, r.name)
		}
		if again := parsePath(r.path()); again != r {
			t.Fatalf("%q is %+v, put together %+v", path, r, again)
		}
	})
}

// path puts a route together.
func (r route) path() string {
	prefix := "/v2/" + r.name
	switch r.kind {
	case manifest:
		if r.tag != "" {
			return prefix + "/manifests/" + r.tag
		}
		return prefix + "/manifests/" + r.digest.String()
	case blob:
		return prefix + "/blobs/" + r.digest.String()
	case uploads:
		return prefix + "/blobs/uploads/"
	case upload:
		return prefix + "/blobs/uploads/" + r.id
	case tags:
		return prefix + "/tags/list"
	case referrers:
		return prefix + "/referrers/" + r.digest.String()
	case nothing, base, catalog:
	}
	return ""
}
