package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// trustIsWanted reports whether the trust is what it should be: the share's, or, without a share, whatever it is, for it is
// the lock that somebody chose.
func (e *Evidence) trustIsWanted(p *place) bool {
	return e.Wanted == nil || e.Wanted.Role != nil && iampolicy.Equal(p.document.Parsed, e.Wanted.Role.Trust)
}

// fileDiffers reports whether it is the file that keeps the request from meeting the trust: in its external id or session
// name.
func (e *Evidence) fileDiffers(p *place) bool {
	if !e.trustIsWanted(p) {
		return false
	}
	return !slices.ContainsFunc(p.differences, func(d difference) bool {
		return d.cause != authz.ByCondition || settingOf(p.statement.Conditions[d.condition].Key) == ""
	})
}

// settingOf is the line of the config file that sets a condition key, empty for none.
func settingOf(key string) string {
	switch strings.ToLower(key) {
	case "sts:externalid":
		return "external_id"
	case "sts:rolesessionname":
		return "role_session_name"
	}
	return ""
}

func (e *Evidence) fileFix(q *question, p *place) *Fix {
	var lines []string
	for _, d := range p.differences {
		c := p.statement.Conditions[d.condition]
		lines = append(lines, settingOf(c.Key)+"="+shownValues(c.Values, &q.context))
	}
	return e.writeFile("write " + strings.Join(lines, " and "))
}

// writeFile is a fix of the config file. The share's own command does it where the file is not what the share wants.
func (e *Evidence) writeFile(text string) *Fix {
	f := &Fix{Text: fmt.Sprintf("%s into profile default of %s", text, e.fileName())}
	if e.Wanted != nil && !e.Wanted.Config.Equal(withoutKey(e.File.Config)) {
		f.Pullpass = e.applies()
	}
	return f
}

func (e *Evidence) fileName() string {
	if e.File.Name != "" {
		return e.File.Name
	}
	return "the config file"
}

// pathDiffers reports whether the user is under another path than the share's trust and the share want.
func (e *Evidence) pathDiffers(q *question, p *place) bool {
	return e.Wanted != nil && e.Wanted.User != nil && e.trustIsWanted(p) && q.actor == e.User &&
		e.caller().Path() != e.Wanted.User.Path && q.miss(p, p.differences[0], authz.Trust).Kind == PrincipalPath
}

func (e *Evidence) userPathFix(cause Cause) *Fix {
	user := e.caller()
	return &Fix{
		Account: user.Account,
		Text:    fmt.Sprintf("move %s to the path %s, which the trust in account %s names", describe(user), e.Wanted.User.Path, cause.Account),
		Commands: []string{
			awsIAM("update-user", "--user-name", user.Name(), "--new-path", e.Wanted.User.Path),
		},
	}
}

// repositoryFix is for the owner of a repository. Its policy is not read, so no command can keep what it says.
func (q *question) repositoryFix() *Fix {
	return &Fix{
		Account: q.owner,
		Text: fmt.Sprintf("let the policy of %s allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to %s, beside what it says: "+
			"aws ecr get-repository-policy shows that, aws ecr set-repository-policy replaces it", q.resource, arn.Root(q.principal.Account)),
	}
}
