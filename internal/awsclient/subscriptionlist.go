package awsclient

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// List returns the account's subscriptions in the Region, whatever their status, in EKS's order. Where they open which
// registry only Describe tells.
func (s *Subscriptions) List(ctx context.Context) ([]Subscription, error) {
	var all []Subscription
	pages := eks.NewListEksAnywhereSubscriptionsPaginator(s.client, &eks.ListEksAnywhereSubscriptionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing EKS Anywhere subscriptions: %w", err)
		}
		for _, found := range page.Subscriptions {
			all = append(all, Subscription{
				ID: aws.ToString(found.Id), ARN: aws.ToString(found.Arn), Status: types.EksAnywhereSubscriptionStatus(aws.ToString(found.Status)),
				Effective: aws.ToTime(found.EffectiveDate), Expires: aws.ToTime(found.ExpirationDate), AutoRenew: found.AutoRenew,
			})
		}
	}
	return all, nil
}
