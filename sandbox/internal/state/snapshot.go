package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// format names the form of a saved world. A change that old programs would misread gets another number.
const format = "pullpass-sandbox-state/1"

// A file is made of these parts: the digest stands between the first and the second, the world between the second and the
// third.
const (
	beforeDigest = `{"format":"` + format + `","sha256":"`
	beforeWorld  = `","world":`
	afterWorld   = `}`
)

// saved is the file: a header that says what it is and a digest of the world, which a torn file does not match.
type saved struct {
	Format string          `json:"format"`
	SHA256 string          `json:"sha256"`
	World  json.RawMessage `json:"world"`
}

// ErrForeign is wrapped by Open where the state file is torn, or not of this program.
var ErrForeign = errors.New("not a complete state file of this version of pullpass")

// encode returns the file for a world. It is about as long as the last one, whose length is given.
func encode(world *World, length int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(length + length/8)
	b.WriteString(beforeDigest)
	at := b.Len()
	b.WriteString(digest(nil)) // in the place of the world's
	b.WriteString(beforeWorld)
	begin := b.Len()
	if err := world.writeJSON(&b); err != nil {
		return nil, fmt.Errorf("encoding the sandbox state: %w", err)
	}
	copy(b.Bytes()[at:], digest(b.Bytes()[begin:]))
	b.WriteString(afterWorld)
	return b.Bytes(), nil
}

// writeJSON writes what json.Marshal makes of the world. It does so account by account: a world of many is some megabytes,
// of which json.Marshal, at every Update, would make several copies.
func (w *World) writeJSON(b *bytes.Buffer) error {
	if err := writeValue(b, `{"Seal":`, w.Seal); err != nil {
		return err
	}
	b.WriteString(`,"Accounts":{`)
	separator := ""
	for _, id := range slices.Sorted(maps.Keys(w.Accounts)) {
		if err := writeValue(b, separator, id); err != nil {
			return err
		}
		if err := writeValue(b, ":", w.Accounts[id]); err != nil {
			return err
		}
		separator = ","
	}
	if err := writeValue(b, `},"Organizations":`, w.Organizations); err != nil {
		return err
	}
	return b.WriteByte('}')
}

func writeValue(b *bytes.Buffer, before string, value any) error {
	encoded, err := json.Marshal(value)
	b.WriteString(before)
	b.Write(encoded)
	return err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// load reads a saved world; found is false where there is no file.
func load(path string) (world *World, found bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the sandbox state: %w", err)
	}
	world, err = decode(b)
	if err != nil {
		return nil, false, fmt.Errorf("reading the sandbox state %s: %w", path, err)
	}
	return world, true, nil
}

func decode(b []byte) (*World, error) {
	var file saved
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if file.Format != format {
		return nil, fmt.Errorf("%w: its format is %q, this program's %q", ErrForeign, file.Format, format)
	}
	if digest(file.World) != file.SHA256 {
		return nil, fmt.Errorf("%w: its digest does not match", ErrForeign)
	}
	world := NewWorld(nil)
	decoder := json.NewDecoder(bytes.NewReader(file.World))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(world); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	world.index()
	return world, nil
}
