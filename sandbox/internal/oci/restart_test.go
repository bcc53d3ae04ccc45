package oci_test

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestADirectoryKeepsWhatWasPushed(t *testing.T) {
	dir := t.TempDir()
	image := ok(random.Image(1000, 2))(t)
	var password string
	t.Run("the first process", func(t *testing.T) {
		l := newLabIn(t, dir)
		l.repository("app")
		password = l.password(l.As(sandboxtest.Source))
		if err := remote.Write(reference(t, sourceHost+"/app:v1"), image, l.with(password)...); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("the second process", func(t *testing.T) {
		l := newLabIn(t, dir)
		// The token is good still: the key that seals it is part of the state.
		got := ok(remote.Image(reference(t, sourceHost+"/app:v1"), l.with(password)...))(t)
		if err := validate.Image(got); err != nil {
			t.Error(err)
		}
		if want := ok(image.Digest())(t); ok(got.Digest())(t) != want {
			t.Error("another image came back")
		}
		probed := ok(remote.Image(reference(t, packagesHost+"/"+probe), l.with(password)...))(t)
		if err := validate.Image(probed, validate.Fast); err != nil {
			t.Error(err)
		}
	})
}

// newLabIn is a lab in a directory, with the real clock.
func newLabIn(t *testing.T, dir string) *lab {
	t.Helper()
	l := &lab{t: t, Sandbox: sandboxtest.Start(t, sandbox.Config{Dir: dir})}
	transport := ok(l.Server.Ready().Transport())(t)
	t.Cleanup(transport.CloseIdleConnections)
	l.transport = transport
	return l
}
