package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/share"
)

// rbacOptions are those of `pullpass rbac`.
type rbacOptions struct {
	shareFlags
	createNamespace bool
}

func (a *app) rbacCommand() *cobra.Command {
	var o rbacOptions
	cmd := &cobra.Command{
		Use:   "rbac " + strings.Join(rbacCommands(), "|"),
		Short: "Print the least Roles that a command needs in a cluster",
		Long: `Prints the Roles that the clusters of a share must give to whoever runs a command, as manifests for kubectl. Objects
are named wherever Kubernetes can name them. Binding the Roles to somebody is up to you:

  kubectl create rolebinding pullpass-plan -n eksa-packages --role pullpass-plan --user NAME`,
		ValidArgs: rbacCommands(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(rbacCommands(), args[0]) {
				return usagef("want one of the commands %s", strings.Join(rbacCommands(), ", "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.openUnasked(o.shareFlags)
			if err != nil {
				return err
			}
			return s.printRoles(a.env.Stdout, cluster.Command(args[0]), o.createNamespace)
		},
	}
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	o.registerParts(cmd)
	cmd.Flags().BoolVar(&o.createNamespace, "create-namespace", false, "for apply and accept: what making the namespace takes, too")
	return cmd
}

func rbacCommands() []string {
	var names []string
	for _, c := range cluster.Commands() {
		names = append(names, string(c))
	}
	return names
}

func (s *session) printRoles(w io.Writer, command cluster.Command, createNamespace bool) error {
	needs := s.needs(command, createNamespace)
	if len(needs) == 0 {
		return withHint(usagef("no cluster of the share has a kubernetes: delivery"), "a directory needs no Roles")
	}
	for i, need := range needs {
		if i > 0 {
			if _, err := fmt.Fprintln(w, "---"); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "# cluster %s\n%s", need.Cluster, need.Manifest()); err != nil {
			return err
		}
	}
	return nil
}

// needs are what a command needs in each cluster that is reached from here, in the order of the share.
func (s *session) needs(command cluster.Command, createNamespace bool) []cluster.Need {
	var needs []cluster.Need
	for _, side := range s.desired.Destinations {
		for _, c := range side.Clusters {
			if c.Kubernetes != nil && c.ManagedBy == "" {
				needs = append(needs, cluster.Need{
					Command: command, Cluster: c.Cluster, Workloads: managed(side, c.Cluster), CreateNamespace: createNamespace,
				})
			}
		}
	}
	return needs
}

// managed returns the workload clusters of a cluster.
func managed(side share.DestinationSide, by string) []string {
	var names []string
	for _, c := range side.Clusters {
		if c.ManagedBy == by {
			names = append(names, c.Cluster)
		}
	}
	return names
}
