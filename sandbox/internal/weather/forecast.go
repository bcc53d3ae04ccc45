package weather

import (
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Forecast says what the weather is. The zero Forecast is fair weather.
//
// All its times and rates are those of the sandbox's own clock: at a rate of 60 a latency of a minute is waited in a
// second.
type Forecast struct {
	// Seed is what every draw begins with: the same seed gives the same requests the same weather.
	Seed  uint64 `yaml:"seed,omitempty"`
	Clock Clock  `yaml:"clock,omitempty"`
	// Rules are looked through one thing at a time: of the rules at a request's place that say something about latency,
	// the last one counts, and so with each other thing. So the general stands first, the exceptions follow.
	Rules []Rule `yaml:"rules,omitempty"`
}

// Clock is how the sandbox's clock runs.
type Clock struct {
	// Offset is how far it is ahead; negative for behind.
	Offset time.Duration `yaml:"offset,omitempty"`
	// Rate is how many seconds pass in one; 0 is 1.
	Rate float64 `yaml:"rate,omitempty"`
}

// Rule is what happens at a place. What is nil is left as it was; what is there and zero undoes an earlier rule.
type Rule struct {
	At      Place    `yaml:"at,omitempty"`
	Latency *Latency `yaml:"latency,omitempty"`
	// Lag is the longest time after which a write to IAM is seen by the requests at the place. The writes of one account
	// may be seen in another order than they were made in. It is a matter of the data that a request finds, not of what
	// it does with it, so that the place has no operation.
	Lag      *time.Duration `yaml:"lag,omitempty"`
	Throttle *Throttle      `yaml:"throttle,omitempty"`
	Errors   *Errors        `yaml:"errors,omitempty"`
	Reset    *Reset         `yaml:"reset,omitempty"`
	Slow     *Slow          `yaml:"slow,omitempty"`
}

// Place is where a rule holds. What is empty is anywhere.
type Place struct {
	// Service is a signing name ("sts", "iam", "eks", "ecr"), "registry" or "layers"; a * stands for any characters.
	Service string `yaml:"service,omitempty"`
	// Operation is the name of an IAM action without its service, such as "CreateUser"; a * stands for any characters.
	Operation string `yaml:"operation,omitempty"`
	// Account is the one that a request acts for.
	Account arn.AccountID `yaml:"account,omitempty"`
}

// Latency is how long a request waits before it is handled. Exactly one way of saying it is used: Fixed, Min with Max
// (uniform), or Median with P99 (log-normal).
type Latency struct {
	Fixed  time.Duration `yaml:"fixed,omitempty"`
	Min    time.Duration `yaml:"min,omitempty"`
	Max    time.Duration `yaml:"max,omitempty"`
	Median time.Duration `yaml:"median,omitempty"`
	P99    time.Duration `yaml:"p99,omitempty"`
}

// Throttle answers requests with AWS's code for too many of them: those that find the bucket of their account empty, and a
// share of the others.
type Throttle struct {
	// Rate is how many requests a second an account has at the places of the rule, 0 for any number. Burst is how many it
	// may send at once, at least 1.
	Rate  float64 `yaml:"rate,omitempty"`
	Burst int     `yaml:"burst,omitempty"`
	Share float64 `yaml:"share,omitempty"`
}

// Errors are the shares of requests that are answered with 500 InternalFailure, or with 503 ServiceUnavailable, in place
// of being handled.
type Errors struct {
	Internal    float64 `yaml:"internal,omitempty"`
	Unavailable float64 `yaml:"unavailable,omitempty"`
}

// Reset is the shares of requests whose connection is reset before they are handled, and after: those took effect, and
// the answer is lost.
type Reset struct {
	Before float64 `yaml:"before,omitempty"`
	After  float64 `yaml:"after,omitempty"`
}

// Slow bounds how fast an answer's body comes.
type Slow struct {
	// BytesPerSecond is 0 for no bound.
	BytesPerSecond int64 `yaml:"bytesPerSecond,omitempty"`
}

// matches reports whether a visit is at the place.
func (p Place) matches(v Visit) bool {
	return p.covers(v.Service, v.Account) && glob(p.Operation, v.Operation)
}

// covers is matches for a request of which the operation is not known.
func (p Place) covers(service string, account arn.AccountID) bool {
	return glob(p.Service, service) && (p.Account == "" || p.Account == account)
}
