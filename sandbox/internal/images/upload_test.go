package images_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

var place = images.Place{Account: "111111111111", Region: "us-west-2", Name: "app"}

func TestAnUploadBecomesALayer(t *testing.T) {
	inBoth(t, func(t *testing.T, store *images.Store) {
		if err := store.BeginUpload(place, "u"); err != nil {
			t.Fatal(err)
		}
		for _, part := range []struct {
			offset int64
			text   string
			want   int64
		}{{0, "con", 3}, {3, "te", 5}, {images.Anywhere, "nt", 7}} {
			size, err := store.AppendUpload(place, "u", part.offset, strings.NewReader(part.text))
			if err != nil || size != part.want {
				t.Fatalf("part %q: %d bytes, %v", part.text, size, err)
			}
		}
		digest := images.Digest([]byte("content"))
		if err := store.FinishUpload(t.Context(), place, "u", digest, 2); err != nil {
			t.Fatal(err)
		}
		layer, err := store.Layer(t.Context(), place, digest)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, layer); got != "content" {
			t.Errorf("the layer is %q", got)
		}
		if _, err := store.UploadSize(place, "u"); !errors.Is(err, images.ErrUploadUnknown) {
			t.Errorf("the upload goes on: %v", err)
		}
	})
}

func TestFinishUploadRefuses(t *testing.T) {
	for sentence, test := range map[string]struct {
		parts   []string
		digest  string
		minPart int64
		want    error
	}{
		"nothing":                         {nil, "", 0, images.ErrEmpty},
		"another content":                 {[]string{"content"}, "other", 0, images.ErrDigest},
		"a small part before the last":    {[]string{"content", "c", "tent"}, "contentctent", 2, images.ErrPartTooSmall},
		"a small first part":              {[]string{"c", "ontent"}, "content", 2, images.ErrPartTooSmall},
		"no small part but the last (ok)": {[]string{"conten", "t"}, "content", 2, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			inBoth(t, func(t *testing.T, store *images.Store) {
				if err := store.BeginUpload(place, "u"); err != nil {
					t.Fatal(err)
				}
				for _, part := range test.parts {
					if _, err := store.AppendUpload(place, "u", images.Anywhere, strings.NewReader(part)); err != nil {
						t.Fatal(err)
					}
				}
				digest := images.Digest([]byte(test.digest))
				if err := store.FinishUpload(t.Context(), place, "u", digest, test.minPart); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if _, err := store.UploadSize(place, "u"); !errors.Is(err, images.ErrUploadUnknown) {
					t.Errorf("the upload goes on: %v", err)
				}
				if _, err := store.Layer(t.Context(), place, digest); (err == nil) != (test.want == nil) {
					t.Errorf("the layer: %v", err)
				}
			})
		})
	}
}

func TestAppendUploadRefuses(t *testing.T) {
	store := open(t, "")
	if err := store.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AppendUpload(place, "u", 1, strings.NewReader("x")); !errors.Is(err, images.ErrOutOfOrder) {
		t.Errorf("a gap: %v", err)
	}
	elsewhere := place
	elsewhere.Name = "another"
	if _, err := store.AppendUpload(elsewhere, "u", 0, strings.NewReader("x")); !errors.Is(err, images.ErrUploadUnknown) {
		t.Errorf("an upload of another repository: %v", err)
	}
	size, err := store.AppendUpload(place, "u", 0, io.MultiReader(strings.NewReader("some"), broken{}))
	if !errors.Is(err, io.ErrUnexpectedEOF) || size != 4 {
		t.Errorf("a part that is cut off: %d bytes, %v", size, err)
	}
	if size, err := store.UploadSize(place, "u"); size != 4 || err != nil {
		t.Errorf("%d bytes, %v", size, err)
	}
}

// A request that waited for another's slow client would hold up whoever waits for what that request holds.
func TestAnUploadTakesOnePartAtATimeAndLetsNoneWait(t *testing.T) {
	store := open(t, "")
	if err := store.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	meanwhile := map[string]error{}
	part := readFunc(func([]byte) (int, error) {
		_, meanwhile["another part"] = store.AppendUpload(place, "u", images.Anywhere, strings.NewReader("x"))
		_, meanwhile["a look at it"] = store.UploadSize(place, "u")
		meanwhile["its end"] = store.FinishUpload(t.Context(), place, "u", images.Digest(nil), 0)
		return 0, io.EOF
	})
	if _, err := store.AppendUpload(place, "u", images.Anywhere, part); err != nil {
		t.Fatal(err)
	}
	for what, err := range meanwhile {
		if !errors.Is(err, images.ErrOutOfOrder) {
			t.Errorf("%s while a part comes: %v", what, err)
		}
	}
	if size, err := store.UploadSize(place, "u"); size != 0 || err != nil {
		t.Errorf("then: %d bytes, %v", size, err)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUploadsAreBounded(t *testing.T) {
	store := open(t, "")
	if err := store.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	endless := &zeros{}
	if _, err := store.AppendUpload(place, "u", 0, io.LimitReader(endless, 1<<20)); err != nil {
		t.Fatal(err)
	}
	for _, id := range manyIDs(300) {
		if err := store.BeginUpload(place, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.UploadSize(place, "u"); !errors.Is(err, images.ErrUploadUnknown) {
		t.Errorf("the oldest upload is still held: %v", err)
	}
	if _, err := store.UploadSize(place, manyIDs(300)[299]); err != nil {
		t.Errorf("the newest upload: %v", err)
	}
}

func TestAnUploadThatIsDroppedWhileItComesEnds(t *testing.T) {
	store := open(t, t.TempDir())
	if err := store.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := store.AppendUpload(place, "u", 0, r)
		done <- err
	}()
	if _, err := w.Write([]byte("begun")); err != nil {
		t.Fatal(err)
	}
	if err := store.Drop(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	err := store.FinishUpload(t.Context(), place, "u", images.Digest([]byte("begun")), 0)
	if !errors.Is(err, images.ErrUploadUnknown) {
		t.Errorf("the upload goes on: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func manyIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strings.Repeat("a", i+1)
	}
	return ids
}
