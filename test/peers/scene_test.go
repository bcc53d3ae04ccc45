package peers

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A way is how programs reach the sandbox.
type way string

const (
	// realNames leads through the proxy: the programs speak TLS with sts.us-west-2.amazonaws.com and so on.
	realNames way = "real host names"
	// endpoint leads to ports on loopback, by variables for endpoints.
	endpoint way = "endpoint"
	// services does so by a section of the config file.
	services way = "services section"
)

// knowsEndpoints tells whether an AWS CLI heeds AWS_ENDPOINT_URL and the services section, which came with versions 1.29 and
// 2.13 (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
func knowsEndpoints(t *testing.T, aws program) bool {
	t.Helper()
	since := map[string]int{"1": 29, "2": 13}
	major, rest, _ := strings.Cut(aws.version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	release, err := strconv.Atoi(minor)
	first, known := since[major]
	if err != nil || !known {
		t.Fatalf("%s has a version of a form that this test does not know", aws)
	}
	return release >= first
}

// A scene is one sandbox with one AWS CLI that reaches it one way. Each has a home directory of its own, so that nothing
// of the machine's configuration gets in and nothing stays.
type scene struct {
	programs
	aws    program
	way    way
	cloud  cloud
	home   string
	report *report
	place  int // among the scenes of the report
	steps  int
	failed bool // a check did

	exported map[string][]string // by account
}

// A play is what a scene is about.
type play struct {
	name     string
	accounts string // an accounts file; empty for the default accounts
	act      func(t *testing.T, s *scene)
}

// perform plays a play as a subtest beside the others.
func (p play) perform(t *testing.T, s scene) {
	s.place = s.report.newPlace()
	t.Run(p.name+"/"+s.aws.String()+"/"+string(s.way), func(t *testing.T) {
		t.Parallel()
		s.home, s.exported = t.TempDir(), map[string][]string{}
		t.Cleanup(func() { s.reportTheRest(t, p) })
		s.cloud = startCloud(t, s.pullpass, p.accounts)
		p.act(t, &s)
	})
}

// reportTheRest reports what failed outside the checks, such as a server that does not stop.
func (s *scene) reportTheRest(t *testing.T, p play) {
	if t.Failed() && !s.failed {
		s.report.add(row{scenario: s.place, step: s.steps + 1, program: s.pullpass.name, check: p.name, way: s.way, failed: true})
	}
}

// check runs one check and reports it with what it returns. What comes after builds on it, so a failure ends the scene.
func (s *scene) check(t *testing.T, by program, name string, f func(t *testing.T) string) {
	t.Helper()
	s.steps++
	checked := row{scenario: s.place, step: s.steps, program: by.String(), check: name, way: s.way}
	passed := t.Run(name, func(t *testing.T) {
		// The first cleanup runs last: a server that does not stop when the check is over is a failure too.
		t.Cleanup(func() {
			checked.failed = t.Failed()
			s.report.add(checked)
		})
		checked.result = f(t)
	})
	if s.failed = !passed; s.failed {
		t.FailNow()
	}
}

// bare is the environment that every program gets. A program that strays to one of AWS's real hosts ends at the sandbox's
// proxy, whatever its way: nothing leaves the machine.
func (s *scene) bare() []string {
	return []string{
		"HTTPS_PROXY=" + s.cloud.ready.Proxy,
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "LANG=C.UTF-8", "AWS_PAGER=",
		"DOCKER_CONFIG=" + filepath.Join(s.home, "docker"),
	}
}

// exports are what `pullpass sandbox env` gives the administrator of an account.
func (s *scene) exports(t *testing.T, account string) []string {
	t.Helper()
	if known, ok := s.exported[account]; ok {
		return known
	}
	flags := []string{"--account", account}
	if s.way == realNames {
		flags = append(flags, "--transparent")
	}
	s.exported[account] = s.cloud.exports(t, s.pullpass, flags...)
	return s.exported[account]
}

// network is the part of the exports that leads a program to the sandbox, without what says who the caller is.
func (s *scene) network(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(s.exports(t, source)), identifies)
}

func identifies(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch name {
	case "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION":
		return true
	}
	return false
}

// admin runs the AWS CLI as the administrator of an account.
func (s *scene) admin(t *testing.T, account string, args ...string) outcome {
	t.Helper()
	return s.aws.run(t, slices.Concat(s.bare(), s.exports(t, account)), nil, args...)
}

// holder runs the AWS CLI as one who holds a config file and nothing else.
func (s *scene) holder(t *testing.T, configFile string, args ...string) outcome {
	t.Helper()
	return s.aws.run(t, slices.Concat(s.bare(), s.network(t), []string{"AWS_CONFIG_FILE=" + configFile}), nil, args...)
}

// puller runs crane, which knows of AWS only what it is told on the command line.
func (s *scene) puller(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	env := s.bare()
	if s.way == realNames {
		env = slices.Concat(env, s.network(t))
	}
	return s.crane.run(t, env, strings.NewReader(stdin), args...)
}
