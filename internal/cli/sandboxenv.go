package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/sandbox"
)

// envOptions are those of `pullpass sandbox env`.
type envOptions struct {
	dir, account string
	transparent  bool
}

func (a *app) sandboxEnvCommand() *cobra.Command {
	var o envOptions
	cmd := &cobra.Command{
		Use:   "env --dir DIR --account ID",
		Short: "Print shell exports that lead any AWS client to a sandbox",
		Long: `Prints exports for a POSIX shell: eval "$(pullpass sandbox env --dir DIR --account 111111111111)".
Without --transparent, clients that honour AWS_ENDPOINT_URL talk to the sandbox's endpoint. With it, any client that
honours HTTPS_PROXY reaches the sandbox under AWS's real host names.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.sandboxEnv(o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "the `DIR` of a sandbox that is served")
	cmd.Flags().StringVar(&o.account, "account", "", "act as the administrator of this account `ID`")
	cmd.Flags().BoolVar(&o.transparent, "transparent", false, "go through the proxy, under AWS's real host names")
	return cmd
}

// variable is one line of the exports.
type variable struct{ name, value string }

func (a *app) sandboxEnv(o envOptions) error {
	if o.dir == "" || o.account == "" {
		return usagef("--dir and --account are both needed")
	}
	if _, err := arn.ParseAccountID(o.account); err != nil {
		return usage(err)
	}
	ready, err := sandbox.ReadReady(o.dir)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(sandbox.ConfigFile(o.dir))
	if err != nil {
		return fmt.Errorf("naming the sandbox's profiles: %w", err)
	}
	known, err := awsclient.Profiles([]string{file}, []string{})
	if err != nil {
		return err
	}
	if !known[o.account] {
		return usagef("the sandbox in %s has no account %s", o.dir, o.account)
	}
	variables := []variable{
		{"AWS_CONFIG_FILE", file}, {"AWS_SHARED_CREDENTIALS_FILE", "/dev/null"}, {"AWS_PROFILE", o.account},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	}
	if o.transparent {
		variables = append(variables, transparent(ready)...)
	} else {
		variables = append(variables, direct(ready)...)
	}
	return writeExports(a.env.Stdout, variables)
}

// transparent makes clients ignore the endpoints that the profiles name, and takes them to the proxy instead.
func transparent(ready sandbox.Ready) []variable {
	return []variable{
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"},
		{"HTTPS_PROXY", ready.Proxy},
		{"SSL_CERT_FILE", ready.CA}, {"AWS_CA_BUNDLE", ready.CA}, {"NODE_EXTRA_CA_CERTS", ready.CA},
	}
}

// direct names the services one by one beside AWS_ENDPOINT_URL: the Go SDK's AssumeRole hop follows only its own [run].
func direct(ready sandbox.Ready) []variable {
	var variables []variable
	for _, name := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_EKS", "AWS_ENDPOINT_URL_ECR",
	} {
		variables = append(variables, variable{name, ready.Endpoint})
	}
	return variables
}

func writeExports(w io.Writer, variables []variable) error {
	for _, v := range variables {
		if _, err := fmt.Fprintf(w, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`)); err != nil {
			return err
		}
	}
	return nil
}
