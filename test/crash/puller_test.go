package crash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/registry"
)

// cached is for how long a node's credential provider uses a token before it asks for another: half of its life.
const cached = 6 * time.Hour

// A puller is one consumer of a cluster's delivery.
type puller struct {
	w *world
	// name says what it is, cluster where, and file what was delivered there.
	name, cluster, file string
	// pod says that it read its file when it started, and reads it again when it is started again. Others follow the file.
	pod bool
	// caches says that it uses a registry token for as long as it is thought to be good.
	caches bool

	config []byte
	token  string
	minted time.Time
	// works says that it has pulled: from then on it must.
	works bool
	// revoked says that its access is being taken away: in the end it must not pull with what it had.
	revoked bool
}

// consumers are those of a cluster: its packages controller, whose client is built once; the credential provider of a node,
// which follows the Secret and keeps its token; that of a node which joins right now.
func (w *world) consumers(cluster string) []*puller {
	file := w.path("out", cluster, "aws-config")
	return []*puller{
		{w: w, name: "the packages controller", cluster: cluster, file: file, pod: true},
		{w: w, name: "a node", cluster: cluster, file: file, caches: true},
		{w: w, name: "a new node", cluster: cluster, file: file},
	}
}

// employ gives every cluster its consumers, who pull if they can.
func (w *world) employ(sites, gone []site) {
	w.t.Helper()
	for _, s := range slices.Concat(sites, gone) {
		w.pullers = append(w.pullers, w.consumers(s.cluster)...)
	}
	w.restart()
	w.look("the beginning")
	for _, p := range w.pullers {
		p.revoked = slices.ContainsFunc(gone, func(s site) bool { return p.cluster == s.cluster })
	}
}

// restart is what becomes of pods in the course of time.
func (w *world) restart() {
	w.t.Helper()
	for _, p := range w.pullers {
		if p.pod {
			p.config = w.delivered(p.file)
		}
	}
}

// delivered reads a delivery, nil for none.
func (w *world) delivered(file string) []byte {
	w.t.Helper()
	text, err := os.ReadFile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		w.must(err)
	}
	return text
}

// look lets every consumer pull. One that could and cannot any more is what must never be.
func (w *world) look(at effect) {
	w.t.Helper()
	for _, p := range w.pullers {
		if err := p.pull(w.t.Context()); err == nil {
			p.works = true
		} else if p.works && !p.revoked {
			w.t.Errorf("after %s: %s of %s cannot pull any more: %v", at, p.name, p.cluster, err)
		}
	}
}

// mustAllPull checks that every consumer that starts now does, and that none does whose access was taken away, once the
// registry tokens that it may have are over.
func (w *world) mustAllPull() {
	w.t.Helper()
	w.restart()
	w.look("the end")
	if slices.ContainsFunc(w.pullers, func(p *puller) bool { return p.revoked }) {
		w.later(13 * time.Hour)
	}
	for _, p := range w.pullers {
		if p.revoked && p.pull(w.t.Context()) == nil {
			w.t.Errorf("%s of %s still pulls", p.name, p.cluster)
		}
		if !p.revoked && !p.works {
			w.t.Errorf("%s of %s cannot pull", p.name, p.cluster)
		}
	}
}

var errNoCredential = errors.New("nothing was delivered")

func (p *puller) pull(ctx context.Context) error {
	now := p.w.clock.Now()
	if !p.caches || p.token == "" || now.Sub(p.minted) >= cached {
		if !p.pod {
			p.config = p.w.delivered(p.file)
		}
		token, err := p.w.mint(ctx, p.config)
		if err != nil {
			return err
		}
		p.token, p.minted = token, now
	}
	return p.w.fetch(ctx, p.token)
}

// mint makes a registry token as the AWS SDK does that reads a config file: by the role, with the user's key.
func (w *world) mint(ctx context.Context, file []byte) (string, error) {
	if len(file) == 0 {
		return "", errNoCredential
	}
	config, err := credential.ParseConfig(file)
	if err != nil {
		return "", err
	}
	form := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {config.RoleARN.String()}, "RoleSessionName": {"controller"}}
	if config.RoleSessionName != "" {
		form.Set("RoleSessionName", config.RoleSessionName)
	}
	key := aws.Credentials{AccessKeyID: string(config.Key.ID), SecretAccessKey: config.Key.Secret.Reveal()}
	answer, err := w.call(ctx, "sts", "", form.Encode(), key)
	if err != nil {
		return "", err
	}
	var assumed struct {
		ID     string `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
		Secret string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
		Token  string `xml:"AssumeRoleResult>Credentials>SessionToken"`
	}
	if err := xml.Unmarshal(answer, &assumed); err != nil {
		return "", err
	}
	session := aws.Credentials{AccessKeyID: assumed.ID, SecretAccessKey: assumed.Secret, SessionToken: assumed.Token}
	answer, err = w.call(ctx, "ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "{}", session)
	if err != nil {
		return "", err
	}
	var authorized struct {
		AuthorizationData []struct{ AuthorizationToken string }
	}
	if err := json.Unmarshal(answer, &authorized); err != nil || len(authorized.AuthorizationData) != 1 {
		return "", fmt.Errorf("the answer is no token: %w", err)
	}
	return authorized.AuthorizationData[0].AuthorizationToken, nil
}

// hosts are where the services are in the Region of the share.
func hosts(service string) string {
	return map[string]string{"sts": "sts.us-west-2.amazonaws.com", "ecr": "api.ecr.us-west-2.amazonaws.com"}[service]
}

// call calls a service by the clock of the world.
func (w *world) call(ctx context.Context, service, target, body string, as aws.Credentials) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+hosts(service)+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if target != "" {
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("X-Amz-Target", target)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, as, request, hex.EncodeToString(sum[:]), service, "us-west-2", w.clock.Now()); err != nil {
		return nil, err
	}
	return w.ask(request)
}

// fetch pulls the first things of an image: its manifest, and the config that this names, from where it redirects to.
func (w *world) fetch(ctx context.Context, token string) error {
	artifact := registry.Probe()
	base := "https://346438352937.dkr.ecr.us-west-2.amazonaws.com/v2/" + artifact.Repository
	manifest, err := w.get(ctx, base+"/manifests/"+artifact.Tag, token)
	if err != nil {
		return err
	}
	var image struct{ Config struct{ Digest string } }
	if err := json.Unmarshal(manifest, &image); err != nil {
		return err
	}
	config, err := w.get(ctx, base+"/blobs/"+image.Config.Digest, token)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(config); image.Config.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%s is something else", image.Config.Digest)
	}
	return nil
}

func (w *world) get(ctx context.Context, url, token string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Basic "+token)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	return w.ask(request)
}

func (w *world) ask(request *http.Request) (body []byte, err error) {
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if body, err = io.ReadAll(response.Body); err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", request.URL.Host, response.Status, bytes.TrimSpace(body))
	}
	return body, err
}
