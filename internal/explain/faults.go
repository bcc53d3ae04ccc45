package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// findNetwork explains what AWS's policies have no part in: a clock, a way that does not lead to AWS.
func (e *Evidence) findNetwork(broken verify.Proof) (finding, bool) {
	fault := broken.Fault()
	if fault == nil || fault.Side != verify.Network {
		return finding{}, false
	}
	account, _ := e.parties(broken.Link)
	cause := Cause{Link: broken.Link, Account: account, Kind: Network, Text: fmt.Sprintf("AWS was not reached, or could not answer: %s.", awserror.OnOneLine(fault.Err))}
	answer := answered(broken)
	if answer == nil {
		cause.Account = ""
		return certain(cause, &Fix{Text: fault.Hint}), true
	}
	// What AWS says of a signature that is minutes off [seen]; see verify's own reading of it.
	if strings.HasPrefix(answer.Message, "Signature expired") || strings.HasPrefix(answer.Message, "Signature not yet current") {
		cause.Kind, cause.Account = Clock, ""
		cause.Text = "The clock here is minutes off: " + answer.Message + "."
		return certain(cause, &Fix{Text: "set the clock of the machine that signs, and keep it set: timedatectl set-ntp true"}), true
	}
	return likely(cause, &Fix{Text: fault.Hint}), true
}

// unexplained is for an answer that policies do not decide, and that is none of those known here.
func (e *Evidence) unexplained(broken verify.Proof) finding {
	account, _ := e.parties(broken.Link)
	u := Unread{What: "what broke link " + string(broken.Link), Account: account, Error: reason(broken), Follows: "no policy decides about it"}
	if fault := broken.Fault(); fault != nil && fault.Hint != "" {
		u.Follows += "; " + fault.Hint
	}
	return open(u)
}

// findConfig explains a file that does not serve.
func (e *Evidence) findConfig(broken verify.Proof) finding {
	cause := Cause{Link: verify.LinkConfig, Kind: ConfigFile, Text: fmt.Sprintf("%s does not serve: %s.", e.fileName(), reason(broken))}
	switch {
	case errors.Is(broken.Err, verify.ErrOtherRegion):
		cause.Kind = WrongRegion
		f := certain(cause, e.writeFile("write region="+string(e.Registry.Region)))
		f.nearest = []Miss{{Kind: WrongRegion, Where: e.fileName() + ", region", Expected: string(e.Registry.Region),
			Found: string(e.File.Config.Region), Text: reason(broken)}}
		return f
	case e.File.Missing:
		cause.Text = fmt.Sprintf("Nothing was delivered: there is no %s.", e.fileName())
		return certain(cause, &Fix{Text: "deliver the credential", Pullpass: e.applies()})
	case e.File.Err != nil:
		return open(Unread{What: e.fileName(), Error: e.File.Err.Error(),
			Follows: "what was delivered is not known; if it is no credential that works, that would be the cause"})
	}
	f := certain(cause, &Fix{Text: fmt.Sprintf("move %s away and have it written anew", e.fileName())})
	e.lintSays(&f)
	return f
}

// lintSays gives a fault of the file the code of lint's rule, and its fix.
func (e *Evidence) lintSays(f *finding) {
	errs := slices.DeleteFunc(slices.Clone(e.File.Findings), func(found lint.Finding) bool { return found.Severity != lint.Error })
	if len(errs) == 0 {
		return
	}
	first := errs[0]
	f.cause.Text = fmt.Sprintf("%s does not serve: %s: %s (line %d).", e.fileName(), first.Rule.Code, first.Message, first.Line)
	f.fix = &Fix{Text: fmt.Sprintf("%s (%s)", first.Rule.Fix, first.Rule.Code)}
	if first.Rule.Safe && first.Fix != nil {
		f.fix.Pullpass = "pullpass lint --fix " + shellWord(e.File.Name)
	}
	for _, found := range errs {
		f.nearest = append(f.nearest, Miss{Kind: ConfigFile, Where: found.Position.String(), Expected: found.Rule.Title,
			Found: string(found.Rule.Code), Text: found.Message})
	}
}

