// Package delivery puts a credential where a cluster reads it.
package delivery

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
)

// Errors to branch on.
var (
	// ErrNothing says that nothing was delivered yet.
	ErrNothing = errors.New("nothing was delivered")
	// ErrNotAFile says that something else stands where a file should be, such as a symbolic link: what is written there
	// would end up elsewhere, or be read by others.
	ErrNotAFile = errors.New("not a regular file")
	// ErrTwoSecrets says that the files of a place have one key with different secrets: one of them is damaged.
	ErrTwoSecrets = errors.New("different secrets")
)

// Held is what a place holds.
type Held struct {
	Config credential.Config
	// Complete says that every file of the place carries Config and that nobody but its owner may read it.
	Complete bool
}

const (
	dirMode  = 0o700
	fileMode = 0o600
	// othersMode is what others than the owner may do.
	othersMode = 0o077
)

// A Directory is a delivery of two files, aws-config and aws-secret.yaml. Other files in it are left alone.
type Directory struct {
	// Path is relative to the working directory unless absolute.
	Path string
	// Effects is told of the directory that Write or Ready makes and of each file that Write writes; nil for nobody.
	Effects audit.Recorder
}

// Read returns what was delivered, by a person or by Write, or ErrNothing.
func (d Directory) Read(context.Context) (Held, error) {
	held, err := d.read()
	if err != nil && !errors.Is(err, ErrNothing) {
		return Held{}, fmt.Errorf("reading the delivery in %s: %w", d.Path, err)
	}
	return held, err
}

func (d Directory) read() (Held, error) {
	if err := d.check(); err != nil {
		return Held{}, err
	}
	config, configErr := d.file(credential.ConfigFileName)
	manifest, manifestErr := d.file(credential.ManifestFileName)
	var carried []byte
	if manifestErr == nil {
		carried, manifestErr = carriedBy(manifest)
	}
	switch {
	case errors.Is(manifestErr, ErrNotAFile):
		return Held{}, manifestErr
	case errors.Is(configErr, ErrNothing) && manifestErr != nil:
		return Held{}, manifestErr
	case errors.Is(configErr, ErrNothing):
		config = carried
	case configErr != nil:
		return Held{}, configErr
	}
	parsed, err := credential.ParseConfig(config)
	if err != nil {
		return Held{}, err
	}
	if configErr == nil && manifestErr == nil && damaged(parsed.Key, carried) {
		return Held{}, fmt.Errorf("%w of access key %s in %s and %s", ErrTwoSecrets, parsed.Key.ID, credential.ConfigFileName, credential.ManifestFileName)
	}
	return Held{Config: parsed, Complete: configErr == nil && manifestErr == nil && bytes.Equal(config, carried) && d.private()}, nil
}

// Config returns the AWS config file as it was delivered, or ErrNothing.
func (d Directory) Config(context.Context) ([]byte, error) {
	err := d.check()
	if err == nil {
		var src []byte
		if src, err = d.file(credential.ConfigFileName); err == nil {
			return src, nil
		}
	}
	return nil, fmt.Errorf("reading %s: %w", filepath.Join(d.Path, credential.ConfigFileName), err)
}

// Observe is Read for a plan: what cannot be read is unknown, never empty.
func (d Directory) Observe(ctx context.Context) plan.Delivery {
	held, err := d.Read(ctx)
	switch {
	case errors.Is(err, ErrNothing):
		return plan.Delivery{State: plan.None}
	case err != nil:
		return plan.Delivery{State: plan.Unknown, Err: err}
	}
	return plan.Delivery{State: plan.Held, Config: held.Config, Complete: held.Complete, Written: d.written()}
}

