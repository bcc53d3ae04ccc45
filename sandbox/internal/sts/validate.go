package sts

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
	maxChained      = time.Hour
	maxPolicyText   = 2048 // characters of all session policies together
	maxPolicyARNs   = 10
	maxTags         = 50
)

// The shapes of the parameters are those of the service model.
var (
	sessionNameShape = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDShape  = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

func invalid(field, value, constraint string) error {
	return wire.Errorf(wire.ValidationError,
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, field, constraint)
}

// validate checks what does not depend on the role, before anything is decided.
func (in *assumeRoleInput) validate() error {
	role, err := arn.Parse(in.RoleArn)
	if err != nil || role.Service != "iam" || role.Kind() != "role" {
		return wire.Errorf(wire.ValidationError, "%s is invalid", in.RoleArn)
	}
	in.role = role
	if !sessionNameShape.MatchString(in.RoleSessionName) {
		return invalid("roleSessionName", in.RoleSessionName,
			`Member must satisfy regular expression pattern: [\w+=,.@-]* and have length between 2 and 64`)
	}
	if in.ExternalID != nil && !validExternalID(*in.ExternalID) {
		return invalid("externalId", *in.ExternalID,
			`Member must satisfy regular expression pattern: [\w+=,.@:\/-]* and have length between 2 and 1224`)
	}
	if in.SourceIdentity != "" && !sessionNameShape.MatchString(in.SourceIdentity) {
		return invalid("sourceIdentity", in.SourceIdentity,
			`Member must satisfy regular expression pattern: [\w+=,.@-]* and have length between 2 and 64`)
	}
	if d := in.duration(); d < minDuration || d > maxDuration {
		return invalid("durationSeconds", d.String(), "Member must have value between 900 and 43200")
	}
	return in.checkTags()
}

// checkTags wants tag keys that differ by more than case, as IAM does.
func (in *assumeRoleInput) checkTags() error {
	if len(in.Tags) > maxTags {
		return invalid("tags", "", "Member must have length less than or equal to 50")
	}
	seen := map[string]bool{}
	for _, tag := range in.Tags {
		key := strings.ToLower(tag.Key)
		if key == "" || len(tag.Key) > 128 || len(tag.Value) > 256 {
			return invalid("tags", tag.Key, "keys have 1 to 128 characters and values at most 256")
		}
		if seen[key] {
			return wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[key] = true
	}
	for _, key := range in.TransitiveTagKeys {
		if !seen[strings.ToLower(key)] {
			return wire.Errorf(wire.ValidationError, "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

func validExternalID(id string) bool {
	return len(id) >= 2 && len(id) <= 1224 && externalIDShape.MatchString(id)
}

func (in *assumeRoleInput) duration() time.Duration {
	if in.DurationSeconds == nil {
		return defaultDuration
	}
	return time.Duration(*in.DurationSeconds) * time.Second
}

// checkDuration holds the duration against the role, and against the hour that a session of a session may last. A user's
// session is no chain.
func (in *assumeRoleInput) checkDuration(role *state.Role, caller *guard.Caller) error {
	if caller.Session != nil && in.duration() > maxChained {
		return wire.Errorf(wire.ValidationError,
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if in.DurationSeconds != nil && in.duration() > role.MaxSession {
		return wire.Errorf(wire.ValidationError,
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// sessionPolicies returns the texts of the policies that limit the session, and how much of their quota they take, in
// percent; nil where there are none.
func (in *assumeRoleInput) sessionPolicies(call *api.Call) (texts []string, packed *int, err error) {
	if len(in.PolicyArns) > maxPolicyARNs {
		return nil, nil, wire.Errorf(wire.ValidationError, "The number of policy ARNs exceeds the limit of %d.", maxPolicyARNs)
	}
	if in.Policy != "" {
		texts = append(texts, in.Policy)
	}
	for _, descriptor := range in.PolicyArns {
		text, err := managedPolicy(call, in.role.Account, descriptor.Arn)
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, text)
	}
	for _, text := range texts {
		if _, err := state.NewDocument(iampolicy.Session, "session policy", text); err != nil {
			return nil, nil, malformed(err)
		}
	}
	if len(in.Policy) > maxPolicyText {
		return nil, nil, wire.Errorf("PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use "+
			"smaller policy.", len(in.Policy)*100/maxPolicyText)
	}
	if len(texts) > 0 {
		percent := max(1, len(in.Policy)*100/maxPolicyText)
		packed = &percent
	}
	return texts, packed, nil
}

// managedPolicy returns the text of a policy that may limit a session of a role: one of the role's account or of AWS.
func managedPolicy(call *api.Call, account arn.AccountID, text string) (string, error) {
	name, err := arn.Parse(text)
	if err != nil {
		return "", wire.Errorf(wire.ValidationError, "ARN %s is not valid.", text)
	}
	policy, ok := call.World.Policy(name)
	if !ok || (policy.Account != "" && policy.Account != account) {
		return "", wire.Errorf("MalformedPolicyDocument", "Policy %s does not exist or is not attachable.", text)
	}
	return policy.Document().Text, nil
}

func malformed(err error) error {
	var syntax *iampolicy.SyntaxError
	if errors.As(err, &syntax) {
		return wire.Errorf("MalformedPolicyDocument", "%s", syntax.Msg)
	}
	return wire.Errorf("MalformedPolicyDocument", "The policy is not in the valid JSON format.")
}
