package fieldcheck

import (
	"context"
	"regexp"
	"time"
)

// clockChecks are about the time of a signature.
func clockChecks() []Check {
	check := func(id ID, assumption string, limit time.Duration, service func(*Field) service) Check {
		return Check{ID: id, Mark: Seen, Assumption: assumption, run: func(s *stage, ctx context.Context) error {
			return s.clock(ctx, service(s.Field), limit)
		}}
	}
	return []Check{
		check("clock/sts", "STS takes a signature 15 minutes old or early, and no more.", 15*time.Minute,
			func(f *Field) service { return stsIn(f.Region) }),
		check("clock/iam", "IAM takes a signature 15 minutes old or early, and no more.", 15*time.Minute,
			func(*Field) service { return globalIAM() }),
		check("clock/ecr", "ECR takes a signature 5 minutes old or early, and no more.", 5*time.Minute,
			func(f *Field) service { return ecrIn(f.Region) }),
	}
}

// margin is how far from a limit a signature's age is, so that the time on the way does not count.
const margin = 30 * time.Second

// serverTime is AWS's time in what it says of an old signature: "(20261123T030000Z - 15 min.)".
var serverTime = regexp.MustCompile(`\((\d{8}T\d{6}Z) - `)

// clock asks with a key that nobody has: the time is looked at first [seen], so that the key is named once the time is good.
func (s *stage) clock(ctx context.Context, service service, limit time.Duration) error {
	ahead, err := s.ahead(ctx, service)
	if err != nil {
		return err
	}
	s.measure("this clock was ahead of %s's by %s", service.title, ahead)
	for _, signature := range []struct {
		what string
		age  time.Duration
	}{
		{"within the limit, old", limit - margin}, {"past the limit, old", limit + margin},
		{"within the limit, early", margin - limit}, {"past the limit, early", -limit - margin},
	} {
		got, err := s.aged(ctx, service, ahead+signature.age)
		if err != nil {
			return err
		}
		s.note("%s: %s", signature.what, got)
	}
	return nil
}

// ahead is how far this program's clock is ahead of a service's, which says its own time when it refuses a signature of an
// hour ago. Where it does not say, the clocks count as the same.
func (s *stage) ahead(ctx context.Context, service service) (time.Duration, error) {
	got, err := s.aged(ctx, service, time.Hour)
	if err != nil {
		return 0, err
	}
	said := serverTime.FindStringSubmatch(got.message)
	if said == nil {
		return 0, nil
	}
	there, err := time.Parse("20060102T150405Z", said[1])
	if err != nil {
		return 0, nil
	}
	return s.Now().Sub(there).Round(time.Second), nil
}

// aged asks with a signature of an age.
func (s *stage) aged(ctx context.Context, service service, age time.Duration) (answer, error) {
	keys, err := s.strange()
	if err != nil {
		return answer{}, err
	}
	request := queryOf(service, keys, "GetCallerIdentity", nil)
	if service.name == "iam" {
		request = queryOf(service, keys, "GetUser", nil)
	}
	if service.name == "ecr" {
		if request, err = ecrOf(service, keys, "GetAuthorizationToken", map[string]any{}); err != nil {
			return answer{}, err
		}
	}
	request.age = age
	return s.send(ctx, request)
}
