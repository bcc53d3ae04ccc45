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

	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// mustBeSettled checks what has to be so once a run has ended well: one active key for every user, which all its clusters
// hold, and no other; no mark left; no secret but in deliveries; a trail that is whole.
func (w *world) mustBeSettled(clusters []string) {
	w.t.Helper()
	held := w.mustBeDelivered(clusters)
	for name, keys := range w.keys() {
		if len(keys) != 1 || keys[0].Status != types.StatusTypeActive {
			w.t.Errorf("user %s has %d keys: %s", name, len(keys), statuses(keys))
			continue
		}
		for _, key := range held[name] {
			if key != aws.ToString(keys[0].AccessKeyId) {
				w.t.Errorf("a cluster of user %s holds a key that is not the user's", name)
			}
		}
		if len(held[name]) == 0 {
			w.t.Errorf("user %s has a key that nobody holds", name)
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

// keys are those of every user of the share, who must bear no mark of a run.
func (w *world) keys() map[string][]types.AccessKeyMetadata {
	w.t.Helper()
	found, client := map[string][]types.AccessKeyMetadata{}, w.box.IAM(sandboxtest.Destination)
	out, err := client.GetAccountAuthorizationDetails(w.t.Context(), &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser}})
	w.must(err)
	for _, user := range out.UserDetailList {
		if !slices.ContainsFunc(user.Tags, func(tag types.Tag) bool { return aws.ToString(tag.Key) == "pullpass:share" }) {
			continue
		}
		for _, tag := range user.Tags {
			if key := aws.ToString(tag.Key); key == "pullpass:pending" || key == "pullpass:retiring" {
				w.t.Errorf("user %s still bears the mark %s", aws.ToString(user.UserName), key)
			}
		}
		listed, err := client.ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: user.UserName})
		w.must(err)
		found[aws.ToString(user.UserName)] = listed.AccessKeyMetadata
	}
	return found
}

// mustBeDelivered returns the keys that are delivered, by user. Nothing may lie beside the two files of a delivery.
func (w *world) mustBeDelivered(clusters []string) map[string][]string {
	w.t.Helper()
	held := map[string][]string{}
	for _, cluster := range clusters {
		got, err := delivery.Directory{Path: w.path("out", cluster)}.Read(w.t.Context())
		if err != nil || !got.Complete {
			w.t.Errorf("the delivery of %s is not whole: %v", cluster, err)
			continue
		}
		user := got.Config.UserProfile
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
