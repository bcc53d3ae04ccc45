package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/share"
)

// configOptions are those of `pullpass config` and `pullpass secret`.
type configOptions struct {
	shareFlags
	keyID string
}

func (o *configOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	o.registerParts(cmd)
	cmd.Flags().StringVar(&o.keyID, "key-id", "", "use the access key of this `ID`, with its secret on stdin")
}

// aboutKeys ends the help of both.
const aboutKeys = `
The key is the one delivered to the cluster; with --key-id it is that one, whose secret is read from the first line of
stdin. AWS is not asked.`

func (a *app) configCommand() *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the AWS config file of a cluster",
		Long: "Prints the file that a new cluster takes as EKSA_AWS_CONFIG_FILE (pullpass exec gives it to eksctl).\n" + aboutKeys + `
The output holds the secret: send it to a file that nobody else can read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rendered, err := a.render(cmd.Context(), o)
			if err != nil {
				return err
			}
			_, err = a.env.Stdout.Write(rendered)
			return err
		},
	}
	o.register(cmd)
	return cmd
}

// render returns the AWS config file of the one cluster.
func (a *app) render(ctx context.Context, o configOptions) ([]byte, error) {
	s, cluster, err := a.openOne(o.shareFlags)
	if err != nil {
		return nil, err
	}
	key, err := a.key(ctx, o, s, cluster)
	if err != nil {
		return nil, err
	}
	return cluster.Config.WithKey(key).Render()
}

func (a *app) key(ctx context.Context, o configOptions, s *session, c share.ClusterDelivery) (credential.AccessKey, error) {
	if o.keyID == "" {
		held, err := s.credentialOf(ctx, c)
		return held.Key, err
	}
	id, err := awsid.ParseAccessKeyID(o.keyID)
	if err != nil {
		return credential.AccessKey{}, usage(err)
	}
	secret, err := a.readLine(ctx)
	if errors.Is(err, io.EOF) || err == nil && secret == "" {
		return credential.AccessKey{}, usagef("--key-id wants the secret of the key on stdin")
	}
	if err != nil {
		return credential.AccessKey{}, fmt.Errorf("reading the secret: %w", err)
	}
	return credential.AccessKey{ID: id, Secret: credential.NewSecret(strings.TrimSpace(secret))}, nil
}
