package provision_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/sandbox"
)

const depotUser = "pullpass-packages-depot-001"

// mark tags the user of depot-001 as one for whom a run is about to make a key.
func (l *lab) mark(run string) {
	l.t.Helper()
	_, err := l.sandbox.IAM(depot).TagUser(l.t.Context(), &iam.TagUserInput{
		UserName: aws.String(depotUser), Tags: []types.Tag{{Key: aws.String(plan.TagPending), Value: aws.String(run)}},
	})
	must(l.t, err)
}

// orphan makes a key of the user of depot-001 beside the one that is held, as a run of this machine that was killed does.
func (l *lab) orphan() credential.AccessKey {
	l.t.Helper()
	l.mark("20261122T110000Z.0000000f.laptop")
	return l.madeElsewhere()
}

// madeElsewhere makes a key of the user of depot-001, of which the runs of the lab do not know.
func (l *lab) madeElsewhere() credential.AccessKey {
	l.t.Helper()
	out, err := l.sandbox.IAM(depot).CreateAccessKey(l.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(depotUser)})
	must(l.t, err)
	return credential.AccessKey{
		ID:     awsid.AccessKeyID(aws.ToString(out.AccessKey.AccessKeyId)),
		Secret: credential.NewSecret(aws.ToString(out.AccessKey.SecretAccessKey)),
	}
}

func TestAnOrphanIsReadAgainBeforeItIsDeleted(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(l *lab, orphan credential.AccessKey)
		// kept says that the key stays, changed that the run says that the plan no longer holds.
		kept, changed bool
	}{
		"nothing happens": {meanwhile: func(*lab, credential.AccessKey) {}},
		"its run delivers it": {kept: true, changed: true, meanwhile: func(l *lab, orphan credential.AccessKey) {
			dir := delivery.Directory{Path: filepath.Join(l.out, "depot-001")}
			held, err := dir.Read(l.t.Context())
			must(l.t, err)
			must(l.t, dir.Write(l.t.Context(), held.Config.WithKey(orphan)))
		}},
		"the delivery can no longer be read": {kept: true, changed: true, meanwhile: func(l *lab, _ credential.AccessKey) {
			writeFile(l.t, filepath.Join(l.out, "depot-001", "aws-config"), "torn")
		}},
		"another run marks the user": {kept: true, changed: true, meanwhile: func(l *lab, _ credential.AccessKey) {
			l.mark("20261122T113000Z.0000000e.desktop")
		}},
		"somebody else deletes it": {changed: true, meanwhile: func(l *lab, orphan credential.AccessKey) {
			_, err := l.sandbox.IAM(depot).DeleteAccessKey(l.t.Context(), &iam.DeleteAccessKeyInput{
				UserName: aws.String(depotUser), AccessKeyId: aws.String(string(orphan.ID)),
			})
			must(l.t, err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			orphan := l.orphan()
			c := l.run()
			p := l.plan(c)
			if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Verb == plan.Delete }) {
				t.Fatalf("the orphan is not to be deleted:\n%s", describe(t, p))
			}
			test.meanwhile(l, orphan)
			result, err := provision.Apply(t.Context(), c, p)
			must(t, err)
			if kept := slices.Contains(l.keys(depot, depotUser), string(orphan.ID)); kept != test.kept {
				t.Errorf("the key is kept: %v, want %v", kept, test.kept)
			}
			if changed := result.Changed(); changed != test.changed {
				t.Errorf("changed: %v, want %v; error %v", changed, test.changed, result.Err())
			}
		})
	}
}
