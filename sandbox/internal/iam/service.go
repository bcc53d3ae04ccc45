// Package iam is the embedded AWS's Identity and Access Management.
//
// Operations, their resources and condition keys are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html, parameters
// and results those of https://docs.aws.amazon.com/IAM/latest/APIReference/. Where the comments say [seen], answers recorded
// from AWS are followed, also where they differ from those pages. What users and roles have in common is written once,
// with a kind for what differs.
package iam

import (
	"slices"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// Service returns the service with all its operations.
func Service() *api.Service {
	codec := wire.Query{Namespace: "https://iam.amazonaws.com/doc/2010-05-08/", Version: "2010-05-08"}
	return api.NewService("iam", codec, 15*time.Minute, operations())
}

func operations() []api.Operation {
	rows := slices.Concat(
		userOperations(),
		groupOperations(),
		keyOperations(),
		roleOperations(),
		policyOperations(),
		versionOperations(),
		policyTags().operations(),
		accountOperations(),
		simulationOperations(),
	)
	for _, k := range []kind{users(), roles()} {
		rows = slices.Concat(rows, k.attachments(), k.inlinePolicies(), k.boundaries(), k.tags().operations())
	}
	return rows
}
