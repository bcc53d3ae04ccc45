package lint

import (
	"slices"
	"strings"
)

// A profiles is an AWS config file as the SDK for Go reads it: leniently. Nothing stops it; what it would pass over in
// silence is kept in ignored. The strict reader is credential.Parse.
type profiles struct {
	sections []section
	named    map[string]profile
	ignored  []span // lines that are nothing
	unclosed []span // headers without the closing bracket
}

// A span is a part of a text, in offsets.
type span struct{ start, end int }

// A section is one bracketed header and what follows it.
type section struct {
	span
	// kind is the first word of a header of several, else empty; name is the rest.
	kind, name string
	properties []property
}

// A property is one key=value line.
type property struct {
	key, value string
	at         int  // the offset of the key
	span       span // of the value
}

// scan reads a config file by the rules that config/internal/ini of the SDK for Go v2 follows.
func scan(t text) profiles {
	var p profiles
	for _, start := range t.starts {
		_, end := t.lineOf(start)
		p.line(t.all[start:end], start)
	}
	p.merge()
	return p
}

func (p *profiles) line(line string, at int) {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
	case trimmed[0] == '[':
		p.header(line, at)
	default:
		p.property(line, at)
	}
}

func (p *profiles) header(line string, at int) {
	indent := strings.IndexByte(line, '[')
	inside, _, _ := strings.Cut(line[indent+1:], "#")
	inside, _, _ = strings.Cut(inside, ";")
	inside, closed := strings.CutSuffix(strings.TrimSpace(inside), "]")
	whole := span{at + indent, at + len(line)}
	if !closed {
		p.unclosed = append(p.unclosed, whole)
		return
	}
	s := section{span: whole, name: strings.TrimSpace(inside)}
	if i := strings.IndexAny(s.name, " \t"); i >= 0 {
		s.kind, s.name = s.name[:i], strings.TrimSpace(s.name[i:])
	}
	p.sections = append(p.sections, s)
}

// property takes key=value, key: value too, whether it is indented or not. A line that is neither continues the value
// above it if it is indented, and is nothing otherwise.
func (p *profiles) property(line string, at int) {
	separator := strings.IndexAny(line, "=:")
	indented := line[0] == ' ' || line[0] == '\t'
	if separator < 0 {
		if !indented || len(p.sections) == 0 {
			p.ignored = append(p.ignored, span{at, at + len(line)})
		}
		return
	}
	if len(p.sections) == 0 {
		p.ignored = append(p.ignored, span{at, at + len(line)})
		return
	}
	value := withoutComment(line[separator+1:])
	start := at + separator + 1 + len(value) - len(strings.TrimLeft(value, " \t"))
	value = strings.TrimSpace(value)
	s := &p.sections[len(p.sections)-1]
	if n := len(s.properties); indented && n > 0 && s.properties[n-1].value == "" {
		return // A part of a nested setting, such as those of s3.
	}
	s.properties = append(s.properties, property{
		key:   strings.ToLower(strings.TrimSpace(line[:separator])),
		value: unquoted(value),
		at:    at + len(line) - len(strings.TrimLeft(line, " \t")),
		span:  span{start, start + len(value)},
	})
}

// withoutComment takes off what follows a # or ; after white space: secrets hold such characters.
func withoutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if (value[i] == '#' || value[i] == ';') && (value[i-1] == ' ' || value[i-1] == '\t') {
			return value[:i-1]
		}
	}
	return value
}

// unquoted takes off quotes around a value, as the SDK for Go does.
func unquoted(value string) string {
	for _, quote := range []string{`"`, "'"} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}

// A profile is what the sections of one name say together.
type profile struct {
	name   string
	header span // of the first section
	values map[string]property
	again  []property // values that are replaced by a later one
}

// of returns a property that has a value.
func (p profile) of(key string) (property, bool) {
	found, ok := p.values[key]
	return found, ok && found.value != ""
}

func (p profile) has(key string) bool {
	_, ok := p.of(key)
	return ok
}

func (p profile) hasKey() bool { return p.has(keyID) && p.has(keySecret) }

// isProfile tells whether the SDKs take a section for a profile: the word "profile" is needed but for the default one.
func (s section) isProfile() bool { return s.kind == "profile" || s.kind == "" && s.name == "default" }

// profile returns a profile by its name.
func (p profiles) profile(name string) (profile, bool) {
	found, ok := p.named[name]
	return found, ok
}

// merge puts the sections of each profile together, the last value of a setting counting. [profile default] hides
// [default].
func (p *profiles) merge() {
	p.named = map[string]profile{}
	hidden := slices.ContainsFunc(p.sections, func(s section) bool { return s.kind == "profile" && s.name == "default" })
	for _, s := range p.sections {
		if !s.isProfile() || hidden && s.kind == "" {
			continue
		}
		merged, ok := p.named[s.name]
		if !ok {
			merged = profile{name: s.name, header: s.span, values: map[string]property{}}
		}
		for _, property := range s.properties {
			if before, ok := merged.values[property.key]; ok {
				merged.again = append(merged.again, before)
			}
			merged.values[property.key] = property
		}
		p.named[s.name] = merged
	}
}

// The settings that matter.
const (
	keyID            = "aws_access_key_id"
	keySecret        = "aws_secret_access_key"
	sessionToken     = "aws_session_token"
	roleARN          = "role_arn"
	sourceProfile    = "source_profile"
	credentialSource = "credential_source"
	mfaSerial        = "mfa_serial"
	regionSetting    = "region"
)

// elsewhere lists settings that take credentials from another place than the file.
func elsewhere() []string {
	return []string{
		credentialSource, "credential_process", "web_identity_token_file", "sso_session", "sso_start_url", "login_session",
	}
}
