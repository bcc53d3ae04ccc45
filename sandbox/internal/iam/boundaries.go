package iam

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// boundaries is the operations on the permissions boundary of one kind of entity.
func (k kind) boundaries() []api.Operation {
	return []api.Operation{
		api.Write("Put"+k.title+"PermissionsBoundary", k.onNewBoundary, k.putBoundary),
		api.Write("Delete"+k.title+"PermissionsBoundary", onPermissions[deleteBoundaryInput](k), k.deleteBoundary),
	}
}

// boundaryView is an entity's boundary. AWS sends the type Policy [seen], not the PermissionsBoundaryPolicy of the API
// reference.
type boundaryView struct {
	Type string  `xml:"PermissionsBoundaryType"`
	ARN  arn.ARN `xml:"PermissionsBoundaryArn"`
}

func viewBoundary(entity *state.Entity) *boundaryView {
	if entity.Boundary.IsZero() {
		return nil
	}
	return &boundaryView{Type: "Policy", ARN: entity.Boundary}
}

// findBoundary returns the ARN of the policy that a request wants for a boundary.
func findBoundary(c *api.Call, text string) (arn.ARN, error) {
	name, ok := asPolicyARN(text)
	if !ok {
		return arn.ARN{}, invalidBoundaryARN(text)
	}
	if _, ok := attachable(c, name); !ok {
		return arn.ARN{}, noSuchBoundary(text)
	}
	return name, nil
}

type putBoundaryInput struct {
	reference
	PermissionsBoundary string `query:"PermissionsBoundary"`
}

// onNewBoundary decides with the boundary that the request brings, not with the one that it replaces.
func (k kind) onNewBoundary(c *api.Call, in *putBoundaryInput) ([]guard.Target, error) {
	if err := checkLength("permissionsBoundary", in.PermissionsBoundary, shortestARN, longestARN); err != nil {
		return nil, err
	}
	target, err := k.target(c, &in.reference)
	return []guard.Target{with(target, "iam:PermissionsBoundary", in.PermissionsBoundary)}, err
}

func (k kind) putBoundary(c *api.Call, in *putBoundaryInput) (*api.None, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	boundary, err := findBoundary(c, in.PermissionsBoundary)
	if err != nil {
		return nil, err
	}
	entity.Boundary = boundary
	return nil, nil
}

type deleteBoundaryInput struct{ reference }

// deleteBoundary is content where there is no boundary: the API reference names no error for that.
func (k kind) deleteBoundary(c *api.Call, in *deleteBoundaryInput) (*api.None, error) {
	entity, err := k.entity(c, &in.reference)
	if err != nil {
		return nil, err
	}
	entity.Boundary = arn.ARN{}
	return nil, nil
}
