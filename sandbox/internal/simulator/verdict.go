package simulator

import "slices"

// A Decision is the simulator's word for an outcome.
type Decision string

// The decisions.
const (
	Allowed      Decision = "allowed"
	ExplicitDeny Decision = "explicitDeny"
	ImplicitDeny Decision = "implicitDeny"
)

// strictest returns the decision that holds where all of them have a say.
func strictest(decisions ...Decision) Decision {
	for _, d := range []Decision{ExplicitDeny, ImplicitDeny} {
		if slices.Contains(decisions, d) {
			return d
		}
	}
	return Allowed
}

// A SourceType is the simulator's word for the part that a policy plays. The answers hold these [seen], in place of the
// words that the API reference has for API_Statement's SourcePolicyType.
type SourceType string

// The types of policies that results name.
const (
	IAMPolicy      SourceType = "IAM Policy"
	ResourcePolicy SourceType = "Resource Policy"
	BoundaryPolicy SourceType = "Permissions Boundary Policy"
)

// A Statement is one that made a decision.
type Statement struct {
	PolicyID   string
	SourceType SourceType
	Span
}

// A Verdict is what a simulation says of an action, on one resource or on several.
type Verdict struct {
	Decision Decision
	Matched  []Statement
	// Missing are keys that could make another decision, if the request gave them. They are given for implicit denies only.
	Missing []string
	// ByBoundary is what the permissions boundary says, nil if there is none.
	ByBoundary *Decision
	// ByOrganization is what the SCPs say, nil if they are not part of the simulation.
	ByOrganization *Decision
	// Details is what each type of policy says where caller and resource are in two accounts, otherwise nil.
	Details map[SourceType]Decision
}

// Together returns the verdict on an action for several resources from those on each, of which there is at least one.
// The strictest decision holds; statements and keys are those of all, each once (API_EvaluationResult). Where one resource
// is denied explicitly, "the deny statement is the only entry included in the result".
func Together(verdicts []Verdict) Verdict {
	var all Verdict
	for _, v := range verdicts {
		all.ByBoundary = strictestOf(all.ByBoundary, v.ByBoundary)
		all.ByOrganization = strictestOf(all.ByOrganization, v.ByOrganization)
		for source, decision := range v.Details {
			if all.Details == nil {
				all.Details = map[SourceType]Decision{}
			}
			if before, ok := all.Details[source]; ok {
				decision = strictest(before, decision)
			}
			all.Details[source] = decision
		}
		all.Missing = append(all.Missing, v.Missing...)
	}
	all.Decision = Allowed
	for _, v := range verdicts {
		all.Decision = strictest(all.Decision, v.Decision)
	}
	for _, v := range verdicts {
		if all.Decision != ExplicitDeny || v.Decision == ExplicitDeny {
			all.Matched = append(all.Matched, v.Matched...)
		}
	}
	all.Matched = unique(all.Matched)
	slices.Sort(all.Missing)
	all.Missing = slices.Compact(all.Missing)
	return all
}

func strictestOf(a, b *Decision) *Decision {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	both := strictest(*a, *b)
	return &both
}

// unique keeps the first of each.
func unique(statements []Statement) []Statement {
	var kept []Statement
	for _, s := range statements {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
