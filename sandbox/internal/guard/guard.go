package guard

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Target is one thing that an operation does to one resource: each must be allowed.
type Target struct {
	// Action is "service:Name"; empty means the operation's own.
	Action string
	// Resource is an ARN, or "*" (also where it is empty) for an action without a resource.
	Resource string
	// Owner is the account of the resource; empty means the caller's.
	Owner arn.AccountID
	// Policy is the resource's own policy; Trust says that it is a role's trust policy.
	Policy *state.Document
	Trust  bool
	// Tags are the resource's tags, for aws:ResourceTag.
	Tags state.Tags
	// Keys are further condition keys, such as sts:ExternalId.
	Keys map[string][]string
}

// WithRequestTags adds the tags that a request wants to set, for aws:RequestTag and aws:TagKeys.
func (t Target) WithRequestTags(tags []state.Tag) Target {
	keys := map[string][]string{}
	for name, values := range t.Keys {
		keys[name] = values
	}
	for _, tag := range tags {
		keys["aws:RequestTag/"+tag.Key] = []string{tag.Value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], tag.Key)
	}
	t.Keys = keys
	return t
}

// Decide returns the decision on a target.
func Decide(world *state.World, caller *Caller, scene Scene, target Target) authz.Decision {
	owner := target.owner(caller)
	request := authz.Request{
		Principal:       caller.Principal,
		Action:          target.Action,
		Resource:        target.Resource,
		ResourceAccount: owner,
		Context:         scene.context(world, caller, target),
	}
	if request.Resource == "" {
		request.Resource = "*"
	}
	policies := authz.Policies{
		Identity: caller.identity(world),
		Trust:    target.Trust,
		Boundary: caller.boundary(world),
		Session:  caller.session(),
		SCPs:     world.SCPs(caller.Account.ID),
	}
	if boundByRCPs(target.Action) {
		policies.RCPs = world.RCPs(owner)
	}
	if target.Policy != nil {
		policies.Resource = target.Policy.Compiled
	}
	return authz.Evaluate(&request, &policies)
}

// boundByRCPs tells which of the sandbox's services have resources that resource control policies bind: "List of AWS
// services that support RCPs" (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html)
// has STS and, since June 2025, ECR; it has neither IAM nor EKS.
func boundByRCPs(action string) bool {
	service, _, _ := strings.Cut(action, ":")
	return service == "sts" || service == "ecr"
}

func (t Target) owner(caller *Caller) arn.AccountID {
	if t.Owner == "" {
		return caller.Account.ID
	}
	return t.Owner
}
