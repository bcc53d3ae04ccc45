package oci_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// pulled reads every layer of an image, whose digests the client checks.
func pulled(t *testing.T, image v1.Image) string {
	t.Helper()
	var all strings.Builder
	for _, layer := range ok(image.Layers())(t) {
		content := ok(layer.Compressed())(t)
		if _, err := io.Copy(&all, content); err != nil {
			t.Fatal(err)
		}
		if err := content.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestASubscriberPullsABundle(t *testing.T) {
	l := newLab(t)
	for sentence, ref := range map[string]name.Reference{
		"under the real host name": reference(t, packagesHost+"/"+probe),
		"on loopback":              l.loopbackProbe(),
	} {
		t.Run(sentence, func(t *testing.T) {
			image := ok(remote.Image(ref, l.as(sandboxtest.Source)...))(t)
			if text := pulled(t, image); !strings.Contains(text, "kind: PackageBundle") {
				t.Errorf("the bundle is %q", text)
			}
		})
	}
}

func TestABlobIsOnAnotherHost(t *testing.T) {
	l := newLab(t)
	image := ok(remote.Image(reference(t, packagesHost+"/"+probe), l.as(sandboxtest.Source)...))(t)
	digest := ok(ok(image.Layers())(t)[0].Digest())(t)
	for base, want := range map[string]string{
		"https://" + packagesHost: "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com",
		l.onLoopback():            "localhost",
	} {
		password := l.password(l.As(sandboxtest.Source))
		a := l.ask(http.MethodGet, base+"/v2/"+bundle+"/blobs/"+digest.String(), "AWS", password, nil)
		location := ok(url.Parse(a.header.Get("Location")))(t)
		if a.status != http.StatusTemporaryRedirect || location.Hostname() != want {
			t.Errorf("%d, %s", a.status, location)
		}
		if plain := l.ask(http.MethodGet, location.String(), "", "", nil); plain.status != http.StatusOK {
			t.Errorf("without a password: %d", plain.status)
		}
		if forwarded := l.ask(http.MethodGet, location.String(), "AWS", password, nil); forwarded.status != http.StatusBadRequest {
			t.Errorf("with the password forwarded: %d", forwarded.status)
		}
		head := l.ask(http.MethodHead, base+"/v2/"+bundle+"/blobs/"+digest.String(), "AWS", password, nil)
		if head.status != http.StatusOK || head.header.Get("Docker-Content-Digest") != digest.String() ||
			head.header.Get("Content-Length") == "0" {
			t.Errorf("HEAD: %d %v", head.status, head.header)
		}
	}
}

func TestWhatTheRegistryAnswersWithoutAGoodToken(t *testing.T) {
	l := newLab(t)
	elsewhere := l.As(sandboxtest.Source)
	elsewhere.Region = "us-east-1"
	good, other := l.password(l.As(sandboxtest.Source)), l.password(elsewhere)
	for sentence, test := range map[string]struct {
		user, password string
		want           answer
		challenge      bool
	}{
		"no credentials":          {"", "", answer{status: 401, body: "Not Authorized\n"}, true},
		"another user name":       {"aws", good, answer{status: 401, body: "Not Authorized\n"}, true},
		"a password made up":      {"AWS", "secret", answer{status: 401, body: "Not Authorized\n"}, true},
		"a password changed":      {"AWS", good[:len(good)-2] + "00", answer{status: 401, body: "Not Authorized\n"}, true},
		"a token of other Region": {"AWS", other, answer{status: 400, code: "DENIED"}, false},
		"a good token":            {"AWS", good, answer{status: 200}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := l.ask(http.MethodGet, "https://"+packagesHost+"/v2/", test.user, test.password, nil)
			if a.status != test.want.status || a.code != test.want.code || test.want.body != "" && a.body != test.want.body {
				t.Errorf("%d %q", a.status, a.body)
			}
			if got := a.header.Get("Docker-Distribution-Api-Version"); got != "registry/2.0" {
				t.Errorf("the API version is %q", got)
			}
			challenge := `Basic realm="https://` + packagesHost + `/",service="ecr.amazonaws.com"`
			if got := a.header.Get("Www-Authenticate"); (got == challenge) != test.challenge {
				t.Errorf("the challenge is %q", got)
			}
		})
	}
}

func TestATokenLastsTwelveHours(t *testing.T) {
	l := newLab(t)
	password := l.password(l.As(sandboxtest.Source))
	l.at(12*time.Hour - time.Minute)
	if a := l.ask(http.MethodGet, l.onLoopback()+"/v2/", "AWS", password, nil); a.status != http.StatusOK {
		t.Errorf("a minute before: %d", a.status)
	}
	l.at(12*time.Hour + time.Minute)
	a := l.ask(http.MethodGet, l.onLoopback()+"/v2/", "AWS", password, nil)
	if a.status != http.StatusForbidden || a.code != "DENIED" || a.header.Get("Www-Authenticate") != "" ||
		a.message != "Your authorization token has expired. Reauthenticate and try again." {
		t.Errorf("a minute after: %d %q, challenge %q", a.status, a.body, a.header.Get("Www-Authenticate"))
	}
}

func TestAStrangerIsDenied(t *testing.T) {
	l := newLab(t)
	_, err := remote.Image(reference(t, packagesHost+"/"+probe), l.as(sandboxtest.Stranger)...)
	refused(t, err, http.StatusForbidden, transport.DeniedErrorCode)
	const want = "User: arn:aws:iam::888888888888:user/administrator is not authorized to perform: ecr:BatchGetImage on " +
		"resource: arn:aws:ecr:us-west-2:346438352937:repository/eks-anywhere-packages-bundles"
	if !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestTimeAloneClosesTheRegistry(t *testing.T) {
	l := newLabWith(t, sandbox.Seed{Accounts: []sandbox.Account{{ID: sandboxtest.Source, Subscriptions: []sandbox.Subscription{
		{ID: "s", Region: sandboxtest.Region, Expires: time.Now().Add(2 * time.Hour)},
	}}}})
	options := l.as(sandboxtest.Source)
	l.at(119 * time.Minute)
	if _, err := remote.Image(l.loopbackProbe(), options...); err != nil {
		t.Error(err)
	}
	l.at(121 * time.Minute)
	_, err := remote.Image(l.loopbackProbe(), options...)
	refused(t, err, http.StatusForbidden, transport.DeniedErrorCode)
}

func TestAccessEndsWithThePrincipalsRights(t *testing.T) {
	for sentence, end := range map[string]func(*lab, *iam.Client, string) error{
		"the policy goes": func(l *lab, admin *iam.Client, _ string) error {
			_, err := admin.DeleteUserPolicy(l.t.Context(), &iam.DeleteUserPolicyInput{
				UserName: aws.String("puller"), PolicyName: aws.String("p")})
			return err
		},
		"the key is made inactive": func(l *lab, admin *iam.Client, key string) error {
			_, err := admin.UpdateAccessKey(l.t.Context(), &iam.UpdateAccessKeyInput{
				UserName: aws.String("puller"), AccessKeyId: &key, Status: types.StatusTypeInactive})
			return err
		},
		"the key is deleted": func(l *lab, admin *iam.Client, key string) error {
			_, err := admin.DeleteAccessKey(l.t.Context(), &iam.DeleteAccessKeyInput{
				UserName: aws.String("puller"), AccessKeyId: &key})
			return err
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t)
			config := l.user("puller", "ecr:*")
			key := ok(config.Credentials.Retrieve(t.Context()))(t).AccessKeyID
			options := l.with(l.password(config))
			if _, err := remote.Image(reference(t, packagesHost+"/"+probe), options...); err != nil {
				t.Fatal(err)
			}
			if err := end(l, l.IAM(sandboxtest.Source), key); err != nil {
				t.Fatal(err)
			}
			_, err := remote.Image(reference(t, packagesHost+"/"+probe), options...)
			refused(t, err, http.StatusForbidden, transport.DeniedErrorCode)
		})
	}
}

