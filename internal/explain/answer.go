package explain

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/verify"
)

// answered returns what AWS or the registry said to the call that failed; nil where neither answered.
func answered(p verify.Proof) *Answer { return answerIn(p.Err) }

func answerIn(err error) *Answer {
	var refusal *transport.Error
	if errors.As(err, &refusal) {
		return registryAnswer(refusal)
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return nil
	}
	a := &Answer{Code: api.ErrorCode(), Message: api.ErrorMessage(), RequestID: requestID(err)}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		a.Service, a.Operation = strings.ToLower(operation.Service()), operation.Operation()
	}
	return a
}

// requestID is what both kinds of response errors of the SDK have.
func requestID(err error) string {
	var response interface{ ServiceRequestID() string }
	if errors.As(err, &response) {
		return response.ServiceRequestID()
	}
	return ""
}

func registryAnswer(refusal *transport.Error) *Answer {
	a := &Answer{Service: "registry", Code: http.StatusText(refusal.StatusCode), Message: refusal.Error()}
	if refusal.Request != nil {
		a.Operation = refusal.Request.Method + " " + refusal.Request.URL.Path
	}
	if len(refusal.Errors) > 0 {
		a.Code, a.Message = string(refusal.Errors[0].Code), refusal.Errors[0].Message
	}
	return a
}

// denialStart is the beginning of AWS's sentence about a denied call.
var denialStart = regexp.MustCompile(`User: (arn:\S+) is not authorized to perform: ([A-Za-z0-9-]+:[A-Za-z0-9]+)(?: on resource: (arn:\S+|\*))?`)

// DeniedCall reads out of an error which call AWS denied to whom, as a Query; ok is false where it is no such denial.
func DeniedCall(err error) (query Query, ok bool) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return Query{}, false
	}
	return deniedIn(api.ErrorMessage(), err)
}

// deniedIn reads AWS's sentence, of which refused is the error.
func deniedIn(text string, refused error) (query Query, ok bool) {
	m := denialStart.FindStringSubmatch(text)
	if m == nil {
		return Query{}, false
	}
	principal, err := arn.Parse(m[1])
	if err != nil || principal.Kind() != "user" && principal.Session() == "" {
		return Query{}, false
	}
	query = Query{Principal: principal, Action: m[2], Resource: m[3], Refused: refused}
	if query.Resource == "" {
		query.Resource = "*"
	}
	return query, true
}

// DeniedText is DeniedCall for a text that quotes AWS to its end, where the error itself is not at hand.
func DeniedText(text string) (query Query, ok bool) {
	at := denialStart.FindStringSubmatchIndex(text)
	if at == nil {
		return Query{}, false
	}
	service, operation, _ := strings.Cut(text[at[4]:at[5]], ":")
	return deniedIn(text[at[0]:], &smithy.OperationError{ServiceID: service, OperationName: operation,
		Err: &smithy.GenericAPIError{Code: "AccessDenied", Message: text[at[0]:]}})
}

// A sentence is what AWS's text of a denial says beside that it is one. Within one account it names the type of policy,
// and a policy that has an ARN of its own; across accounts it names neither (IAM User Guide, "Troubleshoot access denied
// error messages").
type sentence struct {
	blamed   authz.PolicyType
	explicit bool
	policy   string
}

// denialEnd is the end of the sentence: `because no X allows the Y action` or `with an explicit deny in a X[: ARN]`.
var denialEnd = regexp.MustCompile(`(because no|with an explicit deny in (?:an?|the)) ([a-z -]+?)(?: allows the \S+ action)?(?:: (arn:\S+?))?\.?$`)

// readSentence reads the text of a denial. The zero sentence blames nothing.
func readSentence(text string) sentence {
	m := denialEnd.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return sentence{}
	}
	for t := authz.RCP; t <= authz.Session; t++ {
		if m[2] == t.String() {
			return sentence{blamed: t, explicit: strings.HasPrefix(m[1], "with"), policy: m[3]}
		}
	}
	return sentence{}
}
