package iam

import "github.com/pullpass/pullpass/sandbox/internal/wire"

// The codes are those of the errors sections of the IAM API reference; the texts are [seen] unless said otherwise.

func noSuchEntity(word, name string) error {
	return wire.Errorf("NoSuchEntity", "The %s with name %s cannot be found.", word, name)
}

func noSuchKey(id string) error {
	return wire.Errorf("NoSuchEntity", "The Access Key with id %s cannot be found.", id)
}

func noSuchPolicy(arn string) error {
	return wire.Errorf("NoSuchEntity", "Policy %s was not found.", arn)
}

func notAttachable(arn string) error {
	return wire.Errorf("NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

func noSuchVersion(arn, version string) error {
	return wire.Errorf("NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", arn, version)
}

func noSuchBoundary(arn string) error {
	return wire.Errorf("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
}

func entityExists(title, name string) error {
	return wire.Errorf("EntityAlreadyExists", "%s with name %s already exists.", title, name)
}

func policyExists(name string) error {
	return wire.Errorf("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
}

func deleteConflict(text string) error { return wire.Errorf("DeleteConflict", "%s", text) }

func malformed(text string) error { return wire.Errorf("MalformedPolicyDocument", "%s", text) }

// invalidValue is the error of AWS's validation of parameters, which names them with a small first letter.
func invalidValue(parameter, constraint string) error {
	return wire.Errorf(wire.ValidationError,
		"1 validation error detected: Value at '%s' failed to satisfy constraint: %s", parameter, constraint)
}

func invalidARN(arn string) error {
	return wire.Errorf(wire.ValidationError, "ARN %s is not valid.", arn)
}

// invalidBoundaryARN has another code than invalidARN does.
func invalidBoundaryARN(arn string) error {
	return wire.Errorf("InvalidInput", "ARN %s is not valid.", arn)
}
