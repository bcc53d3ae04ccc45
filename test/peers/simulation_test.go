package peers

import (
	"slices"
	"testing"
)

func theSimulator() play { return play{name: "the policy simulator", act: simulate} }

// manual is the policy in the examples of `aws iam simulate-custom-policy help`.
const manual = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",` +
	`"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}`

// simulate repeats the examples of the AWS CLI's manual, then asks what the page's user and role may do.
func simulate(t *testing.T, s *scene) {
	s.check(t, s.aws, "the manual's simulations", func(t *testing.T) string {
		custom := func(now string) string {
			return string(s.admin(t, source, "iam", "simulate-custom-policy",
				"--policy-input-list", manual, "--action-names", "dynamodb:CreateBackup",
				"--context-entries", "ContextKeyName='aws:CurrentTime',ContextKeyValues='"+now+"',ContextKeyType=date",
				"--output", "json", "--query", "EvaluationResults[0]."+
					"[EvalActionName,EvalResourceName,EvalDecision,MatchedStatements,MissingContextValues]").succeeded(t).stdout)
		}
		sameJSON(t, custom("2019-04-25T11:00:00Z"), `["dynamodb:CreateBackup","*","allowed",`+
			`[{"SourcePolicyId":"PolicyInputList.1","SourcePolicyType":"IAM Policy",`+
			`"StartPosition":{"Line":1,"Column":38},"EndPosition":{"Line":1,"Column":167}}],[]]`)
		sameJSON(t, custom("2014-04-25T11:00:00Z"), `["dynamodb:CreateBackup","*","implicitDeny",[],[]]`)
		return "allowed and implicitDeny, as printed there"
	})
	p := byTheBook(t)
	p.createRole(t, s, p.createPolicy(t, s))
	p.createUser(t, s)
	s.check(t, s.aws, "what the page's user may do", func(t *testing.T) string { return p.simulateUser(t, s) })
	s.check(t, s.aws, "what the page's role may do", func(t *testing.T) string { return p.simulateRole(t, s) })
	s.check(t, s.aws, "a user that is not there", func(t *testing.T) string {
		asked := s.admin(t, source, "iam", "simulate-principal-policy",
			"--policy-source-arn", "arn:aws:iam::111111111111:user/nobody", "--action-names", "sts:AssumeRole")
		contains(t, asked.stderr, "An error occurred (NoSuchEntity) when calling the SimulatePrincipalPolicy operation: "+
			"Unable to retrieve specified IAM entity.")
		return "refused: NoSuchEntity"
	})
}

func (p page) simulateUser(t *testing.T, s *scene) string {
	asked := s.admin(t, p.recipient, "iam", "simulate-principal-policy",
		"--policy-source-arn", "arn:aws:iam::999999999999:user/"+userName, "--action-names", "sts:AssumeRole", "iam:CreateUser",
		"--resource-arns", "arn:aws:iam::111111111111:role/"+roleName,
		"--output", "json", "--query", "EvaluationResults[].[EvalActionName,EvalDecision,MatchedStatements[].SourcePolicyId]")
	sameJSON(t, string(asked.succeeded(t).stdout),
		`[["sts:AssumeRole","allowed",["`+assumePolicyName+`"]],["iam:CreateUser","implicitDeny",[]]]`)
	return "sts:AssumeRole by the policy of step 4"
}

// simulateRole asks about the registry's repository, once by the role's policy alone and once across accounts, with a
// repository policy that does not let the source account in.
func (p page) simulateRole(t *testing.T, s *scene) string {
	repository := "arn:aws:ecr:us-west-2:" + p.registry + ":repository/eks-anywhere-packages-bundles"
	ask := func(query string, more ...string) string {
		return string(s.admin(t, source, slices.Concat([]string{
			"iam", "simulate-principal-policy", "--policy-source-arn", "arn:aws:iam::111111111111:role/" + roleName,
			"--action-names", "ecr:BatchGetImage", "--resource-arns", repository, "--output", "json", "--query", query,
		}, more)...).succeeded(t).stdout)
	}
	sameJSON(t, ask("EvaluationResults[].[EvalDecision,EvalDecisionDetails,ResourceSpecificResults[0].EvalResourceName]"),
		`[["allowed",{},"`+repository+`"]]`)
	stranger := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + stranger + `:root"},` +
		`"Action":"ecr:BatchGetImage"}]}`
	sameJSON(t, ask("EvaluationResults[].[EvalDecision,EvalDecisionDetails]", "--resource-policy", stranger),
		`[["implicitDeny",{"IAM Policy":"allowed","Resource Policy":"implicitDeny"}]]`)
	return "ecr:BatchGetImage, unless the repository says otherwise"
}
