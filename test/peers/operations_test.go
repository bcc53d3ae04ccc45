package peers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A use is what an operation is for.
type use string

const (
	pulls use = "pull" // what getting packages onto a cluster takes
	looks use = "look" // what an administrator may like to see, and no pull takes
	push  use = "push" // what must be refused
)

// An operation is one thing that a program does with the delivered file alone.
type operation struct {
	program program
	name    string
	use     use
	// run does it. Whether it worked is its exit code's to say.
	run func(t *testing.T, a attempt) outcome
	// shows demands that what was got is what was asked for, and says it in a few words.
	shows func(t *testing.T, a attempt, o outcome) string
	// refused is how it fails in a condition; the zero refusal if it must work.
	refused func(l *lending, c condition) refusal
}

// A refusal is how a program tells that AWS said no.
type refusal struct {
	code string   // for the table
	says []string // AWS's words, which the program must show
}

// An attempt is one run of an operation, in a home directory of its own: no program finds what another left.
type attempt struct {
	*lending
	home     string
	password string // for a registry; empty if there is none to be had
}

func (l *lending) attempt(t *testing.T) attempt {
	t.Helper()
	return attempt{lending: l, home: t.TempDir(), password: l.password}
}

// env is what leads a program to the sandbox, with the delivered file and nothing else of AWS's.
func (a attempt) env(t *testing.T) []string {
	t.Helper()
	return slices.Concat(a.network(t), []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + a.home, "TMPDIR=" + a.home, "LANG=C.UTF-8", "AWS_PAGER=",
		"DOCKER_CONFIG=" + filepath.Join(a.home, "docker"), "AWS_CONFIG_FILE=" + a.configFile,
	})
}

// operations are all that is done with the delivered file.
func (l *lending) operations() []operation {
	var all []operation
	for _, aws := range l.programs.aws {
		all = append(all, awsOperations(aws)...)
	}
	return slices.Concat(all, sdkOperations(l.sdk), []operation{kubeletOperation(l.kubelet), controllerOperation(l.injector)},
		craneOperations(l.crane), orasOperations(l.oras), helmOperations(l.helm), containerdOperations(l.containerd))
}

// try runs every operation that a condition is about and records how each ended.
func (l *lending) try(t *testing.T, r *record, c condition) {
	for _, op := range l.operations() {
		if op.use == push && c.name != asApplied.name {
			continue // Who may not push when all is well is not asked to when it is not.
		}
		t.Run(c.name+"/"+op.program.String()+"/"+op.name, func(t *testing.T) {
			a := l.attempt(t)
			if c.withoutPassword {
				a.password = ""
			}
			ended := op.run(t, a)
			refused := op.refused(l, c)
			result := ""
			if refused.code == "" {
				result = op.shows(t, a, ended.succeeded(t))
			} else {
				result = refused.from(t, ended)
				l.explained(t, ended.stderr, op.brokenLink(c, refused))
			}
			r.add(t, tried{op.program, op.name, c.name, l.posture}, result)
		})
	}
}

// from demands that a program failed with AWS's words.
func (r refusal) from(t *testing.T, ended outcome) string {
	t.Helper()
	if ended.code == 0 {
		t.Fatalf("it worked, and should have been refused with %s", r.code)
	}
	for _, words := range r.says {
		contains(t, ended.stderr, words)
	}
	return "refused: " + r.code
}

// atAssumeRole is how STS refuses the user the role, nothing if it does not.
func atAssumeRole(l *lending, c condition) refusal {
	switch c.name {
	case keyDeleted:
		return refusal{"InvalidClientTokenId", []string{"InvalidClientTokenId", "The security token included in the request is invalid"}}
	case trustDropped:
		return refusal{"AccessDenied", []string{
			"AccessDenied", "User: " + l.user + " is not authorized to perform: sts:AssumeRole on resource: " + l.role}}
	}
	return refusal{}
}

// atToken is how the file does not lead to a registry's token, nothing if it does.
func atToken(l *lending, c condition) refusal {
	if c.name == policyDetached {
		return l.notAllowed("AccessDeniedException", "ecr:GetAuthorizationToken", "*")
	}
	return atAssumeRole(l, c)
}

// atECR returns how ECR's API refuses an action that the documented policy alone grants. Across accounts AWS does not say
// which side refused.
func atECR(action, name string) func(*lending, condition) refusal {
	return func(l *lending, c condition) refusal {
		refused := atAssumeRole(l, c)
		if refused.code == "" && (l.posture == hardened || c.closesRegistry()) {
			return refusal{"AccessDeniedException", []string{"AccessDeniedException", l.caller(), isNotAuthorized(action, l.repository(name))}}
		}
		return refused
	}
}

// notAllowed is how AWS refuses the role an action inside the source account.
func (l *lending) notAllowed(code, action, resource string) refusal {
	return refusal{code, []string{code, l.caller(),
		isNotAuthorized(action, resource) + " because no identity-based policy allows the " + action + " action"}}
}

// caller is how IAM's sentence begins. The session's name is left out: in the documented posture each program makes up one.
func (l *lending) caller() string {
	return "User: arn:aws:sts::" + source + ":assumed-role/" + base(l.role) + "/"
}

// isNotAuthorized is how IAM's sentence goes on.
func isNotAuthorized(action, resource string) string {
	return "is not authorized to perform: " + action + " on resource: " + resource
}

// repository is the ARN of a repository of the packages registry.
func (l *lending) repository(name string) string {
	account, _, _ := strings.Cut(l.host, ".")
	return "arn:aws:ecr:" + region + ":" + account + ":repository/" + name
}
