package eks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	first    = "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"
	firstARN = "arn:aws:eks:us-west-2:111111111111:eks-anywhere-subscription/" + first
)

// lab has five subscriptions of the source, of which four are in us-west-2, and one of the destination.
type lab struct {
	*sandboxtest.Sandbox
	now time.Time
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{now: time.Now().UTC().Truncate(time.Second)}
	soon := l.now.Add(time.Minute)
	l.Sandbox = sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return l.now }, Seed: sandbox.Seed{
		Accounts: []sandbox.Account{
			{ID: sandboxtest.Source, Subscriptions: []sandbox.Subscription{
				{ID: first, Region: "us-west-2", Effective: l.now.AddDate(0, -1, 0), Expires: soon},
				{ID: "f1", Region: "us-west-2", Status: "EXPIRING"}, {ID: "f2", Region: "us-west-2", Status: "EXPIRED"},
				{ID: "f3", Region: "us-west-2"}, {ID: "f4", Region: "eu-west-1"},
			}},
			{ID: sandboxtest.Destination, Subscriptions: []sandbox.Subscription{{ID: "d1", Region: "us-west-2"}}},
		},
	}})
	return l
}

func wantRefusal(t *testing.T, err error, code string, status int) string {
	t.Helper()
	var refusal smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &refusal) || !errors.As(err, &response) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if refusal.ErrorCode() != code || response.HTTPStatusCode() != status {
		t.Fatalf("got %d %s: %s, want %d %s", response.HTTPStatusCode(), refusal.ErrorCode(), refusal.ErrorMessage(), status, code)
	}
	return refusal.ErrorMessage()
}

