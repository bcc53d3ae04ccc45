package cli_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/runlock"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// oneCluster is a share whose registry is known without a call, so that the first call is one of the reading.
const oneCluster = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  destinations:
    - account: "999999999999"
      access: default
      clusters:
        - {name: store-001, directory: out/store-001}
`

// A run that begins while another reads may have made the key that the other reads, and be about to deliver it.
func TestTheKeyOfARunThatBeginsMeanwhileIsLeftAlone(t *testing.T) {
	term := newTerminal(t)
	if err := os.WriteFile(filepath.Join(term.dir, "share.yaml"), []byte(oneCluster), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := plan.NewRunID("lab", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var armed atomic.Bool
	box := sandboxtest.Start(t, sandbox.Config{Dir: filepath.Join(term.dir, "box"), Clock: func() time.Time {
		if armed.CompareAndSwap(true, false) {
			lock, err := runlock.Hold(t.Context(), filepath.Join(term.dir, ".pullpass", "runs"), other)
			if err != nil {
				t.Errorf("the other run could not begin: %v", err)
				return time.Now()
			}
			t.Cleanup(func() {
				if err := lock.Release(); err != nil {
					t.Error(err)
				}
			})
		}
		return time.Now()
	}})
	if code, _, stderr := term.run("", term.here("apply", "--yes", "--quiet")...); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, stderr)
	}
	replaceKey(t, box.IAM(sandboxtest.Destination), "pullpass-packages-store-001", other)
	if err := os.RemoveAll(filepath.Join(term.dir, "out")); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	code, stdout, stderr := term.run("", term.here("plan", "-o", "json")...)
	if armed.Load() {
		t.Error("nothing was read")
	}
	if code != 1 || !strings.Contains(stdout, `"kind": "key-busy"`) || strings.Contains(stdout, `"verb": "delete"`) {
		t.Errorf("exit code %d, want 1 for a key of a run at work:\n%s%s", code, stdout, stderr)
	}
}

// replaceKey leaves the user with one key that was never used, and marked by a run.
func replaceKey(t *testing.T, client *iam.Client, name string, run plan.RunID) {
	t.Helper()
	user := aws.String(name)
	keys, err := client.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: user})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys.AccessKeyMetadata {
		if _, err := client.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: k.AccessKeyId}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.TagUser(t.Context(), &iam.TagUserInput{UserName: user, Tags: []types.Tag{
		{Key: aws.String(plan.TagPending), Value: aws.String(string(run))},
	}}); err != nil {
		t.Fatal(err)
	}
}

// Another command that works in the sandbox for a moment has it without serving it.
func TestASandboxThatIsInUseIsNotToBeServed(t *testing.T) {
	term := newTerminal(t)
	box, err := sandbox.New(sandbox.Config{Dir: filepath.Join(term.dir, "box")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	code, _, stderr := term.run("", term.here("plan")...)
	if code != 1 || !strings.Contains(stderr, "hint: another process has the directory") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
}
