package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/sealed"
	"github.com/pullpass/pullpass/internal/sops"
)

// manifest returns the Secret of the one cluster, as it is.
func (a *app) manifest(ctx context.Context, o secretOptions) ([]byte, error) {
	config, err := a.render(ctx, o.configOptions)
	if err != nil {
		return nil, err
	}
	return credential.RenderManifest(config), nil
}

func (a *app) handPlain(ctx context.Context, o secretOptions) error {
	manifest, err := a.manifest(ctx, o)
	if err != nil {
		return err
	}
	_, err = a.env.Stdout.Write(manifest)
	return err
}

// handToSops writes the manifest and the rule: into files, or with the rule as a comment.
func (a *app) handToSops(ctx context.Context, o secretOptions) error {
	manifest, err := a.manifest(ctx, o)
	if err != nil {
		return err
	}
	rule := o.recipients.Rule()
	if o.out == "" {
		_, err := a.env.Stdout.Write(slices.Concat(commented(rule), manifest))
		return err
	}
	if err := os.MkdirAll(o.out, 0o700); err != nil {
		return fmt.Errorf("making the directory of the hand-over: %w", err)
	}
	if err := a.writeRule(filepath.Join(o.out, sops.ConfigFileName), rule); err != nil {
		return err
	}
	file := filepath.Join(o.out, credential.ManifestFileName)
	if err := atomicfile.Write(file, manifest, 0o600); err != nil {
		return err
	}
	a.progress("note: %s holds the secret until it is encrypted; run in its directory: sops --encrypt --in-place %s",
		file, credential.ManifestFileName)
	return nil
}

// commented makes the rule a comment, which stays in the manifest when that is encrypted.
func commented(rule []byte) []byte {
	var b bytes.Buffer
	b.WriteString("# To be committed only as encrypted by sops, with this rule in " + sops.ConfigFileName + ":\n#\n")
	for line := range strings.Lines(string(rule)) {
		b.WriteString("#   " + line)
	}
	return b.Bytes()
}

// writeRule leaves rules alone that are there already: they may be those of a whole repository.
func (a *app) writeRule(file string, rule []byte) error {
	found, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return atomicfile.Write(file, rule, 0o644)
	case err != nil:
		return fmt.Errorf("looking for rules of sops: %w", err)
	case !bytes.Equal(found, rule):
		a.say("note: %s is there already, and left as it is; it needs this rule, before any other that fits the path:\n\n%s",
			file, rule)
	}
	return nil
}

func (a *app) handSealed(ctx context.Context, o secretOptions) error {
	scope, err := sealed.ParseScope(o.scope)
	if err != nil {
		return usage(fmt.Errorf("--scope %q: %w", o.scope, err))
	}
	certificate, err := a.certificate(o)
	if err != nil {
		return err
	}
	config, err := a.render(ctx, o.configOptions)
	if err != nil {
		return err
	}
	manifest, err := certificate.Manifest(config, scope, a.env.Random)
	if err != nil {
		return err
	}
	if _, err := a.env.Stdout.Write(manifest); err != nil {
		return err
	}
	// Without it the controller refuses: "already exists and is not managed by SealedSecret" (sealed-secrets, pkg/controller).
	// EKS Anywhere makes that Secret for every cluster.
	a.progress("note: the controller leaves a Secret alone that is there already, until that says otherwise:\n"+
		"  kubectl --namespace %s annotate secret %s sealedsecrets.bitnami.com/patch=true",
		credential.SecretNamespace, credential.SecretName)
	return nil
}

// certificate reads the one to seal with, and refuses one that is not valid now unless it is told to take it.
func (a *app) certificate(o secretOptions) (sealed.Certificate, error) {
	text, err := os.ReadFile(o.cert)
	if err != nil {
		return sealed.Certificate{}, usage(fmt.Errorf("reading the certificate: %w", err))
	}
	certificate, err := sealed.ParseCertificate(text)
	if err != nil {
		return sealed.Certificate{}, withHint(usage(fmt.Errorf("%s: %w", o.cert, err)), "kubeseal --fetch-cert prints the controller's")
	}
	err = certificate.CheckTime(a.env.Now())
	if err == nil {
		return certificate, nil
	}
	err = fmt.Errorf("%s: %w", o.cert, err)
	if !o.expired {
		return sealed.Certificate{}, withHint(err,
			"fetch the controller's newest with kubeseal --fetch-cert, or seal with this one all the same: --allow-expired")
	}
	a.progress("note: %s", err)
	return certificate, nil
}
