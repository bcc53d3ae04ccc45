package iam

import (
	"maps"
	"slices"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// inlinePolicies is the operations on the policies that belong to one entity alone.
func (k kind) inlinePolicies() []api.Operation {
	return []api.Operation{
		api.Write("Put"+k.title+"Policy", onPermissions[putInlineInput](k), k.putInline),
		api.Read("Get"+k.title+"Policy", on[inlineInput](k), k.getInline),
		api.Write("Delete"+k.title+"Policy", onPermissions[inlineInput](k), k.deleteInline),
		api.Read("List"+k.title+"Policies", on[listInlineInput](k), k.listInline),
	}
}

type putInlineInput struct {
	reference
	PolicyName     string `query:"PolicyName"`
	PolicyDocument string `query:"PolicyDocument"`
}

func (k kind) putInline(c *api.Call, in *putInlineInput) (*api.None, error) {
	err := firstError(
		checkName("policyName", in.PolicyName, longestPolicyName),
		checkLength("policyDocument", in.PolicyDocument, 1, longestDocument),
	)
	if err != nil {
		return nil, err
	}
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	document, err := parseDocument(iampolicy.Identity, state.InlineName(entity.ARN(), in.PolicyName), in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	size := iampolicy.Size([]byte(in.PolicyDocument))
	for name, other := range entity.Inline {
		if name != in.PolicyName {
			size += iampolicy.Size([]byte(other.Text))
		}
	}
	if size > k.inlineSize {
		return nil, wire.Errorf("LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s",
			k.inlineSize, k.word, entity.Name)
	}
	if entity.Inline == nil {
		entity.Inline = map[string]*state.Document{}
	}
	entity.Inline[in.PolicyName] = document
	return nil, nil
}

type inlineInput struct {
	reference
	PolicyName string `query:"PolicyName"`
}

// inline returns the entity and its inline policy that a request names.
func (k kind) inline(c *api.Call, in *inlineInput) (*state.Entity, *state.Document, error) {
	if err := checkName("policyName", in.PolicyName, longestPolicyName); err != nil {
		return nil, nil, err
	}
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, nil, err
	}
	document, ok := entity.Inline[in.PolicyName]
	if !ok {
		return nil, nil, noSuchEntity(k.word+" policy", in.PolicyName)
	}
	return entity, document, nil
}

type inlineOutput struct {
	reference
	PolicyName     string  `xml:"PolicyName"`
	PolicyDocument encoded `xml:"PolicyDocument"`
}

func (k kind) getInline(c *api.Call, in *inlineInput) (*inlineOutput, error) {
	entity, document, err := k.inline(c, in)
	if err != nil {
		return nil, err
	}
	return &inlineOutput{k.refer(entity), in.PolicyName, encoded(document.Text)}, nil
}

func (k kind) deleteInline(c *api.Call, in *inlineInput) (*api.None, error) {
	entity, _, err := k.inline(c, in)
	if err != nil {
		return nil, err
	}
	delete(entity.Inline, in.PolicyName)
	return nil, nil
}

type listInlineInput struct {
	reference
	paging
}

type listInlineOutput struct {
	page
	PolicyNames wire.List[string] `xml:"PolicyNames"`
}

func (k kind) listInline(c *api.Call, in *listInlineInput) (*listInlineOutput, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(entity.Inline))
	listed, page, err := paginate(in.paging, names, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	return &listInlineOutput{page, listed}, nil
}
