package ecr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocitypes "github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	packages = "346438352937"
	bundles  = "eks-anywhere-packages-bundles"
	probe    = "v1-31-latest"
)

// lab is a sandbox in which the source account has the repository app with the image v1, of one layer.
type lab struct {
	*sandboxtest.Sandbox
	t      *testing.T
	admin  *ecr.Client
	layer  string // its digest
	digest string // of the image
}

const layerText = "a layer"

func newLab(t *testing.T) *lab {
	t.Helper()
	s := sandboxtest.Start(t, sandbox.Config{})
	l := &lab{Sandbox: s, t: t, admin: s.ECR(sandboxtest.Source)}
	ok(l.admin.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("app"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	}))(t)
	l.upload("app", "{}")
	l.layer = l.upload("app", layerText)
	out := ok(l.admin.PutImage(t.Context(), &ecr.PutImageInput{
		RepositoryName: aws.String("app"), ImageManifest: aws.String(imageOf(t, layerText)), ImageTag: aws.String("v1"),
	}))(t)
	l.digest = aws.ToString(out.Image.ImageId.ImageDigest)
	return l
}

// upload puts a layer into a repository, in one part.
func (l *lab) upload(repository, content string) string {
	l.t.Helper()
	ctx := l.t.Context()
	begun := ok(l.admin.InitiateLayerUpload(ctx, &ecr.InitiateLayerUploadInput{RepositoryName: &repository}))(l.t)
	ok(l.admin.UploadLayerPart(ctx, &ecr.UploadLayerPartInput{
		RepositoryName: &repository, UploadId: begun.UploadId, PartFirstByte: aws.Int64(0),
		PartLastByte: aws.Int64(int64(len(content)) - 1), LayerPartBlob: []byte(content),
	}))(l.t)
	digest := images.Digest([]byte(content)).String()
	ok(l.admin.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
		RepositoryName: &repository, UploadId: begun.UploadId, LayerDigests: []string{digest},
	}))(l.t)
	return digest
}

// imageOf is the manifest of an image with these layers and the config {}.
func imageOf(t *testing.T, layers ...string) string {
	t.Helper()
	descriptor := func(mediaType ocitypes.MediaType, content string) v1.Descriptor {
		return v1.Descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: images.Digest([]byte(content))}
	}
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: ocitypes.OCIManifestSchema1, Config: descriptor(ocitypes.OCIConfigJSON, "{}"),
	}
	for _, layer := range layers {
		m.Layers = append(m.Layers, descriptor(ocitypes.OCILayer, layer))
	}
	return string(ok(json.Marshal(m))(t))
}

// user makes a user of the source account who may do an action on everything, and returns a client for him.
func (l *lab) user(name, action string) *ecr.Client {
	l.t.Helper()
	ctx, admin := l.t.Context(), l.IAM(sandboxtest.Source)
	ok(admin.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}))(l.t)
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}`, action)
	ok(admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &document,
	}))(l.t)
	key := ok(admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name}))(l.t).AccessKey
	return ecr.NewFromConfig(l.With(aws.ToString(key.AccessKeyId), aws.ToString(key.SecretAccessKey), ""))
}

// ok returns the result of a call that must succeed.
func ok[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks that a call failed with a code, and with a message if that is given.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var failure smithy.APIError
	if !errors.As(err, &failure) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if failure.ErrorCode() != code || message != "" && failure.ErrorMessage() != message {
		t.Errorf("got %s: %s\nwant %s: %s", failure.ErrorCode(), failure.ErrorMessage(), code, message)
	}
}
