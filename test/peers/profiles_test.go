package peers

import (
	"path/filepath"
	"slices"
	"testing"
)

func theProfiles() play { return play{name: "the profiles", act: askByProfile} }

// askByProfile asks each service once with a profile of the sandbox's own config file and nothing else.
func askByProfile(t *testing.T, s *scene) {
	questions := []struct {
		service, account string
		args             []string
		want             string
	}{
		{"STS", destination, []string{"sts", "get-caller-identity", "--query", "Account"}, destination},
		{"IAM", stranger, []string{"iam", "get-user", "--query", "User.Arn"}, "arn:aws:iam::888888888888:user/administrator"},
		{"EKS", source, []string{"eks", "describe-eks-anywhere-subscription", "--id", subscription, "--query", "subscription.status"}, "ACTIVE"},
		{"ECR", source, []string{"ecr", "describe-registry", "--query", "registryId"}, source},
	}
	env := slices.Concat(s.bare(), []string{
		"AWS_CONFIG_FILE=" + filepath.Join(s.cloud.dir, "aws", "config"), "AWS_EC2_METADATA_DISABLED=true",
	})
	for _, q := range questions {
		s.check(t, s.aws, q.service+" by the sandbox's profiles", func(t *testing.T) string {
			same(t, printed(t, s.aws.run(t, env, nil, append([]string{"--profile", q.account}, q.args...)...)), q.want)
			return "answers"
		})
	}
}
