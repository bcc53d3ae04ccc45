package simulator

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// Everything is the resource of a simulation that names none.
const Everything = "*"

// A resourceType is what the actions of a service concern: how the simulator shows it, and the service in its ARNs.
type resourceType struct {
	template string
	service  string
}

// resourceTypeOf knows the services that the sandbox has; of others the simulator does not say more than "*" here.
func resourceTypeOf(action string) (resourceType, bool) {
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	switch service {
	case "iam":
		return resourceType{"arn:aws:iam::${Account}:${ResourceType}/${ResourceName}", "iam"}, true // [seen]
	case "sts":
		return resourceType{"arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", "iam"}, true
	case "ecr":
		return resourceType{"arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}", "ecr"}, true
	case "eks":
		return resourceType{"arn:${Partition}:eks:${Region}:${Account}:eks-anywhere-subscription/${UUID}", "eks"}, true
	}
	return resourceType{}, false
}

// ResourceName is what the result for an action calls the resources together: a single one by its name, several by
// "the ARN template for the simulated resource type … or * if no ARN format is defined for the action" (API_EvaluationResult
// [doc]; a single one is echoed all the same [seen]). Templates are those of the Service Authorization Reference.
func ResourceName(action string, resources []string) string {
	if len(resources) == 1 {
		return resources[0]
	}
	if known, ok := resourceTypeOf(action); ok {
		return known.template
	}
	return Everything
}

// eligible reports whether an action can concern a resource: no policy has a say on an action that cannot [seen].
func eligible(action, resource string) bool {
	known, ok := resourceTypeOf(action)
	if !ok || resource == Everything {
		return true
	}
	name, err := arn.Parse(resource)
	return err == nil && name.Service == known.service
}
