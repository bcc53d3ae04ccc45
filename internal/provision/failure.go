package provision

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
)

// ErrChanged says that AWS holds something else than it did when the plan was made, by the work of another run or person.
// Planning anew is safe and finds out what is left to do.
var ErrChanged = errors.New("changed since the plan was made")

// A CallError is a call that AWS refused, or that did not reach it.
type CallError struct {
	// Doing says what was being done to what, such as "creating user curated-packages-user".
	Doing   string
	Account arn.AccountID
	// Code and Message are AWS's, empty if AWS was not reached.
	Code, Message string
	Err           error
}

// Error is one line without the SDK's own words around AWS's, of which some differ from call to call.
func (e *CallError) Error() string {
	what := e.Code + ": " + e.Message
	if e.Code == "" {
		what = awserror.InBrief(e.Err).Error()
	}
	return fmt.Sprintf("%s in account %s: %s", e.Doing, e.Account, what)
}

// Unwrap returns the SDK's error.
func (e *CallError) Unwrap() error { return e.Err }

// An SCPError is a call that a service control policy of the account's organization forbids. Nobody in the account can
// change that: it takes the organization's management account, or who it delegated policies to.
type SCPError struct {
	// Policy is the policy's ARN where AWS names it, which it does within one organization; else empty.
	Policy string
	Err    error
}

// Error names the policy and what it forbade.
func (e *SCPError) Error() string {
	policy := "a service control policy of the account's organization"
	if e.Policy != "" {
		policy = "service control policy " + e.Policy
	}
	return fmt.Sprintf("forbidden by %s: %s", policy, e.Err)
}

// Unwrap returns the *CallError.
func (e *SCPError) Unwrap() error { return e.Err }

// An UndeliveredError is an access key that was made and did not reach every cluster that it was for. The next run finds
// it: one that nobody holds is deleted and replaced.
type UndeliveredError struct {
	User arn.ARN
	Key  string
	Err  error
}

// Error gives the key's id.
func (e *UndeliveredError) Error() string {
	return fmt.Sprintf("access key %s of user %s was made in account %s and not delivered everywhere: %s",
		e.Key, e.User.Name(), e.User.Account, e.Err)
}

// Unwrap returns what failed.
func (e *UndeliveredError) Unwrap() error { return e.Err }

// scpDenial is how IAM words the denial, with the policy's ARN since 2025
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
var scpDenial = regexp.MustCompile(`with an explicit deny in a service control policy(?:: (arn:\S+))?`)

// failed wraps the error of a call, or returns nil.
func failed(account arn.AccountID, err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	call := &CallError{Doing: fmt.Sprintf(doing, args...), Account: account, Err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		call.Code, call.Message = api.ErrorCode(), api.ErrorMessage()
	}
	if m := scpDenial.FindStringSubmatch(call.Message); m != nil {
		return &SCPError{Policy: strings.TrimRight(m[1], "."), Err: call}
	}
	return call
}

func absent(err error) bool {
	var missing *types.NoSuchEntityException
	return errors.As(err, &missing)
}

func exists(err error) bool {
	var there *types.EntityAlreadyExistsException
	return errors.As(err, &there)
}

func limited(err error) bool {
	var limit *types.LimitExceededException
	return errors.As(err, &limit)
}

func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDenied"
}
