package cli_test

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pullpass": pullpass, "eksctl": eksctl})
}

// pullpass is the program as main runs it, on a machine called lab and without a terminal.
func pullpass() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var clock sandboxtest.Clock
	code := cli.Main(ctx, os.Args[1:], cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Hostname: "lab", TempDir: os.TempDir(),
		Now: clock.Now, Wait: clock.Wait, Elapse: clock.Elapse, Random: rand.Reader,
	})
	os.Exit(code)
}

// TestScripts runs testdata/script/*.txtar. Beside testscript's own commands a script has:
//
//	serve DIR [ACCOUNTS]          serve a sandbox in DIR until the script ends, seeded from an accounts file
//	aws DIR ACCOUNT SERVICE.OP J  call the SDK as the administrator of an account, with the input as JSON
//	writes DIR [N]                fail unless N calls have changed something since the last time that was asked
//	exits N CMD ARG…              fail unless the command's exit code is N
//	pagefile DIR                  write the page's config file, with the key that aws has made last, to DIR/aws-config
//	deletekey DIR PLACE           delete the access key that was delivered to PLACE
//	inactivate DIR PLACE          make it inactive
//	decoded FILE                  print field config of the Secret in a manifest, decoded
//	certify FILE YEARS            write the certificate of a sealed-secrets controller that is good for so many years
//	unsealed FILE                 print field config of a SealedSecret, as the controller certified last unseals it
//	audited DIR FILE              fail unless an audit trail tells of the calls that have changed something since that was asked
//	waitfor FILE                  wait until a background command has written a file
//	reveals WHY                   announce that the next command shows a secret on purpose; any other that does fails the script
func TestScripts(t *testing.T) {
	testscript.RunT(discreetT{t}, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serve, "aws": callAWS, "writes": writes, "exits": exits, "decoded": decoded,
			"pagefile": pageFile, "deletekey": deleteKey, "inactivate": inactivate, "waitfor": waitFor, "audited": audited,
			"certify": certify, "unsealed": unsealed, "reveals": reveals,
		},
		Setup: func(env *testscript.Env) error {
			// Nothing of the machine's own AWS configuration may be in reach.
			env.Setenv("AWS_CONFIG_FILE", env.WorkDir+"/none")
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", env.WorkDir+"/none")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Setenv("TMPDIR", env.WorkDir)
			env.Values[labKey{}] = map[string]*lab{}
			env.Values[controllerKey{}] = &controller{}
			return nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}
