package trouble

import (
	"regexp"
	"time"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
)

// clockOff is how AWS refuses a signature of another time: `Signature expired: T1 is now earlier than T2 (T3 - 15 min.)`, or
// `Signature not yet current: T1 is still later than T2 (T3 + 15 min.)` [seen]. S3 has words of its own: RequestTimeTooSkewed
// (Amazon S3 API Reference, "Error responses") [doc].
var clockOff = regexp.MustCompile(`Signature\s+(?:expired|not\s+yet\s+current)(?::\s+(?P<signed>\d{8}T\d{6}Z)\s+is\s+(?:now\s+earlier|still\s+later)` +
	`\s+than\s+\d{8}T\d{6}Z\s+\((?P<now>\d{8}T\d{6}Z)\s+[-+]\s+\d+\s+min)?|\bRequestTimeTooSkewed\b`)

// amzDate is the form of X-Amz-Date ("Create a signed AWS API request", IAM User Guide).
const amzDate = "20060102T150405Z"

func readClock(h hit) (Finding, bool) {
	f := Finding{
		Link: verify.LinkIdentity, Kind: explain.Clock, Conclusion: explain.Certain, Proven: before(verify.LinkIdentity),
		Said: h.envelope("SignatureDoesNotMatch"),
		Meaning: "The clock of the machine that asked is wrong: AWS refuses what was signed minutes ago or hence. Every call " +
			"from there fails, whatever the policies say.",
		Next: []Step{{Text: "set the clock of that machine, and have it kept by NTP", Command: "timedatectl status"}},
	}
	f.Said.Message = "the signature's time and AWS's differ too much"
	signed, err := time.Parse(amzDate, h.group("signed"))
	now, err2 := time.Parse(amzDate, h.group("now"))
	if err == nil && err2 == nil {
		by, word := now.Sub(signed), "behind"
		if by < 0 {
			by, word = -by, "ahead"
		}
		f.Said.Message = "Signature of " + signed.Format(amzDate) + " refused at " + now.Format(amzDate)
		f.Meaning += " It is " + by.Round(time.Second).String() + " " + word + "."
	}
	return f, true
}
