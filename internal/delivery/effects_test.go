package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/delivery"
)

type effects struct {
	most int // how many can be recorded
	told []string
}

var errFull = errors.New("the disk is full")

func (e *effects) Ready() error {
	if len(e.told) >= e.most {
		return errFull
	}
	return nil
}

func (e *effects) Record(_ context.Context, told audit.Effect) {
	e.told = append(e.told, fmt.Sprintln(told.Account, told.Step, told.Action, filepath.Base(told.Resource), told.Result))
}

func TestEveryWriteIsTold(t *testing.T) {
	want := []string{
		"999999999999 a-step file:mkdir store-001 ok\n",
		"999999999999 a-step file:write aws-config ok\n",
		"999999999999 a-step file:write aws-secret.yaml ok\n",
	}
	ctx := audit.At(t.Context(), audit.Place{Account: "999999999999", Step: "a-step"})
	for most := range len(want) + 1 {
		kept := &effects{most: most}
		dir := delivery.Directory{Path: filepath.Join(t.TempDir(), "out", "store-001"), Effects: kept}
		err := errors.Join(dir.Ready(ctx), dir.Write(ctx, config()))
		if errors.Is(err, errFull) != (most < len(want)) {
			t.Errorf("with room for %d: %v", most, err)
		}
		if diff := cmp.Diff(want[:most], kept.told); most > 0 && diff != "" {
			t.Errorf("with room for %d: %s", most, diff)
		}
		files, _ := os.ReadDir(dir.Path)
		if len(files) != max(0, most-1) {
			t.Errorf("with room for %d: there are %d files", most, len(files))
		}
	}
	// The second time there is a directory, and an effect that fails is told too.
	kept := &effects{most: 9}
	dir := delivery.Directory{Path: filepath.Join(t.TempDir(), "store-001"), Effects: kept}
	if err := os.Mkdir(dir.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir.Path+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	under := delivery.Directory{Path: filepath.Join(dir.Path, "file", "store-002"), Effects: kept}
	if err := errors.Join(dir.Write(ctx, config()), under.Write(ctx, config())); err == nil {
		t.Error("a directory was made in a file")
	}
	if diff := cmp.Diff(want[1:], kept.told); diff != "" {
		t.Error(diff)
	}
}