// reason is the fault's own text.
func reason(broken verify.Proof) string {
	if fault := broken.Fault(); fault != nil {
		return awserror.OnOneLine(fault.Err)
	}
	return awserror.OnOneLine(broken.Err)
}

// findIdentity explains a key that AWS does not know, or whose secret is another.
func (e *Evidence) findIdentity(broken verify.Proof) finding {
	key := e.File.Config.Key.ID
	account := e.keyAccount()
	cause := Cause{Link: broken.Link, Account: account}
	answer := answered(broken)
	switch {
	case answer == nil:
		return e.unexplained(broken)
	case answer.Code == "SignatureDoesNotMatch":
		return e.otherSecret(broken.Link)
	case e.otherUser() != "":
		return e.otherKey(broken.Link)
	case e.User == nil || e.User.Err != nil || gapIn(e.User, GapKeys) != nil:
		return open(e.keysUnread(account))
	case !e.User.Exists:
		cause.Kind = UserMissing
		cause.Text = fmt.Sprintf("In account %s there is no %s, whose key %s the file holds.", account, describe(e.User.Asked), key)
		return e.unlessAnothers(certain(cause, e.newKey(fmt.Sprintf("make %s and have a key of it delivered", describe(e.User.Asked)))))
	}
	return e.findKey(broken, cause)
}

// otherSecret: whoever holds the file can see that, and mend it.
func (e *Evidence) otherSecret(link verify.Link) finding {
	key := e.File.Config.Key.ID
	f := certain(Cause{Link: link, Kind: ConfigFile, Text: fmt.Sprintf("The secret in %s is not that of key %s.", e.fileName(), key)},
		&Fix{Text: fmt.Sprintf("write the secret of key %s into %s; IAM shows it to nobody again, so that without it the key is to be "+
			"deleted, and a new one delivered", key, e.fileName())})
	for _, found := range e.File.Findings {
		if found.Rule.Code == secretLength {
			f.cause.Text = fmt.Sprintf("The secret in %s is not that of key %s: %s: %s.", e.fileName(), key, found.Rule.Code, found.Message)
		}
	}
	return f
}

// secretLength is lint's rule about a secret that has not the length of one.
const secretLength lint.Code = "PP014"

// keyAccount is the account that is written in the key's id; the user's where there is none.
func (e *Evidence) keyAccount() arn.AccountID {
	if account, err := awsid.Account(e.File.Config.Key.ID); err == nil {
		return account
	}
	if e.User != nil {
		return e.User.Asked.Account
	}
	return ""
}

func (e *Evidence) findKey(broken verify.Proof, cause Cause) finding {
	key := e.File.Config.Key.ID
	i := slices.IndexFunc(e.User.Keys, func(k plan.Key) bool { return k.ID == key })
	switch {
	case i < 0:
		cause.Kind = KeyDeleted
		cause.Text = fmt.Sprintf("In account %s, %s has no key %s: it was deleted.", cause.Account, describe(e.User.ARN), key)
		return e.unlessAnothers(certain(cause, e.newKey(fmt.Sprintf("have a new key of %s delivered", describe(e.User.ARN)))))
	case !e.User.Keys[i].Active:
		cause.Kind = KeyInactive
		cause.Text = fmt.Sprintf("In account %s, key %s of %s is inactive.", cause.Account, key, describe(e.User.ARN))
		return certain(cause, &Fix{
			Account: cause.Account, Text: fmt.Sprintf("activate key %s; if it was deactivated on purpose, have a new one delivered", key),
			Commands: steps(cause.Account, plan.ReactivateKey{User: e.User.ARN, Key: key}), Pullpass: e.applies(),
		})
	}
	f := open(Unread{What: "why AWS does not know key " + string(key), Account: cause.Account, Error: reason(broken),
		Follows: "IAM lists it as active: a key that was just made takes up to a minute to be known everywhere"})
	f.agrees = false
	return f
}

