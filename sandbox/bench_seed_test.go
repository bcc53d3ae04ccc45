package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// What seeding many accounts may take.
const (
	manyAccounts    = 1000
	usersOfEach     = 10
	seedingSeconds  = 1.0
	seedingMebibyte = 150.0
)

// manyAccountsFile is an accounts file of users who each have a key and a policy of their own.
func manyAccountsFile() []byte {
	var text strings.Builder
	text.WriteString("accounts:\n")
	for account := range manyAccounts {
		fmt.Fprintf(&text, "  - id: \"%012d\"\n    users:\n", 200_000_000_000+account)
		for user := range usersOfEach {
			fmt.Fprintf(&text, "      - name: store-%03d\n        path: /stores/\n        keys: 1\n        policies:\n"+
				"          assume: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"sts:AssumeRole\", "+
				"Resource: \"arn:aws:iam::111111111111:role/curated-packages-%03d\"}]}\n", user, user)
		}
	}
	return []byte(text.String())
}

// BenchmarkSeed is the time from an accounts file of 1,000 accounts with 10 users each to a sandbox that answers, and the
// memory that it takes: in this process, and in one of its own that keeps its state on the disk.
func BenchmarkSeed(b *testing.B) {
	file := manyAccountsFile()
	b.Run("in-memory", func(b *testing.B) {
		var held float64
		for b.Loop() {
			held = seedOnce(b, file)
		}
		reportSeeding(b, b.Elapsed()/time.Duration(b.N))
		b.ReportMetric(held, "MiB-heap")
		b.ReportMetric(held/seedingMebibyte, fmt.Sprintf("of-%.0fMiB", seedingMebibyte))
	})
	b.Run("own-process", func(b *testing.B) { seedProcesses(b, file) })
}

func reportSeeding(b *testing.B, took time.Duration) {
	b.ReportMetric(took.Seconds(), "s")
	b.ReportMetric(took.Seconds()/seedingSeconds, fmt.Sprintf("of-%.0fs", seedingSeconds))
}

// seedOnce starts and ends a sandbox, and returns the MiB that it keeps from the garbage collector meanwhile.
func seedOnce(b *testing.B, file []byte) (held float64) {
	seed, err := sandbox.ParseSeed(file)
	if err != nil {
		b.Fatal(err)
	}
	embedded, err := sandbox.New(sandbox.Config{Seed: seed})
	if err != nil {
		b.Fatal(err)
	}
	server, err := embedded.Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	defer b.StartTimer()
	seed = sandbox.Seed{}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if err := errors.Join(server.Close(b.Context()), embedded.Close()); err != nil {
		b.Fatal(err)
	}
	return float64(m.HeapAlloc) / (1 << 20)
}

// seedProcesses does so with `pullpass sandbox serve --accounts`.
func seedProcesses(b *testing.B, file []byte) {
	program, accounts := build(b, "pullpass", "github.com/pullpass/pullpass/cmd/pullpass"), filepath.Join(b.TempDir(), "accounts.yaml")
	if err := os.WriteFile(accounts, file, 0o600); err != nil {
		b.Fatal(err)
	}
	var most memory
	var took, busy time.Duration
	for b.Loop() {
		p, _, ready := serveProcess(b, program, filepath.Join(b.TempDir(), "box"), "--accounts", accounts)
		took += ready
		taken := p.memory(b)
		most = memory{max(most.now, taken.now), max(most.peak, taken.peak)}
		p.stop(b)
		busy += p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	}
	reportSeeding(b, took/time.Duration(b.N))
	b.ReportMetric(busy.Seconds()/float64(b.N), "s-CPU") // its end included
	b.ReportMetric(most.now, "MiB-process")
	b.ReportMetric(most.peak, "MiB-peak")
	b.ReportMetric(most.peak/seedingMebibyte, fmt.Sprintf("of-%.0fMiB", seedingMebibyte))
}

// BenchmarkWrite is a change of one user that is on the disk when it is answered, in a sandbox of few accounts and in one of
// many: it writes all of them.
func BenchmarkWrite(b *testing.B) {
	many, err := sandbox.ParseSeed(manyAccountsFile())
	if err != nil {
		b.Fatal(err)
	}
	var among float64
	for _, world := range []struct {
		name string
		seed sandbox.Seed
	}{{"default-accounts", sandbox.Seed{}}, {"1000-accounts", many}} {
		b.Run(world.name, func(b *testing.B) {
			s := sandboxtest.Start(b, sandbox.Config{Dir: b.TempDir(), Seed: world.seed})
			account := sandboxtest.Destination
			if len(world.seed.Accounts) > 0 {
				account = world.seed.Accounts[0].ID
			}
			client, tag := s.IAM(account), []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
			for b.Loop() {
				if _, err := client.TagUser(b.Context(), &iam.TagUserInput{UserName: aws.String("administrator"), Tags: tag}); err != nil {
					b.Fatal(err)
				}
			}
			took := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(1000*took, "ms")
			if among > 0 {
				b.ReportMetric(took/among, "of-default")
			}
			among = took
		})
	}
}
