package awsclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Subscriptions reads EKS Anywhere subscriptions.
type Subscriptions struct{ client *eks.Client }

// A Subscription is what EKS tells of an EKS Anywhere subscription.
type Subscription struct {
	ID     string
	ARN    string
	Status types.EksAnywhereSubscriptionStatus
	// PackageRegistry is the host of the registry that holds the curated packages; empty where EKS does not say.
	PackageRegistry string
	// Effective and Expires are zero where EKS does not say.
	Effective, Expires time.Time
	// AutoRenew says that the subscription does not end by itself.
	AutoRenew bool
}

// ErrNoSubscription says that the account has no subscription of that id in the Region.
var ErrNoSubscription = errors.New("no such subscription")

// maxBody is far more than a subscription with all its licences takes.
const maxBody = 1 << 20

// Describe reads one subscription. The request is the SDK's, the answer is read from the raw body: no published model
// of EKS has packageRegistry, so the SDK drops it [run].
func (s *Subscriptions) Describe(ctx context.Context, id string) (Subscription, error) {
	var body []byte
	_, err := s.client.DescribeEksAnywhereSubscription(ctx, &eks.DescribeEksAnywhereSubscriptionInput{Id: aws.String(id)},
		eks.WithAPIOptions(keepBody(&body)))
	if notFound := (*types.ResourceNotFoundException)(nil); errors.As(err, &notFound) {
		return Subscription{}, fmt.Errorf("describing EKS Anywhere subscription %s: %w: %w", id, ErrNoSubscription, err)
	}
	if err != nil {
		return Subscription{}, fmt.Errorf("describing EKS Anywhere subscription %s: %w", id, err)
	}
	subscription, err := parseSubscription(body)
	if err != nil {
		return Subscription{}, fmt.Errorf("describing EKS Anywhere subscription %s: %w", id, err)
	}
	return subscription, nil
}

// keepBody adds a step that copies the answer's body on its way to the SDK's own decoder.
func keepBody(body *[]byte) func(*middleware.Stack) error {
	step := middleware.DeserializeMiddlewareFunc("KeepBody", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		read, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return out, metadata, fmt.Errorf("reading the answer: %w", err)
		}
		*body = read
		response.Body = io.NopCloser(bytes.NewReader(read))
		return out, metadata, nil
	})
	return func(stack *middleware.Stack) error { return stack.Deserialize.Add(step, middleware.After) }
}

func parseSubscription(body []byte) (Subscription, error) {
	var answer struct {
		Subscription *struct {
			ID              string  `json:"id"`
			ARN             string  `json:"arn"`
			Status          string  `json:"status"`
			PackageRegistry string  `json:"packageRegistry"`
			EffectiveDate   float64 `json:"effectiveDate"`
			ExpirationDate  float64 `json:"expirationDate"`
			AutoRenew       bool    `json:"autoRenew"`
		} `json:"subscription"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Subscription{}, fmt.Errorf("reading the answer: %w", err)
	}
	s := answer.Subscription
	if s == nil {
		return Subscription{}, errors.New("reading the answer: it holds no subscription")
	}
	return Subscription{
		ID: s.ID, ARN: s.ARN, Status: types.EksAnywhereSubscriptionStatus(s.Status), PackageRegistry: s.PackageRegistry,
		Effective: epoch(s.EffectiveDate), Expires: epoch(s.ExpirationDate), AutoRenew: s.AutoRenew,
	}, nil
}

// epoch reads the number of seconds since 1970 that EKS writes dates as.
func epoch(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}
