package iam

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// attachments is the operations that bind managed policies to one kind of entity.
func (k kind) attachments() []api.Operation {
	return []api.Operation{
		api.Write("Attach"+k.title+"Policy", k.onAttachment, k.attach),
		api.Write("Detach"+k.title+"Policy", k.onAttachment, k.detach),
		api.Read("ListAttached"+k.title+"Policies", on[listAttachedInput](k), k.listAttached),
	}
}

type attachmentInput struct {
	reference
	policyReference
}

// onAttachment targets the entity, not the policy, which is a condition key.
func (k kind) onAttachment(c *api.Call, in *attachmentInput) ([]guard.Target, error) {
	if _, err := parsePolicyARN(in.PolicyARN); err != nil {
		return nil, err
	}
	target, err := k.permissions(c, &in.reference)
	return []guard.Target{with(target, "iam:PolicyARN", in.PolicyARN)}, err
}

func (k kind) attach(c *api.Call, in *attachmentInput) (*api.None, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	name, err := parsePolicyARN(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	if _, ok := attachable(c, name); !ok {
		return nil, notAttachable(in.PolicyARN)
	}
	if !slices.Contains(entity.Attached, name) {
		if err := within("PoliciesPer"+k.title, attachedPerEntity, len(entity.Attached)+1); err != nil {
			return nil, err
		}
	}
	entity.Attach(name)
	return nil, nil
}

func (k kind) detach(c *api.Call, in *attachmentInput) (*api.None, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	name, err := parsePolicyARN(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	if !entity.Detach(name) {
		return nil, noSuchPolicy(in.PolicyARN)
	}
	return nil, nil
}

type listAttachedInput struct {
	reference
	paging
	PathPrefix string `query:"PathPrefix"`
}

type attachedView struct {
	PolicyName string  `xml:"PolicyName"`
	PolicyARN  arn.ARN `xml:"PolicyArn"`
}

type listAttachedOutput struct {
	page
	AttachedPolicies wire.List[attachedView] `xml:"AttachedPolicies"`
}

func (k kind) listAttached(c *api.Call, in *listAttachedInput) (*listAttachedOutput, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	if err := checkPathPrefix(in.PathPrefix); err != nil {
		return nil, err
	}
	all := beneath(in.PathPrefix, attachedPolicies(entity), func(p attachedView) string { return p.PolicyARN.Path() })
	listed, page, err := paginate(in.paging, all, func(p attachedView) string { return p.PolicyARN.String() })
	if err != nil {
		return nil, err
	}
	return &listAttachedOutput{page: page, AttachedPolicies: listed}, nil
}

// attachedPolicies returns what is attached to an entity in the order of the ARNs: AWS documents no order.
func attachedPolicies(entity *state.Entity) []attachedView {
	var views []attachedView
	for _, name := range entity.Attached {
		views = append(views, attachedView{PolicyName: name.Name(), PolicyARN: name})
	}
	slices.SortFunc(views, func(a, b attachedView) int { return strings.Compare(a.PolicyARN.String(), b.PolicyARN.String()) })
	return views
}
