package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// serve answers every request with op's result, the way the sandbox does, and
// returns the server's address.
func serve[In any](t *testing.T, c wire.Codec, op func(name string, in In) (any, *wire.Error)) *string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		request := wire.NewRequest(r, body)
		name, err := c.Operation(request)
		var in In
		if err == nil {
			err = c.Decode(request, &in)
		}
		if err != nil {
			t.Error(err)
			return
		}
		out, refused := op(name, in)
		if refused != nil {
			c.EncodeError(w, "request-1", refused)
			return
		}
		if err := c.Encode(w, wire.Reply{Operation: name, RequestID: "request-1", Output: out}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return &server.URL
}

func someone() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}, nil
	})
}

type createUser struct {
	Name string `query:"UserName"`
	Tags []struct {
		Key   string `query:"Key"`
		Value string `query:"Value"`
	} `query:"Tags"`
}

type createdUser struct {
	User struct {
		Name    string         `xml:"UserName"`
		Created wire.Timestamp `xml:"CreateDate"`
	} `xml:"User"`
}

func TestIAMClientUnderstandsQuery(t *testing.T) {
	created := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var seen createUser
	codec := wire.Query{Namespace: "https://iam.amazonaws.com/doc/2010-05-08/", Version: "2010-05-08"}
	endpoint := serve(t, codec, func(_ string, in createUser) (any, *wire.Error) {
		if in.Name == "taken" {
			return nil, wire.Errorf("EntityAlreadyExists", "User with name %s already exists.", in.Name)
		}
		seen = in
		var out createdUser
		out.User.Name, out.User.Created = in.Name, wire.Timestamp{Time: created}
		return out, nil
	})
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: someone()})
	out, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("a+b é"),
		Tags: []iamtypes.Tag{{Key: aws.String("k"), Value: aws.String("")}}})
	if err != nil {
		t.Fatal(err)
	}
	if *out.User.UserName != "a+b é" || !out.User.CreateDate.Equal(created) || len(seen.Tags) != 1 || seen.Tags[0].Key != "k" {
		t.Errorf("sent %+v, received %+v", seen, out.User)
	}
	_, err = client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("taken")})
	var exists *iamtypes.EntityAlreadyExistsException
	if !errors.As(err, &exists) || exists.ErrorMessage() != "User with name taken already exists." {
		t.Errorf("a taken name: %v", err)
	}
}

type repositories struct {
	Names []string `json:"repositoryNames"`
}

type described struct {
	Repositories wire.List[repository] `json:"repositories"`
}

type repository struct {
	Name    string     `json:"repositoryName"`
	Created wire.Epoch `json:"createdAt"`
}

func TestECRClientUnderstandsJSON11(t *testing.T) {
	created := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	endpoint := serve(t, wire.JSON11{TargetPrefix: "AmazonEC2ContainerRegistry_V20150921"}, func(_ string, in repositories) (any, *wire.Error) {
		switch in.Names[0] {
		case "missing":
			return nil, wire.Errorf("RepositoryNotFoundException", "no repository")
		case "forbidden":
			return nil, wire.Errorf(wire.AccessDenied, "no")
		}
		return described{wire.List[repository]{{in.Names[0], wire.Epoch{Time: created}}}}, nil
	})
	client := ecr.New(ecr.Options{Region: "us-west-2", BaseEndpoint: endpoint, Credentials: someone()})
	describe := func(name string) (*ecr.DescribeRepositoriesOutput, error) {
		return client.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	}
	out, err := describe("eks-anywhere/harbor")
	if err != nil || *out.Repositories[0].RepositoryName != "eks-anywhere/harbor" || !out.Repositories[0].CreatedAt.Equal(created) {
		t.Errorf("got %+v, %v", out, err)
	}
	_, err = describe("missing")
	var missing *ecrtypes.RepositoryNotFoundException
	if !errors.As(err, &missing) || missing.ErrorMessage() != "no repository" {
		t.Errorf("a missing repository: %v", err)
	}
	_, err = describe("forbidden")
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" {
		t.Errorf("a forbidden repository: %v", err)
	}
}

type list struct {
	ID     string   `path:"id" json:"-"`
	Max    int      `query:"maxResults" json:"-"`
	Status []string `query:"includeStatus" json:"-"`
}

func TestEKSClientUnderstandsREST(t *testing.T) {
	var seen []list
	endpoint := serve(t, wire.REST{Routes: []wire.Route{
		{Method: "GET", Path: "/eks-anywhere-subscriptions", Operation: "List"},
		{Method: "GET", Path: "/eks-anywhere-subscriptions/{id}", Operation: "Describe"},
	}}, func(name string, in list) (any, *wire.Error) {
		seen = append(seen, in)
		if name == "Describe" {
			return nil, wire.Errorf("ResourceNotFoundException", "no subscription")
		}
		return map[string]any{"subscriptions": []map[string]any{{"id": "s-1", "createdAt": wire.Epoch{Time: time.Unix(1772366400, 0)}}}}, nil
	})
	client := eks.New(eks.Options{Region: "us-west-2", BaseEndpoint: endpoint, Credentials: someone()})
	out, err := client.ListEksAnywhereSubscriptions(t.Context(), &eks.ListEksAnywhereSubscriptionsInput{MaxResults: aws.Int32(5),
		IncludeStatus: []ekstypes.EksAnywhereSubscriptionStatus{"ACTIVE", "EXPIRED"}})
	if err != nil || *out.Subscriptions[0].Id != "s-1" || out.Subscriptions[0].CreatedAt.Unix() != 1772366400 {
		t.Errorf("got %+v, %v", out, err)
	}
	_, err = client.DescribeEksAnywhereSubscription(t.Context(), &eks.DescribeEksAnywhereSubscriptionInput{Id: aws.String("a/b c")})
	var missing *ekstypes.ResourceNotFoundException
	if !errors.As(err, &missing) || missing.ErrorMessage() != "no subscription" {
		t.Errorf("a missing subscription: %v", err)
	}
	want := []list{{Max: 5, Status: []string{"ACTIVE", "EXPIRED"}}, {ID: "a/b c"}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}