// written returns when the files were last written, the zero time where that cannot be told.
func (d Directory) written() time.Time {
	var last time.Time
	for _, name := range []string{credential.ConfigFileName, credential.ManifestFileName} {
		if info, err := os.Lstat(filepath.Join(d.Path, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// private reports whether nobody but their owner may read or write the files.
func (d Directory) private() bool {
	for _, name := range []string{credential.ConfigFileName, credential.ManifestFileName} {
		info, err := os.Lstat(filepath.Join(d.Path, name))
		if err != nil || info.Mode().Perm()&othersMode != 0 {
			return false
		}
	}
	return true
}

// damaged reports whether another config has the same key with another secret. A key has one secret, so one of the two is
// wrong, and writing either over the other might destroy the one that works.
func damaged(key credential.AccessKey, other []byte) bool {
	config, err := credential.ParseConfig(other)
	return err == nil && config.Key.ID == key.ID && !config.Key.Secret.Equal(key.Secret)
}

// carriedBy takes the config file out of a manifest that has it on one line, as RenderManifest and the page do. It is
// not for manifests in general: one that it cannot read makes the delivery incomplete, or, where it is the only file,
// unreadable.
func carriedBy(manifest []byte) ([]byte, error) {
	for line := range strings.Lines(string(manifest)) {
		value, found := strings.CutPrefix(strings.TrimSpace(line), credential.KeyConfig+":")
		if !found {
			continue
		}
		config, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimSpace(value), `"'`))
		if err != nil {
			return nil, fmt.Errorf("%s: the value of %s: %w", credential.ManifestFileName, credential.KeyConfig, err)
		}
		return config, nil
	}
	return nil, fmt.Errorf("%s holds no %s", credential.ManifestFileName, credential.KeyConfig)
}

// file reads one of the files; ErrNothing where it is not there.
func (d Directory) file(name string) ([]byte, error) {
	path := filepath.Join(d.Path, name)
	if err := regular(path); err != nil {
		return nil, err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return src, nil
}

// check refuses a directory that is none, or that leads elsewhere.
func (d Directory) check() error {
	info, err := os.Lstat(d.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNothing
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s: a symbolic link, not a directory", d.Path)
	case !info.IsDir():
		return fmt.Errorf("%s: not a directory", d.Path)
	}
	return nil
}

// regular refuses what is no regular file; ErrNothing where nothing is there.
func regular(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNothing
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s: a symbolic link, %w", path, ErrNotAFile)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", path, ErrNotAFile)
	}
	return nil
}

// Ready finds out whether Write can deliver: it makes the directory as Write does and writes a file in it, which it removes.
// What was delivered stays as it is.
func (d Directory) Ready(ctx context.Context) error {
	err := d.prepare(ctx)
	if err == nil {
		err = d.probe()
	}
	if err != nil {
		return fmt.Errorf("preparing to deliver to %s: %w", d.Path, err)
	}
	return nil
}

// probe writes something, because a full disk lets an empty file be made. Its file has a name that is swept like those of
// the files themselves, where a kill leaves it behind, or another run sweeps at this moment.
func (d Directory) probe() error {
	f, err := os.CreateTemp(d.Path, "."+credential.ConfigFileName+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("to be removed\n")
	err = errors.Join(err, f.Close())
	if removeErr := os.Remove(f.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	return err
}

// Write delivers a credential: both files with mode 0600, each there whole or not at all, in a directory that is made
// with mode 0700 if need be.
func (d Directory) Write(ctx context.Context, config credential.Config) error {
	if err := d.write(ctx, config); err != nil {
		return fmt.Errorf("delivering to %s: %w", d.Path, err)
	}
	return nil
}

func (d Directory) write(ctx context.Context, config credential.Config) error {
	rendered, err := config.Render()
	if err != nil {
		return err
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{credential.ConfigFileName, rendered},
		{credential.ManifestFileName, credential.RenderManifest(rendered)},
	} {
		path := filepath.Join(d.Path, f.name)
		err := audit.Do(ctx, d.Effects, "file:write", path, func() error { return atomicfile.Write(path, f.data, fileMode) })
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the directory, refuses what Write must not replace, and removes what killed runs have left.
func (d Directory) prepare(ctx context.Context) error {
	if err := d.make(ctx); err != nil {
		return err
	}
	if err := d.check(); err != nil {
		return err
	}
	for _, name := range []string{credential.ConfigFileName, credential.ManifestFileName} {
		path := filepath.Join(d.Path, name)
		if err := regular(path); err != nil && !errors.Is(err, ErrNothing) {
			return err
		}
		// A run that was killed may have left a secret under a name that nobody looks at.
		if err := atomicfile.Sweep(path); err != nil {
			return err
		}
	}
	return nil
}

func (d Directory) make(ctx context.Context) error {
	mkdir := func() error { return os.MkdirAll(d.Path, dirMode) }
	if _, err := os.Lstat(d.Path); !errors.Is(err, fs.ErrNotExist) {
		return mkdir() // Which tells what is wrong, and makes nothing.
	}
	return audit.Do(ctx, d.Effects, "file:mkdir", d.Path, mkdir)
}