// unlessAnothers takes the certainty from a finding about a key that may be somebody else's: IAM did not say that it is nobody's.
func (e *Evidence) unlessAnothers(f finding) finding {
	if e.Owner != nil && e.Owner.None {
		return f
	}
	key := e.File.Config.Key.ID
	f.conclusion = Likely
	f.unread = append(f.unread, Unread{What: "whose key " + string(key) + " is", Account: f.cause.Account, Error: "IAM does not say",
		Follows: "if it is another user's, it may be there and switched off",
		Command: awsIAM("get-access-key-last-used", "--access-key-id", string(key))})
	return f
}

// newKey is a fix that makes a key. No command of the AWS CLI does it here: its secret would be shown.
func (e *Evidence) newKey(text string) *Fix {
	return &Fix{Account: e.keyAccount(), Text: text, Pullpass: e.applies()}
}

func (e *Evidence) keysUnread(account arn.AccountID) Unread {
	u := Unread{What: "the keys of the user", Account: account, Error: "there is no access to the account",
		Follows: fmt.Sprintf("if the user is gone, or key %s is not among its keys, or is inactive, that would be the cause", e.File.Config.Key.ID)}
	if e.User == nil {
		return u
	}
	u.What = "the keys of " + describe(e.User.Asked)
	u.Command = awsIAM("list-access-keys", "--user-name", e.User.Asked.Name())
	if e.User.Err != nil {
		u.Error = e.User.Err.Error()
	} else if gap := gapIn(e.User, GapKeys); gap != nil {
		u.Error = gap.Err.Error()
	}
	return u
}

func gapIn(entity *Entity, part GapPart) *Gap {
	for i := range entity.Gaps {
		if entity.Gaps[i].Part == part {
			return &entity.Gaps[i]
		}
	}
	return nil
}

// withoutKey is a config as a share wants it, which has no key.
func withoutKey(c credential.Config) credential.Config { return c.WithKey(credential.AccessKey{}) }

// findRole explains why the role cannot be assumed.
func (e *Evidence) findRole(broken verify.Proof) finding {
	answer := answered(broken)
	q := e.question(verify.LinkRole)
	switch {
	case answer == nil || q == nil:
		return e.unexplained(broken)
	case answer.Code == "InvalidClientTokenId":
		return e.findIdentity(broken)
	case answer.Code == "ValidationError":
		return certain(Cause{Link: broken.Link, Kind: ConfigFile,
			Text: fmt.Sprintf("%s holds what AWS does not take: %s.", e.fileName(), answer.Message)}, e.writeFile("write what AWS takes"))
	case answer.Code != "AccessDenied":
		return e.unexplained(broken)
	case e.otherUser() != "":
		return e.otherKey(broken.Link)
	case e.otherAccount():
		want := e.Wanted.Config.RoleARN
		return certain(Cause{Link: broken.Link, Kind: ConfigFile, Text: fmt.Sprintf("%s asks for %s, in another account than the share's %s.",
			e.fileName(), e.File.Config.RoleARN, want)}, e.writeFile("write role_arn="+want.String()))
	case e.Role.Err == nil && !e.Role.Exists:
		return e.noRole(q)
	case e.Role.Exists && e.Role.ARN != e.File.Config.RoleARN:
		return e.otherPath(q)
	}
	return e.decide(q, broken)
}

// otherAccount reports whether the file asks for a role of an account that is not the share's source.
func (e *Evidence) otherAccount() bool {
	return e.Wanted != nil && e.Wanted.Config.RoleARN.Account != "" && e.Wanted.Config.RoleARN.Account != e.File.Config.RoleARN.Account
}

// noRole: what is gone needs no reading of the other side to be the cause, and the other side may have a fault of its own.
func (e *Evidence) noRole(q *question) finding {
	role := e.File.Config.RoleARN
	cause := Cause{Link: verify.LinkRole, Account: role.Account, Kind: RoleMissing,
		Text: fmt.Sprintf("In account %s there is no %s.", role.Account, describe(role))}
	fix := &Fix{Account: role.Account, Text: "make " + describe(role)}
	if w := e.Wanted; w != nil && w.Role != nil && w.Role.ARN() == role {
		fix.Pullpass, fix.Commands = e.applies(), e.makeRole()
	} else if w != nil && w.Role != nil {
		fix = e.writeFile("write role_arn=" + w.Role.ARN().String())
	}
	f := certain(cause, fix)
	e.alsoBlocked(q, &f)
	return f
}

