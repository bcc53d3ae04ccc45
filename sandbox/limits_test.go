package sandbox_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// TestAPolicyHasItsSize is about IAM's quotas, which count no white space, and the lengths of the API reference, which do.
func TestAPolicyHasItsSize(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	ctx, admin, repositories := t.Context(), s.IAM(sandboxtest.Source), s.ECR(sandboxtest.Source)
	name := aws.String("sized")
	if _, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := repositories.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: name}); err != nil {
		t.Fatal(err)
	}
	const trusted = `"Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"`
	// A policy of so many characters, of which none is white space.
	filled := func(size int, what string) *string {
		policy := func(sid string) string {
			return `{"Version":"2012-10-17","Statement":[{"Sid":"` + sid + `","Effect":"Allow",` + what + `}]}`
		}
		return aws.String(policy(strings.Repeat("a", size-len(policy("")))))
	}
	const some = `"Action":"sts:*","Resource":"*"`
	managed := func(policy *string) error {
		_, err := admin.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("p", len(*policy))), PolicyDocument: policy})
		return err
	}
	inline := func(policy *string) error {
		_, err := admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: policy})
		return err
	}
	trust := func(policy *string) error {
		_, err := admin.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(fmt.Sprint("r", len(*policy))), AssumeRolePolicyDocument: policy})
		return err
	}
	session := func(policy *string) error {
		_, err := s.STS(sandboxtest.Source).AssumeRole(ctx, &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::111111111111:role/r2048"), RoleSessionName: name, Policy: policy})
		return err
	}
	repository := func(policy *string) error {
		_, err := repositories.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: name, PolicyText: policy})
		return err
	}
	const anyone = `"Principal":"*","Action":"ecr:*"`
	for _, test := range []struct {
		sentence string
		put      func(*string) error
		policy   *string
		code     string
		status   int
	}{
		{"a managed policy of 6,144 characters", managed, filled(6144, some), "", 0},
		{"white space is not counted", managed, aws.String(strings.Repeat(" ", 6000) + *filled(6144, some)), "", 0},
		{"6,145", managed, filled(6145, some), "LimitExceeded", 409},
		{"more than 131,072 with all white space", managed, aws.String(strings.Repeat(" ", 131_000) + *filled(200, some)), "ValidationError", 400},
		{"lists within lists", managed, aws.String(strings.Repeat("[", 131_000)), "MalformedPolicyDocument", 400},
		{"an inline policy of 2,048", inline, filled(2048, some), "", 0},
		{"2,049", inline, filled(2049, some), "LimitExceeded", 409},
		{"more than 131,072 inline", inline, filled(131_073, some), "ValidationError", 400},
		{"a trust policy of 2,048", trust, filled(2048, trusted), "", 0},
		{"2,049", trust, filled(2049, trusted), "LimitExceeded", 409},
		{"more than 131,072 in a trust policy", trust, filled(131_073, trusted), "ValidationError", 400},
		{"a session policy of 2,048", session, filled(2048, some), "", 0},
		{"2,049", session, filled(2049, some), "PackedPolicyTooLarge", 400},
		{"a repository policy of 10,240", repository, filled(10_240, anyone), "", 0},
		{"10,241", repository, filled(10_241, anyone), "InvalidParameterException", 400},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			err := test.put(test.policy)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, test.code, test.status)
		})
	}
}

// TestBodiesTakeNoMoreMemoryThanThereIs has a body for which there is no room left.
func TestBodiesTakeNoMoreMemoryThanThereIs(t *testing.T) {
	embedded, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	embedded.LimitBodies(200)
	s := sandboxtest.Serve(t, embedded, "127.0.0.1:0")
	call := []byte("Action=GetCallerIdentity&Version=2011-06-15")
	long := append(bytes.Clone(call), "&X="+strings.Repeat("x", 200)...)
	for range 3 {
		if status, answer := s.Post(s.As(sandboxtest.Source), "sts", nil, long); status != http.StatusServiceUnavailable || !strings.Contains(answer, "<Code>ServiceUnavailable<") {
			t.Errorf("a body for which there is no room: %d %s", status, answer)
		}
		if status, answer := s.Post(s.As(sandboxtest.Source), "sts", nil, call); status != http.StatusOK {
			t.Errorf("one for which there is: %d %s", status, answer)
		}
	}
	if held := embedded.HeldBodies(); held != 0 {
		t.Errorf("%d bytes are held when all is over", held)
	}
}

// mistake is a source of randomness that panics once it is told to, but not for the id of a request, which comes first.
type mistake struct{ after atomic.Int64 }

func (m *mistake) Read(p []byte) (int, error) {
	if m.after.Load() > 0 && m.after.Add(-1) == 0 {
		panic("a mistake of the sandbox")
	}
	return rand.Read(p)
}

// TestAPanicIsAFaultLikeAnyOther is about one of this program's mistakes, wherever it is made.
func TestAPanicIsAFaultLikeAnyOther(t *testing.T) {
	random := &mistake{}
	s := besiege(t, sandbox.Config{Random: random}, bounds.Standard())
	source := s.owner(sandboxtest.Source)
	for _, test := range []struct {
		sentence string
		after    int64
		ask      func() (status int, answer string)
		want     string
	}{
		{"in an operation", 2, func() (int, string) {
			return s.Post(s.As(sandboxtest.Source), "iam", nil, []byte("Action=CreateUser&Version=2010-05-08&UserName=u"))
		}, "<Code>InternalFailure</Code>"},
		{"in the registry", 1, func() (int, string) {
			answer := s.asked("endpoint", source.request("POST", "/v2/app/blobs/uploads/"))
			var status int
			_, _ = fmt.Sscanf(answer, "HTTP/1.1 %d ", &status)
			return status, answer
		}, `"code":"UNKNOWN"`},
	} {
		random.after.Store(test.after)
		status, answer := test.ask()
		if status != http.StatusInternalServerError || !strings.Contains(answer, test.want) || strings.Contains(answer, "mistake") {
			t.Errorf("%s: %d %s", test.sentence, status, answer)
		}
		for _, want := range []string{"a mistake of the sandbox", "limits_test.go"} {
			if !strings.Contains(s.faults(), want) {
				t.Errorf("%s: the log does not have %q: %s", test.sentence, want, s.faults())
			}
		}
		s.forget()
		s.works()
	}
	// Before there is an id there is no form for the answer: the connection ends.
	random.after.Store(1)
	if answer := s.asked("endpoint", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); answer != "" {
		t.Errorf("the answer is %q", answer)
	}
	if !strings.Contains(s.faults(), "limits_test.go") {
		t.Errorf("the log does not have the stack: %s", s.faults())
	}
	s.forget()
	s.works()
}
