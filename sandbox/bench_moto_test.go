package sandbox_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A contender is a server in a process of its own, and the two calls that it is asked.
type contender struct {
	process
	route
	started            time.Duration // from its start to its first answer
	whoAmI, assumeRole query
}

const motoProgram = "moto_server"

// anyKeys are good enough for moto_server, which verifies no signature and decides no policy unless it is told to
// (https://docs.getmoto.org/en/latest/docs/iam.html): the sandbox does both for each of its answers.
var anyKeys = aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

func startMoto(tb testing.TB, program string) contender {
	tb.Helper()
	port := freePort(tb)
	c := contender{
		process: start(tb, program, "-H", "127.0.0.1", "-p", strconv.Itoa(port)),
		route:   route{"http://127.0.0.1:" + strconv.Itoa(port) + "/", keepAlive()},
		whoAmI:  query{whoAmI, anyKeys}, assumeRole: assuming(anyKeys),
	}
	return c.answering(tb)
}

func startPullpass(tb testing.TB, program string) contender {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "box")
	p, ready, _ := serveProcess(tb, program, dir)
	source, destination := fromProfile(tb, dir, string(sandboxtest.Source)), fromProfile(tb, dir, string(sandboxtest.Destination))
	administrator, err := destination.Credentials.Retrieve(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	c := contender{process: p, route: route{ready.Endpoint, keepAlive()}, whoAmI: query{whoAmI, administrator}}
	c = c.answering(tb)
	user := shareByHand(tb, iam.NewFromConfig(source), iam.NewFromConfig(destination))
	c.assumeRole = assuming(user)
	return c
}

// answering waits for the first answer.
func (c contender) answering(tb testing.TB) contender {
	tb.Helper()
	var err error
	c.started, err = c.until(tb.Context(), func() error { return c.whoAmI.send(tb.Context(), c.route) })
	if err != nil {
		c.stop(tb)
		tb.Fatal(err)
	}
	return c
}

// freePort is a port that nobody has at the moment: moto_server is told its port, and tells none.
func freePort(tb testing.TB) int {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// BenchmarkBesideMoto is the sandbox side by side with moto_server, each in a process of its own: how long it takes to its
// first answer, how many calls a second it answers over plain HTTP, and the memory that it has by then.
func BenchmarkBesideMoto(b *testing.B) {
	moto, err := exec.LookPath(motoProgram)
	if err != nil {
		if b.N == 1 { // A benchmark that does nothing is run again and again.
			b.Logf("%s is not on PATH: requests/s, start time and memory of the sandbox are not compared with it", motoProgram)
		}
		return
	}
	pullpass := build(b, "pullpass", "github.com/pullpass/pullpass/cmd/pullpass")
	b.Run("start", func(b *testing.B) {
		compare(b, func(b *testing.B) figures { return startAndStop(b, startMoto, moto) },
			func(b *testing.B) figures { return startAndStop(b, startPullpass, pullpass) })
	})
	theirs, ours := startMoto(b, moto), startPullpass(b, pullpass)
	defer theirs.stop(b)
	defer ours.stop(b)
	b.Run("GetCallerIdentity", func(b *testing.B) { compare(b, theirs.asked(theirs.whoAmI), ours.asked(ours.whoAmI)) })
	b.Run("AssumeRole", func(b *testing.B) { compare(b, theirs.asked(theirs.assumeRole), ours.asked(ours.assumeRole)) })
}

// figures are what was measured, by unit.
type figures map[string]float64

// compare reports the same figures of both, and of ours how many times moto_server's they are.
func compare(b *testing.B, moto, pullpass func(*testing.B) figures) {
	var theirs figures
	b.Run(motoProgram, func(b *testing.B) {
		theirs = moto(b)
		for unit, figure := range theirs {
			b.ReportMetric(figure, unit)
		}
	})
	b.Run("pullpass", func(b *testing.B) {
		for unit, figure := range pullpass(b) {
			b.ReportMetric(figure, unit)
			if theirs[unit] > 0 { // BENCH may have left moto_server out.
				b.ReportMetric(figure/theirs[unit], unit+"-of-moto")
			}
		}
	})
}

// asked makes a call over and over: how often that was in a second, and the memory that the server has in the end.
func (c contender) asked(q query) func(*testing.B) figures {
	return func(b *testing.B) figures {
		rate := repeat(b, func(ctx context.Context) error { return q.send(ctx, c.route) })
		return figures{"calls/s": rate, "MiB": c.memory(b).now}
	}
}

// startAndStop measures the time from a start to the first answer, and the memory then.
func startAndStop(b *testing.B, start func(testing.TB, string) contender, program string) figures {
	var took time.Duration
	var most float64
	for b.Loop() {
		c := start(b, program)
		took += c.started
		most = max(most, c.memory(b).now)
		c.stop(b)
	}
	return figures{"s": took.Seconds() / float64(b.N), "MiB": most}
}
