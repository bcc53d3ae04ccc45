package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// explainBroken explains every cluster of a proof of which one of the first seven links is broken, as pullpass explain does,
// with what the proof has found.
func (s *session) explainBroken(ctx context.Context, report *proofReport, artifact registry.Artifact) {
	inquiry := s.inquire(ctx)
	slots := make(chan struct{}, parallelExplanations)
	var group sync.WaitGroup
	for i := range report.Clusters {
		c := &report.Clusters[i]
		if _, broken := c.chain.Broken(); !broken || ctx.Err() != nil {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s.explainCluster(ctx, inquiry, c, s.evidence(ctx, c, artifact))
		})
	}
	group.Wait()
}

// explainCluster explains a broken chain, and tells by it whose side that is.
func (s *session) explainCluster(ctx context.Context, inquiry *inquiry, c *clusterReport, evidence explain.Evidence) {
	found := inquiry.explain(ctx, evidence)
	c.Explanation = &found
	c.settleBlame(s.desired.Source.Account)
}

// writeExplanation writes the explanation in brief under the link that it is about.
func (c clusterReport) writeExplanation(b *strings.Builder, link verify.Link) {
	broken, isBroken := c.chain.Broken()
	if c.Explanation == nil || !isBroken || broken.Link != link {
		return
	}
	for _, line := range c.Explanation.Brief() {
		fmt.Fprintf(b, "        %-9s %s\n", line[0], strings.ReplaceAll(line[1], "\n", "\n                  "))
	}
	if c.Explanation.Conclusion == explain.Open {
		fmt.Fprintf(b, "        more      pullpass explain, where there is access to both accounts\n")
	}
}

// explainDenials explains what AWS denied to whoever read the accounts, or carried out the steps. Of calls that differ by
// their resource alone one is enough: what denies it denies the others.
func (s *session) explainDenials(ctx context.Context, p *plan.Plan, done provision.Result) []explain.Report {
	var reports []explain.Report
	inquiry := s.inquire(ctx)
	told := map[[2]string]bool{}
	tell := func(query explain.Query, denied bool) {
		if what := [2]string{query.Principal.String(), query.Action}; denied && !told[what] && ctx.Err() == nil {
			told[what] = true
			query.Now = s.app.env.Now()
			reports = append(reports, inquiry.ask(ctx, query))
		}
	}
	for _, problem := range p.Problems {
		if problem.Kind == plan.Unreadable {
			tell(explain.DeniedText(problem.Msg))
		}
	}
	for _, step := range done.Steps {
		tell(explain.DeniedCall(step.Err))
	}
	return reports
}

func writeDenials(b *strings.Builder, denials []explain.Report) {
	for _, d := range denials {
		fmt.Fprintf(b, "%s may not do %s\n", d.Subject.Principal, d.Subject.Action)
		for _, line := range d.Brief() {
			fmt.Fprintf(b, "  %-9s %s\n", line[0], strings.ReplaceAll(line[1], "\n", "\n            "))
		}
	}
}
