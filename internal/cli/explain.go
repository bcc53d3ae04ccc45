package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
)

// errDenied is explain's outcome where an access does not work, or is not known to. The reports have been shown by then.
var errDenied = errors.New("an access is denied")

// explainOptions are those of `pullpass explain`.
type explainOptions struct {
	shareFlags
	askOptions
	artifact string
	// message is what a program said; nothing else is looked at then.
	message string
	view    explainView
}

func (a *app) explainCommand() *cobra.Command {
	o := explainOptions{shareFlags: shareFlags{proving: true}}
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say why an access is denied, by whom, and the smallest change that lets it through",
		Long: `Tries the chain of proofs as pullpass verify does, reads both accounts with the access at hand, and says which link is
the first that is broken, which account, policy and statement breaks it, and what to change: as a JSON patch, as commands
of the AWS CLI, and as a command of pullpass where one does it. What AWS really answered comes first; where AWS's answer
and what was read contradict each other, that is said instead of a cause.

A cause is certain where everything that could decide was read, likely where something that was not read could be another,
and open where that decides. Nothing is changed in either account.

With -o json the result is a list with one object a cluster; docs/explain.md has its fields.

The exit code is 0 where everything works, 1 where something is denied or cannot be told, and 2 for wrong usage.

` + askHelp + "\n\n" + messageHelp,
		Example: "  pullpass explain --cluster store-001 --tree\n  pullpass explain -o html > why.html\n" +
			"  kubectl -n eksa-packages logs deployment/eks-anywhere-packages | pullpass explain --message -",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.view.check(cmd); err != nil {
				return err
			}
			a.format = o.view.writes()
			if cmd.Flags().Changed("message") {
				if err := onlyMessage(cmd); err != nil {
					return err
				}
				return a.explainMessage(cmd, o)
			}
			if err := o.askOptions.check(cmd); err != nil {
				return err
			}
			artifact, err := parseArtifact(o.artifact)
			if err != nil {
				return err
			}
			if o.given() {
				reports, err := a.ask(cmd.Context(), o.askOptions, o.cloudFlags, artifact)
				if err != nil {
					return err
				}
				return a.showExplanations(cmd.Context(), o.view, reports)
			}
			return a.withShare(cmd.Context(), o.shareFlags, func(s *session) error {
				return a.showExplanations(cmd.Context(), o.view, s.explain(cmd.Context(), artifact))
			})
		},
	}
	o.shareFlags.register(cmd)
	cmd.Flags().SetNormalizeFunc(accountIsDestination)
	cmd.Flags().StringVar(&o.artifact, "artifact", registry.Probe().String(), "pull this `REPOSITORY:TAG`")
	registerMessage(cmd, &o.message)
	o.askOptions.register(cmd)
	o.view.register(cmd)
	return cmd
}

// accountIsDestination takes --account for --destination, as people who look for a denial call it.
func accountIsDestination(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "account" {
		name = "destination"
	}
	return pflag.NormalizedName(name)
}

// explain explains every cluster of the session, in the order of the share.
func (s *session) explain(ctx context.Context, artifact registry.Artifact) []explain.Report {
	proofs := s.unproven(artifact)
	inquiry := s.inquire(ctx)
	reports := make([]explain.Report, len(proofs.Clusters))
	slots := make(chan struct{}, parallelExplanations)
	var group sync.WaitGroup
	for i := range proofs.Clusters {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c := &proofs.Clusters[i]
			watch := s.cloud.watch(s.app.env.Now)
			read := inquiry.ahead(ctx, s.wanted(c))
			defer read()
			in, config := s.walk(ctx, c, artifact, false, &http.Client{Transport: watch})
			evidence := s.evidence(ctx, c, artifact)
			if c.chain.OK() {
				evidence.Inside = s.inside(ctx, c, in, config)
			}
			evidence.Skew = watch.skew()
			reports[i] = inquiry.explain(ctx, evidence)
		})
	}
	group.Wait()
	return reports
}

// parallelExplanations bounds how many clusters are explained at the same time: most of it is waiting for AWS.
const parallelExplanations = 128

// showExplanations writes the reports, and fails where not all of them work. Nothing is said where somebody stopped it: what
// was cut short would look like a broken link.
func (a *app) showExplanations(ctx context.Context, view explainView, reports []explain.Report) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("explaining: %w", err)
	}
	if err := a.show(view, reports); err != nil {
		return err
	}
	if slices.ContainsFunc(reports, func(r explain.Report) bool { return r.Outcome != explain.Works }) {
		return errDenied
	}
	return nil
}

// show writes the reports as the view says.
func (a *app) show(view explainView, reports []explain.Report) error {
	if view.pictured() {
		return a.draw(view, reports)
	}
	return a.result(reports, func(w io.Writer) error {
		for i, r := range reports {
			if i > 0 {
				if _, err := fmt.Fprintln(w); err != nil {
					return err
				}
			}
			if err := r.WriteText(w); err != nil {
				return err
			}
		}
		return nil
	})
}
