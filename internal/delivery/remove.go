package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
)

// ErrOtherKey says that a place holds another key than the one that was to be taken out of it.
var ErrOtherKey = errors.New("it holds another access key")

// Remove takes a credential out of the directory: both files go, and the directory stays with whatever else is in it. One
// that holds nothing is as it should be; one that holds another key is an ErrOtherKey, and one that cannot be read is left
// alone.
func (d Directory) Remove(ctx context.Context, key awsid.AccessKeyID) error {
	if err := d.remove(ctx, key); err != nil {
		return fmt.Errorf("removing the delivery in %s: %w", d.Path, err)
	}
	return nil
}

func (d Directory) remove(ctx context.Context, key awsid.AccessKeyID) error {
	held, err := d.read()
	switch {
	case errors.Is(err, ErrNothing):
		return nil
	case err != nil:
		return err
	case held.Config.Key.ID != key:
		return fmt.Errorf("%w, %s", ErrOtherKey, held.Config.Key.ID)
	}
	// The manifest goes first: without the config file nothing would tell whose credential it holds.
	for _, name := range []string{credential.ManifestFileName, credential.ConfigFileName} {
		path := filepath.Join(d.Path, name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := audit.Do(ctx, d.Effects, "file:remove", path, func() error { return os.Remove(path) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // Another run may have removed it.
			return err
		}
	}
	return nil
}
