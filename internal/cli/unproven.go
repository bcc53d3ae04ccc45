package cli

import (
	"fmt"

	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
)

// withoutCredential says of every cluster that the run could not give its credential why it was not proven: what is in its
// place is none, or not what the share asks for, and a proof would blame the delivery for what stopped the run before it.
func withoutCredential(report *proofReport, p *plan.Plan, done provision.Result) {
	for i := range report.Clusters {
		c := &report.Clusters[i]
		if why := stopped(p, c); why != "" {
			c.NotProven = why
		} else if why := undelivered(done, c); why != "" {
			c.NotProven = why
		}
	}
}

// stopped gives the problem that keeps the plan from the cluster, or from its whole side.
func stopped(p *plan.Plan, c *clusterReport) string {
	for _, problem := range p.Problems {
		switch {
		case problem.Account != c.Account:
		case problem.Cluster == "":
			return problem.String()
		case problem.Cluster == c.Cluster:
			problem.Cluster = "" // The report stands under the cluster's name.
			return problem.String()
		}
	}
	return ""
}

// undelivered gives what kept the cluster's credential from being delivered.
func undelivered(done provision.Result, c *clusterReport) string {
	for _, result := range done.Steps {
		if result.State != provision.Done && result.Step.Account == c.Account && delivers(result.Step.Op, c.Cluster) {
			return ending(done, result, c)
		}
	}
	return ""
}

func delivers(op plan.Op, cluster string) bool {
	switch op := op.(type) {
	case plan.CreateKey:
		for _, d := range op.Deliveries {
			if d.Cluster == cluster {
				return true
			}
		}
	case plan.WriteDelivery:
		return op.Cluster == cluster
	}
	return false
}

// ending says how a step ended, or how the one ended for which it was skipped.
func ending(done provision.Result, result provision.StepResult, c *clusterReport) string {
	if result.State == provision.Skipped {
		for _, before := range done.Steps {
			for _, need := range result.Step.Needs {
				if before.Step.ID == need && before.State != provision.Done {
					return ending(done, before, c)
				}
			}
		}
		return awserror.InBrief(result.Err).Error()
	}
	text := fmt.Sprintf("%s %s failed", result.Step.Verb, result.Step.Target)
	if result.Step.Account != c.Account {
		return fmt.Sprintf("%s: %s", result.Step.Account, text)
	}
	return text
}
