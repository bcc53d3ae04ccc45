package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/sealed"
	"github.com/pullpass/pullpass/internal/sops"
)

// secretOptions are those of `pullpass secret`.
type secretOptions struct {
	configOptions
	form secretForm
	// For sops.
	out        string
	recipients sops.Recipients
	// For sealed-secret.
	cert, scope string
	expired     bool
}

// secretForm is how the Secret is handed over.
type secretForm string

const (
	plainForm  secretForm = "yaml"
	sopsForm   secretForm = "sops"
	sealedForm secretForm = "sealed-secret"
)

// String implements pflag.Value.
func (f *secretForm) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *secretForm) Type() string { return "yaml|sops|sealed-secret" }

// Set implements pflag.Value.
func (f *secretForm) Set(s string) error {
	switch form := secretForm(s); form {
	case plainForm, sopsForm, sealedForm:
		*f = form
		return nil
	}
	return fmt.Errorf("want %s, %s or %s", plainForm, sopsForm, sealedForm)
}

func (a *app) secretCommand() *cobra.Command {
	o := secretOptions{form: plainForm, scope: string(sealed.Strict)}
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Print the Secret of a cluster, for kubectl or for git",
		Long: `Prints the manifest of Secret aws-secret for an existing cluster; its field config decodes to what pullpass config
prints, byte for byte.
` + aboutKeys + `

  -o yaml             The plain manifest, for kubectl apply. It holds the secret: send it to a file that nobody else can
                      read, and not into git.
  -o sops             The plain manifest, and the creation rule by which sops --encrypt leaves all but the values of data
                      readable. With --out DIR they are two files, aws-secret.yaml and .sops.yaml; without, the rule
                      stands above the manifest as a comment. Until it is encrypted the manifest holds the secret.
  -o sealed-secret    A SealedSecret, for git as it is: only the controller whose certificate is given can unseal it
                      (kubeseal --fetch-cert prints that).

These are hand-overs: whether a cluster ever takes one is not seen from here.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.secret(cmd.Context(), o)
		},
	}
	o.configOptions.register(cmd)
	flags := cmd.Flags()
	flags.VarP(&o.form, "output", "o", "how to hand it over")
	flags.StringVar(&o.out, "out", "", "sops: write the manifest and the rule into this `DIR`")
	flags.StringArrayVar(&o.recipients.Age, "age", nil, "sops: encrypt for this age public `KEY` (repeatable)")
	flags.StringArrayVar(&o.recipients.KMS, "kms", nil, "sops: encrypt with the AWS KMS key of this `ARN` (repeatable)")
	flags.StringArrayVar(&o.recipients.PGP, "pgp", nil, "sops: encrypt for the PGP key of this `FINGERPRINT` (repeatable)")
	flags.StringVar(&o.cert, "cert", "", "sealed-secret: the controller's certificate, a PEM `FILE`")
	flags.StringVar(&o.scope, "scope", o.scope, "sealed-secret: where it can be unsealed, strict|namespace-wide|cluster-wide")
	flags.BoolVar(&o.expired, "allow-expired", false, "sealed-secret: seal with a certificate that is not valid now")
	return cmd
}

// flagsOf are the flags that a form has for itself.
func flagsOf(form secretForm) []string {
	switch form {
	case sopsForm:
		return []string{"out", "age", "kms", "pgp"}
	case sealedForm:
		return []string{"cert", "scope", "allow-expired"}
	case plainForm:
	}
	return nil
}

// check refuses flags of another form than the one that was chosen.
func (o secretOptions) check(cmd *cobra.Command) error {
	for _, form := range []secretForm{sopsForm, sealedForm} {
		for _, name := range flagsOf(form) {
			if form != o.form && cmd.Flags().Changed(name) {
				return usagef("--%s is for -o %s", name, form)
			}
		}
	}
	if o.form == sealedForm && o.cert == "" {
		return withHint(usagef("-o %s wants --cert FILE", sealedForm), "kubeseal --fetch-cert >FILE asks the controller for it")
	}
	if err := o.recipients.Check(); err != nil {
		return usage(err)
	}
	return nil
}

func (a *app) secret(ctx context.Context, o secretOptions) error {
	hand := a.handPlain
	switch o.form {
	case sopsForm:
		hand = a.handToSops
	case sealedForm:
		hand = a.handSealed
	case plainForm:
	}
	if err := hand(ctx, o); err != nil {
		return err
	}
	a.progress("note: this is a hand-over: whether a cluster ever takes it is not seen from here")
	return nil
}
