package explain

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/plan"
)

// kindOfDocument is how iampolicy is to read a document.
func (d *Document) kindOfDocument() iampolicy.Kind {
	switch d.Kind {
	case Trust:
		return iampolicy.Trust
	case Boundary:
		return iampolicy.Boundary
	case Identity, SCP, RCP, Session, Repository:
	}
	return iampolicy.Identity
}

// editable reports whether the account's administrators can change the policy: AWS's own they cannot.
func (d *Document) editable() bool {
	if d.ARN == "" {
		return true
	}
	name, err := arn.Parse(d.ARN)
	return err == nil && name.Account != "aws"
}

// commands are those that make a document say something else.
func (d *Document) commands(changed *iampolicy.Document) []string {
	switch {
	case d.Kind == Trust:
		return steps(d.Holder.Account, plan.UpdateTrust{Role: d.Holder, Trust: changed})
	case d.ARN != "":
		name, err := arn.Parse(d.ARN)
		if err != nil {
			return nil
		}
		return steps(name.Account, plan.UpdatePolicy{Policy: name, Document: changed, DeleteVersion: d.oldestSpare()})
	}
	return []string{inline("put", d.Holder, d.Name, "--policy-document", string(changed.JSON()))}
}

// maxVersions is how many versions of a managed policy IAM keeps ("IAM and AWS STS quotas", IAM User Guide).
const maxVersions = 5

// oldestSpare is the version that has to go before there can be another, empty where there is room.
func (d *Document) oldestSpare() string {
	if len(d.Versions) < maxVersions {
		return ""
	}
	var oldest plan.PolicyVersion
	for _, v := range d.Versions {
		if !v.Default && (oldest.ID == "" || v.Created.Before(oldest.Created)) {
			oldest = v
		}
	}
	return oldest.ID
}

// steps are commands as plan prints them.
func steps(account arn.AccountID, ops ...plan.Op) []string {
	var p plan.Plan
	for _, op := range ops {
		p.Steps = append(p.Steps, plan.Step{Account: account, Op: op})
	}
	return p.Commands(account)
}

// inline is a command about a policy that stands in a user, role or group.
func inline(verb string, holder arn.ARN, policy string, more ...string) string {
	return awsIAM(append([]string{verb + "-" + holder.Kind() + "-policy", "--" + holder.Kind() + "-name", holder.Name(),
		"--policy-name", policy}, more...)...)
}

// detach takes a managed policy off.
func detach(entity arn.ARN, policy string) string {
	return awsIAM("detach-"+entity.Kind()+"-policy", "--"+entity.Kind()+"-name", entity.Name(), "--policy-arn", policy)
}

func awsIAM(words ...string) string { return ShellLine(append([]string{"aws", "iam"}, words...)...) }

// ShellLine writes a command for a POSIX shell.
func ShellLine(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellWord(word)
	}
	return strings.Join(quoted, " ")
}

// shellWord makes one word of a POSIX shell out of a text without a NUL.
func shellWord(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+%"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