func TestASubscriptionIsDescribed(t *testing.T) {
	l := newLab(t)
	out, err := l.EKS(sandboxtest.Source).DescribeEksAnywhereSubscription(t.Context(),
		&eks.DescribeEksAnywhereSubscriptionInput{Id: aws.String(first)})
	if err != nil {
		t.Fatal(err)
	}
	s := out.Subscription
	if got := aws.ToString(s.Arn); got != firstARN {
		t.Errorf("Arn = %s", got)
	}
	if !s.EffectiveDate.Equal(l.now.AddDate(0, -1, 0)) || !s.ExpirationDate.Equal(l.now.Add(time.Minute)) {
		t.Errorf("effective from %v to %v", s.EffectiveDate, s.ExpirationDate)
	}
	got := []any{aws.ToString(s.Status), s.LicenseType, s.LicenseQuantity, s.AutoRenew, s.Term.Unit, s.Term.Duration}
	want := []any{"ACTIVE", types.EksAnywhereSubscriptionLicenseTypeCluster, int32(1), false,
		types.EksAnywhereSubscriptionTermUnitMonths, int32(12)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestASubscriptionExpiresByTheClockAlone(t *testing.T) {
	l := newLab(t)
	client, in := l.EKS(sandboxtest.Source), &eks.DescribeEksAnywhereSubscriptionInput{Id: aws.String(first)}
	for _, want := range []string{"ACTIVE", "EXPIRED"} {
		out, err := client.DescribeEksAnywhereSubscription(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := aws.ToString(out.Subscription.Status); got != want {
			t.Errorf("Status = %s, want %s", got, want)
		}
		l.now = l.now.Add(time.Minute)
	}
}

func TestASubscriptionElsewhereIsNotFound(t *testing.T) {
	l := newLab(t)
	elsewhere := func(o *eks.Options) { o.Region = "eu-west-1" }
	for sentence, test := range map[string]struct {
		id     string
		change func(*eks.Options)
	}{
		"of another account":          {"d1", func(*eks.Options) {}},
		"of another Region":           {"f4", func(*eks.Options) {}},
		"asked for in another Region": {first, elsewhere},
		"of nobody":                   {"e29fd0d2-0000-0000-0000-000000000000", func(*eks.Options) {}},
		"with a slash in its id":      {"a/b", func(*eks.Options) {}},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.EKS(sandboxtest.Source).DescribeEksAnywhereSubscription(t.Context(),
				&eks.DescribeEksAnywhereSubscriptionInput{Id: &test.id}, test.change)
			wantRefusal(t, err, "ResourceNotFoundException", 404)
		})
	}
}

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%q,"Resource":%q}}`, action, resource)
}

func TestSubscriptionsTakePermission(t *testing.T) {
	l := newLab(t)
	const describe, list = "eks:DescribeEksAnywhereSubscription", "eks:ListEksAnywhereSubscriptions"
	for sentence, test := range map[string]struct {
		policy         string
		describe, list bool
	}{
		"no policy":                      {"", false, false},
		"describing this one":            {allow(describe, firstARN), true, false},
		"describing another":             {allow(describe, strings.Replace(firstARN, first, "f1", 1)), false, false},
		"describing those of a Region":   {allow(describe, "arn:aws:eks:us-west-2:*:eks-anywhere-subscription/*"), true, false},
		"listing":                        {allow(list, "*"), false, true},
		"listing, but of a subscription": {allow(list, firstARN), false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			name := strings.ReplaceAll(strings.ReplaceAll(sentence, " ", "-"), ",", "")
			client := eks.NewFromConfig(l.User(sandboxtest.Source, name, test.policy))
			_, err := client.DescribeEksAnywhereSubscription(t.Context(), &eks.DescribeEksAnywhereSubscriptionInput{Id: aws.String(first)})
			hold(t, err, test.describe, name, describe, firstARN)
			_, err = client.ListEksAnywhereSubscriptions(t.Context(), &eks.ListEksAnywhereSubscriptionsInput{})
			hold(t, err, test.list, name, list, "*")
		})
	}
}

func hold(t *testing.T, err error, allowed bool, user, action, resource string) {
	t.Helper()
	if allowed {
		if err != nil {
			t.Errorf("%s: %v", action, err)
		}
		return
	}
	want := "User: arn:aws:iam::111111111111:user/" + user + " is not authorized to perform: " + action + " on resource: " +
		resource + " because no identity-based policy allows the " + action + " action"
	if got := wantRefusal(t, err, "AccessDeniedException", 403); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSubscriptionsAreListedPageByPage(t *testing.T) {
	l := newLab(t)
	for _, size := range []int32{1, 2, 3, 100} {
		var pages [][]string
		paginator := eks.NewListEksAnywhereSubscriptionsPaginator(l.EKS(sandboxtest.Source),
			&eks.ListEksAnywhereSubscriptionsInput{MaxResults: &size})
		for paginator.HasMorePages() {
			page, err := paginator.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, ids(page.Subscriptions))
		}
		want := map[int32][][]string{
			1: {{first}, {"f1"}, {"f2"}, {"f3"}}, 2: {{first, "f1"}, {"f2", "f3"}}, 3: {{first, "f1", "f2"}, {"f3"}},
			100: {{first, "f1", "f2", "f3"}},
		}
		if diff := cmp.Diff(want[size], pages); diff != "" {
			t.Errorf("pages of %d (-want +got)\n%s", size, diff)
		}
	}
}

func ids(subscriptions []types.EksAnywhereSubscription) (list []string) {
	for _, s := range subscriptions {
		list = append(list, aws.ToString(s.Id))
	}
	return list
}

func TestSubscriptionsAreListedByStatus(t *testing.T) {
	l := newLab(t)
	l.now = l.now.Add(time.Minute) // the first one has expired
	status := func(list ...types.EksAnywhereSubscriptionStatus) []types.EksAnywhereSubscriptionStatus { return list }
	for sentence, test := range map[string]struct {
		include []types.EksAnywhereSubscriptionStatus
		want    []string
	}{
		"any":            {nil, []string{first, "f1", "f2", "f3"}},
		"active":         {status(types.EksAnywhereSubscriptionStatusActive), []string{"f3"}},
		"expired":        {status(types.EksAnywhereSubscriptionStatusExpired), []string{first, "f2"}},
		"active or soon": {status(types.EksAnywhereSubscriptionStatusActive, types.EksAnywhereSubscriptionStatusExpiring), []string{"f1", "f3"}},
		"of none":        {status(types.EksAnywhereSubscriptionStatusDeleting), nil},
	} {
		out, err := l.EKS(sandboxtest.Source).ListEksAnywhereSubscriptions(t.Context(),
			&eks.ListEksAnywhereSubscriptionsInput{IncludeStatus: test.include})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, ids(out.Subscriptions)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", sentence, diff)
		}
	}
}

func TestAListThatCannotBeIsRefused(t *testing.T) {
	l := newLab(t)
	for sentence, in := range map[string]eks.ListEksAnywhereSubscriptionsInput{
		"a page of none":         {MaxResults: aws.Int32(0)},
		"a page of too many":     {MaxResults: aws.Int32(101)},
		"a token of another API": {NextToken: aws.String("!")},
		"a status that is none":  {IncludeStatus: []types.EksAnywhereSubscriptionStatus{"active"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.EKS(sandboxtest.Source).ListEksAnywhereSubscriptions(t.Context(), &in)
			wantRefusal(t, err, "InvalidParameterException", 400)
		})
	}
}

// TestTheBodyNamesThePackagesRegistry reads what no published model of the API has: the SDK drops it.
func TestTheBodyNamesThePackagesRegistry(t *testing.T) {
	l := newLab(t)
	for region, want := range map[string]string{
		"us-west-2/" + first: "346438352937.dkr.ecr.us-west-2.amazonaws.com",
		"eu-west-1/f4":       "090204409458.dkr.ecr.eu-west-1.amazonaws.com",
	} {
		region, id, _ := strings.Cut(region, "/")
		var body struct {
			Subscription struct{ PackageRegistry, ID string }
		}
		if err := json.Unmarshal(l.get(t, region, "/eks-anywhere-subscriptions/"+id), &body); err != nil {
			t.Fatal(err)
		}
		if got := body.Subscription; got.PackageRegistry != want || got.ID != id {
			t.Errorf("%s: %+v, want %s", region, got, want)
		}
	}
}

func (l *lab) get(t *testing.T, region, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.Endpoint()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := l.As(sandboxtest.Source).Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, request, emptyHash, "eks", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", response.StatusCode, body, err)
	}
	return body
}
