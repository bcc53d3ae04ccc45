package lint

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// A config is an AWS config file under examination.
type config struct {
	*report
	text     text
	source   source
	profiles profiles
}

// checkConfig reports what is wrong with an AWS config file.
func checkConfig(out *report, t text, from source) {
	c := &config{report: out, text: t, source: from}
	if !c.readable() {
		return
	}
	c.profiles = scan(t)
	if len(c.profiles.sections) == 0 && len(c.profiles.unclosed) == 0 && c.empty() {
		return
	}
	c.lines()
	if len(c.profiles.unclosed) > 0 {
		return
	}
	c.headers()
	c.keys()
	c.chain()
}

// at records a finding at an offset.
func (c *config) at(code Code, offset int, format string, args ...any) *Finding {
	return c.add(code, c.source.at(offset), format, args...)
}

const byteOrderMark = "\ufeff"

// readable reports whether there is text to look at.
func (c *config) readable() bool {
	if strings.HasPrefix(c.text.all, byteOrderMark) {
		c.at(unreadable, 0, "the text begins with a byte order mark").Fix =
			c.source.replace(0, len(byteOrderMark), "", "remove the byte order mark").public(c.source)
		return false
	}
	if !utf8.ValidString(c.text.all) || strings.ContainsRune(c.text.all, 0) {
		c.at(unreadable, invalid(c.text.all), "the text is not UTF-8")
		return false
	}
	return true
}

// invalid returns the offset of the first byte that is no text.
func invalid(s string) int {
	for i, r := range s {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return 0
}

// empty reports whether there is nothing like a profile, and says why.
func (c *config) empty() bool {
	all := c.text.all
	if decoded, ok := decodedConfig(all); ok {
		c.at("PP002", 0, "this is base64 of an AWS config, not the config").Fix =
			c.source.replace(0, len(all), decoded, "decode the config")
		return true
	}
	if len(c.profiles.ignored) == 0 {
		c.at("PP001", 0, "there is no profile in it, nor anything else")
		return true
	}
	return false
}

// mostEncodings is how often base64 is undone.
const mostEncodings = 4

// decodedConfig undoes base64 until that gives an AWS config.
func decodedConfig(s string) (string, bool) {
	for range mostEncodings {
		compact := strings.Join(strings.Fields(s), "")
		decoded, err := base64.StdEncoding.DecodeString(compact)
		if compact == "" || err != nil || !utf8.Valid(decoded) || strings.ContainsRune(string(decoded), 0) {
			return "", false
		}
		s = string(decoded)
		if len(scan(newText(s)).sections) > 0 {
			return s, true
		}
	}
	return "", false
}

// lines looks at what the SDKs skip, and at line ends.
func (c *config) lines() {
	if i := strings.Index(c.text.all, "\r\n"); i >= 0 {
		c.at("PP023", i, "%d lines end in CRLF", strings.Count(c.text.all, "\r\n"))
	}
	for _, header := range c.profiles.unclosed {
		c.at("PP020", header.start, "the header is not closed")
	}
	if len(c.profiles.unclosed) > 0 {
		return // Whose the other lines are is anybody's guess.
	}
	for _, line := range c.profiles.ignored {
		c.at("PP021", line.start, "neither a section header nor key=value of a section")
	}
}

// headers looks at sections that are no profiles, and at values that are given twice.
func (c *config) headers() {
	used := c.used()
	seen := map[string]bool{}
	for _, s := range c.profiles.sections {
		if !s.isProfile() {
			c.misnamed(s, used)
			continue
		}
		if seen[s.name] {
			continue
		}
		seen[s.name] = true
		p, _ := c.profiles.profile(s.name)
		for _, again := range p.again {
			c.at("PP024", again.at, "%s of profile %s is given again further down, and that counts", shown(again.key), shown(p.name))
		}
	}
}

// used is the names that source_profile gives anywhere.
func (c *config) used() map[string]bool {
	names := map[string]bool{}
	for _, s := range c.profiles.sections {
		for _, p := range s.properties {
			if p.key == sourceProfile {
				names[p.value] = true
			}
		}
	}
	return names
}

// misnamed reports a section that no SDK takes for a profile. It matters where source_profile names it, and no profile has
// the name: then it is also safe to make it one.
func (c *config) misnamed(s section, used map[string]bool) {
	if s.kind == "sso-session" || s.kind == "services" || s.kind == "" && strings.EqualFold(s.name, "default") {
		return // The SDKs know the first two; of another default PP016 tells.
	}
	name := shown(s.name)
	header := "[" + strings.TrimSpace(shown(s.kind)+" "+name) + "]"
	found := c.at("PP004", s.start, "%s is no profile: it wants [profile %s]", header, name)
	if _, taken := c.profiles.profile(s.name); taken || !used[s.name] {
		found.Severity = Warning
		return
	}
	if s.kind == "" {
		found.Fix = c.source.replace(s.start+1, s.start+1, "profile ", "write the word profile").public(c.source).
			showing(header, "[profile "+name+"]")
	}
}
