package iam

import (
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/simulator"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// policySource names the user, group or role whose policies a request is about. The path in the ARN need not be right
// [seen].
type policySource struct {
	PolicySourceARN string `query:"PolicySourceArn"`
}

// read returns the ARN, of the caller's own account.
func (s policySource) read(c *api.Call) (arn.ARN, error) {
	if err := checkLength("policySourceArn", s.PolicySourceARN, shortestARN, longestARN); err != nil {
		return arn.ARN{}, err
	}
	name, err := arn.Parse(s.PolicySourceARN)
	if err != nil || name.Service != "iam" || name.Name() == "" {
		return arn.ARN{}, s.invalid()
	}
	switch name.Kind() {
	case "user", "group", "role":
	default:
		return arn.ARN{}, s.invalid()
	}
	if own := c.Account().ID; name.Account != own {
		return arn.ARN{}, invalidInput("Invalid Policy Source Arn: caller's account %s does not have access to policies in account %s.",
			own, name.Account)
	}
	return name, nil
}

func (s policySource) invalid() error {
	return invalidInput("Invalid ARN provided in the request: %s", s.PolicySourceARN)
}

// kind returns what the ARN is of. The sandbox has no groups, so that it is none for them.
func (s policySource) kind(name arn.ARN) (kind, bool) {
	for _, k := range []kind{users(), roles()} {
		if k.word == name.Kind() {
			return k, true
		}
	}
	return kind{}, false
}

// targets is the user or role itself.
func (s policySource) targets(c *api.Call) ([]guard.Target, error) {
	name, err := s.read(c)
	if err != nil {
		return nil, err
	}
	k, ok := s.kind(name)
	if !ok {
		return []guard.Target{{Resource: name.String()}}, nil
	}
	var r reference
	*k.field(&r) = name.Name()
	target, err := k.target(c, &r)
	return []guard.Target{target}, err
}

func (s policySource) entity(c *api.Call) (*state.Entity, error) {
	name, err := s.read(c)
	if err != nil {
		return nil, err
	}
	if k, ok := s.kind(name); ok {
		if entity := k.find(c.Account(), name.Name()); entity != nil {
			return entity, nil
		}
	}
	return nil, wire.Errorf("NoSuchEntity", "Unable to retrieve specified IAM entity.")
}

// heldPolicy is a policy that a user or role has: a managed one, with its ARN, or an inline one, with its name.
type heldPolicy struct {
	simulator.Policy
	managed arn.ARN
	inline  string
	holder  *state.Entity
}

// heldPolicies returns the policies of a user or role. Results call a managed policy by its name, an inline one by
// kind_holder_name (the sample of API_SimulatePrincipalPolicy [doc], [seen]).
func heldPolicies(world *state.World, holder *state.Entity) []heldPolicy {
	var held []heldPolicy
	for _, name := range holder.Attached {
		if policy, ok := world.Policy(name); ok {
			held = append(held, heldPolicy{Policy: asSource(policy.Name, policy.Document()), managed: name, holder: holder})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(holder.Inline)) {
		id := holder.Kind + "_" + holder.Name + "_" + name
		held = append(held, heldPolicy{Policy: asSource(id, holder.Inline[name]), inline: name, holder: holder})
	}
	return held
}

// boundaryPolicy returns the boundary of a user or role, nil for none. One whose policy is gone allows nothing, as in a real
// decision.
func boundaryPolicy(world *state.World, holder *state.Entity) *simulator.Policy {
	if holder.Boundary.IsZero() {
		return nil
	}
	boundary := simulator.Policy{ID: holder.Boundary.Name(), Compiled: &authz.Policy{}}
	if policy, ok := world.Policy(holder.Boundary); ok {
		boundary = asSource(policy.Name, policy.Document())
	}
	return &boundary
}

type customKeysInput struct {
	PolicyInputList []string `query:"PolicyInputList"`
}

type principalKeysInput struct {
	policySource
	PolicyInputList []string `query:"PolicyInputList"`
}

type keysOutput struct {
	ContextKeyNames wire.List[string] `xml:"ContextKeyNames"`
}

func getCustomKeys(_ *api.Call, in *customKeysInput) (*keysOutput, error) {
	if len(in.PolicyInputList) == 0 {
		return nil, invalidValue("policyInputList", "Member must not be null")
	}
	return viewKeys(nil, in.PolicyInputList)
}

func onPrincipalKeys(c *api.Call, in *principalKeysInput) ([]guard.Target, error) {
	return in.targets(c)
}

// getPrincipalKeys leaves out SCPs, and the boundary: "Only context keys referenced by the identity-based policies attached
// to the specified entity, and any additional policies that you provide, are included" (API_GetContextKeysForPrincipalPolicy).
func getPrincipalKeys(c *api.Call, in *principalKeysInput) (*keysOutput, error) {
	entity, err := in.entity(c)
	if err != nil {
		return nil, err
	}
	var documents []*iampolicy.Document
	for _, held := range heldPolicies(c.World, entity) {
		documents = append(documents, held.Compiled.Document())
	}
	return viewKeys(documents, in.PolicyInputList)
}

// viewKeys adds the policies that a request brings. They may be resource-based: nothing says to whom they are to belong.
func viewKeys(documents []*iampolicy.Document, texts []string) (*keysOutput, error) {
	if err := checkEach("policyInputList", texts, 1, longestDocument); err != nil {
		return nil, err
	}
	for i, text := range texts {
		document, err := iampolicy.Parse([]byte(text), iampolicy.Identity)
		if err != nil {
			document, err = iampolicy.Parse([]byte(text), iampolicy.Resource)
		}
		if err != nil {
			return nil, invalidInput("Policy input list item %d has invalid content", i+1)
		}
		documents = append(documents, document)
	}
	return &keysOutput{simulator.ContextKeys(documents...)}, nil
}
