package cases

import (
	"strings"
	"unicode"
)

// actionPattern makes a pattern that holds the action in two of three cases, and misses by little in the others.
func (m *maker) actionPattern() string {
	service, name, _ := strings.Cut(m.c.Action, ":")
	switch m.IntN(14) {
	case 0, 1, 2:
		return m.c.Action
	case 3, 4:
		return service + ":*"
	case 5:
		return "*"
	case 6:
		return m.otherCase(m.c.Action)
	case 7:
		return service + ":" + m.wild(name)
	case 8:
		return m.otherCase(service) + ":" + m.wild(m.wild(name))
	case 9:
		return service + ":" + name[:len(name)-1]
	case 10:
		return service + ":" + m.wild(name) + "x"
	case 11:
		return service + ":" + name[:1+m.IntN(len(name)-1)] + "*"
	case 12:
		return pick(m, actions()).name
	}
	return pick(m, []string{"ecr:*", "s3:Get*", "iam:*", "sts:*", service + ":?" + name, service + ":Describe*"})
}

// wild puts an asterisk or question marks in the place of a part of s, which the result then matches. It leaves variables
// whole: AWS says nothing of malformed ones.
func (m *maker) wild(s string) string {
	if s == "" {
		return "*"
	}
	if strings.Contains(s, "${") {
		return s
	}
	from := m.IntN(len(s))
	to := from + m.IntN(len(s)-from+1)
	if to-from <= 3 && m.chance(40) {
		return s[:from] + strings.Repeat("?", to-from) + s[to:]
	}
	return s[:from] + "*" + s[to:]
}

// otherCase turns the case of one letter, or of all.
func (m *maker) otherCase(s string) string {
	if m.chance(40) {
		return pick(m, []string{strings.ToUpper(s), strings.ToLower(s)})
	}
	letters := []rune(s)
	i := m.IntN(len(letters))
	if unicode.IsUpper(letters[i]) {
		letters[i] = unicode.ToLower(letters[i])
	} else {
		letters[i] = unicode.ToUpper(letters[i])
	}
	return string(letters)
}

// resourcePattern makes a pattern for the resource, which it matches in two of three cases.
func (m *maker) resourcePattern() string {
	if m.c.Resource == "*" {
		return pick(m, []string{"*", "*", "*", "*", "arn:aws:iam::111122223333:user/alice", "arn:aws:ecr:*", "arn:aws:s3:::*"})
	}
	parts := strings.SplitN(m.c.Resource, ":", 6)
	if m.chance(25) {
		return "*"
	}
	if m.chance(6) {
		return m.short(parts)
	}
	if m.chance(30) {
		m.narrow(parts)
	}
	if m.chance(30) {
		m.miss(parts)
	}
	return strings.Join(parts, ":")
}

// short makes an ARN of fewer parts, in which an asterisk at the end of one stands for those that are missing: "it can
// expand to match beyond the colon boundaries" (reference_policies_elements_resource.html).
func (m *maker) short(parts []string) string {
	service := pick(m, []string{parts[2], parts[2], "s3", "*"})
	whole := []string{
		"arn:aws:" + service + ":*", "arn:*", "arn:aws:" + service + ":" + parts[3] + ":*", "arn:aws:" + service + ":us-*",
		"arn:aws*:" + parts[5] + "*", "arn:aws:" + service + ":*:" + parts[5] + "*",
	}
	return pick(m, whole)
}

// narrow puts wildcards or a variable into the components of an ARN, so that it still matches.
func (m *maker) narrow(parts []string) {
	for n := 1 + m.IntN(2); n > 0; n-- {
		switch m.IntN(7) {
		case 0:
			parts[3] = pick(m, []string{"*", m.wild(parts[3])})
		case 1:
			parts[4] = pick(m, []string{"*", m.wild(parts[4])})
		case 2:
			parts[1+m.IntN(2)] = "*"
		case 3:
			parts[5] = m.variable(parts[5])
		case 4:
			parts[5] = pick(m, []string{"*", parts[5] + "*", m.wildName(parts[5])})
		default:
			parts[5] = m.wildName(parts[5])
		}
	}
}

// wildName puts wildcards behind the type of the resource alone: within it "you cannot use a wildcard"
// (reference_identifiers.html#identifiers-arns).
func (m *maker) wildName(resource string) string {
	if strings.Contains(resource, "${") {
		return resource
	}
	i := strings.IndexAny(resource, "/:") + 1
	return resource[:i] + m.wild(resource[i:])
}

// variable puts a policy variable in the place of a part of s: one whose value is that part if the request has one.
func (m *maker) variable(s string) string {
	for _, k := range m.keys {
		values := m.c.Value(k.name)
		if len(values) == 1 && values[0] != "" && k.kind != strs && strings.Contains(s, values[0]) && !strings.Contains(s, "${") && m.chance(70) {
			return strings.Replace(s, values[0], "${"+m.variableName(k.name)+"}", 1)
		}
	}
	i := strings.IndexAny(s, "/:") + 1
	if strings.Contains(s, "${") || i == len(s) {
		return s
	}
	end := i + 1 + m.IntN(len(s)-i)
	replaced := s[i:end]
	name := pick(m, m.keys).name
	switch m.IntN(6) {
	case 0, 1, 2:
		return s[:i] + "${" + name + ", '" + replaced + "'}" + s[end:]
	case 3:
		return s[:i] + "${" + name + "}" + s[end:]
	case 4:
		return s[:i] + pick(m, []string{"${*}", "${?}", "${$}"}) + s[end:]
	}
	return strings.ReplaceAll(s, "$", "${$}")
}

func (m *maker) variableName(name string) string {
	if m.chance(15) {
		return m.otherCase(name)
	}
	return name
}

// miss changes an ARN a little, so that it most likely matches no more.
func (m *maker) miss(parts []string) {
	switch m.IntN(8) {
	case 0:
		parts[3] = pick(m, []string{"us-east-1", "us-west-", "us-west-?", ""})
	case 1:
		parts[4] = pick(m, accounts())
	case 2:
		parts[5] = m.otherCaseOf(parts[5])
	case 3:
		if !strings.HasSuffix(parts[5], "}") {
			parts[5] = parts[5][:len(parts[5])-1]
		}
	case 4:
		if parts[5] == "*" {
			return
		}
		// A slash behind asterisks alone would make them the resource's type, which takes no wildcards.
		if more := pick(m, []string{"x", "/", "?", "/*", "*"}); more[0] != '/' || strings.Trim(parts[5], "*") != "" {
			parts[5] += more
		}
	case 5:
		parts[2] = pick(m, []string{"s3", "ecr", "iam"})
	case 6:
		parts[1] = pick(m, []string{"aws-cn", "aw", "aws-us-gov"})
	case 7:
		parts[5] = m.wildName(parts[5]) + "z"
	}
}

func (m *maker) otherCaseOf(resource string) string {
	i := strings.IndexAny(resource, "/:") + 1
	if strings.Contains(resource, "${") || i == len(resource) {
		return resource
	}
	return resource[:i] + m.otherCase(resource[i:])
}
