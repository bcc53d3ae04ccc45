package explain

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/verify"
)

// AsksOwner returns the key of which IAM is to be asked whose it is, and the account to ask: AWS does not know it. ok is
// false where there is nothing to ask.
func (e *Evidence) AsksOwner() (key awsid.AccessKeyID, account arn.AccountID, ok bool) {
	broken, isBroken := e.Proofs.Broken()
	if !isBroken {
		return "", "", false
	}
	answer := answered(broken)
	if answer == nil || answer.Code != "InvalidClientTokenId" {
		return "", "", false
	}
	key = e.File.Config.Key.ID
	account, err := awsid.Account(key)
	return key, account, err == nil
}

// otherUser names whose key the file holds, where that is not the user whom the share wants: by what STS or IAM says of the
// key, else by the account that is written in its id. It is empty where the share's user may have it.
func (e *Evidence) otherUser() string {
	if e.Wanted == nil || e.Wanted.User == nil {
		return ""
	}
	want := e.Wanted.User.ARN()
	for _, p := range e.Proofs.Proofs {
		if p.Link != verify.LinkIdentity || p.Outcome != verify.Passed {
			continue
		}
		name, err := arn.Parse(p.Detail)
		if err != nil || name.Account == want.Account && name.Kind() == "user" && name.Name() == want.Name() {
			return "" // The path is another question.
		}
		return name.String()
	}
	if account, err := awsid.Account(e.File.Config.Key.ID); err == nil && account != want.Account {
		return "somebody in account " + string(account)
	}
	if e.Owner != nil && e.Owner.User != "" && e.Owner.User != want.Name() {
		return fmt.Sprintf("user %s of account %s", e.Owner.User, want.Account)
	}
	return ""
}

// otherKey: whatever that user may do, it is not the one that the share lets in.
func (e *Evidence) otherKey(link verify.Link) finding {
	want := e.Wanted.User.ARN()
	return certain(Cause{Link: link, Kind: ConfigFile, Text: fmt.Sprintf("%s holds key %s of %s, and the share wants one of %s of account %s.",
		e.fileName(), e.File.Config.Key.ID, e.otherUser(), describe(want), want.Account)},
		&Fix{Text: fmt.Sprintf("have a key of %s delivered to %s in its place", describe(want), e.fileName()), Pullpass: e.Wanted.Command})
}
