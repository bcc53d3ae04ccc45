package iam

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/simulator"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// simulationOperations is the policy simulator. Its own errors have the code InvalidInput; their texts are recorded ones
// [seen] unless said otherwise. It is laxer than AWS in not telling apart actions that "require different authorization
// information", for which AWS knows the actions of all services, and in the characters that a policy may hold; it is
// stricter in taking no Id where the policy language has none.
func simulationOperations() []api.Operation {
	return []api.Operation{
		api.Read("SimulateCustomPolicy", onCustomSimulation, simulateCustom),
		api.Read("SimulatePrincipalPolicy", onPrincipalSimulation, simulatePrincipal),
		api.Read("GetContextKeysForCustomPolicy", api.OnEverything[customKeysInput], getCustomKeys),
		api.Read("GetContextKeysForPrincipalPolicy", onPrincipalKeys, getPrincipalKeys),
	}
}

func invalidInput(format string, args ...any) error {
	return wire.Errorf("InvalidInput", format, args...)
}

// simulationInput is what both simulations take.
type simulationInput struct {
	paging
	ActionNames                        []string       `query:"ActionNames"`
	ResourceARNs                       []string       `query:"ResourceArns"`
	ResourceHandlingOption             string         `query:"ResourceHandlingOption"`
	ResourcePolicy                     string         `query:"ResourcePolicy"`
	ResourceOwner                      string         `query:"ResourceOwner"`
	CallerARN                          string         `query:"CallerArn"`
	ContextEntries                     []contextEntry `query:"ContextEntries"`
	PolicyInputList                    []string       `query:"PolicyInputList"`
	PermissionsBoundaryPolicyInputList []string       `query:"PermissionsBoundaryPolicyInputList"`
}

type simulateCustomInput struct {
	simulationInput
	OrderedOrganizationPolicyInputList []organizationLevel `query:"OrderedOrganizationPolicyInputList"`
}

// organizationLevel is what is attached at one level of an organization, from its root to the account.
type organizationLevel struct {
	ServiceControlPolicyInputList []string `query:"ServiceControlPolicyInputList"`
}

func onCustomSimulation(_ *api.Call, in *simulateCustomInput) ([]guard.Target, error) {
	return []guard.Target{{}}, in.check()
}

func simulateCustom(c *api.Call, in *simulateCustomInput) (*simulationOutput, error) {
	simulated := simulator.Case{Caller: authz.Principal{Kind: authz.User, Account: c.Account().ID}}
	for i, level := range in.OrderedOrganizationPolicyInputList {
		policies, err := level.compile(i + 1)
		if err != nil {
			return nil, err
		}
		simulated.Organized = true
		simulated.SCPs = append(simulated.SCPs, policies)
	}
	return in.simulate(c, simulated)
}

func (l organizationLevel) compile(index int) ([]*authz.Policy, error) {
	if len(l.ServiceControlPolicyInputList) == 0 {
		return nil, invalidInput("Organization policy at index %d must contain at least one service control policy", index)
	}
	var policies []*authz.Policy
	for _, text := range l.ServiceControlPolicyInputList {
		policy, err := readPolicy(iampolicy.SCP, "", text, fmt.Sprintf("Organization policy at index %d", index))
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy.Compiled)
	}
	return policies, nil
}

type simulatePrincipalInput struct {
	policySource
	simulationInput
	PolicyExclusionList []exclusion `query:"PolicyExclusionList"`
}

func onPrincipalSimulation(c *api.Call, in *simulatePrincipalInput) ([]guard.Target, error) {
	if err := firstError(in.check(), checkExclusions(in.PolicyExclusionList)); err != nil {
		return nil, err
	}
	return in.targets(c)
}

// simulatePrincipal simulates what a user or role may do, its SCPs included. "If you do not specify a CallerArn, it
// defaults to the ARN … that you specify in PolicySourceArn" (API_SimulatePrincipalPolicy).
func simulatePrincipal(c *api.Call, in *simulatePrincipalInput) (*simulationOutput, error) {
	entity, err := in.entity(c)
	if err != nil {
		return nil, err
	}
	caller, err := simulatedCaller(c, entity.ARN().String())
	if err != nil {
		return nil, err
	}
	simulated := simulator.Case{Caller: caller}
	for _, held := range heldPolicies(c.World, entity) {
		if !excludes(in.PolicyExclusionList, held) {
			simulated.Identity = append(simulated.Identity, held.Policy)
		}
	}
	if boundary := boundaryPolicy(c.World, entity); boundary != nil && !excludesType(in.PolicyExclusionList, "permission-boundary") {
		simulated.Boundary = boundary
	}
	if c.World.OrganizationOf(entity.Account) != nil && !excludesType(in.PolicyExclusionList, "scp") {
		simulated.Organized, simulated.SCPs = true, c.World.SCPs(entity.Account)
	}
	return in.simulate(c, simulated)
}

