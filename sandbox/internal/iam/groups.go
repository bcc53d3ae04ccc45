package iam

import (
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// groupOperations are as much of groups as a reader of users asks for: this IAM has none.
func groupOperations() []api.Operation {
	return []api.Operation{
		api.Read("ListGroupsForUser", on[listGroupsInput](users()), listGroupsForUser),
	}
}

type listGroupsInput struct {
	reference
	paging
}

type listGroupsOutput struct {
	page
	Groups wire.List[absent] `xml:"Groups"`
}

func listGroupsForUser(c *api.Call, in *listGroupsInput) (*listGroupsOutput, error) {
	if _, err := users().entity(c, &in.reference); err != nil {
		return nil, err
	}
	none, page, err := paginate(in.paging, []absent{}, func(absent) string { return "" })
	return &listGroupsOutput{page, none}, err
}
