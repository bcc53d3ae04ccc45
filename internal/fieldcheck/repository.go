package fieldcheck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/arn"
)

// repository is a repository of the source that a run has made, with one image of a few bytes.
type repository struct {
	name string
	// layer is the digest of the image's one layer, and tag leads to the image.
	layer, tag string
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// repositoryPrefix is the path of a run's repositories, as IAM's path is that of its users.
func repositoryPrefix(path string) string { return strings.TrimPrefix(path, "/") }

// repository makes the run's repository the first time.
func (f *Field) repository(ctx context.Context) (*repository, error) {
	if f.store != nil {
		return f.store, nil
	}
	r := &repository{name: repositoryPrefix(f.path()) + "probe", tag: "probe"}
	err := f.asAdmin(ctx, "CreateRepository", map[string]any{
		"repositoryName": r.name, "tags": []map[string]string{{"Key": Tag, "Value": f.run}},
	}, nil, "RepositoryAlreadyExistsException")
	if err != nil {
		return nil, err
	}
	config, layer := []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`), make([]byte, 1024)
	r.layer = digest(layer)
	for _, blob := range [][]byte{config, layer} {
		if err := f.upload(ctx, r, blob); err != nil {
			return nil, err
		}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": map[string]any{"mediaType": configType, "digest": digest(config), "size": len(config)},
		"layers": []map[string]any{{"mediaType": layerType, "digest": r.layer, "size": len(layer)}},
	})
	if err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	err = f.asAdmin(ctx, "PutImage", map[string]any{
		"repositoryName": r.name, "imageManifest": string(manifest), "imageManifestMediaType": manifestType, "imageTag": r.tag,
	}, nil, "ImageAlreadyExistsException")
	if err != nil {
		return nil, err
	}
	f.store = r
	return r, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// uploads is how often a blob's upload is begun: an answer that is lost on the way leaves one in an unknown state.
const uploads = 4

func (f *Field) upload(ctx context.Context, r *repository, blob []byte) (err error) {
	for range uploads {
		if err = f.tryUpload(ctx, r, blob); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (f *Field) tryUpload(ctx context.Context, r *repository, blob []byte) error {
	var begun struct{ UploadID string }
	err := f.asAdmin(ctx, "InitiateLayerUpload", map[string]any{"repositoryName": r.name}, &begun)
	if err != nil {
		return err
	}
	err = f.asAdmin(ctx, "UploadLayerPart", map[string]any{
		"repositoryName": r.name, "uploadId": begun.UploadID, "partFirstByte": 0, "partLastByte": len(blob) - 1, "layerPartBlob": blob,
	}, nil)
	if err != nil {
		return err
	}
	return f.asAdmin(ctx, "CompleteLayerUpload", map[string]any{
		"repositoryName": r.name, "uploadId": begun.UploadID, "layerDigests": []string{digest(blob)},
	}, nil, "LayerAlreadyExistsException")
}

// asAdmin calls ECR as the source's administrator; out may be nil. Codes that say that it is done already are no error.
func (f *Field) asAdmin(ctx context.Context, operation string, in map[string]any, out any, done ...string) error {
	keys, err := f.Source.Keys(ctx)
	if err != nil {
		return fmt.Errorf("signing in to %s: %w", f.Source.Account, err)
	}
	got, err := f.ecr(ctx, keys, operation, in)
	if err != nil {
		return fmt.Errorf("calling ECR's %s: %w", operation, err)
	}
	if !got.ok() {
		for _, code := range done {
			if got.code == code {
				return nil
			}
		}
		return fmt.Errorf("calling ECR's %s: %s", operation, got)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(bytes.NewReader(got.body)).Decode(out); err != nil {
		return fmt.Errorf("reading the answer of ECR's %s: %w", operation, err)
	}
	return nil
}

// repositories removes the repositories below the path.
func (s *sweep) repositories(ctx context.Context) error {
	in := map[string]any{}
	for {
		var page struct {
			Repositories []struct{ RepositoryName, RepositoryArn string }
			NextToken    string
		}
		if err := s.asAdmin(ctx, "DescribeRepositories", in, &page); err != nil {
			return err
		}
		for _, r := range page.Repositories {
			if !strings.HasPrefix(r.RepositoryName, repositoryPrefix(s.path)) {
				continue
			}
			if err := s.removeRepository(ctx, r.RepositoryName, r.RepositoryArn); err != nil {
				return err
			}
		}
		if page.NextToken == "" {
			return nil
		}
		in["nextToken"] = page.NextToken
	}
}

func (s *sweep) removeRepository(ctx context.Context, name, arn string) error {
	var out struct{ Tags []tag }
	if err := s.asAdmin(ctx, "ListTagsForResource", map[string]any{"resourceArn": arn}, &out, "RepositoryNotFoundException"); err != nil {
		return err
	}
	if !s.mine(arn, "/"+name, out.Tags) {
		return nil
	}
	return s.asAdmin(ctx, "DeleteRepository", map[string]any{"repositoryName": name, "force": true}, nil, "RepositoryNotFoundException")
}

// pulling is what it takes to pull from the repositories of a run, and from those of the packages registry.
func (f *Field) pulling() []statement {
	own := arn.Repository(f.Region, f.Source.Account, repositoryPrefix(Path)+"*").String()
	repositories := []string{own}
	if packages, ok := f.packages(); ok {
		repositories = append(repositories, arn.Repository(f.Region, packages.Account, "*").String())
	}
	return []statement{
		allow("ecr:GetAuthorizationToken", "*"),
		allow("ecr:BatchGetImage", repositories...), allow("ecr:GetDownloadUrlForLayer", repositories...),
	}
}

// puller makes the source's user that may pull, and ask the three services, the first time, and waits until that is known.
func (f *Field) puller(ctx context.Context) (*user, error) {
	if f.owner != nil {
		return f.owner, nil
	}
	u, err := f.makeUser(ctx, &f.Source, "registry-puller", slices.Concat(f.pulling(), asking())...)
	if err != nil {
		return nil, err
	}
	if err := f.known(ctx, u); err != nil {
		return nil, err
	}
	f.owner = u
	return u, nil
}

// token asks ECR for a token, and returns it as an Authorization header.
func (f *Field) token(ctx context.Context, keys aws.Credentials, region arn.Region) (string, error) {
	request, err := ecrOf(ecrIn(region), keys, "GetAuthorizationToken", map[string]any{})
	if err != nil {
		return "", err
	}
	w, err := f.until(ctx, 2*spread, answer.ok, func(ctx context.Context) (answer, error) { return f.send(ctx, request) })
	if err != nil {
		return "", err
	}
	if !w.came {
		return "", notSeen(fmt.Sprintf("ECR in %s gave no token in time: %s", region, w))
	}
	var out struct {
		AuthorizationData []struct{ AuthorizationToken string }
	}
	if err := json.Unmarshal(w.body, &out); err != nil || len(out.AuthorizationData) == 0 {
		return "", fmt.Errorf("asking ECR in %s for a token: the answer cannot be read", region)
	}
	return "Basic " + out.AuthorizationData[0].AuthorizationToken, nil
}
