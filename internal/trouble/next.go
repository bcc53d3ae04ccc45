package trouble

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
)

// look is the step that finds out what the text leaves open, or that mends what it tells.
func (p Place) look(f Finding) []Step {
	if p.Cluster == "" {
		p.Cluster = clusterOf(f.Principal)
	}
	var steps []Step
	switch {
	case f.Kind == explain.Clock, f.Kind == explain.Network, f.Link == "" && f.Kind != explain.Subscription:
		return nil
	case f.vague:
		return []Step{{Text: "or walk the chain with the delivered file: the first broken link is the cause", Command: p.command("verify")}}
	case f.Conclusion == explain.Open || f.Conclusion == explain.Likely:
		steps = append(steps, Step{Text: "look at both sides: it names the account, the policy and the smallest fix", Command: p.command("explain")})
	default:
		steps = append(steps, Step{Text: "see the policy, the statement and the smallest fix", Command: p.command("explain")})
	}
	if other := otherSide(f); other != "" {
		steps = append(steps, Step{
			Text: "who has no access to the role's account asks its administrator for the trust", Account: string(other),
			Command: "aws iam get-role --role-name " + quote(name(f.Resource)) + " --query Role.AssumeRolePolicyDocument",
		})
	}
	return steps
}

// command is a command line of this program for the place.
func (p Place) command(verb string) string {
	line := "pullpass " + verb
	if p.Share != "" {
		line += " -f " + quote(p.Share)
	}
	if p.Cluster != "" {
		line += " --cluster " + quote(p.Cluster)
	}
	return line
}

// otherSide is the account of a role that was refused across accounts; empty for any other refusal.
func otherSide(f Finding) arn.AccountID {
	caller, err := arn.Parse(f.Principal)
	role, err2 := arn.Parse(f.Resource)
	if err != nil || err2 != nil || role.Kind() != "role" || caller.Account == role.Account {
		return ""
	}
	return role.Account
}

func name(resource string) string {
	a, err := arn.Parse(resource)
	if err != nil {
		return ""
	}
	return a.Name()
}

// clusterOf is the cluster whose user pullpass named /pullpass/<share>/pullpass-<share>-<cluster>, or a session of whose
// user's name it is; empty where the principal is no such user.
func clusterOf(principal string) string {
	a, err := arn.Parse(principal)
	if err != nil {
		return ""
	}
	if a.Kind() == "user" {
		share, found := strings.CutPrefix(strings.TrimSuffix(a.Path(), "/"), "/pullpass/")
		if !found {
			return ""
		}
		cluster, _ := strings.CutPrefix(a.Name(), "pullpass-"+share+"-")
		if cluster == a.Name() {
			return ""
		}
		return cluster
	}
	// The role's name ends with the destination's account: what both names begin with is the share.
	share, _, found := strings.Cut(strings.TrimPrefix(a.Name(), "pullpass-"), "-"+trailingAccount.FindString(a.Name()))
	if !found || !strings.HasPrefix(a.Session(), "pullpass-"+share+"-") {
		return ""
	}
	return strings.TrimPrefix(a.Session(), "pullpass-"+share+"-")
}

var (
	trailingAccount = regexp.MustCompile(`\d{12}$`)
	// plain is what a POSIX shell takes as one word.
	plain = regexp.MustCompile(`^[A-Za-z0-9@%+=:,./_-]+$`)
)

// quote makes one word of a text for a POSIX shell.
func quote(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
