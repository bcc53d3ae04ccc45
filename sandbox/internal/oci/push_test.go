package oci_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestWhatIsPushedCanBePulled(t *testing.T) {
	l := newLab(t)
	l.repository("team/app")
	options := l.as(sandboxtest.Source)
	image := ok(random.Image(10_000, 3))(t)
	ref := reference(t, sourceHost+"/team/app:v1")
	if err := remote.Write(ref, image, options...); err != nil {
		t.Fatal(err)
	}
	got := ok(remote.Image(ref, options...))(t)
	if err := validate.Image(got); err != nil {
		t.Error(err)
	}
	if want := ok(image.Digest())(t); ok(got.Digest())(t) != want {
		t.Errorf("another image came back")
	}
	index := ok(random.Index(1000, 2, 2))(t)
	if err := remote.WriteIndex(reference(t, sourceHost+"/team/app:index"), index, options...); err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(ok(remote.Index(reference(t, sourceHost+"/team/app:index"), options...))(t)); err != nil {
		t.Error(err)
	}
	tags := ok(remote.List(reference(t, sourceHost+"/team/app:v1").Context(), options...))(t)
	if diff := cmp.Diff([]string{"index", "v1"}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	// Pushing once more, and moving a tag, are no errors.
	for _, image := range []v1.Image{image, ok(random.Image(100, 1))(t)} {
		if err := remote.Write(ref, image, options...); err != nil {
			t.Error(err)
		}
	}
}

func TestTagsArePaged(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	options := l.as(sandboxtest.Source)
	image := ok(random.Image(10, 1))(t)
	var want []string
	for i := range 5 {
		tag := fmt.Sprintf("v%d", i)
		want = append(want, tag)
		if err := remote.Write(reference(t, sourceHost+"/app:"+tag), image, options...); err != nil {
			t.Fatal(err)
		}
	}
	repository := reference(t, sourceHost+"/app:v1").Context()
	got := ok(remote.List(repository, append(options, remote.WithPageSize(2))...))(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	a := l.ask(http.MethodGet, "https://"+sourceHost+"/v2/app/tags/list?n=x", "AWS", l.password(l.As(sandboxtest.Source)), nil)
	if a.status != http.StatusBadRequest || a.code != "PAGINATION_NUMBER_INVALID" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestReferrersAreFound(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	options := l.as(sandboxtest.Source)
	image := ok(random.Image(10, 1))(t)
	if err := remote.Write(reference(t, sourceHost+"/app:v1"), image, options...); err != nil {
		t.Fatal(err)
	}
	subject := ok(remote.Head(reference(t, sourceHost+"/app:v1"), options...))(t)
	signature, isImage := mutate.Subject(ok(random.Image(10, 1))(t), *subject).(v1.Image)
	if !isImage {
		t.Fatal("no image")
	}
	digest := ok(signature.Digest())(t)
	if err := remote.Write(reference(t, sourceHost+"/app@"+digest.String()), signature, options...); err != nil {
		t.Fatal(err)
	}
	index := ok(remote.Referrers(reference(t, sourceHost+"/app:v1").Context().Digest(subject.Digest.String()), options...))(t)
	found := ok(index.IndexManifest())(t).Manifests
	if len(found) != 1 || found[0].Digest != digest {
		t.Errorf("got %v", found)
	}
}

func TestAPushIsRefused(t *testing.T) {
	l := newLab(t)
	l.repository("immutable", func(in *ecr.CreateRepositoryInput) { in.ImageTagMutability = types.ImageTagMutabilityImmutable })
	options := l.as(sandboxtest.Source)
	image := ok(random.Image(10, 1))(t)
	if err := remote.Write(reference(t, sourceHost+"/immutable:v1"), image, options...); err != nil {
		t.Fatal(err)
	}
	err := remote.Write(reference(t, sourceHost+"/immutable:v1"), ok(random.Image(10, 1))(t), options...)
	refused(t, err, http.StatusBadRequest, transport.TagInvalidErrorCode)
	if !strings.HasSuffix(err.Error(), "The image tag 'v1' already exists in the 'immutable' repository and cannot be "+
		"overwritten because the repository is immutable.") {
		t.Errorf("got %v", err)
	}
	refused(t, remote.Write(reference(t, sourceHost+"/no/such:v1"), image, options...), http.StatusNotFound,
		transport.NameUnknownErrorCode)
	// The packages registry lets its subscribers read.
	refused(t, remote.Write(reference(t, packagesHost+"/"+probe), image, options...), http.StatusForbidden,
		transport.DeniedErrorCode)
}

func TestABrokenManifestIsRefused(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	password := l.password(l.As(sandboxtest.Source))
	zero := strings.Repeat("0", 64)
	const mediaType = "application/vnd.oci.image.manifest.v1+json"
	for sentence, test := range map[string]struct {
		reference, content, code string
	}{
		"no JSON": {"v1", "{", "MANIFEST_INVALID"},
		"a layer that was not pushed": {"v1", `{"schemaVersion":2,"config":{"mediaType":"application/json","size":2,` +
			`"digest":"sha256:` + zero + `"}}`, "BLOB_UNKNOWN"},
		"another digest": {"sha256:" + zero, `{"schemaVersion":2,"config":{"mediaType":"application/json","size":2,` +
			`"digest":"sha256:` + zero + `"}}`, "DIGEST_INVALID"},
		"more than ECR takes": {"v1", strings.Repeat(" ", images.MaxManifest+1), "MANIFEST_INVALID"},
	} {
		a := l.ask(http.MethodPut, "https://"+sourceHost+"/v2/app/manifests/"+test.reference, "AWS", password,
			strings.NewReader(test.content), "Content-Type", mediaType)
		if a.status != http.StatusBadRequest || a.code != test.code {
			t.Errorf("%s: %d %s", sentence, a.status, a.body)
		}
	}
}

// TestABlobInChunks goes through the specification's "Pushing a blob in chunks".
func TestABlobInChunks(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	password := l.password(l.As(sandboxtest.Source))
	ask := func(method, path, body string, header ...string) answer {
		return l.ask(method, "https://"+sourceHost+path, "AWS", password, strings.NewReader(body), header...)
	}
	// A mount from elsewhere is answered with an upload.
	begun := ask(http.MethodPost, "/v2/app/blobs/uploads/?mount=sha256:"+strings.Repeat("0", 64)+"&from=other", "")
	upload := begun.header.Get("Location")
	if begun.status != http.StatusAccepted || !strings.HasPrefix(upload, "/v2/app/blobs/uploads/") {
		t.Fatalf("POST: %d, %q", begun.status, upload)
	}
	if a := ask(http.MethodPatch, upload, "con", "Content-Range", "0-2"); a.status != http.StatusAccepted ||
		a.header.Get("Range") != "0-2" {
		t.Errorf("the first chunk: %d, %q", a.status, a.header.Get("Range"))
	}
	if a := ask(http.MethodPatch, upload, "gap", "Content-Range", "9-11"); a.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a gap: %d", a.status)
	}
	if a := ask(http.MethodPatch, upload, "gap", "Content-Range", "from-to"); a.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range that is none: %d", a.status)
	}
	if a := ask(http.MethodGet, upload, ""); a.status != http.StatusNoContent || a.header.Get("Range") != "0-2" {
		t.Errorf("how far: %d, %q", a.status, a.header.Get("Range"))
	}
	if a := ask(http.MethodPut, upload, "tent"); a.status != http.StatusBadRequest || a.code != "DIGEST_INVALID" {
		t.Errorf("without a digest: %d %s", a.status, a.body)
	}
	digest := images.Digest([]byte("content")).String()
	if a := ask(http.MethodPut, upload+"?digest="+digest, "tent"); a.status != http.StatusCreated ||
		a.header.Get("Docker-Content-Digest") != digest {
		t.Errorf("the end: %d %s", a.status, a.body)
	}
	if a := ask(http.MethodHead, "/v2/app/blobs/"+digest, ""); a.status != http.StatusOK {
		t.Errorf("the blob: %d", a.status)
	}
	another := ask(http.MethodPost, "/v2/app/blobs/uploads/", "").header.Get("Location")
	if a := ask(http.MethodPut, another+"?digest="+digest, "other"); a.status != http.StatusBadRequest || a.code != "DIGEST_INVALID" {
		t.Errorf("another content: %d %s", a.status, a.body)
	}
}

// TestEachRequestTakesItsAction asks with every action but the one that the request takes, and then with that one alone.
func TestEachRequestTakesItsAction(t *testing.T) {
	l := newLab(t)
	l.repository("app")
	options := l.as(sandboxtest.Source)
	image := ok(random.Image(10, 1))(t)
	if err := remote.Write(reference(t, sourceHost+"/app:v1"), image, options...); err != nil {
		t.Fatal(err)
	}
	layer := ok(ok(image.Layers())(t)[0].Digest())(t).String()
	all := []string{"BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability", "ListImages",
		"InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"}
	password := l.password(l.user("tester", "ecr:None"))
	for request, action := range map[string]string{
		"GET /v2/app/manifests/v1":                                "BatchGetImage",
		"HEAD /v2/app/manifests/v1":                               "BatchGetImage",
		"PUT /v2/app/manifests/v1":                                "PutImage",
		"GET /v2/app/blobs/" + layer:                              "GetDownloadUrlForLayer",
		"HEAD /v2/app/blobs/" + layer:                             "BatchCheckLayerAvailability",
		"POST /v2/app/blobs/uploads/":                             "InitiateLayerUpload",
		"PATCH /v2/app/blobs/uploads/" + strings.Repeat("a", 32):  "UploadLayerPart",
		"GET /v2/app/blobs/uploads/" + strings.Repeat("a", 32):    "UploadLayerPart",
		"PUT /v2/app/blobs/uploads/" + strings.Repeat("a", 32):    "CompleteLayerUpload",
		"GET /v2/app/tags/list":                                   "ListImages",
		"GET /v2/app/referrers/sha256:" + strings.Repeat("0", 64): "BatchGetImage",
	} {
		method, path, _ := strings.Cut(request, " ")
		ask := func(actions []string) answer {
			for i, name := range actions {
				actions[i] = "ecr:" + name
			}
			l.allow("tester", actions...)
			return l.ask(method, "https://"+sourceHost+path, "AWS", password, nil)
		}
		var others []string
		for _, name := range all {
			if name != action {
				others = append(others, name)
			}
		}
		a := ask(others)
		want := "is not authorized to perform: ecr:" + action + " on resource: arn:aws:ecr:us-west-2:111111111111:repository/" +
			"app because no identity-based policy allows the ecr:" + action + " action"
		if a.status != http.StatusForbidden || method != http.MethodHead && !strings.HasSuffix(a.message, want) {
			t.Errorf("%s without its action: %d %s", request, a.status, a.body)
		}
		if a := ask([]string{action}); a.status == http.StatusForbidden {
			t.Errorf("%s with its action: %d %s", request, a.status, a.body)
		}
	}
}

func TestCraneCopiesFromThePackagesRegistry(t *testing.T) {
	l := newLab(t)
	l.repository("copy")
	options := []crane.Option{
		crane.WithTransport(l.transport),
		crane.WithAuth(&authn.Basic{Username: "AWS", Password: l.password(l.As(sandboxtest.Source))}),
	}
	if err := crane.Copy(packagesHost+"/"+probe, sourceHost+"/copy:v1", options...); err != nil {
		t.Fatal(err)
	}
	from := ok(crane.Digest(packagesHost+"/"+probe, options...))(t)
	if to := ok(crane.Digest(sourceHost+"/copy:v1", options...))(t); from != to {
		t.Errorf("%s became %s", from, to)
	}
}
