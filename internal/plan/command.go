package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/credential"
)

// Commands returns the steps of one account as AWS CLI commands for a POSIX shell, one step an element, in an order in
// which they can be run. They use options that versions 1.45 and 2.9 of the AWS CLI both have. A key goes from the CLI into
// the cluster's config file without being shown.
func (p *Plan) Commands(account arn.AccountID) []string {
	var commands []string
	for _, s := range p.StepsOf(account) {
		if c := command(s.Op); c != "" {
			commands = append(commands, c)
		}
	}
	return commands
}

func command(op Op) string {
	switch op := op.(type) {
	case CreatePolicy:
		return iam("create-policy").with("policy-name", op.Policy.Name).with("path", op.Policy.Path).
			document("policy-document", op.Policy.Document).tags(op.Policy.Tags).String()
	case UpdatePolicy:
		return updatePolicyCommand(op)
	case CreateRole:
		return iam("create-role").with("role-name", op.Role.Name).with("path", op.Role.Path).
			document("assume-role-policy-document", op.Role.Trust).boundary(op.Role.Boundary).tags(op.Role.Tags).String()
	case UpdateTrust:
		return iam("update-assume-role-policy").with("role-name", op.Role.Name()).document("policy-document", op.Trust).String()
	case CreateUser:
		return iam("create-user").with("user-name", op.User.Name).with("path", op.User.Path).
			boundary(op.User.Boundary).tags(op.User.Tags).String()
	case AttachPolicy:
		return iam("attach-"+op.Entity.Kind()+"-policy").of(op.Entity).with("policy-arn", op.Policy.String()).String()
	case PutBoundary:
		return iam("put-" + op.Entity.Kind() + "-permissions-boundary").of(op.Entity).boundary(&op.Boundary).String()
	case PutTags:
		return iam("tag-" + op.Entity.Kind()).of(op.Entity).tags(op.Tags).String()
	case RemoveTags:
		return iam("untag-"+op.Entity.Kind()).of(op.Entity).list("tag-keys", op.Keys).String()
	case DeleteKey:
		return iam("delete-access-key").of(op.User).with("access-key-id", string(op.Key)).String()
	case DeleteRetiredKey:
		return iam("delete-access-key").of(op.User).with("access-key-id", string(op.Key)).String()
	case DeactivateKey:
		return iam("update-access-key").of(op.User).with("access-key-id", string(op.Key)).with("status", "Inactive").String()
	case ReactivateKey:
		return iam("update-access-key").of(op.User).with("access-key-id", string(op.Key)).with("status", "Active").String()
	case CreateKey:
		return createKeyCommand(op)
	case SuspendKey:
		return iam("update-access-key").of(op.User).with("access-key-id", string(op.Key)).with("status", "Inactive").String()
	case DenySessions:
		// Without the mark nobody would ever see the deny again, and take it away.
		mark := iam("tag-role").of(op.Role).tags(map[string]string{TagRevoked: op.Deny.Mark()})
		deny := iam("put-role-policy").of(op.Role).with("policy-name", op.Deny.Policy).document("policy-document", op.Document)
		return mark.String() + " &&\n" + deny.String()
	case LiftDenies:
		return liftCommand(op)
	case RemoveUser:
		return removeCommand(op.Entity)
	case RemoveRole:
		return removeCommand(op.Entity)
	case RemovePolicy:
		return iam("delete-policy").of(op.Entity).String()
	case WriteDelivery, RestartController, RemoveDelivery:
		// A command that writes would show a key that exists already. Only deliveries that were read have such a step, and those are written
		// here, not handed over.
		return ""
	}
	return ""
}

func updatePolicyCommand(op UpdatePolicy) string {
	update := iam("create-policy-version").of(op.Policy).document("policy-document", op.Document).flag("set-as-default").String()
	if op.DeleteVersion == "" {
		return update
	}
	return iam("delete-policy-version").of(op.Policy).with("version-id", op.DeleteVersion).String() + " &&\n" + update
}

func liftCommand(op LiftDenies) string {
	var commands []string
	for _, name := range op.Policies {
		commands = append(commands, iam("delete-role-policy").of(op.Role).with("policy-name", name).String())
	}
	if op.Last {
		commands = append(commands, iam("untag-role").of(op.Role).list("tag-keys", []string{TagRevoked}).String())
	}
	return strings.Join(commands, " &&\n")
}

// removeCommand takes away what hangs on a user or role, whatever that is, and then itself. IAM wants it in this order
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
func removeCommand(entity arn.ARN) string {
	kind := entity.Kind()
	var b strings.Builder
	b.WriteString("(\n  set -eu\n")
	loop := func(list, query, variable, remove, option string) {
		fmt.Fprintf(&b, "  for %s in $(%s); do\n    %s --%s \"$%s\"\n  done\n", variable,
			iam(list).of(entity).with("query", query).with("output", "text"), iam(remove).of(entity), option, variable)
	}
	if kind == "user" {
		loop("list-access-keys", "AccessKeyMetadata[].AccessKeyId", "key", "delete-access-key", "access-key-id")
	}
	loop("list-attached-"+kind+"-policies", "AttachedPolicies[].PolicyArn", "policy", "detach-"+kind+"-policy", "policy-arn")
	loop("list-"+kind+"-policies", "PolicyNames[]", "name", "delete-"+kind+"-policy", "policy-name")
	fmt.Fprintf(&b, "  %s\n)", iam("delete-"+kind).of(entity))
	return b.String()
}