// simulate adds to the case what both operations take, and simulates each action of the wanted page on each resource.
func (in *simulationInput) simulate(c *api.Call, simulated simulator.Case) (*simulationOutput, error) {
	actions, page, err := in.actions()
	if err != nil {
		return nil, err
	}
	resources, err := in.resources()
	if err != nil {
		return nil, err
	}
	if err := in.complete(c, &simulated); err != nil {
		return nil, err
	}
	s := simulator.New(simulated)
	out := &simulationOutput{page: page}
	for _, action := range actions {
		var verdicts []simulator.Verdict
		for _, resource := range resources {
			verdicts = append(verdicts, s.Decide(action, resource))
		}
		out.EvaluationResults = append(out.EvaluationResults, viewEvaluation(action, resources, verdicts))
	}
	return out, nil
}

// complete reads the rest of the case from the input.
func (in *simulationInput) complete(c *api.Call, simulated *simulator.Case) (err error) {
	if simulated.Given, err = readEntries(in.ContextEntries); err != nil {
		return err
	}
	if err := in.addPolicies(simulated); err != nil {
		return err
	}
	if in.CallerARN != "" {
		if simulated.Caller, err = simulatedCaller(c, in.CallerARN); err != nil {
			return err
		}
	}
	if in.ResourceOwner != "" {
		owner, err := arn.Parse(in.ResourceOwner)
		if err != nil || owner.Service != "iam" || owner.Account == "" {
			return invalidInput("'%s' is not a valid as a Resource Owner.", in.ResourceOwner)
		}
		simulated.Owner = owner.Account
	}
	return in.addResourcePolicy(simulated)
}

// addPolicies adds the policies that the request brings. A boundary is used in place of an attached one: "the new
// permissions boundary policy is used for the simulation" (API_SimulatePrincipalPolicy). What AWS says of an invalid one is
// not recorded.
func (in *simulationInput) addPolicies(simulated *simulator.Case) error {
	policies, err := readInputPolicies(in.PolicyInputList)
	if err != nil {
		return err
	}
	simulated.Identity = append(simulated.Identity, policies...)
	if len(in.PermissionsBoundaryPolicyInputList) > 1 {
		return invalidInput("The list of Permissions Boundary policies cannot exceed 1 items.")
	}
	for _, text := range in.PermissionsBoundaryPolicyInputList {
		boundary, err := readPolicy(iampolicy.Boundary, "PermissionsBoundaryPolicyInputList.1", text,
			"Permissions boundary policy input list item 1")
		if err != nil {
			return err
		}
		simulated.Boundary = &boundary
	}
	return nil
}

// addResourcePolicy adds the policy that each resource is to have. Whether it speaks of each of them is not checked: what
// "applicable to all of the resources" means (API_SimulateCustomPolicy) is not documented, nor what AWS says of an invalid
// policy.
func (in *simulationInput) addResourcePolicy(simulated *simulator.Case) error {
	if in.ResourcePolicy == "" {
		return nil
	}
	if simulated.Caller.ARN == "" && simulated.Caller.RoleARN == "" {
		return invalidInput("Invalid caller - Caller cannot be null or empty.")
	}
	if len(in.ResourceARNs) == 0 || in.ResourceARNs[0] == simulator.Everything {
		return invalidInput("Invalid Entity Arn: * does not clearly define entity type and name.")
	}
	policy, err := readPolicy(iampolicy.Resource, "ResourcePolicy", in.ResourcePolicy, "Resource policy")
	if err != nil {
		return err
	}
	for _, s := range policy.Compiled.Document().Statements {
		if slices.Contains(slices.Concat(s.Resource, s.NotResource), simulator.Everything) {
			return invalidInput("ResourceNames are not in a valid ARN format: *.")
		}
	}
	simulated.Resource = &policy
	return nil
}

func readInputPolicies(texts []string) ([]simulator.Policy, error) {
	var policies []simulator.Policy
	for i, text := range texts {
		policy, err := readPolicy(iampolicy.Identity, "PolicyInputList."+strconv.Itoa(i+1), text,
			fmt.Sprintf("Policy input list item %d", i+1))
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	return policies, nil
}

// readPolicy reads a policy that a request brings; what is what errors call it.
func readPolicy(kind iampolicy.Kind, id, text, what string) (simulator.Policy, error) {
	document, err := state.NewDocument(kind, id, text)
	if err != nil {
		return simulator.Policy{}, invalidInput("%s has invalid content", what)
	}
	return asSource(id, document), nil
}

// asSource returns a policy under the name by which results call it.
func asSource(id string, d *state.Document) simulator.Policy {
	return simulator.Policy{ID: id, Text: d.Text, Compiled: d.Compiled}
}
