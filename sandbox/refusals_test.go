package sandbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestWhatNoClientSendsIsRefused(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	admin := s.As(sandboxtest.Source)
	form := func(action string) []byte { return []byte("Action=" + action + "&Version=2011-06-15") }
	target := func(name string) http.Header {
		return http.Header{"X-Amz-Target": {name}, "Content-Type": {"application/x-amz-json-1.1"}}
	}
	in := func(region string) aws.Config {
		config := admin
		config.Region = region
		return config
	}
	for sentence, test := range map[string]struct {
		as      aws.Config
		service string
		header  http.Header
		body    []byte
		status  int
		text    string
	}{
		"an operation that STS does not have": {admin, "sts", nil, form("GetFederationToken"), 400, "<Code>InvalidAction</Code>"},
		"a version that STS does not have": {admin, "sts", nil, []byte("Action=GetCallerIdentity&Version=2010-05-08"), 400,
			"<Code>InvalidAction</Code>"},
		"no operation":                        {admin, "sts", nil, nil, 400, "<Code>MissingAction</Code>"},
		"an operation that ECR does not have": {admin, "ecr", target("AmazonEC2ContainerRegistry_V20150921.CreateRegistry"), []byte("{}"), 400, "UnknownOperationException"},
		"an operation of another API":         {admin, "ecr", target("DynamoDB_20120810.ListTables"), []byte("{}"), 400, "UnknownOperationException"},
		"a path that EKS does not have":       {admin, "eks", nil, nil, 404, ""},
		"a service that the sandbox does not have": {admin, "s3", nil, form("GetCallerIdentity"), 403,
			"Credential should be scoped to correct service: &#39;sts&#39;."},
		"a Region that is none": {in("mars"), "sts", nil, form("GetCallerIdentity"), 403,
			"Credential should be scoped to a valid region, not &#39;mars&#39;."},
		"a Region with a wildcard": {in("*"), "sts", nil, form("GetCallerIdentity"), 403, "<Code>SignatureDoesNotMatch</Code>"},
		"a body that is too long":  {admin, "sts", nil, bytes.Repeat([]byte("a"), 1<<20+1), 413, "<Code>RequestEntityTooLarge</Code>"},
		"broken JSON":              {admin, "ecr", target("AmazonEC2ContainerRegistry_V20150921.DescribeRegistry"), []byte("{"), 400, "SerializationException"},
	} {
		t.Run(sentence, func(t *testing.T) {
			status, body := s.Post(test.as, test.service, test.header, test.body)
			if status != test.status || !strings.Contains(body, test.text) {
				t.Errorf("%d %s\nwant %d with %s", status, body, test.status, test.text)
			}
		})
	}
}

func TestGetCallerIdentityAnswersWhoIsDeniedEverything(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	user := s.User(sandboxtest.Source, "denied", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	out, err := sts.NewFromConfig(user).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.Arn); got != "arn:aws:iam::111111111111:user/denied" {
		t.Errorf("Arn = %s", got)
	}
	if _, err := iam.NewFromConfig(user).GetUser(t.Context(), nil); err == nil {
		t.Error("the user may do something")
	}
}

func TestAKeyIsRefusedWhileItIsInactive(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	user := s.User(sandboxtest.Source, "worker", "")
	keys, err := user.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		status types.StatusType
		code   string
	}{{types.StatusTypeInactive, "InvalidClientTokenId"}, {types.StatusTypeActive, ""}} {
		_, err := s.IAM(sandboxtest.Source).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{
			UserName: aws.String("worker"), AccessKeyId: &keys.AccessKeyID, Status: step.status,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sts.NewFromConfig(user).GetCallerIdentity(t.Context(), nil)
		if step.code != "" {
			wantRefusal(t, err, step.code, 403)
		} else if err != nil {
			t.Errorf("active again: %v", err)
		}
	}
}

// TestOneOfManyCreationsSucceeds asks at once from many goroutines, among readers, and counts.
func TestOneOfManyCreationsSucceeds(t *testing.T) {
	const names, each = 5, 8
	s := sandboxtest.Start(t, sandbox.Config{Dir: t.TempDir()})
	client := s.IAM(sandboxtest.Source)
	var made, refused [names]atomic.Int32
	var group sync.WaitGroup
	for i := range names * each {
		group.Go(func() {
			name := fmt.Sprintf("user-%d", i%names)
			_, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})
			var exists *types.EntityAlreadyExistsException
			switch {
			case err == nil:
				made[i%names].Add(1)
			case errors.As(err, &exists):
				refused[i%names].Add(1)
			default:
				t.Error(err)
			}
			if _, err := client.ListUsers(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range names {
		if made[i].Load() != 1 || refused[i].Load() != each-1 {
			t.Errorf("user-%d was made %d times and refused %d times", i, made[i].Load(), refused[i].Load())
		}
	}
}

// A body that never comes would never be answered if it were waited for.
func TestTheBodyOfAStrangerIsNotRead(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	body, end := io.Pipe()
	defer func() { _ = end.Close() }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Endpoint(), body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = 10 << 20 // more than a server reads of what nobody wants
	nobody := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	err = v4.NewSigner().SignHTTP(t.Context(), nobody, request, "0", "ecr", string(sandboxtest.Region), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want 400, which is ECR's for a key that nobody holds", response.StatusCode)
	}
}
