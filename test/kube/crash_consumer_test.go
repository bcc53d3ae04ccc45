package kube

import (
	"bytes"
	"cmp"
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
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// A consumer lives on what is delivered to a cluster.
type consumer struct {
	name string
	// read reads what is delivered.
	read func(context.Context) ([]byte, error)
	// pod says that it reads when it starts, and never again. Others read anew each time.
	pod    bool
	config []byte
	// works says that it has got a token: from then on it must. had is with what it last did.
	works bool
	had   []byte
	// revoked says that its access is being taken away: in the end it must get none with what it had.
	revoked bool
}

// employ gives every cluster its consumers, who get tokens if they can.
func (w *crashWorld) employ(c crashScenario) {
	w.Helper()
	w.consumers = []*consumer{
		{name: "the packages controller of hub", read: w.secretOf(w.stage.hub), pod: true, config: w.controller.config},
		{name: "a node of hub", read: w.secretOf(w.stage.hub)},
		{name: "a node of edge", read: w.secretOf(w.stage.edge)},
	}
	if c.neighbour != "" {
		w.consumers = append(w.consumers, &consumer{name: "a node of " + c.neighbour, read: func(context.Context) ([]byte, error) {
			return os.ReadFile(w.path("out", c.neighbour, credential.ConfigFileName))
		}})
	}
	w.look("the beginning")
	for _, consumer := range w.consumers[:3] {
		consumer.revoked = c.revokes
	}
}

func (w *crashWorld) secretOf(c *lab.Cluster) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		secret, err := c.Client.CoreV1().Secrets(lab.Namespace).Get(ctx, lab.Secret, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return secret.Data[credential.KeyConfig], err
	}
}

// look lets every consumer get a token. One that could and cannot any more is what must never be.
func (w *crashWorld) look(at string) {
	w.Helper()
	got := map[string]error{} // Those with the same config get the same answer.
	for _, c := range w.consumers {
		if !c.pod {
			config, err := c.read(w.Context())
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				w.Errorf("after %s: %s: %v", at, c.name, err)
			}
			c.config = config
		}
		err, known := got[string(c.config)]
		if !known {
			_, err = w.token(c.config)
			got[string(c.config)] = err
		}
		if err == nil {
			c.works, c.had = true, c.config
		} else if c.works && !c.revoked {
			w.Errorf("after %s: %s gets no token any more: %v", at, c.name, err)
		}
	}
}

var errNoCredential = errors.New("nothing was delivered")

// token gets one for the registry as the AWS SDK does that reads a config file: by the role, with the user's key.
func (w *crashWorld) token(file []byte) (string, error) {
	if len(file) == 0 {
		return "", errNoCredential
	}
	config, err := credential.ParseConfig(file)
	if err != nil {
		return "", err
	}
	name := cmp.Or(config.RoleSessionName, "controller")
	form := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {config.RoleARN.String()}, "RoleSessionName": {name}}
	user := aws.Credentials{AccessKeyID: string(config.Key.ID), SecretAccessKey: config.Key.Secret.Reveal()}
	answer, err := w.call("sts", "", form.Encode(), user)
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
	answer, err = w.call("ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "{}", session)
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

// call calls a service by the clock of the world.
func (w *crashWorld) call(service, target, body string, as aws.Credentials) (answer []byte, err error) {
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.box.Endpoint(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if target != "" {
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("X-Amz-Target", target)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(w.Context(), as, request, hex.EncodeToString(sum[:]), service, lab.Region, w.clock.Now()); err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if answer, err = io.ReadAll(response.Body); err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", service, response.Status, bytes.TrimSpace(answer))
	}
	return answer, err
}

// copy is what the bundle manager does once in a while, in state active: the workload cluster's Secret gets the data of the
// management cluster's, and loses its labels and annotations.
func (w *crashWorld) copy() {
	w.Helper()
	if !w.copies {
		return
	}
	from, err := w.stage.hub.Client.CoreV1().Secrets(lab.Namespace).Get(w.Context(), lab.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return
	}
	secrets := w.stage.edge.Client.CoreV1().Secrets(lab.Namespace)
	to, getErr := secrets.Get(w.Context(), lab.Secret, metav1.GetOptions{})
	manager := metav1.UpdateOptions{FieldManager: "package-manager"}
	switch {
	case err != nil:
	case apierrors.IsNotFound(getErr):
		made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: lab.Secret}, Data: from.Data}
		_, err = secrets.Create(w.Context(), made, metav1.CreateOptions{FieldManager: manager.FieldManager})
	case getErr != nil:
		err = getErr
	case !bytes.Equal(to.Data[credential.KeyConfig], from.Data[credential.KeyConfig]):
		to.Data, to.Labels, to.Annotations = from.Data, nil, nil
		_, err = secrets.Update(w.Context(), to, manager)
	}
	if err != nil {
		w.Errorf("the bundle manager: %v", err)
	}
}
