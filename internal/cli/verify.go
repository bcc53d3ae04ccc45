package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// verifyOptions are those of `pullpass verify`.
type verifyOptions struct {
	shareFlags
	artifact string
}

func (a *app) verifyCommand() *cobra.Command {
	o := verifyOptions{shareFlags: shareFlags{proving: true}}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove for every cluster that its delivered credential pulls",
		Long: `Walks from the delivered file to a pulled layer, doing each link with nothing but that file: config, identity,
role, token, registry, manifest, layer. The first broken link of a cluster says which side must mend it; the exit code
is 4 then. Where the share gives access, EKS is asked about the subscription, and a refused role is looked into; neither
is needed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			artifact, err := parseArtifact(o.artifact)
			if err != nil {
				return err
			}
			return a.withShare(cmd.Context(), o.shareFlags, func(s *session) error {
				report := s.verify(cmd.Context(), artifact, false)
				if err := cmd.Context().Err(); err != nil { // What was cut short would look like a broken link.
					return fmt.Errorf("proving share %s: %w", report.Share, err)
				}
				if err := a.result(report, report.writer(a.onStdout())); err != nil {
					return err
				}
				return report.err()
			})
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.artifact, "artifact", registry.Probe().String(), "pull this `REPOSITORY:TAG`")
	a.formatFlag(cmd)
	return cmd
}

func parseArtifact(s string) (registry.Artifact, error) {
	artifact, err := registry.ParseArtifact(s)
	if err != nil {
		return artifact, usage(fmt.Errorf("--artifact %q: %w", s, err))
	}
	return artifact, nil
}

// parallelChains bounds how many clusters are proven at the same time.
const parallelChains = 16

// verify proves every cluster of the session, in the order of the share.
func (s *session) verify(ctx context.Context, artifact registry.Artifact, fresh bool) proofReport {
	report := s.unproven(artifact)
	s.proveAll(ctx, &report, artifact, fresh)
	return report
}

// unproven lists the clusters of the session, in the order of the share.
func (s *session) unproven(artifact registry.Artifact) proofReport {
	report := proofReport{Share: s.desired.Share, Registry: s.desired.Registry.Host(), Artifact: artifact.String()}
	for _, side := range s.desired.Destinations {
		for _, c := range side.Clusters {
			report.Clusters = append(report.Clusters, clusterReport{
				Account: side.Account, Cluster: c.Cluster, Proofs: []linkReport{}, Notices: []string{}, delivery: c,
			})
			if c.Kubernetes != nil {
				report.Limits = []string{egressUnseen}
			}
		}
	}
	return report
}

// proveAll proves the clusters of the report, but for those that it says are not to be proven.
func (s *session) proveAll(ctx context.Context, report *proofReport, artifact registry.Artifact, fresh bool) {
	slots := make(chan struct{}, parallelChains)
	var group sync.WaitGroup
	for i := range report.Clusters {
		if report.Clusters[i].NotProven != "" {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s.prove(ctx, &report.Clusters[i], artifact, fresh)
		})
	}
	group.Wait()
	s.explainBroken(ctx, report, artifact)
	s.keepProofs(ctx, report.Clusters)
}

func (s *session) prove(ctx context.Context, c *clusterReport, artifact registry.Artifact, fresh bool) {
	if c.Unseen = s.unseenCopy(ctx, c); c.Unseen != "" {
		return
	}
	in, config := s.walk(ctx, c, artifact, fresh, s.cloud.client())
	if c.delivery.Kubernetes != nil && !errors.Is(c.chain.Proofs[0].Err, cluster.ErrUnreachable) { // Six links more would say the same.
		s.proveInside(ctx, c, in, config)
	}
}

// walk proves the chain of a cluster and says with what.
func (s *session) walk(
	ctx context.Context, c *clusterReport, artifact registry.Artifact, fresh bool, client *http.Client,
) (verify.Input, verify.Config) {
	in := verify.Input{
		File: s.file(c.delivery), Registry: s.desired.Registry, Artifact: artifact, Subscription: s.subscription(), Fresh: fresh,
	}
	config := s.proofs()
	config.HTTPClient = client
	c.chain = verify.Verify(ctx, in, config)
	c.OK = c.chain.OK()
	c.Notices = append(c.Notices, c.chain.Notices...)
	for _, p := range c.chain.Proofs {
		c.Proofs = append(c.Proofs, newProofReport(p))
	}
	return in, config
}

// file gives the delivered file, or the reason why there is none.
func (s *session) file(c share.ClusterDelivery) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		place, err := s.place(ctx, c)
		if err != nil {
			return nil, err
		}
		return place.Config(ctx)
	}
}

func (s *session) subscription() *verify.Subscription {
	known := s.located.subscription
	if known == nil {
		return nil
	}
	return &verify.Subscription{ID: known.ID, Status: string(known.Status), Expires: known.Expires, AutoRenew: known.AutoRenew}
}

// proofReport is the result of `pullpass verify`.
type proofReport struct {
	Share    string          `json:"share"`
	Registry string          `json:"registry"`
	Artifact string          `json:"artifact"`
	Clusters []clusterReport `json:"clusters"`
	// Limits are what no proof could tell.
	Limits []string `json:"limits,omitempty"`
}

type clusterReport struct {
	Account arn.AccountID `json:"account"`
	Cluster string        `json:"cluster"`
	OK      bool          `json:"ok"`
	// NotProven is why nothing was tried; empty where something was.
	NotProven string `json:"notProven,omitempty"`
	// Unseen is why the copy of a workload cluster could not be looked at; it counts as neither proven nor broken.
	Unseen  string       `json:"unseen,omitempty"`
	Proofs  []linkReport `json:"proofs"`
	Notices []string     `json:"notices"`
	// Explanation says why the broken link is; nil where none of the first seven is.
	Explanation *explain.Report `json:"explanation,omitempty"`

	delivery share.ClusterDelivery
	// chain is what the first seven proofs found.
	chain verify.Chain
}

type linkReport struct {
	Link    verify.Link `json:"link"`
	Outcome string      `json:"outcome"`
	Detail  string      `json:"detail,omitempty"`
	Error   string      `json:"error,omitempty"`
	Code    string      `json:"code,omitempty"`
	// Side is who can mend it.
	Side         verify.Side `json:"side,omitempty"`
	Hint         string      `json:"hint,omitempty"`
	Milliseconds int64       `json:"milliseconds"`
}

func newProofReport(p verify.Proof) linkReport {
	r := linkReport{Link: p.Link, Outcome: p.Outcome.String(), Detail: p.Detail, Milliseconds: p.Took.Milliseconds()}
	switch fault := p.Fault(); {
	case fault != nil:
		r.Error, r.Code, r.Side, r.Hint = awserror.InBrief(fault).Error(), fault.Code, fault.Side, fault.Hint
	case p.Err != nil:
		r.Error = awserror.OnOneLine(errors.Unwrap(p.Err)) // Of several errors each has a line.
	}
	return r
}

// proven counts the clusters that pull.
func (r proofReport) proven() int {
	n := 0
	for _, c := range r.Clusters {
		if c.OK {
			n++
		}
	}
	return n
}

// rest says what the count of the proven leaves out.
func (r proofReport) rest() string {
	if n := r.unseen(); n > 0 {
		return fmt.Sprintf("; %d not seen", n)
	}
	return ""
}

// unseen counts the copies that could not be looked at.
func (r proofReport) unseen() int {
	n := 0
	for _, c := range r.Clusters {
		if c.Unseen != "" {
			n++
		}
	}
	return n
}

func (r proofReport) err() error {
	if r.proven()+r.unseen() < len(r.Clusters) {
		return errUnproven
	}
	return nil
}

// broken returns the first link that failed, nil where none did.
func (c *clusterReport) broken() *linkReport {
	for i := range c.Proofs {
		if c.Proofs[i].Outcome == verify.Failed.String() {
			return &c.Proofs[i]
		}
	}
	return nil
}

// writer writes the report for people.
func (r proofReport) writer(colours palette) func(io.Writer) error {
	return func(w io.Writer) error {
		var b strings.Builder
		for _, c := range r.Clusters {
			c.write(&b, colours)
		}
		for _, limit := range r.Limits {
			fmt.Fprintf(&b, "note: %s\n", limit)
		}
		fmt.Fprintf(&b, "Proven: %d of %d clusters pull %s from %s%s.\n", r.proven(), len(r.Clusters), r.Artifact, r.Registry, r.rest())
		_, err := io.WriteString(w, b.String())
		return err
	}
}

func (c clusterReport) write(b *strings.Builder, colours palette) {
	fmt.Fprintf(b, "%s %s\n", c.Account, c.Cluster)
	if c.NotProven != "" {
		fmt.Fprintf(b, "  not proven: %s\n", c.NotProven)
	}
	if c.Unseen != "" {
		fmt.Fprintf(b, "  not seen: %s\n", c.Unseen)
	}
	for _, p := range c.Proofs {
		switch p.Outcome {
		case verify.Passed.String():
			fmt.Fprintf(b, "  %s    %-10s %s\n", colours.paint(green, "ok"), p.Link, p.Detail)
		case verify.Failed.String():
			fmt.Fprintf(b, "  %s  %-10s %s\n", colours.paint(red, "FAIL"), p.Link, p.Error)
			fmt.Fprintf(b, "        side      %s\n", p.Side)
			if p.Hint != "" {
				fmt.Fprintf(b, "        hint: %s\n", p.Hint)
			}
			c.writeExplanation(b, p.Link)
		case verify.Unseen.String():
			fmt.Fprintf(b, "  %s     %-10s %s\n", colours.paint(faint, "?"), p.Link, p.Error)
		default:
			fmt.Fprintf(b, "  %s     %-10s %s\n", colours.paint(faint, "-"), p.Link, p.Outcome)
		}
	}
	for _, n := range c.Notices {
		fmt.Fprintf(b, "  note: %s\n", n)
	}
	b.WriteByte('\n')
}
