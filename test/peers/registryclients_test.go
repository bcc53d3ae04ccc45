package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a registry says to one whom it does not know, and what clients make of it that have no password to try.
const (
	notAuthorized = "401 Unauthorized"
	noCredential  = "basic credential not found"
)

// refusedAtRegistry is how a pull fails: without a password, or for what the role may not do.
func refusedAtRegistry(without string, name string) func(*lending, condition) refusal {
	return func(l *lending, c condition) refusal {
		switch {
		case c.withoutPassword:
			return refusal{"401, there is no password to be had", []string{without}}
		case c.closesRegistry():
			return l.deniedAtRegistry("ecr:BatchGetImage", name)
		}
		return refusal{}
	}
}

// deniedAtRegistry is the registry's own denial, in the words that a client shows whatever it calls the code.
func (l *lending) deniedAtRegistry(action, name string) refusal {
	return refusal{"403 DENIED, " + action, []string{l.caller(), isNotAuthorized(action, l.repository(name))}}
}

// deniedPush is how a push fails. Clients first look with HEAD whether a blob is there already, which the hardened role may
// not either. Where all blobs are there, the documented role fails at the manifest.
func deniedPush(status, action string) func(*lending, condition) refusal {
	return func(l *lending, c condition) refusal {
		if l.posture == hardened {
			return refusal{"403", []string{status}}
		}
		return l.deniedAtRegistry(action, aPackage)
	}
}

// deniedTags is how a list of tags fails in the hardened posture.
func deniedTags(without string) func(*lending, condition) refusal {
	return func(l *lending, c condition) refusal {
		if l.posture == hardened && !c.withoutPassword || c.closesRegistry() {
			return l.deniedAtRegistry("ecr:ListImages", aPackage)
		}
		return refusedAtRegistry(without, aPackage)(l, c)
	}
}

// afterLogin returns what logs in, where there is a password, then runs the program on.
func afterLogin(p program, login []string, args func(a attempt) []string) func(*testing.T, attempt) outcome {
	return func(t *testing.T, a attempt) outcome {
		t.Helper()
		if a.password != "" {
			words := append(login, "--username", "AWS", "--password-stdin", a.host)
			if in := p.run(t, a.env(t), strings.NewReader(a.password), words...); in.code != 0 {
				return in
			}
		}
		return p.run(t, a.env(t), nil, args(a)...)
	}
}

func craneOperations(crane program) []operation {
	login := []string{"auth", "login"}
	layout := func(a attempt) string { return filepath.Join(a.home, "layout") }
	pull := afterLogin(crane, login, func(a attempt) []string {
		return []string{"pull", "--format", "oci", a.host + "/" + a.image, layout(a)}
	})
	return []operation{
		{crane, "pull an image", pulls, pull, showsLayout, refusedAtRegistry(notAuthorized, aPackage)},
		{crane, "list tags", looks,
			afterLogin(crane, login, func(a attempt) []string { return []string{"ls", a.host + "/" + aPackage} }),
			showsTags, deniedTags(notAuthorized)},
		{crane, "push an image", push,
			func(t *testing.T, a attempt) outcome {
				pull(t, a).succeeded(t)
				return crane.run(t, a.env(t), nil, "push", layout(a), a.host+"/"+aPackage+":mine")
			}, nil, deniedPush("403 Forbidden", "ecr:PutImage")},
	}
}

// showsLayout demands that an OCI layout holds a manifest, a config and a layer at least, each with the digest that it says.
func showsLayout(t *testing.T, a attempt, _ outcome) string {
	t.Helper()
	blobs := filepath.Join(a.home, "layout", "blobs", "sha256")
	entries, err := os.ReadDir(blobs)
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d blobs came, want a manifest, a config and a layer: %v", len(entries), err)
	}
	for _, entry := range entries {
		same(t, digestOf(readFile(t, filepath.Join(blobs, entry.Name()))), "sha256:"+entry.Name())
	}
	return fmt.Sprintf("%d blobs, digests checked", len(entries))
}

func showsTags(t *testing.T, _ attempt, o outcome) string {
	t.Helper()
	tags := strings.Fields(o.text())
	if len(tags) == 0 {
		t.Error("it listed no tags")
	}
	return fmt.Sprintf("%d tags", len(tags))
}

// pullArtifact pulls the bundle with oras.
func pullArtifact(t *testing.T, a attempt) outcome {
	t.Helper()
	return afterLogin(a.oras, []string{"login"}, func(a attempt) []string {
		return []string{"pull", "--no-tty", a.host + "/" + bundleName, "--output", filepath.Join(a.home, "pulled")}
	})(t, a)
}

// pulledBundle is where pullArtifact leaves it.
func (a attempt) pulledBundle() string { return filepath.Join(a.home, "pulled", "bundle.yaml") }

func orasOperations(oras program) []operation {
	login := []string{"login"}
	return []operation{
		{oras, "pull an artifact", pulls, pullArtifact,
			func(t *testing.T, a attempt, _ outcome) string {
				t.Helper()
				contains(t, string(readFile(t, a.pulledBundle())), "kind: PackageBundle")
				return "the bundle"
			}, refusedAtRegistry(noCredential, bundleRepository)},
		{oras, "list tags", looks,
			afterLogin(oras, login, func(a attempt) []string { return []string{"repo", "tags", a.host + "/" + aPackage} }),
			showsTags, deniedTags(noCredential)},
		{oras, "push an artifact", push,
			func(t *testing.T, a attempt) outcome {
				file := filepath.Join(a.home, "file")
				writeFile(t, file, "mine")
				return afterLogin(oras, login, func(a attempt) []string {
					return []string{"push", "--no-tty", "--disable-path-validation", a.host + "/" + aPackage + ":mine", file}
				})(t, a)
			}, nil, deniedPush("403: Forbidden", "ecr:InitiateLayerUpload")},
	}
}

func helmOperations(helm program) []operation {
	login := []string{"registry", "login"}
	pull := afterLogin(helm, login, func(a attempt) []string {
		return []string{"pull", "oci://" + a.host + "/" + a.chart, "--destination", a.home}
	})
	return []operation{
		{helm, "pull a chart", pulls, pull,
			func(t *testing.T, a attempt, _ outcome) string {
				t.Helper()
				shown := helm.run(t, a.env(t), nil, "show", "chart", pulledChart(t, a)).succeeded(t)
				contains(t, shown.text(), "name: "+aPackage)
				return "the chart"
			}, refusedAtRegistry(noCredential, aPackage)},
		{helm, "push a chart", push,
			func(t *testing.T, a attempt) outcome {
				pull(t, a).succeeded(t)
				return helm.run(t, a.env(t), nil, "push", pulledChart(t, a), "oci://"+a.host+"/")
			}, nil, deniedPush("403: Forbidden", "ecr:InitiateLayerUpload")},
	}
}

// pulledChart finds the archive that helm pulled.
func pulledChart(t *testing.T, a attempt) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(a.home, "*.tgz"))
	if err != nil || len(found) != 1 {
		t.Fatalf("helm left %d archives: %v", len(found), err)
	}
	return found[0]
}
