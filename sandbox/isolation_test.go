package sandbox_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// owner is an account with a repository called app, and the password of its administrator.
type owner struct {
	*siege

	host, authorization string
}

func (s *siege) owner(account arn.AccountID) *owner {
	s.t.Helper()
	if _, err := s.ECR(account).CreateRepository(s.t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("app")}); err != nil {
		s.t.Fatal(err)
	}
	out, err := s.ECR(account).GetAuthorizationToken(s.t.Context(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &owner{
		siege: s, host: string(account) + ".dkr.ecr.us-west-2.amazonaws.com",
		authorization: "Basic " + aws.ToString(out.AuthorizationData[0].AuthorizationToken),
	}
}

// request is the head of one to the owner's registry, with more header fields.
func (o *owner) request(method, path string, fields ...string) string {
	return o.head(o.host, method, path, fields...)
}

// head is the head of one to any registry, with the owner's password.
func (o *owner) head(host, method, path string, fields ...string) string {
	fields = append(fields, "Host: "+host, "Authorization: "+o.authorization)
	return method + " " + path + " HTTP/1.1\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n"
}

// field returns a header field of an answer.
func field(answer, name string) string {
	for line := range strings.SplitSeq(answer, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// begin begins an upload and returns its path.
func (o *owner) begin() string {
	o.t.Helper()
	answer := o.asked("endpoint", o.request("POST", "/v2/app/blobs/uploads/"))
	location := field(answer, "Location")
	if location == "" {
		o.t.Fatalf("no upload: %s", answer)
	}
	return location
}

// push puts a layer into the repository and returns its digest.
func (o *owner) push(content string) string {
	o.t.Helper()
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content)))
	path := o.begin() + "?digest=" + digest
	answer := o.asked("endpoint", o.request("PUT", path, fmt.Sprintf("Content-Length: %d", len(content)))+content)
	if !strings.HasPrefix(answer, "HTTP/1.1 201 ") {
		o.t.Fatalf("no layer: %s", answer)
	}
	return digest
}

// TestNoPathLeadsIntoAnotherAccount asks with a stranger's password for what another account has: at both registries, under
// every path that might be read as another one.
func TestNoPathLeadsIntoAnotherAccount(t *testing.T) {
	s := besiege(t, sandbox.Config{}, bounds.Standard())
	source, stranger := s.owner(sandboxtest.Source), s.owner(sandboxtest.Stranger)
	const secret = "the source's own"
	digest := source.push(secret)
	upload := source.begin()
	id := upload[strings.LastIndex(upload, "/")+1:]
	if answer := source.asked("endpoint", source.request("GET", "/v2/app/blobs/"+digest)); !strings.HasPrefix(answer, "HTTP/1.1 307 ") {
		t.Fatalf("the source does not get its layer: %s", answer)
	}
	var paths []string
	for _, dots := range []string{"..", "%2e%2e", "%2E.", ".%2e", "..%2f..", "%252e%252e", ".", "%00", "", "..;", "..\\..", "%c0%ae%c0%ae"} {
		for _, slash := range []string{"/", "%2f", "//", "%5c"} {
			paths = append(paths,
				"/v2/app/"+dots+slash+"app/blobs/"+digest,
				"/v2/"+dots+slash+"v2/app/blobs/"+digest,
				"/v2/app/blobs/"+dots+slash+digest,
				"/v2/app/blobs/uploads/"+dots+slash+id,
				"/v2/"+dots+slash+string(sandboxtest.Source)+slash+"app/blobs/"+digest,
				"/"+dots+slash+strings.TrimPrefix(digest, "sha256:"),
			)
		}
	}
	paths = append(paths,
		"/v2/app/blobs/"+digest, "/v2/app/blobs/"+strings.ToUpper(digest), "/v2/app/blobs/"+digest+"%00", "/v2/app/blobs/"+digest+"/",
		"/v2/app/manifests/"+digest, "/v2/app/referrers/"+digest, "/v2/app/blobs/uploads/"+id, "/v2/APP/blobs/"+digest,
		"/v2/app/blobs/uploads/?mount="+digest+"&from=app", "/v2/_catalog", "/v2//app//blobs//"+digest,
		"http://"+source.host+"/v2/app/blobs/"+digest, "//"+source.host+"/v2/app/blobs/"+digest,
		"/v2/"+strings.Repeat("a/", 20_000)+"blobs/"+digest, "/v2/"+strings.Repeat("a", 300)+"/blobs/"+digest,
		"/v2/app/blobs/sha256:"+strings.Repeat("0", 20_000), "/v2/app/manifests/"+strings.Repeat("t", 20_000), "*", "/",
	)
	for _, host := range []string{source.host, stranger.host, strings.ToUpper(source.host), source.host + ".", source.host + ":443"} {
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD", "PATCH", "PUT", "POST", "DELETE"} {
				if host != stranger.host && method != "GET" && method != "PATCH" {
					continue
				}
				answer := stranger.asked("endpoint", stranger.head(host, method, path, "Content-Length: 0"))
				var status int
				if _, err := fmt.Sscanf(answer, "HTTP/1.1 %d ", &status); err != nil {
					t.Errorf("%s %s at %s is answered with %q", method, path, host, answer)
					continue
				}
				// Whoever may push begins an upload of his own wherever the mount of another's layer was asked for.
				own := host == stranger.host && method == "POST" && status == http.StatusAccepted ||
					host == stranger.host && strings.HasSuffix(answer, `"manifests":[]}`) // Nothing refers to what is not there.
				if status < 400 && !own || status >= 500 || strings.Contains(answer, secret) {
					t.Errorf("%s %.100s at %s is answered with\n%s", method, path, host, answer)
				}
			}
		}
	}
	if answer := source.asked("endpoint", source.request("GET", upload)); field(answer, "Range") != "0-0" {
		t.Errorf("the upload is no longer as it was: %s", answer)
	}
	s.works()
}