// createKeyCommand makes a key and writes the file of each delivery, so that the secret is in a variable of a subshell and
// in the files, on no command line (printf is a builtin) and on no screen. Text output separates the two halves by a tab.
func createKeyCommand(op CreateKey) string {
	var b strings.Builder
	create := iam("create-access-key").of(op.User).with("query", "AccessKey.[AccessKeyId,SecretAccessKey]").with("output", "text")
	b.WriteString("(\n  set -eu\n  umask 077\n")
	for _, d := range op.Deliveries {
		fmt.Fprintf(&b, "  mkdir -p -- %s\n", quote(handedTo(d))) // before there is a key that could be lost
	}
	fmt.Fprintf(&b, "  key=$(%s)\n", create)
	b.WriteString("  id=$(printf '%s' \"$key\" | cut -f1)\n  secret=$(printf '%s' \"$key\" | cut -f2)\n")
	for _, d := range op.Deliveries {
		file := path.Join(handedTo(d), credential.ConfigFileName)
		fmt.Fprintf(&b, "  printf '%%s\\n' %s > %s\n", configLines(d.Config), quote(file))
		fmt.Fprintf(&b, "  printf '%s%%s\\n' \"$(base64 < %s | tr -d '\\n')\" > %s\n",
			strings.TrimSuffix(string(credential.RenderManifest(nil)), "\n"), quote(file),
			quote(path.Join(handedTo(d), credential.ManifestFileName)))
	}
	b.WriteString(")")
	return b.String()
}

// handedTo is the directory of a delivery, relative to where the commands are run; a cluster that the share delivers to
// otherwise gets one of its name.
func handedTo(d DeliveryOf) string {
	if d.Directory == "" {
		return d.Cluster
	}
	return d.Directory
}

// configLines are the words that printf writes as the lines of the file which credential.Config.Render writes.
func configLines(c credential.Config) string {
	const id, secret = "$id", "$secret"
	lines := []string{
		quote("[default]"), quote("source_profile=" + c.UserProfile), quote("role_arn=" + c.RoleARN.String()),
		quote("region=" + string(c.Region)),
	}
	if c.RoleSessionName != "" {
		lines = append(lines, quote("role_session_name="+c.RoleSessionName))
	}
	if c.ExternalID != "" {
		lines = append(lines, quote("external_id="+c.ExternalID))
	}
	lines = append(lines, "''", quote("[profile "+c.UserProfile+"]"),
		`"aws_access_key_id=`+id+`"`, `"aws_secret_access_key=`+secret+`"`)
	return strings.Join(lines, " ")
}

// A commandLine is a command of the AWS CLI that is being put together.
type commandLine struct{ words []string }

func iam(command string) commandLine { return commandLine{[]string{"aws", "iam", command}} }

func (c commandLine) flag(name string) commandLine {
	return commandLine{append(slices.Clone(c.words), "--"+name)}
}

func (c commandLine) with(name, value string) commandLine { return c.list(name, []string{value}) }

func (c commandLine) list(name string, values []string) commandLine {
	c = c.flag(name)
	for _, v := range values {
		c.words = append(c.words, quote(v))
	}
	return c
}

// of names the entity: users and roles by name, policies by ARN.
func (c commandLine) of(entity arn.ARN) commandLine {
	if entity.Kind() == "policy" {
		return c.with("policy-arn", entity.String())
	}
	return c.with(entity.Kind()+"-name", entity.Name())
}

func (c commandLine) document(name string, doc *iampolicy.Document) commandLine {
	return c.with(name, string(doc.JSON()))
}

func (c commandLine) boundary(boundary *arn.ARN) commandLine {
	if boundary == nil {
		return c
	}
	return c.with("permissions-boundary", boundary.String())
}

// tags uses the CLI's shorthand, in which a comma ends a value unless it stands in quotes of its own.
func (c commandLine) tags(tags map[string]string) commandLine {
	var values []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		values = append(values, "Key="+shorthand(key)+",Value="+shorthand(tags[key]))
	}
	return c.list("tags", values)
}

func (c commandLine) String() string { return strings.Join(c.words, " ") }

// shorthand quotes a value where the CLI's shorthand syntax would read something else into it
// (https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html).
func shorthand(value string) string {
	if value != "" && !strings.ContainsAny(value, " ,=\"'[]{}\\") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// quote makes a word of a POSIX shell out of any text without a NUL.
func quote(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+%"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