func TestATokenOutlivesItsSessionButNotItsRole(t *testing.T) {
	l := newLab(t)
	admin := l.IAM(sandboxtest.Source)
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}]}`
	role := ok(admin.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("puller"), AssumeRolePolicyDocument: aws.String(trust)}))(t).Role
	ok(admin.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{
		RoleName: role.RoleName, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")}))(t)
	session := ok(l.STS(sandboxtest.Source).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: role.Arn, RoleSessionName: aws.String("store-001")}))(t).Credentials
	options := l.with(l.password(l.With(*session.AccessKeyId, *session.SecretAccessKey, *session.SessionToken)))

	l.at(2 * time.Hour)
	if _, err := remote.Image(l.loopbackProbe(), options...); err != nil {
		t.Errorf("after the session: %v", err)
	}
	l.at(0)
	ok(admin.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{
		RoleName: role.RoleName, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")}))(t)
	ok(admin.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: role.RoleName}))(t)
	again := ok(admin.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("puller"), AssumeRolePolicyDocument: aws.String(trust)}))(t).Role
	ok(admin.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{
		RoleName: again.RoleName, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")}))(t)
	_, err := remote.Image(reference(t, packagesHost+"/"+probe), options...)
	refused(t, err, http.StatusForbidden, transport.DeniedErrorCode)
}

func TestWhatIsNotThere(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	zero := strings.Repeat("0", 64)
	password := l.password(l.As(sandboxtest.Source))
	for path, want := range map[string]answer{
		"/v2/no/such/manifests/latest": {status: 404, code: "NAME_UNKNOWN",
			message: "The repository with name 'no/such' does not exist in the registry with id '111111111111'"},
		"/v2/app/manifests/latest":           {status: 404, code: "MANIFEST_UNKNOWN", message: "Requested image not found"},
		"/v2/app/manifests/sha256:" + zero:   {status: 404, code: "MANIFEST_UNKNOWN", message: "Requested image not found"},
		"/v2/app/blobs/sha256:" + zero:       {status: 404, code: "BLOB_UNKNOWN", message: "blob unknown to registry"},
		"/v2/app/blobs/uploads/" + zero[:32]: {status: 404, code: "BLOB_UPLOAD_UNKNOWN", message: "blob upload unknown to registry"},
		"/v2/app/blobs/sha256:" + zero[:63]:  {status: 404, code: "NAME_INVALID"},
		"/v2/../app/manifests/latest":        {status: 404, code: "NAME_INVALID"},
		"/v2/app/%2e%2e/manifests/latest":    {status: 404, code: "NAME_INVALID"},
		"/v2/App/manifests/latest":           {status: 404, code: "NAME_INVALID"},
		"/v1/search":                         {status: 404, code: "NAME_INVALID"},
		"/v2/_catalog":                       {status: 405, code: "UNSUPPORTED", message: "The operation is unsupported."},
	} {
		a := l.ask(http.MethodGet, "https://"+sourceHost+path, "AWS", password, nil)
		if a.status != want.status || a.code != want.code || want.message != "" && a.message != want.message {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	a := l.ask(http.MethodDelete, "https://"+sourceHost+"/v2/app/manifests/latest", "AWS", password, nil)
	if a.status != http.StatusMethodNotAllowed || a.code != "UNSUPPORTED" {
		t.Errorf("DELETE: %d %s", a.status, a.body)
	}
}

func TestALayerOfAnotherRepositoryIsNotThere(t *testing.T) {
	l := newLab(t)
	image := ok(remote.Image(reference(t, packagesHost+"/"+probe), l.as(sandboxtest.Source)...))(t)
	digest := ok(ok(image.Layers())(t)[0].Digest())(t)
	l.repository("app")
	password := l.password(l.As(sandboxtest.Source))
	a := l.ask(http.MethodGet, "https://"+sourceHost+"/v2/app/blobs/"+digest.String(), "AWS", password, nil)
	if a.status != http.StatusNotFound || a.code != "BLOB_UNKNOWN" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
