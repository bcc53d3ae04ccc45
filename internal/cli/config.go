package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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

func (a *app) configCommand() *cobra.Command {
	return a.renderCommand("config", "Print the AWS config file of a cluster",
		"Prints the file that a new cluster takes as EKSA_AWS_CONFIG_FILE.",
		func(config []byte) []byte { return config })
}

func (a *app) secretCommand() *cobra.Command {
	return a.renderCommand("secret", "Print the Secret of a cluster",
		"Prints the manifest of Secret aws-secret for an existing cluster; its field config decodes to what\n"+
			"pullpass config prints, byte for byte.",
		credential.RenderManifest)
}

func (a *app) renderCommand(name, short, long string, form func([]byte) []byte) *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Long: long + `
The key is the one delivered to the cluster; with --key-id it is that one, whose secret is read from the first line of
stdin. AWS is not asked. The output holds the secret: send it to a file that nobody else can read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rendered, err := a.render(cmd.Context(), o)
			if err != nil {
				return err
			}
			_, err = a.env.Stdout.Write(form(rendered))
			return err
		},
	}
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	o.registerParts(cmd)
	cmd.Flags().StringVar(&o.keyID, "key-id", "", "use the access key of this `ID`, with its secret on stdin")
	return cmd
}

func (a *app) render(ctx context.Context, o configOptions) ([]byte, error) {
	doc, err := readShare(o.file)
	if err != nil {
		return nil, err
	}
	// The file does not name the registry's account, only its Region.
	found, err := fallback(doc.Spec.Registry, nil)
	if err != nil {
		return nil, err
	}
	desired, err := doc.Desired(found.registry)
	if err != nil {
		return nil, err
	}
	if desired, err = desired.Select(o.destinations, o.clusters); err != nil {
		return nil, err
	}
	cluster, err := only(desired)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, dir: filepath.Dir(o.file)}
	key, err := a.key(ctx, o, s, cluster)
	if err != nil {
		return nil, err
	}
	return cluster.Config.WithKey(key).Render()
}

// only returns the one cluster that the flags leave.
func only(desired share.Desired) (share.ClusterDelivery, error) {
	var names []string
	var last share.ClusterDelivery
	for _, side := range desired.Destinations {
		for _, c := range side.Clusters {
			names = append(names, fmt.Sprintf("%s of %s", c.Cluster, side.Account))
			last = c
		}
	}
	if len(names) != 1 {
		return share.ClusterDelivery{}, withHint(usagef("want one cluster, there are %d: %s", len(names), strings.Join(names, ", ")),
			"choose one with --cluster NAME, and --destination ACCOUNT if several have one of that name")
	}
	return last, nil
}

func (a *app) key(ctx context.Context, o configOptions, s *session, c share.ClusterDelivery) (credential.AccessKey, error) {
	if o.keyID == "" {
		place, err := s.directory(c)
		if err != nil {
			return credential.AccessKey{}, err
		}
		held, err := place.Read(ctx)
		return held.Config.Key, err
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
