package explain

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/registry"
)

// uniqueID is the form of the unique ids of users and roles, by which a trust shows a principal that was deleted ("AWS JSON
// policy elements: Principal", IAM User Guide).
var uniqueID = regexp.MustCompile(`^A(?:IDA|ROA)[A-Z0-9]{16,}$`)

// miss says how a request differs from one element of a statement.
func (q *question) miss(p *place, d difference, t authz.PolicyType) Miss {
	switch d.cause {
	case authz.ByPrincipal:
		return q.principalMiss(p, t)
	case authz.ByResource:
		return q.resourceMiss(p, t)
	case authz.ByCondition:
		return q.conditionMiss(p, p.statement.Conditions[d.condition], t)
	case authz.ByAction:
		return Miss{
			Kind: implicitKind(t), Where: p.where(t) + ", Action", Expected: strings.Join(p.statement.Action, " or "), Found: q.action,
			Text: fmt.Sprintf("its Action does not hold %s", q.action),
		}
	case authz.NoCause, authz.ByNotPrincipal, authz.ByNotAction, authz.ByNotResource:
	}
	return Miss{
		Kind: implicitKind(t), Where: p.where(t), Expected: "anything but what it exempts", Found: q.action + " on " + q.resource,
		Text: "it exempts this very request",
	}
}

func (q *question) principalMiss(p *place, t authz.PolicyType) Miss {
	named := principals(p.statement.Principal)
	m := Miss{
		Kind: implicitKind(t), Where: p.where(t) + ", Principal", Expected: strings.Join(named, " or "), Found: q.principalARN(),
		Text: fmt.Sprintf("its Principal does not name %s", q.principalARN()),
	}
	for _, name := range named {
		if uniqueID.MatchString(name) {
			m.Kind, m.Expected = PrincipalRecreated, name
			m.Text = fmt.Sprintf("its Principal is the unique id %s of a user or role that was deleted; one that was made again under "+
				"the same name has another id", name)
			return m
		}
		if other, err := arn.Parse(name); err == nil && q.sameButForPath(other) {
			m.Kind, m.Expected = PrincipalPath, name
			m.Text = fmt.Sprintf("its Principal names the path %s, and %s is under %s", other.Path(), q.actorName(), q.principalPath())
			return m
		}
	}
	return m
}

// principals lists what a Principal element names.
func principals(p *iampolicy.Principals) []string {
	if p == nil {
		return nil
	}
	named := append([]string{}, p.AWS...)
	named = append(named, p.Service...)
	return append(named, p.Federated...)
}

// principalARN is the caller as policies name it: of a session that is the role.
func (q *question) principalARN() string {
	if q.principal.RoleARN != "" {
		return q.principal.RoleARN
	}
	return q.principal.ARN
}

func (q *question) sameButForPath(other arn.ARN) bool {
	own, err := arn.Parse(q.principalARN())
	return err == nil && other != own && other.Account == own.Account && other.Kind() == own.Kind() && other.Name() == own.Name()
}

func (q *question) principalPath() string {
	own, err := arn.Parse(q.principalARN())
	if err != nil {
		return ""
	}
	return own.Path()
}

func (q *question) resourceMiss(p *place, t authz.PolicyType) Miss {
	m := Miss{
		Kind: implicitKind(t), Where: p.where(t) + ", Resource", Expected: strings.Join(p.statement.Resource, " or "), Found: q.resource,
		Text: fmt.Sprintf("its Resource does not hold %s", q.resource),
	}
	wanted, err := arn.Parse(q.resource)
	if err != nil {
		return m
	}
	for _, pattern := range p.statement.Resource {
		if kind, text := nearResource(pattern, wanted); kind != "" {
			m.Kind, m.Expected, m.Text = kind, pattern, text
			return m
		}
	}
	return m
}

// nearResource says how a pattern misses a resource by its Region, registry or path alone; the kind is empty where it misses
// by more.
func nearResource(pattern string, wanted arn.ARN) (Kind, string) {
	fields := strings.SplitN(pattern, ":", arnFields)
	if len(fields) < arnFields {
		return "", ""
	}
	region, account := arn.Region(fields[3]), arn.AccountID(fields[4])
	if other, err := arn.Parse(pattern); err == nil && wanted.Kind() == "role" && other != wanted &&
		other.Account == wanted.Account && other.Kind() == "role" && other.Name() == wanted.Name() {
		return RolePath, fmt.Sprintf("its Resource is the role under the path %s, and the role is under %s", other.Path(), wanted.Path())
	}
	if wanted.Region == "" || !arn.NewPattern(moved(pattern, wanted)).MatchResource(wanted.String()) {
		return "", ""
	}
	if row, packages := registry.ByAccount(account); packages && account != wanted.Account {
		return RegistryRegion, fmt.Sprintf("its Resource is registry account %s, that of %s, and the registry is account %s in %s",
			account, row.Region, wanted.Account, wanted.Region)
	}
	if account == wanted.Account && region != wanted.Region {
		return WrongRegion, fmt.Sprintf("its Resource is for the Region %s, and the registry is in %s", region, wanted.Region)
	}
	return "", ""
}

// moved puts a resource's account into a pattern, and its Region where the pattern names one.
func moved(pattern string, to arn.ARN) string {
	fields := strings.SplitN(pattern, ":", arnFields)
	if len(fields) < arnFields {
		return pattern
	}
	fields[4] = string(to.Account)
	if fields[3] != "" && !strings.Contains(fields[3], "*") {
		fields[3] = string(to.Region)
	}
	return strings.Join(fields, ":")
}

// arnFields is the number of fields of an ARN, the resource being the last, which may hold colons itself.
const arnFields = 6

func (q *question) conditionMiss(p *place, c iampolicy.Condition, t authz.PolicyType) Miss {
	found := strings.Join(q.context.Get(c.Key), " and ")
	m := Miss{
		Kind: q.conditionKind(c, t), Where: fmt.Sprintf("%s, %s %s", p.where(t), c.Operator, c.Key),
		Expected: shownValues(c.Values, &q.context), Found: found,
	}
	switch {
	case q.unknown(c.Key):
		m.Found = "not known"
		m.Text = fmt.Sprintf("it wants %s to be %s, which nothing that was read tells", c.Key, m.Expected)
	case found == "":
		m.Found = "none"
		m.Text = fmt.Sprintf("it wants %s to be %s, and the request has none", c.Key, m.Expected)
	default:
		m.Text = fmt.Sprintf("it wants %s to be %s, and the request has %s", c.Key, m.Expected, found)
	}
	return m
}

func (q *question) conditionKind(c iampolicy.Condition, t authz.PolicyType) Kind {
	switch strings.ToLower(c.Key) {
	case "sts:externalid":
		return ExternalID
	case "sts:rolesessionname":
		return SessionName
	case "aws:requestedregion":
		return WrongRegion
	case "aws:principalarn":
		if q.namesOwnAccount(c.Values) {
			return PrincipalPath
		}
	}
	return implicitKind(t)
}

// namesOwnAccount reports whether one of the ARN patterns is about principals of the caller's account.
func (q *question) namesOwnAccount(patterns []string) bool {
	for _, pattern := range patterns {
		fields := strings.SplitN(pattern, ":", arnFields)
		if len(fields) == arnFields && fields[4] == string(q.principal.Account) {
			return true
		}
	}
	return false
}
