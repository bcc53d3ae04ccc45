package explain

import (
	"fmt"
	"time"
)

// tolerated is how far a clock may be off before the strictest of AWS's services refuses its signatures: ECR and most others
// take 5 minutes, STS and IAM 15 [seen].
const tolerated = 5 * time.Minute

// nearTolerated is from where on it is spoken of.
const nearTolerated = tolerated - time.Minute

// tellClock speaks of a clock that is off though nothing came of it here: the SDK that tried the chain corrects itself
// by the date of a refusal, which not every client does.
func (e *Evidence) tellClock(r *Report) {
	off := e.Skew.Round(time.Minute)
	if off.Abs() < nearTolerated {
		return
	}
	direction := "slow"
	if off < 0 {
		direction = "fast"
	}
	r.Nearest = append(r.Nearest, Miss{
		Kind: Clock, Where: "the clock of this machine", Expected: "within 5m of AWS's", Found: off.Abs().String() + " " + direction,
		Text: fmt.Sprintf("the clock here is %s %s: clients that do not correct themselves are refused", off.Abs(), direction),
	})
}
