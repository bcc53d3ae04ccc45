package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// mustBeSettled checks what has to be so once a run has ended well: whoever is to have access has, and whoever was revoked has
// none; every user has one active key, which its clusters hold, and no other; no mark is left; the Secrets are as pullpass
// writes them; both trails are whole and show no secret.
func (w *crashWorld) mustBeSettled(c crashScenario) {
	w.Helper()
	w.later()
	for _, consumer := range w.consumers {
		if !consumer.works {
			w.Errorf("%s never got a token", consumer.name)
		}
	}
	w.mustBeRefused()
	held := w.mustHold(c)
	w.mustHaveKeys(held)
	w.mustBearNoMark()
	w.mustHaveWholeTrails()
}

// mustBeRefused checks that whoever was revoked gets no token with what it had.
func (w *crashWorld) mustBeRefused() {
	w.Helper()
	for _, consumer := range w.consumers {
		if _, err := w.token(consumer.had); consumer.revoked && err == nil {
			w.Errorf("%s gets a token with what it had", consumer.name)
		}
	}
}

// mustHold checks what is delivered, and returns the ids of the keys.
func (w *crashWorld) mustHold(c crashScenario) []string {
	w.Helper()
	var held []string
	for _, cluster := range []*lab.Cluster{w.stage.hub, w.stage.edge} {
		secret, err := cluster.Client.CoreV1().Secrets(lab.Namespace).Get(w.Context(), lab.Secret, metav1.GetOptions{})
		w.must(err)
		if c.revokes {
			w.mustBeEmpty(cluster, secret)
			continue
		}
		held = append(held, w.mustBeOurs(cluster, secret))
	}
	if c.neighbour != "" {
		file, err := os.ReadFile(w.path("out", c.neighbour, credential.ConfigFileName))
		w.must(err)
		config, err := credential.ParseConfig(file)
		w.must(err)
		held = append(held, string(config.Key.ID))
	}
	slices.Sort(held)
	return slices.Compact(held)
}

// mustBeOurs checks a Secret that was delivered. What the bundle manager has copied has no annotations.
func (w *crashWorld) mustBeOurs(of *lab.Cluster, secret *corev1.Secret) (key string) {
	w.Helper()
	config, err := credential.ParseConfig(secret.Data[credential.KeyConfig])
	w.must(err)
	for _, name := range []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion} {
		if value, there := secret.Data[name]; !there || len(value) > 0 {
			w.Errorf("the Secret of %s has its key %s: %t, which must be empty", of.Name, name, there)
		}
	}
	digest := sha256.Sum256(secret.Data[credential.KeyConfig])
	for name, want := range map[string]string{
		"access-key-id": string(config.Key.ID), "share": "packages", "digest": "sha256:" + hex.EncodeToString(digest[:]),
	} {
		got, there := secret.Annotations["pullpass.dev/"+name]
		if copied := of == w.stage.edge && w.copies && !there; got != want && !copied {
			w.Errorf("the Secret of %s is annotated with %s %q, not %q", of.Name, name, got, want)
		}
	}
	return string(config.Key.ID)
}

func (w *crashWorld) mustBeEmpty(of *lab.Cluster, secret *corev1.Secret) {
	w.Helper()
	if len(secret.Data[credential.KeyConfig]) > 0 {
		w.Errorf("the Secret of %s holds a config", of.Name)
	}
	for name := range secret.Annotations {
		if _, ours := map[string]bool{"pullpass.dev/access-key-id": true, "pullpass.dev/digest": true}[name]; ours {
			w.Errorf("the Secret of %s is annotated with %s", of.Name, name)
		}
	}
}

// mustHaveKeys checks that the users of the share have one key each, which is active and among those that are held; and that
// each of these is one of them.
func (w *crashWorld) mustHaveKeys(held []string) {
	w.Helper()
	var found, users []string
	for _, account := range []arn.AccountID{sandboxtest.Destination, sandboxtest.Other} {
		for _, key := range w.keysOf(account) {
			found, users = append(found, aws.ToString(key.AccessKeyId)), append(users, aws.ToString(key.UserName))
			if key.Status != types.StatusTypeActive {
				w.Errorf("key %s of user %s is %s", aws.ToString(key.AccessKeyId), aws.ToString(key.UserName), key.Status)
			}
		}
	}
	slices.Sort(found)
	slices.Sort(users)
	if !slices.Equal(found, held) {
		w.Errorf("the users of the share have the keys %v, and %v are held", found, held)
	}
	if one := slices.Compact(slices.Clone(users)); len(one) < len(users) {
		w.Errorf("a user has more than one key: %v", users)
	}
}

// keysOf are the keys of the share's users in an account.
func (w *crashWorld) keysOf(account arn.AccountID) []types.AccessKeyMetadata {
	w.Helper()
	var keys []types.AccessKeyMetadata
	for _, user := range w.usersOf(account) {
		listed, err := w.iam(account).ListAccessKeys(w.Context(), &iam.ListAccessKeysInput{UserName: user.UserName})
		w.must(err)
		keys = append(keys, listed.AccessKeyMetadata...)
	}
	return keys
}

// usersOf are the users of an account that are the share's.
func (w *crashWorld) usersOf(account arn.AccountID) []types.UserDetail {
	w.Helper()
	in := &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser}}
	out, err := w.iam(account).GetAccountAuthorizationDetails(w.Context(), in)
	w.must(err)
	return slices.DeleteFunc(out.UserDetailList, func(user types.UserDetail) bool {
		return !slices.ContainsFunc(user.Tags, func(tag types.Tag) bool { return aws.ToString(tag.Key) == "pullpass:share" })
	})
}

// mustBearNoMark checks that no user of the share bears the mark of a run.
func (w *crashWorld) mustBearNoMark() {
	w.Helper()
	for _, account := range []arn.AccountID{sandboxtest.Destination, sandboxtest.Other} {
		for _, user := range w.usersOf(account) {
			for _, tag := range user.Tags {
				if mark := aws.ToString(tag.Key); mark == plan.TagPending || mark == plan.TagRetiring {
					w.Errorf("user %s still bears the mark %s", aws.ToString(user.UserName), mark)
				}
			}
		}
	}
}

func (w *crashWorld) mustHaveWholeTrails() {
	w.Helper()
	for _, m := range []machine{here, elsewhere} {
		trail, err := os.Open(w.path(string(m), "share.audit.jsonl"))
		if errors.Is(err, fs.ErrNotExist) && m == elsewhere {
			continue // Where nobody worked.
		}
		w.must(err)
		report, err := audit.Verify(trail)
		w.must(errors.Join(err, trail.Close()))
		if !report.Intact() || report.Lines == 0 {
			w.Errorf("the audit trail of the machine %s has %d lines, and is broken: %v", m, report.Lines, report.Breaks)
		}
		text, err := os.ReadFile(trail.Name())
		w.must(err)
		w.mustNotShow(text, fmt.Sprintf("the audit trail of the machine %s", m))
	}
}
