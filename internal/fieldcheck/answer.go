package fieldcheck

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// answer is what a server said. Its body may hold secrets: only a refusal's code and message are ever shown.
type answer struct {
	status  int
	code    string
	message string
	header  http.Header
	body    []byte
}

// ok reports whether the request was done.
func (a answer) ok() bool { return a.status/100 == 2 }

// refused reports whether it was refused with a code.
func (a answer) refused(code string) bool { return !a.ok() && a.code == code }

// String is the answer for people: the status, and of a refusal the code and the message.
func (a answer) String() string {
	text := fmt.Sprint(a.status)
	if a.code != "" {
		text += " " + a.code
	}
	if a.message != "" {
		text += ": " + a.message
	}
	return text
}

// passing reports whether the same request may soon fare better: AWS was asked too much, or failed. The codes are those of
// "Common Errors" in the API references of STS, IAM and ECR.
func (a answer) passing() bool {
	if a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		return true
	}
	switch a.code {
	case "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "TOOMANYREQUESTS", "SlowDown":
		return true
	}
	return false
}

// longestPlain bounds the text of a refusal that has no form, in bytes.
const longestPlain = 200

// parseRefusal reads the code and the message of a refusal: the XML of the Query protocol and of S3, the JSON of ECR's API,
// the errors of the OCI distribution specification. A body of no such form is all message.
func parseRefusal(body []byte) (code, message string) {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), "\uFFFD"))
	switch {
	case strings.HasPrefix(text, "<"):
		code, message = parseXML(text)
	case strings.HasPrefix(text, "{"):
		code, message = parseJSON(text)
	}
	if code != "" || message != "" {
		return code, message
	}
	if len(text) > longestPlain {
		text = text[:longestPlain]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return "", text
}

func parseXML(text string) (code, message string) {
	var refusal struct {
		Code    string
		Message string
		Error   struct{ Code, Message string }
	}
	if err := xml.Unmarshal([]byte(text), &refusal); err != nil {
		return "", ""
	}
	if refusal.Error.Code != "" {
		return refusal.Error.Code, refusal.Error.Message
	}
	return refusal.Code, refusal.Message
}

func parseJSON(text string) (code, message string) {
	var refusal struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // encoding/json takes "Message" too
		Errors  []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(text), &refusal); err != nil {
		return "", ""
	}
	if len(refusal.Errors) > 0 {
		return refusal.Errors[0].Code, refusal.Errors[0].Message
	}
	// The type may stand behind a namespace (Smithy, "AWS JSON 1.1 protocol").
	return refusal.Type[strings.LastIndex(refusal.Type, "#")+1:], refusal.Message
}
