package sts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
	maxChained      = time.Hour
	// maxPolicyText is in characters: "The plaintext that you use for both inline and managed session policies can't
	// exceed 2,048 characters" (API_AssumeRole). How AWS packs them is not documented.
	maxPolicyText = 2048
	maxPolicyARNs = 10
	maxTags       = 50
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

// validate checks what does not depend on the role, before anything is decided. From is the caller's own session, nil
// for none.
func (in *assumeRoleInput) validate(from *token.Session) error {
	if err := in.checkRole(); err != nil {
		return err
	}
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
	if err := in.checkSeconds(); err != nil {
		return err
	}
	if err := in.checkTags(); err != nil {
		return err
	}
	if from != nil {
		return in.checkInherited(from)
	}
	return nil
}

func (in *assumeRoleInput) checkRole() error {
	role, err := arn.Parse(in.RoleArn)
	if err == nil {
		_, err = arn.ParseAccountID(string(role.Account))
	}
	if err != nil || role.Service != "iam" || role.Kind() != "role" {
		return wire.Errorf(wire.ValidationError, "%s is invalid", in.RoleArn)
	}
	in.role = role
	return nil
}

// checkSeconds looks at the number itself, which may be too large for a duration.
func (in *assumeRoleInput) checkSeconds() error {
	if in.DurationSeconds == nil {
		return nil
	}
	seconds := *in.DurationSeconds
	if least := int(minDuration / time.Second); seconds < least {
		return invalid("durationSeconds", strconv.Itoa(seconds), fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
	if most := int(maxDuration / time.Second); seconds > most {
		return invalid("durationSeconds", strconv.Itoa(seconds), fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
	return nil
}

// checkInherited refuses what would change the tags and the source identity that a session hands on: "If you pass a
// session tag with the same key as an inherited tag, the operation fails"
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html); codes and texts are as [seen].
func (in *assumeRoleInput) checkInherited(from *token.Session) error {
	for _, tag := range in.Tags {
		if containsKey(from.TransitiveTags, tag.Key) {
			return wire.Errorf("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it "+
				"conflicts with a transitive tag key from the calling session.")
		}
	}
	if in.SourceIdentity != "" && from.SourceIdentity != "" && in.SourceIdentity != from.SourceIdentity {
		return wire.Errorf(wire.ValidationError, "The source identity is already set for this assume role session")
	}
	return nil
}

// containsKey compares the keys of tags, which do not differ by case alone.
func containsKey(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
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
		if !seen[strings.ToLower(key)] { // [seen]
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
	size := 0
	for _, text := range texts {
		if _, err := state.NewDocument(iampolicy.Session, "session policy", text); err != nil {
			return nil, nil, malformed(err)
		}
		size += len(text)
	}
	if len(texts) == 0 {
		return nil, nil, nil
	}
	percent := max(1, size*100/maxPolicyText)
	if size > maxPolicyText {
		return nil, nil, wire.Errorf("PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use "+
			"smaller policy.", percent)
	}
	return texts, &percent, nil
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
