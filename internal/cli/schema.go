package cli

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/share"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the share document",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.env.Stdout.Write(share.Schema())
			return err
		},
	}
}
