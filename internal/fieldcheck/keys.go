package fieldcheck

import (
	"context"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/internal/awsid"
)

// keyChecks are about access keys.
func keyChecks() []Check {
	return []Check{
		{
			ID: "key/unknown", Mark: Seen, run: (*stage).unknownKey,
			Assumption: "A key id that nobody has is 403 InvalidClientTokenId in STS and IAM, 400 UnrecognizedClientException in ECR.",
		},
		{
			ID: "key/wrong-secret", Mark: Seen, run: (*stage).wrongSecret,
			Assumption: "A wrong secret is 403 SignatureDoesNotMatch in STS and IAM, 400 InvalidSignatureException in ECR.",
		},
		{
			ID: "key/inactive", Mark: Seen, run: (*stage).inactiveKey,
			Assumption: "An inactive key is answered as one that nobody has.",
		},
		{
			ID: "key/account", Mark: Computed, run: (*stage).accountInKey,
			Assumption: "The account stands in the id of a user's key and of a session's.",
		},
		{
			ID: "key/third", Mark: Documented, run: (*stage).thirdKey,
			Assumption: "A user has two keys, inactive ones included; a third is 409 LimitExceeded with the quota's name.",
		},
		{
			ID: "key/last-used", Mark: Seen, run: (*stage).lastUsed,
			Assumption: "IAM tells of a key's use before the bounded wait is over, with service and Region.",
		},
	}
}

// asked is a question to each of the three services that take a key.
func (f *Field) asked(keys aws.Credentials) []question {
	return []question{
		{"STS", func(ctx context.Context) (answer, error) {
			return f.query(ctx, stsIn(f.Region), keys, "GetCallerIdentity", nil)
		}},
		{"IAM", func(ctx context.Context) (answer, error) { return f.query(ctx, globalIAM(), keys, "GetUser", nil) }},
		{"ECR", func(ctx context.Context) (answer, error) {
			return f.ecr(ctx, keys, "GetAuthorizationToken", map[string]any{})
		}},
	}
}

// question is something to ask, with the name under which the answer is noted.
type question struct {
	name string
	ask  func(context.Context) (answer, error)
}

// noteAll asks each question until it is answered with its code, or a change should be known everywhere.
func (s *stage) noteAll(ctx context.Context, questions []question, codes map[string]string) error {
	for _, q := range questions {
		w, err := s.until(ctx, spread, is(codes[q.name]), q.ask)
		if err != nil {
			return err
		}
		s.note("%s: %s", q.name, w)
	}
	return nil
}

// asking is what the questions take.
func asking() []statement {
	return []statement{allow("iam:GetUser", "*"), allow("ecr:GetAuthorizationToken", "*")}
}

func unknownCodes() map[string]string {
	return map[string]string{"STS": "InvalidClientTokenId", "IAM": "InvalidClientTokenId", "ECR": "UnrecognizedClientException"}
}

func (s *stage) unknownKey(ctx context.Context) error {
	keys, err := s.strange()
	if err != nil {
		return err
	}
	return s.noteAll(ctx, s.asked(keys), unknownCodes())
}

// strange is a key that nobody has.
func (s *stage) strange() (aws.Credentials, error) {
	id, err := awsid.NewAccessKeyID(awsid.LongLived, s.Source.Account, s.Random)
	if err != nil {
		return aws.Credentials{}, err
	}
	secret, err := awsid.NewSecretAccessKey(s.Random)
	return aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()}, err
}

func (s *stage) wrongSecret(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "key-secret", asking()...)
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	secret, err := awsid.NewSecretAccessKey(s.Random)
	if err != nil {
		return err
	}
	return s.noteAll(ctx, s.asked(aws.Credentials{AccessKeyID: u.key().AccessKeyID, SecretAccessKey: secret.Reveal()}),
		map[string]string{"STS": "SignatureDoesNotMatch", "IAM": "SignatureDoesNotMatch", "ECR": "InvalidSignatureException"})
}

// known waits until a user's key and permissions should be known everywhere.
func (f *Field) known(ctx context.Context, u *user) error {
	w, err := f.until(ctx, 2*spread, answer.ok, f.asked(u.key())[0].ask)
	if err != nil {
		return err
	}
	if !w.came {
		return notSeen("a new key was not taken in time: " + w.String())
	}
	return f.settle(ctx)
}

func (s *stage) inactiveKey(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "key-inactive", asking()...)
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	if err := s.deactivate(ctx, u); err != nil {
		return err
	}
	return s.noteAll(ctx, s.asked(u.key()), unknownCodes())
}

func (s *stage) accountInKey(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "key-account", allow("sts:AssumeRole", s.pathOf(&s.Source)))
	if err != nil {
		return err
	}
	r, err := s.makeRole(ctx, "key-account", []statement{trusting(u.arn.String())})
	if err != nil {
		return err
	}
	s.noteAccount("a user's key", u.key().AccessKeyID)
	session, err := s.session(ctx, u, r, "")
	if err != nil {
		return err
	}
	s.noteAccount("a session's key", session.AccessKeyID)
	return nil
}

func (s *stage) noteAccount(what, id string) {
	account, err := awsid.Account(awsid.AccessKeyID(id))
	switch {
	case err != nil:
		s.note("%s: no account can be read", what)
	case account != s.Source.Account:
		s.note("%s: it holds another account", what)
	default:
		s.note("%s: it holds the account", what)
	}
}

// session assumes a role once its user may.
func (f *Field) session(ctx context.Context, u *user, r *role, policy string) (aws.Credentials, error) {
	w, err := f.until(ctx, 2*spread, answer.ok, func(ctx context.Context) (answer, error) {
		return f.assume(ctx, u.key(), r.arn, policy)
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	if !w.came {
		return aws.Credentials{}, notSeen("a role could not be assumed in time: " + w.String())
	}
	return sessionKeys(w.answer)
}

func (s *stage) thirdKey(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "key-third")
	if err != nil {
		return err
	}
	if err := s.deactivate(ctx, u); err != nil {
		return err
	}
	if err := s.createKey(ctx, u); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	admin, err := s.Source.Keys(ctx)
	if err != nil {
		return err
	}
	third, err := s.query(ctx, globalIAM(), admin, "CreateAccessKey", url.Values{"UserName": {*u.name}})
	if err != nil {
		return err
	}
	s.note("a third key, one of the two inactive: %s", third)
	return nil
}

func (s *stage) lastUsed(ctx context.Context) error {
	u, err := s.makeUser(ctx, &s.Source, "key-used")
	if err != nil {
		return err
	}
	if err := s.known(ctx, u); err != nil {
		return err
	}
	in := &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(u.key().AccessKeyID)}
	for took := time.Duration(0); ; took += longestPause {
		out, err := s.Source.IAM.GetAccessKeyLastUsed(ctx, in)
		if err := unlessGone(err); err != nil {
			return err
		}
		if out != nil && out.AccessKeyLastUsed != nil && out.AccessKeyLastUsed.LastUsedDate != nil {
			s.note("used: service %s, Region %s", aws.ToString(out.AccessKeyLastUsed.ServiceName), aws.ToString(out.AccessKeyLastUsed.Region))
			s.measure("told %s after the key was known everywhere", took)
			return nil
		}
		if took >= s.Patience {
			return notSeen("IAM told of no use within " + s.Patience.String())
		}
		if err := s.Wait(ctx, longestPause); err != nil {
			return err
		}
	}
}
