package delivery

import (
	"bytes"
	"testing"

	"github.com/pullpass/pullpass/internal/credential"
)

// Whatever stands around the line, a manifest that is accepted carries the same bytes when it is written anew.
func FuzzCarriedBy(f *testing.F) {
	f.Add([]byte("data:\n  config: W2RlZmF1bHRd\n"))
	f.Add([]byte("data:\r\n  config: \"W2RlZmF1bHRd\"\r\n"))
	f.Add([]byte("config: '"))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		config, err := carriedBy(manifest)
		if err != nil {
			return
		}
		again, err := carriedBy(credential.RenderManifest(config))
		if err != nil || !bytes.Equal(again, config) {
			t.Errorf("%q became %q, %v", config, again, err)
		}
	})
}
