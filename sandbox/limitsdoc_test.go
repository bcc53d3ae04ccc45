package sandbox

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// TestTheLimitsAreAsDocumented holds the tables of docs/sandbox-limits.md against the program.
func TestTheLimitsAreAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/sandbox-limits.md")
	if err != nil {
		t.Fatal(err)
	}
	limits := bounds.Standard()
	kib := func(n int) string { return fmt.Sprintf("%d KiB", n>>10) }
	mib := func(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
	for _, row := range []struct{ what, limit string }{
		{"| head of a request, TLS handshake", limits.Header.String()},
		{"| a connection between two requests", limits.Idle.String()},
		{"| the next " + kib(limits.Piece) + " of a body, or all that is left of it", limits.Stall.String()},
		{"| the next " + kib(limits.Piece) + " of an answer (64 KiB of a file without TLS)", limits.Stall.String()},
		{"| head of a request", kib(limits.HeaderBytes)},
		{"| header fields", fmt.Sprint(limits.HeaderFields)},
		{"| connections to a port at the same time", fmt.Sprint(limits.Connections)},
		{"| body of a request to IAM, STS or EKS", mib(maxBody("iam"))},
		{"| body of a request to ECR (a part of a layer, in base64)", mib(maxBody("ecr"))},
		{"| bodies in memory, of all requests to the APIs", mib(bodiesLimit)},
		{"| manifest", mib(images.MaxManifest)},
		{"| forecast at the control endpoint", kib(weather.MaxSize)},
		{"| requests that the control endpoint tells of", fmt.Sprint(keptRequests)},
	} {
		if line := row.what + " | " + row.limit + " |"; !strings.Contains(string(doc), line) {
			t.Errorf("the document does not have %q", line)
		}
	}
	for _, text := range []string{
		fmt.Sprintf("%d bytes a second", int(float64(limits.Piece)/limits.Stall.Seconds())), "gone so for " + limits.Grace.String(),
	} {
		if !strings.Contains(string(doc), text) {
			t.Errorf("the document does not have %q", text)
		}
	}
}
