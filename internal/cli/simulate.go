package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/simulation"
)

func (a *app) simulateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "simulate [FILE]",
		Short: "Decide IAM cases from a file, without AWS",
		Long: `Reads IAM cases as JSON lines, from FILE or from stdin, and writes the decision on each as one line of JSON, in the
same order. A case holds a request and all the policies that concern it. Nothing is asked of AWS, and no condition key
is filled in: aws:PrincipalArn and its like are in a request only if the case gives them.

A case, which is one line, has the shape that @cloud-copilot/iam-simulate takes:
  {"id": TEXT, "simulation": {
    "request": {"principal": ARN, service or {"type": "Anonymous"}, "action": SERVICE:NAME,
                "resource": {"resource": ARN or "*", "accountId": OWNER}, "contextVariables": {KEY: TEXT or [TEXT, …]}},
    "identityPolicies": [{"name": TEXT, "policy": POLICY}], "resourcePolicy": POLICY, "sessionPolicy": POLICY,
    "permissionBoundaryPolicies": [at most one], "serviceControlPolicies": [{"orgIdentifier": TEXT, "policies": […]}],
    "resourceControlPolicies": […]}}
The resource policy of an sts action on a role is its trust policy. Service and resource control policies are listed by
level, the organization's root first; no level at all means that none bind. RCPFullAWSAccess is part of every level.
Of a principal, the path of a session's role is taken from aws:PrincipalArn, and unique ids are from aws:userid, where
the case gives them.

A result has:
  id          that of the case
  decision    Allowed, ExplicitlyDenied, ImplicitlyDenied, or error for a case with a mistake, which is never decided
  blockedBy   the first kind of policy that denies or withholds: rcp, scp, resource, identity, pb (the permissions
              boundary) or session
  statements  those that allow or deny it; where nothing denies, those of the kind that withholds it, and why they do not allow
  error       what is wrong, and where: in the line, or in the text of one of its policies

The exit code is 0 if every case was decided, whatever the decisions, 2 if there was a mistake in one, and 1 if cases
could not be read or results not be written.`,
		Example: `  echo '{"id":"pull","simulation":{"request":{"principal":"arn:aws:iam::111111111111:user/ci","action":"ecr:BatchGetImage","resource":{"resource":"arn:aws:ecr:us-west-2:111111111111:repository/app","accountId":"111111111111"}},"identityPolicies":[{"name":"read","policy":{"Version":"2012-10-17","Statement":{"Sid":"Pull","Effect":"Allow","Action":"ecr:*","Resource":"*"}}}]}}' | pullpass simulate`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.simulate(cmd.Context(), a.env.Stdin)
			}
			return a.simulateFile(cmd.Context(), args[0])
		},
	}
}

func (a *app) simulateFile(ctx context.Context, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("opening the cases: %w", err)
	}
	defer func() { _ = file.Close() }() // It was only read.
	return a.simulate(ctx, file)
}

func (a *app) simulate(ctx context.Context, cases io.Reader) error {
	summary, err := simulation.Stream(ctx, cases, a.env.Stdout)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	if summary.Undecided > 0 {
		return withHint(usagef("%d of %d cases were not decided, for the mistakes in them", summary.Undecided, summary.Cases),
			`their results have "decision":"error" and say what is wrong`)
	}
	return nil
}
