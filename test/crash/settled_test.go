package crash

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// mustBeSettled checks what has to be so once a run has ended well: one active key for every user, which all its clusters
// hold, and no other; no mark left; no secret but in deliveries; a trail that is whole.
func (w *world) mustBeSettled(sites []site) {
	w.t.Helper()
	w.mustAllPull()
	held := w.mustBeDelivered(sites)
	for name, keys := range w.keys() {
		if len(keys) == 0 && len(held[name]) == 0 {
			continue // Nothing is to use it any more.
		}
		if len(keys) != 1 || keys[0].Status != types.StatusTypeActive {
			w.t.Errorf("user %s in %s has %d keys: %s", name.user, name.account, len(keys), statuses(keys))
			continue
		}
		for _, key := range held[name] {
			if key != aws.ToString(keys[0].AccessKeyId) {
				w.t.Errorf("a cluster of user %s in %s holds a key that is not the user's", name.user, name.account)
			}
		}
		if len(held[name]) == 0 {
			w.t.Errorf("user %s in %s has a key that nobody holds", name.user, name.account)
		}
	}
	w.mustKeepSecrets()
	w.mustHaveWholeTrails()
}

func statuses(keys []types.AccessKeyMetadata) string {
	var all []string
	for _, key := range keys {
		all = append(all, string(key.Status))
	}
	return strings.Join(all, ", ")
}

// A holder is a user in his account.
type holder struct {
	account arn.AccountID
	user    string
}

// keys are those of every user of the share, who must bear no mark of a run.
func (w *world) keys() map[holder][]types.AccessKeyMetadata {
	w.t.Helper()
	found := map[holder][]types.AccessKeyMetadata{}
	for _, account := range []arn.AccountID{sandboxtest.Destination, sandboxtest.Other} {
		client := w.iam(account)
		out, err := client.GetAccountAuthorizationDetails(w.t.Context(), &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser}})
		w.must(err)
		for _, user := range out.UserDetailList {
			if !slices.ContainsFunc(user.Tags, func(tag types.Tag) bool { return aws.ToString(tag.Key) == "pullpass:share" }) {
				continue
			}
			for _, tag := range user.Tags {
				if key := aws.ToString(tag.Key); key == "pullpass:pending" || key == "pullpass:retiring" {
					w.t.Errorf("user %s in %s still bears the mark %s", aws.ToString(user.UserName), account, key)
				}
			}
			listed, err := client.ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: user.UserName})
			w.must(err)
			found[holder{account, aws.ToString(user.UserName)}] = listed.AccessKeyMetadata
		}
	}
	return found
}

// mustBeDelivered returns the keys that are delivered, by user.
func (w *world) mustBeDelivered(sites []site) map[holder][]string {
	w.t.Helper()
	held := map[holder][]string{}
	for _, s := range sites {
		got, err := delivery.Directory{Path: w.path("out", s.cluster)}.Read(w.t.Context())
		if err != nil || !got.Complete {
			w.t.Errorf("the delivery of %s is not whole: %v", s.cluster, err)
			continue
		}
		user := holder{s.account, got.Config.UserProfile}
		held[user] = append(held[user], string(got.Config.Key.ID))
	}
	return held
}

// mustKeepSecrets looks through all that the machines and the deliveries hold, but for the deliveries' own files.
func (w *world) mustKeepSecrets() {
	w.t.Helper()
	own := []string{credential.ConfigFileName, credential.ManifestFileName}
	for _, place := range []string{string(here), string(elsewhere), "out"} {
		err := filepath.WalkDir(w.path(place), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // Nothing was delivered yet.
			}
			if err != nil || d.IsDir() || place == "out" && slices.Contains(own, d.Name()) {
				return err
			}
			if place == "out" {
				w.t.Errorf("%s is left in a delivery", strings.TrimPrefix(path, w.dir))
			}
			text, err := os.ReadFile(path)
			if w.secrets.in(text) {
				w.t.Errorf("%s holds a secret", strings.TrimPrefix(path, w.dir))
			}
			return err
		})
		w.must(err)
	}
}

func (w *world) mustHaveWholeTrails() {
	w.t.Helper()
	for _, m := range []machine{here, elsewhere} {
		trail, err := os.Open(w.path(string(m), "share.audit.jsonl"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		w.must(err)
		report, err := audit.Verify(trail)
		w.must(errors.Join(err, trail.Close()))
		if !report.Intact() {
			w.t.Errorf("the audit trail of the machine %s is broken: %v", m, report.Breaks)
		}
	}
}
