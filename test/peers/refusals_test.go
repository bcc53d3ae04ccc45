package peers

import (
	"strings"
	"testing"
)

// expired is an accounts file in which the subscription of AWS's page ended.
const expired = `accounts:
  - id: "111111111111"
    subscriptions:
      - id: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964
        region: us-west-2
        status: EXPIRED
        effective: 2024-01-01T00:00:00Z
        expires: 2025-01-01T00:00:00Z
  - id: "999999999999"
`

// What AWS says to one who may not assume the role. It is the same text whatever is amiss.
const mayNotAssume = "An error occurred (AccessDenied) when calling the AssumeRole operation: " +
	"User: arn:aws:iam::%s:user/curated-packages-user is not authorized to perform: sts:AssumeRole " +
	"on resource: arn:aws:iam::111111111111:role/curated-packages-role"

// A mistake is something wrong on one of the two sides, and where it comes to light.
type mistake struct {
	name     string
	accounts string // an accounts file; empty for the default accounts
	make     func(p *page)
	refused  func(t *testing.T, s *scene, p page, configFile string) string
}

func mistakes() []mistake {
	return []mistake{
		{
			name:    "the trust was left as the source account alone",
			make:    func(p *page) { p.trusted = source },
			refused: atTheRole,
		},
		{
			name:    "the trust names the wrong account",
			make:    func(p *page) { p.trusted = "222222222222" },
			refused: atTheRole,
		},
		{
			name:    "a stranger account tries what the page says",
			make:    func(p *page) { p.recipient = stranger },
			refused: atTheRole,
		},
		{
			name:    "the policy names the wrong registry account",
			make:    func(p *page) { p.registry = "331113665574" },
			refused: atTheRegistry,
		},
		{
			name:     "the subscription has expired",
			accounts: expired,
			make:     func(*page) {},
			refused:  atTheRegistry,
		},
	}
}

// atTheRole demands that the config file gets no password, since it does not get the role.
func atTheRole(t *testing.T, s *scene, p page, configFile string) string {
	t.Helper()
	asked := s.holder(t, configFile, "ecr", "get-login-password")
	if asked.code == 0 {
		t.Fatal("the AWS CLI got a password")
	}
	contains(t, asked.stderr, strings.ReplaceAll(mayNotAssume, "%s", p.recipient))
	return "refused: AccessDenied at AssumeRole"
}

// atTheRegistry demands that the config file gets a password which then does not open the registry, nor does the role
// open ECR. Across accounts AWS does not say which side refused, so the text is the same for both.
func atTheRegistry(t *testing.T, s *scene, _ page, configFile string) string {
	t.Helper()
	registry := registryByTable(t, region)
	host := registryHost(registry)
	s.login(t, configFile, host)
	asked := s.puller(t, "", "--verbose", "manifest", s.address(t, host)+"/"+bundleName)
	if asked.code == 0 {
		t.Fatal("crane got the manifest")
	}
	contains(t, asked.stderr, "403 Forbidden")
	contains(t, asked.stderr, "DENIED: User: arn:aws:sts::111111111111:assumed-role/curated-packages-role/")
	contains(t, asked.stderr, "is not authorized to perform: ecr:BatchGetImage on resource: "+
		"arn:aws:ecr:us-west-2:346438352937:repository/eks-anywhere-packages-bundles")
	described := s.describe(t, configFile, registry)
	if described.code == 0 {
		t.Fatal("ECR described the bundle")
	}
	contains(t, described.stderr, "An error occurred (AccessDeniedException) when calling the DescribeImages operation: "+
		"User: arn:aws:sts::111111111111:assumed-role/curated-packages-role/")
	return "refused: DENIED with 403 at the registry, AccessDeniedException at ECR"
}

// contains looks for AWS's words in what a program said. Programs add their own before and after.
func contains(t *testing.T, said, want string) {
	t.Helper()
	if !strings.Contains(said, want) {
		t.Errorf("it did not say %q but: %s", want, said)
	}
}

// play follows the page with the mistake in it.
func (m mistake) play() play {
	return play{m.name, m.accounts, func(t *testing.T, s *scene) {
		p := byTheBook(t)
		m.make(&p)
		s.check(t, s.aws, m.name, func(t *testing.T) string { return m.refused(t, s, p, p.follow(t, s)) })
	}}
}
