package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionResult is the result of `pullpass version`.
type versionResult struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("this program was built without build information")
			}
			v := versionOf(info)
			return a.result(v, v.write)
		},
	}
	a.formatFlag(cmd)
	return cmd
}

// userAgent is the product's name and version, as servers log it.
func userAgent() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "pullpass"
	}
	return "pullpass/" + versionOf(info).Version
}

// versionOf reads what the go command put into the program: the module's version where it was installed as a module,
// else "(devel)", and the commit where it was built in a checkout.
func versionOf(info *debug.BuildInfo) versionResult {
	v := versionResult{Version: info.Main.Version, Go: info.GoVersion}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

func (v versionResult) write(w io.Writer) error {
	text := "pullpass " + v.Version
	if v.Revision != "" {
		text += " " + v.Revision
	}
	if v.Modified {
		text += " (modified)"
	}
	_, err := fmt.Fprintf(w, "%s, %s\n", text, v.Go)
	return err
}
