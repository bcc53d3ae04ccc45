package lint

import (
	"errors"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// maxChain bounds how many profiles a chain of source_profile is followed over. Circles end sooner.
const maxChain = 100

// chain follows the way from profile default to a key, as the SDK for Go does.
func (c *config) chain() {
	start, ok := c.profiles.profile("default")
	if !ok {
		c.noDefault()
		return
	}
	c.region(start)
	if c.startsWithKey(start) {
		return
	}
	visited, p := map[string]bool{}, start
	for range maxChain {
		visited[p.name] = true
		c.role(p)
		next, ok := c.next(p, visited)
		if !ok {
			return
		}
		p = next
	}
}

func (c *config) noDefault() {
	const code Code = "PP016"
	for _, s := range c.profiles.sections {
		if !s.isProfile() {
			c.at(code, s.start, "[%s] is not [default]", shown(s.name))
			return
		}
	}
	c.at(code, 0, "no section is called [default]")
}

// startsWithKey looks at a key in profile default, and reports whether there is nothing more to follow.
func (c *config) startsWithKey(p profile) bool {
	id, _ := p.of(keyID)
	switch source, named := p.of(sourceProfile); {
	case !p.hasKey():
		return false
	case !p.has(roleARN) && !named:
		c.at("PP017", id.at, "profile default has a key and no role")
		return true
	case named && source.value != p.name:
		c.at("PP009", id.at, "nobody uses this key: source_profile names %s", shown(source.value))
		return false
	}
	c.at("PP009", id.at, "this key assumes the role; it belongs into a profile of its own")
	c.role(p)
	return true
}

// next follows source_profile. It reports false where the chain ends, well or not.
func (c *config) next(p profile, visited map[string]bool) (profile, bool) {
	source, named := p.of(sourceProfile)
	if !named {
		c.noSource(p)
		return profile{}, false
	}
	if !p.has(roleARN) {
		c.at("PP018", source.at, "profile %s has source_profile and no role_arn", shown(p.name))
		return profile{}, false
	}
	next, ok := c.profiles.profile(source.value)
	switch {
	case !ok:
		c.unknown(source)
	case next.hasKey() || next.has(keyID) != next.has(keySecret): // Half a key is PP015.
	case next.name == p.name:
		c.at("PP006", source.at, "profile %s names itself, and holds no key", shown(p.name))
	case visited[next.name]:
		c.at("PP007", source.at, "source_profile leads back to %s, and none on the way holds a key", shown(next.name))
	default:
		return next, true
	}
	return profile{}, false
}

// noSource reports a profile at which the chain ends without a key.
func (c *config) noSource(p profile) {
	for _, setting := range elsewhere() {
		if found, ok := p.of(setting); ok {
			c.at("PP027", found.at, "%s of profile %s needs more than this file", setting, shown(p.name))
			return
		}
	}
	if role, ok := p.of(roleARN); ok {
		c.at("PP005", role.at, "profile %s has role_arn and no source_profile", shown(p.name))
		return
	}
	if p.has(keyID) == p.has(keySecret) {
		c.at("PP019", p.header.start, "profile %s holds no key", shown(p.name))
	}
}

// unknown reports a source_profile that does not exist, unless PP004 says why.
func (c *config) unknown(source property) {
	for _, s := range c.profiles.sections {
		if s.name == source.value && !s.isProfile() {
			return
		}
	}
	c.at("PP008", source.span.start, "there is no profile %s", shown(source.value))
}

// region looks at the Region of profile default, the only one that counts.
func (c *config) region(p profile) {
	found, ok := p.of(regionSetting)
	if !ok {
		c.at("PP003", p.header.start, "profile default has no region")
		return
	}
	if problem := regionProblem(found.value); problem != "" {
		c.at("PP012", found.span.start, "%s", problem)
	}
}

// regionProblem says why a text is not the Region of a packages registry; it is empty where it is one.
func regionProblem(value string) string {
	region, err := arn.ParseRegion(value)
	if err != nil {
		return "the value is no Region code such as us-west-2"
	}
	_, err = registry.ForRegion(region)
	switch {
	case errors.Is(err, registry.ErrNoRegistry):
		return "no packages registry exists in the partition of " + value
	case err != nil:
		return "no packages registry is known in " + value
	}
	return ""
}

// role looks at the role that a profile assumes.
func (c *config) role(p profile) {
	if serial, ok := p.of(mfaSerial); ok && p.has(roleARN) {
		c.at("PP026", serial.at, "profile %s asks for a second factor", shown(p.name))
	}
	found, ok := p.of(roleARN)
	if !ok {
		return
	}
	role, err := arn.Parse(found.value)
	switch {
	case err != nil: // The value is not quoted: what is no ARN may be anything, a secret on the wrong line too.
		c.at("PP011", found.span.start, "role_arn of profile %s is no ARN", shown(p.name))
	case role.Service != "iam" || role.Kind() != "role" || role.Region != "" || role.Name() == "":
		c.at("PP011", found.span.start, "%s is no role", role)
	case role.Partition != "aws":
		c.at("PP010", found.span.start, "%s is in partition %s", role, role.Partition)
	}
}
