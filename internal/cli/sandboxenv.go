package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
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
	format       envFormat
}

func (a *app) sandboxEnvCommand() *cobra.Command {
	o := envOptions{format: "sh"}
	cmd := &cobra.Command{
		Use:   "env --dir DIR --account ID",
		Short: "Print shell exports that lead any AWS client to a sandbox",
		Long: `Prints what a shell must export, and unset, for AWS clients to talk to a sandbox that is served:

  eval "$(pullpass sandbox env --dir DIR --account 111111111111)"        sh, bash, zsh
  pullpass sandbox env --dir DIR --account 111111111111 -o fish | source  fish

Without --transparent, clients that honour AWS_ENDPOINT_URL talk to the sandbox's endpoint. With it, any client that
honours HTTPS_PROXY reaches the sandbox under AWS's real host names. AWS_* variables of the shell that would lead
elsewhere are unset. With -o json, null stands for a variable to unset.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.sandboxEnv(o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "the `DIR` of a sandbox that is served")
	cmd.Flags().StringVar(&o.account, "account", "", "act as the administrator of this account `ID`")
	cmd.Flags().BoolVar(&o.transparent, "transparent", false, "go through the proxy, under AWS's real host names")
	cmd.Flags().VarP(&o.format, "output", "o", "how to write it")
	return cmd
}

func (a *app) sandboxEnv(o envOptions) error {
	if o.dir == "" || o.account == "" {
		return usagef("--dir and --account are both needed")
	}
	ready, err := sandbox.ReadReady(o.dir)
	if err != nil {
		return err
	}
	box, err := joined(ready, o.dir)
	if err != nil {
		return err
	}
	way, err := box.way(o.account, o.transparent)
	if err != nil {
		return err
	}
	return o.format.write(a.env.Stdout, slices.Concat(way, strays(a.env.Environ, way)))
}

// variable is an environment variable. One without a value is to be unset.
type variable struct {
	name  string
	value *string
}

func set(name, value string) variable { return variable{name, &value} }

// way returns the variables that lead AWS clients to the sandbox as an account's administrator.
func (s served) way(account string, transparently bool) ([]variable, error) {
	if _, err := arn.ParseAccountID(account); err != nil {
		return nil, usage(err)
	}
	file := sandbox.ConfigFile(s.dir)
	known, err := awsclient.Profiles([]string{file}, []string{})
	if err != nil {
		return nil, err
	}
	if !known[account] {
		return nil, withHint(usagef("the sandbox has no account %s", account),
			"it has: "+strings.Join(accountsOf(known), ", "))
	}
	way := []variable{
		set("AWS_CONFIG_FILE", file), set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"), set("AWS_PROFILE", account),
		set("AWS_EC2_METADATA_DISABLED", "true"),
	}
	if transparently {
		return append(way, transparent(s.Ready)...), nil
	}
	return append(way, direct(s.Ready)...), nil
}

// accountsOf leaves out the profiles of users beside the administrators, which are named <account>/<user>.
func accountsOf(profiles map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(profiles)), func(name string) bool { return strings.Contains(name, "/") })
}

// transparent makes clients ignore the endpoints that the profiles name, and takes them to the proxy instead. Of the two
// spellings of the proxy's variable some clients prefer the one and some the other.
func transparent(ready sandbox.Ready) []variable {
	return []variable{
		set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
		set("HTTPS_PROXY", ready.Proxy), set("https_proxy", ready.Proxy),
		set("SSL_CERT_FILE", ready.CA), set("AWS_CA_BUNDLE", ready.CA), set("NODE_EXTRA_CA_CERTS", ready.CA),
	}
}

// direct names the services one by one beside AWS_ENDPOINT_URL: the Go SDK's AssumeRole hop follows only its own [run].
func direct(ready sandbox.Ready) []variable {
	var variables []variable
	for _, name := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_EKS", "AWS_ENDPOINT_URL_ECR",
	} {
		variables = append(variables, set(name, ready.Endpoint))
	}
	return variables
}

// strays are the variables of an environment that would lead AWS clients off the way: the other AWS_* and, where the way
// is through a proxy, what exempts hosts from it.
func strays(environ []string, way []variable) []variable {
	var found []variable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		stray := strings.HasPrefix(name, "AWS_") || proxied(way) && strings.EqualFold(name, "NO_PROXY")
		if stray && !names(way, name) && !names(found, name) {
			found = append(found, variable{name: name})
		}
	}
	slices.SortFunc(found, func(a, b variable) int { return strings.Compare(a.name, b.name) })
	return found
}

func proxied(way []variable) bool { return names(way, "HTTPS_PROXY") }

func names(variables []variable, name string) bool {
	return slices.ContainsFunc(variables, func(v variable) bool { return v.name == name })
}

// envFormat is how variables are written: for a kind of shell, or as JSON.
type envFormat string

// String implements pflag.Value.
func (f *envFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *envFormat) Type() string { return "sh|fish|json" }

// Set implements pflag.Value.
func (f *envFormat) Set(s string) error {
	if !slices.Contains([]string{"sh", "fish", "json"}, s) {
		return fmt.Errorf("want sh, fish or json")
	}
	*f = envFormat(s)
	return nil
}

func (f *envFormat) write(w io.Writer, variables []variable) error {
	var b bytes.Buffer
	switch *f {
	case "json":
		if err := writeJSON(&b, variables); err != nil {
			return err
		}
	case "fish":
		quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		writeLines(&b, variables, "set -gx %s '%s'\n", "set -e %s\n", quote)
	default:
		writeLines(&b, variables, "export %s='%s'\n", "unset %s\n", strings.NewReplacer("'", `'\''`))
	}
	_, err := b.WriteTo(w)
	return err
}

func writeLines(b *bytes.Buffer, variables []variable, set, unset string, quote *strings.Replacer) {
	for _, v := range variables {
		if v.value == nil {
			fmt.Fprintf(b, unset, v.name)
			continue
		}
		fmt.Fprintf(b, set, v.name, quote.Replace(*v.value))
	}
}

func writeJSON(w io.Writer, variables []variable) error {
	object := make(map[string]*string, len(variables))
	for _, v := range variables {
		object[v.name] = v.value
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(object)
}
