package ecr_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const letStrangerIn = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
	`"Principal":{"AWS":"arn:aws:iam::888888888888:root"},"Action":"ecr:ListImages"}]}`

func TestARepositoryPolicyLetsAnotherAccountIn(t *testing.T) {
	l := newLab(t)
	app := aws.String("app")
	list := func() error {
		_, err := l.ECR(sandboxtest.Stranger).ListImages(t.Context(), &ecr.ListImagesInput{
			RegistryId: aws.String("111111111111"), RepositoryName: app})
		return err
	}
	refused(t, list(), "AccessDeniedException", "")
	_, err := l.admin.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: app})
	refused(t, err, "RepositoryPolicyNotFoundException",
		"Repository policy does not exist for the repository with name 'app' in the registry with id '111111111111'")

	ok(l.admin.SetRepositoryPolicy(t.Context(), &ecr.SetRepositoryPolicyInput{
		RepositoryName: app, PolicyText: aws.String(letStrangerIn)}))(t)
	if err := list(); err != nil {
		t.Error(err)
	}
	got := ok(l.admin.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: app}))(t)
	if aws.ToString(got.PolicyText) != letStrangerIn {
		t.Errorf("the policy is %s", aws.ToString(got.PolicyText))
	}
	ok(l.admin.DeleteRepositoryPolicy(t.Context(), &ecr.DeleteRepositoryPolicyInput{RepositoryName: app}))(t)
	refused(t, list(), "AccessDeniedException", "")
	_, err = l.admin.DeleteRepositoryPolicy(t.Context(), &ecr.DeleteRepositoryPolicyInput{RepositoryName: app})
	refused(t, err, "RepositoryPolicyNotFoundException", "")
}

func TestAPolicyNamesItsUserAsLongAsThatExists(t *testing.T) {
	l := newLab(t)
	l.user("reader", "ecr:None")
	policy := strings.Replace(letStrangerIn, "888888888888:root", "111111111111:user/reader", 1)
	shown := func() string {
		return aws.ToString(ok(l.admin.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{
			RepositoryName: aws.String("app")}))(t).PolicyText)
	}
	ok(l.admin.SetRepositoryPolicy(t.Context(), &ecr.SetRepositoryPolicyInput{
		RepositoryName: aws.String("app"), PolicyText: &policy}))(t)
	if got := shown(); !strings.Contains(got, "arn:aws:iam::111111111111:user/reader") {
		t.Errorf("before: %s", got)
	}
	admin, reader := l.IAM(sandboxtest.Source), aws.String("reader")
	key := ok(admin.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: reader}))(t).AccessKeyMetadata[0]
	ok(admin.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: reader, AccessKeyId: key.AccessKeyId}))(t)
	ok(admin.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: reader, PolicyName: aws.String("p")}))(t)
	ok(admin.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: reader}))(t)
	if got := shown(); strings.Contains(got, "user/reader") || !strings.Contains(got, "AIDA") {
		t.Errorf("after: %s", got)
	}
}

func TestSetRepositoryPolicyRefuses(t *testing.T) {
	l := newLab(t)
	const invalid = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
	for sentence, test := range map[string]struct{ policy, message string }{
		"what is no JSON": {"{", invalid + "'Invalid repository policy provided'"},
		"a Resource": {strings.Replace(letStrangerIn, `"Action"`, `"Resource":"*","Action"`, 1),
			invalid + "'Invalid repository policy provided'"},
		"a user who does not exist": {strings.Replace(letStrangerIn, "888888888888:root", "888888888888:user/nobody", 1),
			invalid + "'Principal not found'"},
		"an account that does not exist": {strings.Replace(letStrangerIn, "888888888888", "777777777777", 1),
			invalid + "'Principal not found'"},
		"more than ECR takes": {letStrangerIn + strings.Repeat(" ", 10240),
			invalid + "'Member must have length less than or equal to 10240'"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := l.admin.SetRepositoryPolicy(t.Context(), &ecr.SetRepositoryPolicyInput{
				RepositoryName: aws.String("app"), PolicyText: &test.policy})
			refused(t, err, "InvalidParameterException", test.message)
		})
	}
}
