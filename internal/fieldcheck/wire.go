package fieldcheck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pullpass/pullpass/arn"
)

// service is one of the APIs that checks sign requests for by hand: the SDK would repeat, correct the time, and hide what
// AWS says.
type service struct {
	name    string // the signing name
	title   string
	host    string
	region  arn.Region
	version string // of the Query protocol
}

func stsIn(region arn.Region) service {
	return service{"sts", "STS", "sts." + string(region) + ".amazonaws.com", region, "2011-06-15"}
}

// globalIAM is IAM's one endpoint (https://docs.aws.amazon.com/general/latest/gr/iam-service.html).
func globalIAM() service {
	return service{"iam", "IAM", "iam.amazonaws.com", "us-east-1", "2010-05-08"}
}

func ecrIn(region arn.Region) service {
	return service{name: "ecr", title: "ECR", host: "api.ecr." + string(region) + ".amazonaws.com", region: region}
}

// signed is a request of an API, before it is signed.
type signed struct {
	service service
	keys    aws.Credentials
	// age is how old the signature is when it is sent; negative for one of the future.
	age    time.Duration
	header http.Header
	body   []byte
}

// query asks STS or IAM.
func (f *Field) query(ctx context.Context, s service, keys aws.Credentials, action string, form url.Values) (answer, error) {
	return f.send(ctx, queryOf(s, keys, action, form))
}

func queryOf(s service, keys aws.Credentials, action string, form url.Values) signed {
	all := url.Values{"Action": {action}, "Version": {s.version}}
	for name, values := range form {
		all[name] = values
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	return signed{service: s, keys: keys, header: header, body: []byte(all.Encode())}
}

// ecr asks ECR's API in the field's Region.
func (f *Field) ecr(ctx context.Context, keys aws.Credentials, operation string, in map[string]any) (answer, error) {
	request, err := ecrOf(ecrIn(f.Region), keys, operation, in)
	if err != nil {
		return answer{}, err
	}
	return f.send(ctx, request)
}

func ecrOf(s service, keys aws.Credentials, operation string, in map[string]any) (signed, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return signed{}, fmt.Errorf("writing %s: %w", operation, err)
	}
	header := http.Header{
		"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"AmazonEC2ContainerRegistry_V20150921." + operation},
	}
	return signed{service: s, keys: keys, header: header, body: body}, nil
}

// send signs a request anew for each attempt.
func (f *Field) send(ctx context.Context, s signed) (answer, error) {
	sum := sha256.Sum256(s.body)
	return f.patiently(ctx, func() (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+s.service.host+"/", bytes.NewReader(s.body))
		if err != nil {
			return nil, err
		}
		request.Header = s.header.Clone()
		err = v4.NewSigner().SignHTTP(ctx, s.keys, request, hex.EncodeToString(sum[:]), s.service.name,
			string(s.service.region), f.Now().Add(-s.age))
		return request, err
	})
}

// get asks a registry or its layer store. Authorization may be empty.
func (f *Field) get(ctx context.Context, address, authorization string) (answer, error) {
	return f.patiently(ctx, func() (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err == nil && authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		return request, err
	})
}

const (
	// attempts is how often a request is sent that fails on the way, is throttled, or meets AWS's own failure.
	attempts     = 10
	firstPause   = 500 * time.Millisecond
	longestPause = 5 * time.Second
	maxBody      = 1 << 20 // bytes
)

// patiently sends until there is an answer that says something.
func (f *Field) patiently(ctx context.Context, build func() (*http.Request, error)) (got answer, err error) {
	for attempt, pause := 1, firstPause; ; attempt, pause = attempt+1, min(2*pause, longestPause) {
		request, buildErr := build()
		if buildErr != nil {
			return answer{}, fmt.Errorf("preparing a request: %w", buildErr)
		}
		if err := f.budget.spend(); err != nil {
			return answer{}, err
		}
		got, err = f.exchange(request)
		if ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		if err == nil && !got.passing() || attempt == attempts {
			return got, err
		}
		if err := f.Wait(ctx, pause); err != nil {
			return answer{}, err
		}
	}
}

func (f *Field) exchange(request *http.Request) (answer, error) {
	response, err := f.HTTPClient.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("asking %s: %w", request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer of %s: %w", request.URL.Host, err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: body}
	if a.status >= http.StatusBadRequest {
		a.code, a.message = parseRefusal(body)
	}
	return a, nil
}

// assume asks for a session of a role.
func (f *Field) assume(ctx context.Context, keys aws.Credentials, role arn.ARN, policy string) (answer, error) {
	form := url.Values{"RoleArn": {role.String()}, "RoleSessionName": {"fieldcheck"}, "DurationSeconds": {"900"}}
	if policy != "" {
		form.Set("Policy", policy)
	}
	return f.query(ctx, stsIn(f.Region), keys, "AssumeRole", form)
}

// sessionKeys reads the credentials out of AssumeRole's answer.
func sessionKeys(a answer) (aws.Credentials, error) {
	var out struct {
		Result struct {
			Credentials struct {
				AccessKeyID                   string `xml:"AccessKeyId"`
				SecretAccessKey, SessionToken string
			}
		} `xml:"AssumeRoleResult"`
	}
	if err := xml.Unmarshal(a.body, &out); err != nil {
		return aws.Credentials{}, fmt.Errorf("reading the session that STS gave: %w", err)
	}
	c := out.Result.Credentials
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
}
