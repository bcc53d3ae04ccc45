package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2 // wrong usage, or a document with mistakes
	exitPending  = 3 // plan: there is something to change
	exitUnproven = 4 // verify, or the proofs that end apply: a link is broken
	exitDiffers  = 5 // fieldcheck: AWS does something else than the sandbox
)

// Outcomes that are no failure of the command itself. What there is to say has been said by then.
var (
	errPending  = errors.New("changes are pending")
	errUnproven = errors.New("a proof failed")
	// errIncomplete is for work that was done in part; the summary names what is missing.
	errIncomplete = errors.New("not everything was done")
)

// errUsage marks what the caller of the program got wrong.
var errUsage = errors.New("wrong usage")

// usageError is wrapped around an error so that it prints as it is and is an errUsage.
type usageError struct{ err error }

func usage(err error) error { return &usageError{err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

func (e *usageError) Error() string        { return e.err.Error() }
func (e *usageError) Unwrap() error        { return e.err }
func (e *usageError) Is(target error) bool { return target == errUsage }

// hinted is an error with a hint of its own, for where the table cannot know better.
type hinted struct {
	err  error
	hint string
}

func withHint(err error, hint string) error { return &hinted{err, hint} }

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

// rule is one line of the table from errors to exit codes and hints.
type rule struct {
	is    func(error) bool
	code  int
	quiet bool   // all has been said
	hint  string // empty where the message says it
}

func isA[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func hasCode(codes ...string) func(error) bool {
	return func(err error) bool {
		var api smithy.APIError
		if !errors.As(err, &api) {
			return false
		}
		for _, code := range codes {
			if api.ErrorCode() == code {
				return true
			}
		}
		return false
	}
}

// rules is the table; the first that fits counts.
func rules() []rule {
	return []rule{
		{is: is(audit.ErrBroken), code: exitFailed, hint: "pullpass audit verify says what is wrong with it; record elsewhere with --audit FILE, or move it away"},
		{is: is(audit.ErrNotAFile), code: exitFailed, hint: "name another file with --audit FILE"},
		{is: is(audit.ErrUnwritten), code: exitFailed, hint: "nothing is done that cannot be recorded: make room, or name another file with --audit FILE"},
		{is: is(errClock), code: exitFailed, hint: "nothing was changed; set the clock, and run it again: timedatectl status, chronyc tracking"},
		{is: is(errPending), code: exitPending, quiet: true},
		{is: is(errUnproven), code: exitUnproven, quiet: true},
		{is: is(errBroken), code: exitUnproven, quiet: true},
		{is: is(errNotStarted), code: exitUnproven, hint: "mend the broken link, or start it all the same with --no-verify"},
		{is: is(errDenied), code: exitFailed, quiet: true},
		{is: is(errIncomplete), code: exitFailed, quiet: true},
		{is: is(errDiffers), code: exitDiffers, quiet: true},
		{is: is(errFindings), code: exitFailed, quiet: true},
		{is: is(errUnseen), code: exitUsage, quiet: true},
		{is: isA[share.Errors], code: exitUsage},
		{is: isA[*share.Error], code: exitUsage},
		{is: is(share.ErrUnknownName), code: exitUsage, hint: "--destination and --cluster name parts of the share"},
		{is: is(errUsage), code: exitUsage, hint: "pullpass help, or a command with --help"},
		{is: is(registry.ErrUnknownRegion), code: exitUsage, hint: "name a Region of the table, or the registry's account in the share"},
		{is: is(registry.ErrNoRegistry), code: exitUsage, hint: "packages are in the Regions of the commercial partition only"},
		{is: is(sandbox.ErrInUse), code: exitFailed, hint: "another process has the directory; wait for its end, or take another directory"},
		{is: is(sandbox.ErrNotServed), code: exitFailed, hint: "start it: pullpass sandbox serve --dir DIR"},
		{is: is(awsclient.ErrNoSubscription), code: exitFailed, hint: "check the id, the Region and the account: aws eks list-eks-anywhere-subscriptions"},
		{is: is(awsclient.ErrNoToken), code: exitFailed, hint: "run it in a terminal, or sign in first and use a profile with the session's keys"},
		{is: isA[*provision.SCPError], code: exitFailed, hint: "the organization's administrators can make an exception; nobody in the account can"},
		{is: isA[*provision.UndeliveredError], code: exitFailed, hint: "mend the delivery and run it again: the key that nobody holds is replaced"},
		{is: is(provision.ErrChanged), code: exitFailed, hint: "run it again: a new plan sees what has changed"},
		{is: is(cluster.ErrConflict), code: exitFailed, hint: problemHint(plan.FieldConflict)},
		{is: is(cluster.ErrNoNamespace), code: exitFailed, hint: problemHint(plan.NoNamespace)},
		{is: is(cluster.ErrForbidden), code: exitFailed, hint: "pullpass rbac prints the Roles that each command needs in a cluster"},
		{is: is(cluster.ErrUnreachable), code: exitFailed, hint: "check the server of the kubeconfig's context, and the way to it: kubectl --context CONTEXT get --raw /readyz"},
		{is: is(cluster.ErrAccess), code: exitFailed, hint: "correct kubeconfig or context in the share: kubectl config get-contexts"},
		{is: is(delivery.ErrOtherKey), code: exitFailed, hint: "somebody delivered there in the meantime: run it again"},
		{is: is(delivery.ErrNothing), code: exitFailed, hint: "deliver a credential first: pullpass apply; or give a key with --key-id"},
		{is: hasCode("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException"),
			code: exitFailed, hint: "the credentials of the access are not valid (any more): sign in again, or correct the profile"},
		{is: awserror.LacksCredentials, code: exitFailed, hint: "sign in, or name a profile that holds credentials"},
		{is: hasCode("AccessDenied", "AccessDeniedException"), code: exitFailed,
			hint: "the access given may not do this; the message names the action that it lacks"},
		{is: is(awsclient.ErrHalfKey), code: exitFailed, hint: "complete the profile, or take the half away"},
		{is: is(awsclient.ErrNoKeys), code: exitFailed, hint: "name a profile of the sandbox: the id of an account that it has"},
		{is: isA[*net.OpError], code: exitFailed, hint: "check the network, the Region, HTTPS_PROXY and AWS_ENDPOINT_URL"},
		{is: is(syscall.ENOTDIR), code: exitFailed, hint: "a file is where a directory should be: name another directory"},
		{is: is(fs.ErrPermission), code: exitFailed, hint: "check who may write there; the records of runs are kept beside the share"},
	}
}

// report says what went wrong, if anything did, and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	found := rule{code: exitFailed}
	for _, r := range rules() {
		if r.is(err) {
			found = r
			break
		}
	}
	var ended *childExit
	if errors.As(err, &ended) {
		found = rule{code: ended.code, quiet: ended.err == nil}
	}
	if found.quiet {
		return found.code
	}
	var own *hinted
	if errors.As(err, &own) {
		found.hint = own.hint
	}
	text := awserror.InBrief(err).Error()
	if !isA[*share.Error](err) && !isA[share.Errors](err) {
		text = "error: " + text // Mistakes in a document begin with their place instead.
	}
	a.say("%s", text)
	if found.hint != "" && !strings.Contains(text, "\nhint: ") {
		a.say("hint: %s", found.hint)
	}
	return found.code
}
