package iam

import (
	"maps"
	"slices"

	"github.com/pullpass/pullpass/sandbox/internal/simulator"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

type simulationOutput struct {
	page
	EvaluationResults wire.List[evaluationView] `xml:"EvaluationResults"`
}

// evaluationView is the result for an action. Its lists are there also where they are empty, those of a single resource
// are not [seen].
type evaluationView struct {
	EvalActionName                    string                     `xml:"EvalActionName"`
	EvalResourceName                  string                     `xml:"EvalResourceName"`
	EvalDecision                      simulator.Decision         `xml:"EvalDecision"`
	MatchedStatements                 wire.List[matchedView]     `xml:"MatchedStatements"`
	MissingContextValues              wire.List[string]          `xml:"MissingContextValues"`
	OrganizationsDecisionDetail       *organizationsView         `xml:"OrganizationsDecisionDetail"`
	PermissionsBoundaryDecisionDetail *boundaryDecisionView      `xml:"PermissionsBoundaryDecisionDetail"`
	EvalDecisionDetails               *decisionsView             `xml:"EvalDecisionDetails"`
	ResourceSpecificResults           wire.List[resourceVerdict] `xml:"ResourceSpecificResults,omitempty"`
}

type resourceVerdict struct {
	EvalResourceName                  string                 `xml:"EvalResourceName"`
	EvalResourceDecision              simulator.Decision     `xml:"EvalResourceDecision"`
	MatchedStatements                 wire.List[matchedView] `xml:"MatchedStatements,omitempty"`
	MissingContextValues              wire.List[string]      `xml:"MissingContextValues,omitempty"`
	EvalDecisionDetails               *decisionsView         `xml:"EvalDecisionDetails"`
	PermissionsBoundaryDecisionDetail *boundaryDecisionView  `xml:"PermissionsBoundaryDecisionDetail"`
}

type matchedView struct {
	SourcePolicyID   string               `xml:"SourcePolicyId"`
	SourcePolicyType simulator.SourceType `xml:"SourcePolicyType"`
	StartPosition    simulator.Position   `xml:"StartPosition"`
	EndPosition      simulator.Position   `xml:"EndPosition"`
}

type organizationsView struct {
	AllowedByOrganizations bool `xml:"AllowedByOrganizations"`
}

type boundaryDecisionView struct {
	AllowedByPermissionsBoundary bool `xml:"AllowedByPermissionsBoundary"`
}

type decisionsView struct {
	Entries []decisionEntry `xml:"entry"`
}

type decisionEntry struct {
	Key   simulator.SourceType `xml:"key"`
	Value simulator.Decision   `xml:"value"`
}

// viewEvaluation shows the verdicts on an action for each of the resources. "If the simulation evaluates policies within the
// same account and includes a resource ARN, then the parameter [EvalDecisionDetails] is present but the response is empty.
// If the simulation … specifies all resources (*), then the parameter is not returned" (API_EvaluationResult).
func viewEvaluation(action string, resources []string, verdicts []simulator.Verdict) evaluationView {
	all := simulator.Together(verdicts)
	view := evaluationView{
		EvalActionName: action, EvalResourceName: simulator.ResourceName(action, resources), EvalDecision: all.Decision,
		MatchedStatements: viewMatched(all.Matched), MissingContextValues: all.Missing,
		PermissionsBoundaryDecisionDetail: viewBoundaryDecision(all.ByBoundary), EvalDecisionDetails: viewDecisions(all.Details),
	}
	if all.ByOrganization != nil {
		view.OrganizationsDecisionDetail = &organizationsView{*all.ByOrganization == simulator.Allowed}
	}
	if resources[0] == simulator.Everything {
		return view
	}
	if view.EvalDecisionDetails == nil {
		view.EvalDecisionDetails = &decisionsView{}
	}
	for i, v := range verdicts {
		view.ResourceSpecificResults = append(view.ResourceSpecificResults, resourceVerdict{
			EvalResourceName: resources[i], EvalResourceDecision: v.Decision, MatchedStatements: viewMatched(v.Matched),
			MissingContextValues: v.Missing, EvalDecisionDetails: viewDecisions(v.Details),
			PermissionsBoundaryDecisionDetail: viewBoundaryDecision(v.ByBoundary),
		})
	}
	return view
}

func viewMatched(statements []simulator.Statement) wire.List[matchedView] {
	var views wire.List[matchedView]
	for _, s := range statements {
		views = append(views, matchedView{s.PolicyID, s.SourceType, s.Start, s.End})
	}
	return views
}

func viewBoundaryDecision(decision *simulator.Decision) *boundaryDecisionView {
	if decision == nil {
		return nil
	}
	return &boundaryDecisionView{*decision == simulator.Allowed}
}

func viewDecisions(details map[simulator.SourceType]simulator.Decision) *decisionsView {
	if details == nil {
		return nil
	}
	var view decisionsView
	for _, source := range slices.Sorted(maps.Keys(details)) {
		view.Entries = append(view.Entries, decisionEntry{source, details[source]})
	}
	return &view
}
