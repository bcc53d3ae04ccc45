package fieldcheck

import (
	"context"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// clockChecks are about the time of a signature.
func clockChecks() []Check {
	check := func(id ID, assumption string, limit time.Duration, service func(*Field) service) Check {
		return Check{ID: id, Mark: Seen, Assumption: assumption, run: func(s *stage, ctx context.Context) error {
			return s.clock(ctx, service(s.Field), limit)
		}}
	}
	return []Check{
		check("clock/sts", "STS takes a signature 15 minutes old or early, and no more; it looks at the time before the key.", 15*time.Minute,
			func(f *Field) service { return stsIn(f.Region) }),
		check("clock/iam", "IAM takes a signature 15 minutes old or early, and no more; it looks at the time before the key.", 15*time.Minute,
			func(*Field) service { return globalIAM() }),
		check("clock/ecr", "ECR takes a signature 5 minutes old or early, and no more; it looks at the time before the key.", 5*time.Minute,
			func(f *Field) service { return ecrIn(f.Region) }),
	}
}

// margin is how far from a limit a signature's age is, so that the time on the way does not count.
const margin = 30 * time.Second

// serverTime is AWS's time in what it says of an old signature: "(20261123T030000Z - 15 min.)".
var serverTime = regexp.MustCompile(`\((\d{8}T\d{6}Z) - `)

// clock asks with a key that is good, so that the signature's age alone decides, and then with one that nobody has: which of
// both mistakes AWS names tells what it looks at first.
func (s *stage) clock(ctx context.Context, service service, limit time.Duration) error {
	u, err := s.puller(ctx)
	if err != nil {
		return err
	}
	strange, err := s.strange()
	if err != nil {
		return err
	}
	ahead, err := s.ahead(ctx, service, u.key())
	if err != nil {
		return err
	}
	s.measure("this clock was ahead of %s's by %s", service.title, ahead)
	for _, signature := range []struct {
		what string
		keys aws.Credentials
		age  time.Duration
	}{
		{"within the limit, old", u.key(), limit - margin}, {"past the limit, old", u.key(), limit + margin},
		{"within the limit, early", u.key(), margin - limit}, {"past the limit, early", u.key(), -limit - margin},
		{"past the limit, old, and the key of nobody", strange, limit + margin},
	} {
		got, err := s.aged(ctx, service, signature.keys, ahead+signature.age)
		if err != nil {
			return err
		}
		s.note("%s: %s", signature.what, got)
	}
	return nil
}

// ahead is how far this program's clock is ahead of a service's, which says its own time when it refuses a signature of an
// hour ago. Where it does not say, the clocks count as the same.
func (s *stage) ahead(ctx context.Context, service service, keys aws.Credentials) (time.Duration, error) {
	got, err := s.aged(ctx, service, keys, time.Hour)
	if err != nil {
		return 0, err
	}
	said := serverTime.FindStringSubmatch(got.message)
	if said == nil {
		return 0, nil
	}
	there, err := time.Parse("20060102T150405Z", said[1])
	if err != nil {
		return 0, nil // It has the digits of a time, and is none.
	}
	return s.Now().Sub(there).Round(time.Second), nil
}

// aged asks with a signature of an age.
func (s *stage) aged(ctx context.Context, service service, keys aws.Credentials, age time.Duration) (answer, error) {
	var request signed
	switch service.name {
	case "sts":
		request = queryOf(service, keys, "GetCallerIdentity", nil)
	case "iam":
		request = queryOf(service, keys, "GetUser", nil)
	default:
		var err error
		if request, err = ecrOf(service, keys, "GetAuthorizationToken", map[string]any{}); err != nil {
			return answer{}, err
		}
	}
	request.age = age
	return s.send(ctx, request)
}