// TestAGrantIsForOneLayerAndForItsHour tries what an address of the layer store might be made to give.
func TestAGrantIsForOneLayerAndForItsHour(t *testing.T) {
	var later atomic.Int64
	s := besiege(t, sandbox.Config{Clock: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }}, bounds.Standard())
	source, stranger := s.owner(sandboxtest.Source), s.owner(sandboxtest.Stranger)
	const secret = "the source's own"
	digest, own := source.push(secret), stranger.push("the stranger's")
	at := field(stranger.asked("endpoint", stranger.request("GET", "/v2/app/blobs/"+own)), "Location")
	path, query, ok := strings.Cut(strings.TrimPrefix(at, "https://prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com"), "?")
	if !ok || !strings.HasPrefix(path, "/") {
		t.Fatalf("the stranger is sent to %q", at)
	}
	get := func(target string, fields ...string) string {
		return s.asked("layers", "GET "+target+" HTTP/1.1\r\n"+strings.Join(append(fields, "Host: localhost"), "\r\n")+"\r\n\r\n")
	}
	if answer := get(path + "?" + query); !strings.HasSuffix(answer, "\r\n\r\nthe stranger's") {
		t.Fatalf("the stranger does not get its layer: %s", answer)
	}
	hex := strings.TrimPrefix(digest, "sha256:")
	for _, target := range []string{
		"/" + hex + "?" + query, "/" + hex, path, path + "?" + query[:len(query)-4], path + "?" + query + "AAAA",
		path + "/../" + hex + "?" + query, path + "/%2e%2e/" + hex + "?" + query, path + "%2f..%2f" + hex + "?" + query,
		"//" + hex + "?" + query, path + "%00?" + query, path + "/?" + query, "/" + strings.ToUpper(hex) + "?" + query,
		"/../../../../etc/passwd?" + query, "/%2e%2e%2f%2e%2e%2fstate.json?" + query, "/sha256/" + hex + "?" + query,
		"http://localhost/" + hex + "?" + query, "/" + hex + "?X-Amz-Signature=" + strings.Repeat("A", 20_000), "/?" + query, "*",
	} {
		for _, fields := range [][]string{nil, {"Range: bytes=0-"}, {"X-Original-Url: /" + hex}} {
			answer := get(target, fields...)
			if !strings.HasPrefix(answer, "HTTP/1.1 403 ") && !strings.HasPrefix(answer, "HTTP/1.1 400 ") || strings.Contains(answer, secret) {
				t.Errorf("%.100s is answered with\n%s", target, answer)
			}
		}
	}
	later.Store(int64(61 * time.Minute))
	if answer := get(path + "?" + query); !strings.HasPrefix(answer, "HTTP/1.1 403 ") || !strings.Contains(answer, "Request has expired") {
		t.Errorf("after its hour: %s", answer)
	}
	later.Store(0)
	s.works()
}
