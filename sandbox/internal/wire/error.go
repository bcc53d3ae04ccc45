package wire

import (
	"fmt"
	"net/http"
)

// Error is an error that goes over the wire to the client. Service code makes it
// with Errorf; the codec settles the spelling and the status.
type Error struct {
	// Code is AWS's error code in the Query spelling for the errors that every
	// service shares ("AccessDenied"), and in the service's own spelling for the
	// others ("NoSuchEntity", "RepositoryNotFoundException").
	Code    string
	Message string
	// Status is the HTTP status, or 0 for the code's status in the protocol.
	Status int
}

// Errorf returns an error with the code's own status.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Codes that every service answers with. JSON11 and REST translate them into the
// spelling of their protocol.
const (
	AccessDenied               = "AccessDenied"
	ExpiredToken               = "ExpiredToken"
	IncompleteSignature        = "IncompleteSignature"
	InternalFailure            = "InternalFailure"
	InvalidClientTokenID       = "InvalidClientTokenId"
	MissingAuthenticationToken = "MissingAuthenticationToken"
	OptInRequired              = "OptInRequired"
	RequestExpired             = "RequestExpired"
	ServiceUnavailable         = "ServiceUnavailable"
	SignatureDoesNotMatch      = "SignatureDoesNotMatch"
	Throttling                 = "Throttling"
	ValidationError            = "ValidationError"
)

// protocol selects the column of the table below.
type protocol int

const (
	queryProtocol protocol = iota
	jsonProtocol
	restProtocol
)

// spelling is a shared error as the protocols write it. JSON 1.1 answers every
// client error with 400 [seen], so it needs no status of its own.
type spelling struct {
	queryStatus int
	exception   string // in JSON 1.1 and REST-JSON
	restStatus  int
}

// shared returns how the protocols write a code that every service has: the
// "Common Errors" pages of the IAM, ECR and EKS API references.
func shared(code string) (spelling, bool) {
	switch code {
	case AccessDenied:
		return spelling{403, "AccessDeniedException", 403}, true
	case ExpiredToken:
		return spelling{403, "ExpiredTokenException", 403}, true
	case IncompleteSignature:
		return spelling{400, "IncompleteSignatureException", 403}, true
	case InternalFailure:
		return spelling{500, "InternalFailure", 500}, true
	case InvalidClientTokenID:
		return spelling{403, "UnrecognizedClientException", 403}, true
	case MissingAuthenticationToken:
		return spelling{403, "MissingAuthenticationTokenException", 403}, true
	case OptInRequired:
		return spelling{403, "OptInRequired", 403}, true
	case RequestExpired:
		return spelling{400, "RequestExpired", 400}, true
	case ServiceUnavailable:
		return spelling{503, "ServiceUnavailable", 503}, true
	case SignatureDoesNotMatch:
		return spelling{403, "InvalidSignatureException", 403}, true
	case Throttling:
		return spelling{400, "ThrottlingException", 429}, true
	case ValidationError:
		return spelling{400, "ValidationException", 400}, true
	}
	return spelling{}, false
}

// ownStatus is the status of a code that belongs to one service, where it is not
// 400: the errors sections of the IAM, STS and EKS API references.
func ownStatus(code string) int {
	switch code {
	case "ConcurrentModification", "DeleteConflict", "EntityAlreadyExists",
		"EntityTemporarilyUnmodifiable", "LimitExceeded", "ResourceInUseException":
		return http.StatusConflict
	case "NoSuchEntity", "ResourceNotFoundException":
		return http.StatusNotFound
	case "RegionDisabledException":
		return http.StatusForbidden
	case "ServiceFailure", "ServerException":
		return http.StatusInternalServerError
	case "ServiceUnavailableException":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// resolve returns the code and status that p sends for e.
func (e *Error) resolve(p protocol) (code string, status int) {
	code, status = e.Code, ownStatus(e.Code)
	if s, ok := shared(e.Code); ok {
		status = s.queryStatus
		switch p {
		case queryProtocol:
		case jsonProtocol:
			code = s.exception
		case restProtocol:
			code, status = s.exception, s.restStatus
		}
	}
	if p == jsonProtocol && status < 500 {
		status = http.StatusBadRequest
	}
	if e.Status != 0 {
		status = e.Status
	}
	return code, status
}