// alsoBlocked adds what else would keep the user from assuming the role.
func (e *Evidence) alsoBlocked(q *question, f *finding) {
	gaps := q.gaps(nil)
	if f.unread = flat(gaps); len(f.unread) > 0 {
		f.conclusion = Likely
	}
	for _, b := range q.blockers() {
		if b.by != authz.Trust && len(gaps[b.by]) == 0 {
			f.nearest = append(f.nearest, q.misses(b)...)
		}
	}
}

func (e *Evidence) makeRole() []string {
	role := e.Wanted.Role
	var ops []plan.Op
	for _, p := range e.Wanted.RolePolicies {
		if found, read := e.Policies[p.ARN().String()]; read && found == nil {
			ops = append(ops, plan.CreatePolicy{Policy: p})
		}
	}
	ops = append(ops, plan.CreateRole{Role: *role})
	for _, p := range role.Policies {
		ops = append(ops, plan.AttachPolicy{Entity: role.ARN(), Policy: p})
	}
	return steps(role.Account, ops...)
}

// otherPath: the role is there under another path, and IAM knows it by that name alone.
func (e *Evidence) otherPath(q *question) finding {
	asked, real := e.File.Config.RoleARN, e.Role.ARN
	cause := Cause{Link: verify.LinkRole, Account: real.Account, Kind: RolePath,
		Text: fmt.Sprintf("In account %s, %s is %s, and the file asks for %s.", real.Account, describe(real), real, asked)}
	fix := e.writeFile("write role_arn=" + real.String())
	if w := e.Wanted; w != nil && w.Role != nil && w.Role.ARN() != real {
		fix = &Fix{Account: real.Account, Text: fmt.Sprintf("IAM cannot move a role: delete %s and have it made again as %s, or give the share "+
			"the path %s (spec.iam.path)", real, w.Role.ARN(), real.Path())}
	}
	f := certain(cause, fix)
	f.nearest = []Miss{{Kind: RolePath, Where: e.fileName() + ", role_arn", Expected: real.String(), Found: asked.String(),
		Text: fmt.Sprintf("the role's path is %s", real.Path())}}
	e.alsoBlocked(q, &f)
	return f
}

// findPull explains a refusal of ECR or of the registry.
func (e *Evidence) findPull(broken verify.Proof) finding {
	answer := answered(broken)
	account, _ := e.parties(broken.Link)
	q := e.question(broken.Link)
	switch {
	case answer == nil:
		return e.unexplained(broken)
	case errors.Is(broken.Err, verify.ErrNoArtifact):
		return e.noArtifact(answer)
	case q != nil && (answer.Code == "AccessDeniedException" || answer.Code == "DENIED" || answer.Code == "Forbidden"):
		return e.decide(q, broken)
	case broken.Link == verify.LinkRegistry && e.Registry.Region != e.File.Config.Region:
		return certain(Cause{Link: broken.Link, Account: account, Kind: RegistryRegion, Text: fmt.Sprintf(
			"The token is of %s, and the registry of %s.", e.File.Config.Region, e.Registry.Region)},
			e.writeFile("write region="+string(e.Registry.Region)))
	}
	return e.unexplained(broken)
}

func (e *Evidence) noArtifact(answer *Answer) finding {
	cause := Cause{Link: verify.LinkManifest, Account: e.Registry.Account, Kind: RegistryRegion,
		Text: fmt.Sprintf("Registry %s has no %s: %s.", e.Registry, e.Artifact, answer.Message)}
	fix := &Fix{Text: "name the registry of the subscription: pullpass registry tells"}
	if own, err := registry.ForRegion(e.Registry.Region); err == nil && own.Account != e.Registry.Account {
		cause.Text = fmt.Sprintf("Registry %s has no %s; the packages registry of %s is account %s.", e.Registry, e.Artifact,
			e.Registry.Region, own.Account)
		return certain(cause, fix)
	}
	return likely(cause, fix)
}
