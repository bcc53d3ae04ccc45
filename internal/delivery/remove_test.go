package delivery_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
)

func TestWhatIsTakenOutOfADirectory(t *testing.T) {
	both := []string{"aws-config", "aws-secret.yaml"}
	for sentence, test := range map[string]struct {
		place func(*testing.T, delivery.Directory)
		want  []string
		err   error
	}{
		"both files go": {place: func(*testing.T, delivery.Directory) {}},
		"what else is there stays": {
			place: func(t *testing.T, d delivery.Directory) { write(t, filepath.Join(d.Path, "notes.txt"), "mine") }, want: []string{"notes.txt"},
		},
		"the manifest goes with its config": {
			place: func(t *testing.T, d delivery.Directory) { must(t, os.Remove(filepath.Join(d.Path, "aws-config"))) },
		},
		"the config goes without a manifest": {
			place: func(t *testing.T, d delivery.Directory) { must(t, os.Remove(filepath.Join(d.Path, "aws-secret.yaml"))) },
		},
		"a place that is not there is empty": {
			place: func(t *testing.T, d delivery.Directory) { must(t, os.RemoveAll(d.Path)) },
		},
		"another key stays": {
			place: func(t *testing.T, d delivery.Directory) {
				other := config()
				other.Key = credential.AccessKey{ID: "AKIAIOSFODNN7EXAMPL2", Secret: credential.NewSecret("je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")}
				must(t, d.Write(t.Context(), other))
			},
			want: both, err: delivery.ErrOtherKey,
		},
		"a link that leads elsewhere stays": {
			place: func(t *testing.T, d delivery.Directory) {
				path := filepath.Join(d.Path, "aws-config")
				must(t, os.Rename(path, path+".real"))
				must(t, os.Symlink(path+".real", path))
			},
			want: []string{"aws-config", "aws-config.real", "aws-secret.yaml"}, err: delivery.ErrNotAFile,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := delivery.Directory{Path: filepath.Join(t.TempDir(), "store-001")}
			must(t, d.Write(t.Context(), config()))
			test.place(t, d)
			if err := d.Remove(t.Context(), config().Key.ID); !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, names(d.Path)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if test.err == nil {
				if err := d.Remove(t.Context(), config().Key.ID); err != nil {
					t.Errorf("the second time: %v", err)
				}
			}
		})
	}
}

// Nothing goes that cannot be recorded.
func TestEveryRemovalIsTold(t *testing.T) {
	want := []string{"  file:remove aws-secret.yaml ok\n", "  file:remove aws-config ok\n"}
	for most := range 3 {
		d := delivery.Directory{Path: filepath.Join(t.TempDir(), "store-001")}
		must(t, d.Write(t.Context(), config()))
		told := &effects{most: most}
		d.Effects = told
		if err := d.Remove(t.Context(), config().Key.ID); errors.Is(err, errFull) != (most < 2) {
			t.Errorf("with room for %d: %v", most, err)
		}
		if diff := cmp.Diff(want[:most], told.told, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("with room for %d (-want +got):\n%s", most, diff)
		}
		if left := names(d.Path); len(left) != 2-most {
			t.Errorf("with room for %d there is left %v", most, left)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
