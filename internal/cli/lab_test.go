package cli_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/leak"
	"github.com/pullpass/pullpass/sandbox"
)

// lab is a sandbox that a script has served.
type lab struct {
	*sandbox.Sandbox
	server *sandbox.Server
	calls  *ledger
	// requests is the log of what was asked since somebody looked at it.
	requests *lines
	made     types.AccessKey // the last one
}

// labKey leads to a script's labs, by directory.
type labKey struct{}

func labs(ts *testscript.TestScript) map[string]*lab {
	found, ok := ts.Value(labKey{}).(map[string]*lab)
	if !ok {
		ts.Fatalf("the script has no labs")
	}
	return found
}

func labIn(ts *testscript.TestScript, dir string) *lab {
	l := labs(ts)[dir]
	if l == nil {
		ts.Fatalf("no sandbox is served in %s", dir)
	}
	return l
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: serve DIR [ACCOUNTS]")
	}
	var seed sandbox.Seed
	if len(args) == 2 {
		var err error
		seed, err = sandbox.ParseSeed([]byte(ts.ReadFile(args[1])))
		ts.Check(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &lab{calls: &ledger{}, requests: &lines{}}
	var err error
	l.Sandbox, err = sandbox.New(sandbox.Config{Dir: ts.MkAbs(args[0]), Seed: seed, Log: slog.New(l.calls), Requests: l.requests})
	ts.Check(err)
	l.server, err = l.Listen(ctx, "127.0.0.1:0")
	ts.Check(err)
	labs(ts)[args[0]] = l
	ts.Defer(func() {
		cancel()
		if err := errors.Join(l.server.Close(ctx), l.Close()); err != nil {
			ts.Logf("closing the sandbox: %v", err)
		}
	})
}

// ledger is a slog.Handler that keeps the operations of the sandbox's calls.
type ledger struct {
	mu    sync.Mutex
	calls []string
}

func (l *ledger) Enabled(context.Context, slog.Level) bool { return true }
func (l *ledger) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *ledger) WithGroup(string) slog.Handler            { return l }

func (l *ledger) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "operation" {
			return true
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls = append(l.calls, a.Value.String())
		return false
	})
	return nil
}

// takeWrites returns the calls that are no reads, and forgets all.
func (l *ledger) takeWrites() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var writes []string
	for _, operation := range l.calls {
		switch {
		case operation == "": // It was given up before it was read: its run had failed elsewhere.
		case strings.HasPrefix(operation, "Get"), strings.HasPrefix(operation, "List"), strings.HasPrefix(operation, "Describe"),
			strings.HasPrefix(operation, "Batch"), strings.HasPrefix(operation, "Simulate"), operation == "AssumeRole":
		default:
			writes = append(writes, operation)
		}
	}
	l.calls = nil
	return writes
}

func writes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: writes DIR [N]")
	}
	found := labIn(ts, args[0]).calls.takeWrites()
	if len(args) == 1 {
		return
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if len(found) != want {
		ts.Fatalf("%d calls changed something, want %d: %s", len(found), want, strings.Join(found, ", "))
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N CMD ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// callAWS calls any operation of IAM, STS or EKS by its name, and prints what it returns but for secrets. The input is the
// SDK's input struct as JSON.
func callAWS(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: aws DIR ACCOUNT SERVICE.OPERATION JSON")
	}
	l := labIn(ts, args[0])
	id, secret, err := l.Credentials(arn.AccountID(args[1]))
	ts.Check(err)
	config := aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(l.server.Ready().Endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()}, nil
		}),
	}
	service, operation, _ := strings.Cut(args[2], ".")
	clients := map[string]any{"iam": iam.NewFromConfig(config), "sts": sts.NewFromConfig(config), "eks": eks.NewFromConfig(config)}
	out, err := call(clients[service], operation, args[3])
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", args[2], err)
	}
	if err != nil {
		_, _ = fmt.Fprintln(ts.Stderr(), err)
		return
	}
	if made, ok := out.(*iam.CreateAccessKeyOutput); ok {
		l.made = *made.AccessKey
	}
	text, err := json.Marshal(out)
	ts.Check(err)
	plain, err := url.PathUnescape(string(text)) // IAM escapes the documents that it returns
	ts.Check(err)
	_, _ = fmt.Fprintf(ts.Stdout(), "%s\n", leak.Mask([]byte(plain)))
}

func call(client any, operation, input string) (any, error) {
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("no operation %s", operation)
	}
	in := reflect.New(method.Type().In(1).Elem())
	if err := json.Unmarshal([]byte(input), in.Interface()); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	err, _ := results[1].Interface().(error)
	return results[0].Interface(), err
}

// decoded finds the line of the field, as the page's own shape has it.
func decoded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: decoded FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "config: "); found {
			text, err := base64.StdEncoding.DecodeString(value)
			ts.Check(err)
			_, err = ts.Stdout().Write(text)
			ts.Check(err)
			return
		}
	}
	ts.Fatalf("%s has no field config", args[0])
}

// pageFile writes what a person writes who follows the page.
func pageFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pagefile DIR")
	}
	var key types.AccessKey
	for _, l := range labs(ts) {
		key = l.made
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	text := "[default]\nsource_profile=curated-packages-user\nrole_arn=arn:aws:iam::111111111111:role/curated-packages-role\n" +
		"region=us-west-2\n\n[profile curated-packages-user]\naws_access_key_id=" + aws.ToString(key.AccessKeyId) +
		"\naws_secret_access_key=" + aws.ToString(key.SecretAccessKey) + "\n"
	ts.Check(os.WriteFile(filepath.Join(dir, "aws-config"), []byte(text), 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, "aws-secret.yaml"), credential.RenderManifest([]byte(text)), 0o600))
}

func deleteKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: deletekey DIR PLACE")
	}
	onKey(ts, args[0], args[1], "iam.DeleteAccessKey", `{"UserName": %q, "AccessKeyId": %q}`)
}

func inactivate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: inactivate DIR PLACE")
	}
	onKey(ts, args[0], args[1], "iam.UpdateAccessKey", `{"UserName": %q, "AccessKeyId": %q, "Status": "Inactive"}`)
}

// onKey calls an operation on the access key that was delivered to a place. Its input has verbs for the user and the key.
func onKey(ts *testscript.TestScript, dir, place, operation, input string) {
	file, err := credential.Parse([]byte(ts.ReadFile(filepath.Join(place, "aws-config"))))
	ts.Check(err)
	config, err := file.Config()
	ts.Check(err)
	account, err := awsid.Account(config.Key.ID)
	ts.Check(err)
	callAWS(ts, false, []string{dir, string(account), operation, fmt.Sprintf(input, config.UserProfile, config.Key.ID)})
}

// waitFor asks again and again, for as long as the test may last.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range 3000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		<-ticker.C
	}
	ts.Fatalf("%s was never written", args[0])
}
