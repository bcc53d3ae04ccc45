// Package eks is the sandbox's Amazon EKS, as far as it knows EKS Anywhere subscriptions.
package eks

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// Service returns the operations of EKS (https://docs.aws.amazon.com/eks/latest/APIReference/).
func Service() *api.Service {
	codec := wire.REST{Routes: []wire.Route{
		{Method: "GET", Path: "/eks-anywhere-subscriptions", Operation: "ListEksAnywhereSubscriptions"},
		{Method: "GET", Path: "/eks-anywhere-subscriptions/{id}", Operation: "DescribeEksAnywhereSubscription"},
	}}
	return api.NewService("eks", codec, 5*time.Minute, []api.Operation{
		api.Read("ListEksAnywhereSubscriptions", api.OnEverything[listInput], list),
		api.Read("DescribeEksAnywhereSubscription", onSubscription, describe),
	})
}

// subscription is EksAnywhereSubscription. PackageRegistry is in no published model of the API, but AWS's own procedure
// reads it [run].
type subscription struct {
	ID              string                   `json:"id"`
	Arn             string                   `json:"arn"`
	CreatedAt       wire.Epoch               `json:"createdAt"`
	EffectiveDate   wire.Epoch               `json:"effectiveDate"`
	ExpirationDate  wire.Epoch               `json:"expirationDate"`
	LicenseQuantity int                      `json:"licenseQuantity"`
	LicenseType     string                   `json:"licenseType"`
	Term            term                     `json:"term"`
	Status          state.SubscriptionStatus `json:"status"`
	AutoRenew       bool                     `json:"autoRenew"`
	LicenseArns     wire.List[string]        `json:"licenseArns"`
	Licenses        wire.List[license]       `json:"licenses"`
	Tags            map[string]string        `json:"tags"`
	PackageRegistry string                   `json:"packageRegistry,omitempty"`
}

type term struct {
	Duration int    `json:"duration"`
	Unit     string `json:"unit"`
}

type license struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

func render(call *api.Call, s *state.Subscription) subscription {
	out := subscription{
		ID: s.ID, Arn: s.ARN().String(), CreatedAt: wire.Epoch{Time: s.Created}, EffectiveDate: wire.Epoch{Time: s.Effective},
		ExpirationDate: wire.Epoch{Time: s.Expires}, LicenseQuantity: s.Licenses, LicenseType: "Cluster",
		Term: term{Duration: s.Months, Unit: "MONTHS"}, Status: s.StatusAt(call.Now()), AutoRenew: s.AutoRenew,
		Tags: map[string]string{},
	}
	for _, tag := range s.Tags.List() {
		out.Tags[tag.Key] = tag.Value
	}
	if r, err := registry.ForRegion(s.Region); err == nil {
		out.PackageRegistry = r.Host()
	}
	return out
}

type describeInput struct {
	ID string `path:"id" json:"-"`
}

type describeOutput struct {
	Subscription subscription `json:"subscription"`
}

func onSubscription(call *api.Call, in *describeInput) ([]guard.Target, error) {
	name := arn.ARN{Partition: "aws", Service: "eks", Region: call.Scene.Region, Account: call.Account().ID,
		Resource: "eks-anywhere-subscription/" + in.ID}
	target := guard.Target{Resource: name.String()}
	if s, found := find(call, in.ID); found {
		target.Tags = s.Tags
	}
	return []guard.Target{target}, nil
}

// find returns a subscription of the caller's account in the Region that the call is for.
func find(call *api.Call, id string) (*state.Subscription, bool) {
	s, ok := call.Account().Subscriptions[id]
	return s, ok && s.Region == call.Scene.Region
}

func describe(call *api.Call, in *describeInput) (*describeOutput, error) {
	s, ok := find(call, in.ID)
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "EKS Anywhere subscription %s not found", in.ID)
	}
	return &describeOutput{Subscription: render(call, s)}, nil
}

type listInput struct {
	MaxResults    *int     `query:"maxResults" json:"-"`
	NextToken     string   `query:"nextToken" json:"-"`
	IncludeStatus []string `query:"includeStatus" json:"-"`
}

type listOutput struct {
	Subscriptions wire.List[subscription] `json:"subscriptions"`
	NextToken     *string                 `json:"nextToken"`
}

const maxResults = 100

// list returns the subscriptions of the Region in the order of their ids; the token is the id of the last one given.
func list(call *api.Call, in *listInput) (*listOutput, error) {
	after, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	if err != nil {
		return nil, wire.Errorf("InvalidParameterException", "The nextToken is invalid.")
	}
	limit := maxResults
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > maxResults {
		return nil, wire.Errorf("InvalidParameterException", "maxResults must be between 1 and %d.", maxResults)
	}
	for _, status := range in.IncludeStatus {
		if _, err := state.ParseSubscriptionStatus(status); err != nil {
			return nil, wire.Errorf("InvalidParameterException", "includeStatus: %v", err)
		}
	}
	out := &listOutput{Subscriptions: wire.List[subscription]{}}
	for _, s := range state.Sorted(call.Account().Subscriptions) {
		if s.Region != call.Scene.Region || strings.Compare(s.ID, string(after)) <= 0 || !in.wants(s, call.Now()) {
			continue
		}
		if len(out.Subscriptions) == limit {
			next := base64.RawURLEncoding.EncodeToString([]byte(out.Subscriptions[limit-1].ID))
			out.NextToken = &next
			break
		}
		out.Subscriptions = append(out.Subscriptions, render(call, s))
	}
	return out, nil
}

func (in *listInput) wants(s *state.Subscription, now time.Time) bool {
	return len(in.IncludeStatus) == 0 || slices.Contains(in.IncludeStatus, string(s.StatusAt(now)))
}
