package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// format names the form of a saved world. A change that old programs would misread gets another number.
const format = "pullpass-sandbox-state/1"

// saved is the file: a header that says what it is and a digest of the world, which a torn file does not match.
type saved struct {
	Format string          `json:"format"`
	SHA256 string          `json:"sha256"`
	World  json.RawMessage `json:"world"`
}

// ErrForeign is wrapped by Open where the state file is torn, or not of this program.
var ErrForeign = errors.New("not a complete state file of this version of pullpass")

func encode(world *World) ([]byte, error) {
	b, err := json.Marshal(world)
	if err != nil {
		return nil, fmt.Errorf("encoding the sandbox state: %w", err)
	}
	return json.Marshal(saved{Format: format, SHA256: digest(b), World: b})
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
