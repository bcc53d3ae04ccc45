package cases

import "strings"

// A Form is what sort of caller a principal is.
type Form string

// The forms.
const (
	User      Form = "IAM user"
	Role      Form = "role session"
	Federated Form = "federated user"
	Root      Form = "root user"
	Service   Form = "AWS service"
	Anonymous Form = "anonymous"
)

// A Principal is a caller. Those of the generator are the ones of authz/testdata/principals.json, so that a case can become
// an entry of the corpus.
type Principal struct {
	Name    string // in principals.json
	Form    Form
	ARN     string // as GetCallerIdentity prints it; a service's name, or "anonymous"
	Account string
	Source  string // the role of a session, with its path
	ID      string // the unique id of the user or role
	Session string // the name of a session
	User    string // the friendly name of a user
}

// principals returns the callers, each as often as it is to be drawn.
func principals() []Principal {
	alice := Principal{
		Name: "alice", Form: User, ARN: "arn:aws:iam::111122223333:user/dev/alice", Account: "111122223333",
		ID: "AIDAALICE00000000001", User: "alice",
	}
	curated := Principal{
		Name: "curated", Form: User, ARN: "arn:aws:iam::999999999999:user/curated-packages-user", Account: "999999999999",
		ID: "AIDACURATED000000001", User: "curated-packages-user",
	}
	session := Principal{
		Name: "session", Form: Role, ARN: "arn:aws:sts::111122223333:assumed-role/examplerole/s1", Account: "111122223333",
		Source: "arn:aws:iam::111122223333:role/app/examplerole", ID: "AROAEXAMPLE000000001", Session: "s1",
	}
	puller := Principal{
		Name: "puller", Form: Role, ARN: "arn:aws:sts::111111111111:assumed-role/curated-packages-role/store-001",
		Account: "111111111111", Source: "arn:aws:iam::111111111111:role/curated-packages-role", ID: "AROACURATED000000001",
		Session: "store-001",
	}
	linked := Principal{
		Name: "linked", Form: Role, ARN: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/autoscaling",
		Account: "111122223333", ID: "AROALINKED0000000001", Session: "autoscaling",
		Source: "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
	}
	federated := Principal{
		Name: "federated", Form: Federated, ARN: "arn:aws:sts::111122223333:federated-user/guest", Account: "111122223333",
		Session: "guest",
	}
	root := Principal{Name: "root", Form: Root, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333"}
	ec2 := Principal{Name: "ec2", Form: Service, ARN: "ec2.amazonaws.com"}
	anonymous := Principal{Name: "anonymous", Form: Anonymous, ARN: "anonymous"}
	return []Principal{
		alice, alice, alice, alice, curated, curated, session, session, session, session, puller, puller, linked,
		federated, federated, root, ec2, anonymous,
	}
}

func accounts() []string {
	return []string{"111122223333", "111111111111", "999999999999", "444455556666"}
}

// identity returns the condition keys that tell who calls, as "AWS global condition context keys" has them
// (reference_policies_condition-keys.html) and, by principal, the table of reference_policies_variables.html#principaltable.
func (p Principal) identity() map[string][]string {
	switch p.Form {
	case User:
		return map[string][]string{
			"aws:PrincipalArn": {p.ARN}, "aws:PrincipalAccount": {p.Account}, "aws:PrincipalType": {"User"},
			"aws:userid": {p.ID}, "aws:username": {p.User},
		}
	case Role:
		return map[string][]string{
			"aws:PrincipalArn": {p.Source}, "aws:PrincipalAccount": {p.Account}, "aws:PrincipalType": {"AssumedRole"},
			"aws:userid": {p.ID + ":" + p.Session}, "aws:TokenIssueTime": {"2026-01-02T03:04:05Z"},
		}
	case Federated:
		return map[string][]string{
			"aws:PrincipalArn": {p.ARN}, "aws:PrincipalAccount": {p.Account}, "aws:PrincipalType": {"FederatedUser"},
			"aws:userid": {p.Account + ":" + p.Session}, "aws:TokenIssueTime": {"2026-01-02T03:04:05Z"},
		}
	case Root:
		return map[string][]string{
			"aws:PrincipalArn": {p.ARN}, "aws:PrincipalAccount": {p.Account}, "aws:PrincipalType": {"Account"},
			"aws:userid": {p.Account},
		}
	case Service:
		return map[string][]string{
			"aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {p.ARN},
			"aws:PrincipalServiceNamesList": {p.ARN, strings.Replace(p.ARN, ".", ".us-west-2.", 1)},
		}
	case Anonymous:
	}
	return map[string][]string{"aws:PrincipalType": {"Anonymous"}, "aws:userid": {"anonymous"}}
}
