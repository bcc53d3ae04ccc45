//go:build linux && leaks

package main_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsid"
)

// built is the program.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "leaks")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return program
}

// A run is what the program says about a shell script that knows $SECRET and a directory $ELSEWHERE.
type run struct {
	said   string
	code   int
	bare   bool // the secret itself was said
	leaks  []string
	counts map[string]int // of files, by what they are
}

func runOf(t *testing.T, program, script string) run {
	t.Helper()
	secret, err := awsid.NewSecretAccessKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "sh", "-c", "cd $TMPDIR; "+script)
	cmd.Env = append(os.Environ(), "SECRET="+secret.Reveal(), "ELSEWHERE="+elsewhere)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said := strings.ReplaceAll(string(out), elsewhere, "$ELSEWHERE")
	r := run{
		said: regexp.MustCompile(`/\S+/leaks[0-9]+`).ReplaceAllString(said, "$$TMPDIR"),
		code: cmd.ProcessState.ExitCode(), bare: strings.Contains(said, secret.Reveal()), counts: map[string]int{},
	}
	for _, found := range regexp.MustCompile(`(?m)^LEAK (.*)$`).FindAllStringSubmatch(r.said, -1) {
		r.leaks = append(r.leaks, found[1])
	}
	for _, found := range regexp.MustCompile(`(?m)^ *([1-9][0-9]*) (?:times a secret in |times not read, )?(.+?)[:,] `).FindAllStringSubmatch(r.said, -1) {
		if r.counts[found[2]], err = strconv.Atoi(found[1]); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestAPlantedSecretIsReported(t *testing.T) {
	program := built(t)
	for sentence, test := range map[string]struct {
		script string
		leaks  []string
	}{
		"nothing is written":                     {`true`, nil},
		"what is written holds none":             {`echo nothing > file; echo nothing; echo nothing >&2`, nil},
		"a file stays":                           {`echo "x $SECRET" > file`, []string{"$TMPDIR/file: secret access key at byte 2"}},
		"a file is removed at once":              {`echo $SECRET > file; rm file`, []string{"$TMPDIR/file: secret access key at byte 0"}},
		"a file is removed while it is open":     {`exec 3> file; rm file; echo $SECRET >&3; exec 3>&-`, []string{"$TMPDIR/file: secret access key at byte 0"}},
		"a directory is made and removed":        {`mkdir -p a/b; echo $SECRET > a/b/file; rm -r a`, []string{"$TMPDIR/a/b/file: secret access key at byte 0"}},
		"it comes in two goes":                   {`printf %.10s $SECRET > file; echo ${SECRET#??????????} >> file; rm file`, []string{"$TMPDIR/file: secret access key at byte 0"}},
		"it is encoded":                          {`echo $SECRET | base64 -w 20 > file`, []string{"$TMPDIR/file: secret access key at byte 0 (base64)"}},
		"it is elsewhere":                        {`echo $SECRET > $ELSEWHERE/file`, []string{"$ELSEWHERE/file: secret access key at byte 0"}},
		"it is in a log beside a delivery":       {`echo $SECRET > aws-config; echo $SECRET > log`, []string{"$TMPDIR/log: secret access key at byte 0"}},
		"it is on standard output":               {`echo $SECRET`, []string{"standard output: secret access key at byte 0"}},
		"it is on standard error":                {`echo $SECRET >&2`, []string{"standard error: secret access key at byte 0"}},
		"it is logged by a test":                 {`printf '.\n=== RUN   TestA\nok\n=== RUN   TestB/c\n    x.go:1: %s\n' $SECRET`, []string{"standard output of TestB/c: secret access key at byte 51"}},
		"a process that was started writes it":   {`(sh -c 'echo $SECRET > file; rm file') & wait`, []string{"$TMPDIR/file: secret access key at byte 0"}},
		"what has the name of a delivery is one": {`echo $SECRET > aws-config; mkdir out; echo $SECRET > out/.aws-secret.yaml.17`, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := runOf(t, program, test.script)
			if diff := cmp.Diff(test.leaks, got.leaks); diff != "" {
				t.Errorf("leaks (-want +got):\n%s\n%s", diff, got.said)
			}
			if want := min(len(test.leaks), 1); got.code != want {
				t.Errorf("exit code %d, want %d", got.code, want)
			}
			if got.bare {
				t.Error("the report shows the secret")
			}
		})
	}
}

func TestWhatMayHoldSecretsIsCounted(t *testing.T) {
	got := runOf(t, built(t), `echo none > config; mkdir -p etcd/member; for f in aws-config aws-secret.yaml .aws-config.1 config state.json .state.json.22 planted.log etcd/member/x other; do echo $SECRET > $f; done`)
	want := map[string]int{"deliveries": 3, "AWS configurations": 1, "planted secrets": 1, "Secrets of clusters": 1, "the sandbox's state": 2, "files": 7}
	if diff := cmp.Diff(want, got.counts); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	if len(got.leaks) != 1 {
		t.Errorf("leaks %q, want that of the other file alone", got.leaks)
	}
}

func TestNoFileIsMissedHoweverFastTheyComeAndGo(t *testing.T) {
	const files = 3000
	got := runOf(t, built(t), fmt.Sprintf(`i=0; while [ $i -lt %d ]; do echo $SECRET > $i; rm $i; i=$((i+1)); done`, files))
	if len(got.leaks) != files || got.counts["files"] != files {
		t.Errorf("%d files were read and %d leaks found, want %d of both", got.counts["files"], len(got.leaks), files)
	}
}

func TestATemporaryDirectoryMayBeALink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", link)
	if got := runOf(t, built(t), `echo $SECRET > file`); len(got.leaks) != 1 {
		t.Errorf("leaks %q, want one:\n%s", got.leaks, got.said)
	}
}

func TestACommandThatFailsIsHeardOutButForItsSecrets(t *testing.T) {
	got := runOf(t, built(t), `echo "what went wrong: $SECRET"; echo "why: $SECRET" >&2; exit 7`)
	if got.code != 7 || got.bare || len(got.leaks) != 2 {
		t.Errorf("exit code %d, leaks %q, the secret is said: %v", got.code, got.leaks, got.bare)
	}
	for _, line := range []string{"what went wrong: [secret access key]\n", "why: [secret access key]\n"} {
		if !strings.Contains(got.said, line) {
			t.Errorf("it does not say %q:\n%s", line, got.said)
		}
	}
}
