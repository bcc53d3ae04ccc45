package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"k8s.io/client-go/rest"
)

// What may be on the other end is a cluster that somebody else rules, or no API server at all: a sign-in page, a load
// balancer that knows no such host. Neither may be taken for a cluster that holds nothing, nor cost more than these.
const (
	// longestAnswer is more than the Packages or pods of any cluster take; etcd holds no object of more than 1.5 MiB.
	longestAnswer = 8 << 20
	// longestCall bounds a request with all that client-go repeats of it, and with a program that signs in: people may have
	// to do that in a browser.
	longestCall = 3 * time.Minute
	// longestWords is as much of what a server says as helps.
	longestWords = 300
)

var (
	errTooLong  = fmt.Errorf("its answer is longer than %d MiB", longestAnswer>>20)
	errRedirect = errors.New("what answers is no API server: it sends callers elsewhere")
)

// stay refuses to follow redirects, which no API server gives: a token would go wherever they lead.
func stay(to *http.Request, _ []*http.Request) error {
	return fmt.Errorf("%w, to %s", errRedirect, printable(to.URL.Host))
}

// bounded ends answers that are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err == nil {
		response.Body = &boundedBody{ReadCloser: response.Body, left: longestAnswer}
	}
	return response, err
}

// boundedBody gives an error where io.LimitReader would pretend that the answer has ended.
type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// ask makes a request, which ends when the context does: a program that signs in knows no context.
func ask(ctx context.Context, request *rest.Request) ([]byte, error) {
	type answer struct {
		body []byte
		err  error
	}
	given := make(chan answer, 1)
	go func() {
		result := request.Do(ctx)
		body, _ := result.Raw() // Its error is the same, in fewer words.
		given <- answer{body, result.Error()}
	}()
	select {
	case a := <-given:
		return a.body, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isOf finds out whether an answer is the object that was asked for: whatever else answers with success is no API server.
func (o object) isOf(answer []byte) error {
	var found struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		// The error is not passed on: it helps nobody to know at which character a web page is no JSON.
		return &failure{kind: ErrUnreachable, words: "what answers is no API server: it speaks no JSON", cause: err}
	}
	if found.Kind != o.kind || o.name != "" && found.Metadata.Name != o.name {
		return &failure{kind: ErrUnreachable, words: "what answers is no API server: it gives no " + o.kind, cause: errOther}
	}
	return nil
}

var errOther = errors.New("another object than the one that was asked for")

// printable makes one short line of what a server says, without anything that a terminal would obey.
func printable(words string) string {
	line := strings.Join(strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(line); len(runes) > longestWords {
		return string(runes[:longestWords]) + "…"
	}
	return line
}
