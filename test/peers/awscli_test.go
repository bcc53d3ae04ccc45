package peers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// awsOperations are what an AWS CLI does with the delivered file.
func awsOperations(aws program) []operation {
	asks := func(args ...string) func(*testing.T, attempt) outcome {
		return func(t *testing.T, a attempt) outcome { return aws.run(t, a.env(t), nil, args...) }
	}
	return []operation{
		{aws, "sts get-caller-identity", pulls, asks("sts", "get-caller-identity", "--query", "Arn"), showsRole, atAssumeRole},
		{aws, "ecr get-login-password", pulls, asks("ecr", "get-login-password"), showsPassword, atToken},
		{
			aws, "ecr describe-repositories", looks,
			func(t *testing.T, a attempt) outcome {
				return asks("ecr", "describe-repositories", "--registry-id", registryByTable(t, region),
					"--repository-names", bundleRepository, "--query", "repositories[].repositoryName")(t, a)
			},
			showsRepository, atECR("ecr:DescribeRepositories", bundleRepository),
		},
		{
			aws, askPackageRegistry, push,
			func(t *testing.T, a attempt) outcome {
				administrator := a.scene
				administrator.aws, administrator.home = aws, a.home
				administrator.teachPackageRegistry(t)
				return asks(pageQuery()...)(t, a)
			},
			nil, atSubscription,
		},
	}
}

// atSubscription is how EKS refuses the role the subscription: no posture grants it.
func atSubscription(l *lending, _ condition) refusal {
	return l.notAllowed("AccessDeniedException", "eks:DescribeEksAnywhereSubscription",
		"arn:aws:eks:"+region+":"+source+":eks-anywhere-subscription/"+subscription)
}

// showsRole demands that a program printed the role's session as the caller.
func showsRole(t *testing.T, a attempt, o outcome) string {
	t.Helper()
	who := strings.Trim(o.text(), `"`)
	if want := "arn:aws:sts::" + source + ":assumed-role/" + base(a.role) + "/"; !strings.HasPrefix(who, want) {
		t.Errorf("the caller is %s, want %s…", who, want)
	}
	return "the caller is the role"
}

// showsPassword demands a password of one line, and tells nothing of it.
func showsPassword(t *testing.T, _ attempt, o outcome) string {
	t.Helper()
	if password := o.text(); password == "" || strings.ContainsAny(password, " \n") {
		t.Error("what it printed is not a password of one line")
	}
	return "a password"
}

func showsRepository(t *testing.T, _ attempt, o outcome) string {
	t.Helper()
	var names []string
	if err := json.Unmarshal(o.stdout, &names); err != nil {
		t.Fatalf("it printed no list of names: %v", err)
	}
	if !slices.Equal(names, []string{bundleRepository}) {
		t.Errorf("it printed %v, want %s alone", names, bundleRepository)
	}
	return "the bundle's repository"
}
