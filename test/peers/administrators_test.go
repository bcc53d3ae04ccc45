package peers

import (
	"fmt"
	"testing"
)

// administer runs what an administrator does with programs other than pullpass. The delivered file opens none of it.
func (s *stage) administer(t *testing.T, r *record) {
	for _, aws := range s.programs.aws {
		t.Run(aws.String(), func(t *testing.T) {
			alone := s.scene
			alone.aws, alone.home = aws, t.TempDir()
			r.add(t, tried{aws, askPackageRegistry, asAdministrator, ""}, byTheBook(t).findRegistry(t, &alone))
			elsewhere := refusal{"ResourceNotFoundException", []string{"ResourceNotFoundException", subscription}}
			r.add(t, tried{aws, askPackageRegistry + " of another account", asAdministrator, ""},
				elsewhere.from(t, alone.admin(t, destination, pageQuery()...)))
		})
	}
	for _, done := range []struct {
		name, operation, want string
		args                  []string
	}{
		{"make, list and delete 250 users", "users", "100 + 100 + 50 users, each once, in order", nil},
		{"make and delete policy versions", "versions", "v5* v4 v3 v2 v1, then LimitExceededException", nil},
		{"DescribeEksAnywhereSubscription", "subscription", "ACTIVE", []string{subscription}},
	} {
		t.Run(s.sdk.String()+"/"+done.name, func(t *testing.T) {
			env := append(s.bare(), s.exports(t, source)...)
			ran := s.sdk.run(t, env, nil, append([]string{s.sdk.script, done.operation}, done.args...)...)
			same(t, ran.succeeded(t).text(), done.want)
			r.add(t, tried{s.sdk.program, done.name, asAdministrator, ""}, done.want)
		})
	}
}

// askPackageRegistry is the page's first step.
const askPackageRegistry = "the page's query for packageRegistry"

// asAdministrator is the condition of what is done without a share.
const asAdministrator = "as administrator"

// A tried is what was tried.
type tried struct {
	program   program
	operation string
	condition string
	posture   posture // empty where it does not matter
}

func (w tried) String() string {
	return fmt.Sprintf("%s, %s, %s %s", w.program, w.operation, w.condition, w.posture)
}
