package arn

import "strings"

// Partition is the partition of AWS's commercial Regions, which the building functions put into an ARN.
const Partition = "aws"

// IAM builds the ARN of an IAM resource: kind is user, role, policy, group or instance-profile; path begins and ends
// with a slash (empty means "/").
func IAM(account AccountID, kind, path, name string) ARN {
	if path == "" {
		path = "/"
	}
	return ARN{Partition: Partition, Service: "iam", Account: account, Resource: kind + path + name}
}

// Root builds arn:aws:iam::account:root, which names the account as a principal.
func Root(account AccountID) ARN {
	return ARN{Partition: Partition, Service: "iam", Account: account, Resource: "root"}
}

// AssumedRole builds the ARN of a role session. It holds the role's name without its path, as STS prints it.
func AssumedRole(account AccountID, role, session string) ARN {
	return ARN{Partition: Partition, Service: "sts", Account: account, Resource: "assumed-role/" + role + "/" + session}
}

// Repository builds the ARN of an ECR repository.
func Repository(region Region, account AccountID, name string) ARN {
	return ARN{Partition: Partition, Service: "ecr", Region: region, Account: account, Resource: "repository/" + name}
}

// Kind returns the first word of the resource, up to a slash or colon: user, role, policy, assumed-role, repository,
// root and so on.
func (a ARN) Kind() string {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[:i]
	}
	return a.Resource
}

// Path returns the path of an IAM resource with both slashes, "/" at least. Other services have no paths and get "".
func (a ARN) Path() string {
	rest, ok := strings.CutPrefix(a.Resource, a.Kind()+"/")
	if a.Service != "iam" || !ok || rest == "" {
		return ""
	}
	return "/" + rest[:strings.LastIndexByte(rest, '/')+1]
}

// Name returns what the resource is called within its kind: the last element for IAM, the role of a role session, all
// that follows the kind elsewhere (repository names hold slashes). It is empty where the resource is one word.
func (a ARN) Name() string {
	rest := a.afterKind()
	switch {
	case a.Service == "iam":
		return rest[strings.LastIndexByte(rest, '/')+1:]
	case a.Service == "sts" && a.Kind() == "assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		return role
	}
	return rest
}

// Session returns the session name of an assumed-role ARN, else the empty string.
func (a ARN) Session() string {
	if a.Service != "sts" || a.Kind() != "assumed-role" {
		return ""
	}
	_, session, _ := strings.Cut(a.afterKind(), "/")
	return session
}

func (a ARN) afterKind() string {
	kind := a.Kind()
	if len(kind) == len(a.Resource) {
		return ""
	}
	return a.Resource[len(kind)+1:]
}
