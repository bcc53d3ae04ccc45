package credential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// A File is an AWS config file as it was written: every section and line that a reader of the AWS SDKs would see, each
// with its place, duplicates included.
type File struct {
	Sections []Section
}

// A Section is one bracketed header and what follows it.
type Section struct {
	// Kind is the first word of a header of two ("profile", "services", "sso-session"), else empty.
	Kind string
	// Name is the last word: the profile's name, "default" for [default].
	Name string
	// Line counts from 1.
	Line       int
	Properties []Property
}

// A Property is one key=value line.
type Property struct {
	// Key is in lower case: the SDKs do not mind the case of keys.
	Key string
	// Value is trimmed of white space. It is a Secret because the line may hold one.
	Value Secret
	// Line and Column place the value; both count from 1, the column in bytes.
	Line, Column int
}

// A SyntaxError is a line that is no part of an AWS config file. It never quotes the line, which may hold a secret.
type SyntaxError struct {
	Line int
	Msg  string
}

// Error gives the line and what is wrong with it.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse reads an AWS config file: sections, key = value lines, indented lines of nested values, comments from # or ; at
// the start of a line or after white space
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Lines may end in LF or CRLF. What the SDKs skip in
// silence is a *SyntaxError here: a line that is neither, a header without its bracket, a property before any header.
func Parse(src []byte) (*File, error) {
	if !utf8.Valid(src) {
		return nil, fmt.Errorf("parsing an AWS config file: %w", &SyntaxError{Line: 1, Msg: "not UTF-8 text"})
	}
	p := parser{file: &File{}}
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		if err := p.line(n, strings.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("parsing an AWS config file: %w", err)
		}
	}
	return p.file, nil
}

type parser struct{ file *File }

func (p *parser) line(n int, text string) error {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		return nil
	case text[0] == '[':
		return p.header(n, trimmed)
	case text[0] == ' ' || text[0] == '\t':
		return p.nested(n)
	}
	return p.property(n, text)
}

func (p *parser) header(n int, text string) error {
	inside, rest, closed := strings.Cut(text[1:], "]")
	if !closed {
		return &SyntaxError{Line: n, Msg: "a section header without its closing bracket"}
	}
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' && rest[0] != ';' {
		return &SyntaxError{Line: n, Msg: "text after a section header"}
	}
	words := strings.Fields(inside)
	section := Section{Line: n}
	switch len(words) {
	case 1:
		section.Name = words[0]
	case 2:
		section.Kind, section.Name = words[0], words[1]
	default:
		return &SyntaxError{Line: n, Msg: "a section header wants one name, or a kind and a name"}
	}
	p.file.Sections = append(p.file.Sections, section)
	return nil
}

// nested accepts an indented line, which belongs to the value of the property above (`s3 =` and the like). None of the
// settings that a credential needs is nested, so the line itself is not kept.
func (p *parser) nested(n int) error {
	if len(p.file.Sections) == 0 || len(p.last().Properties) == 0 {
		return &SyntaxError{Line: n, Msg: "an indented line that continues no property"}
	}
	return nil
}

func (p *parser) property(n int, text string) error {
	key, value, found := strings.Cut(text, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !found {
		return &SyntaxError{Line: n, Msg: "neither a section header nor key=value"}
	}
	if key == "" || strings.ContainsAny(key, " \t") {
		return &SyntaxError{Line: n, Msg: "a property without a key of one word before ="}
	}
	if len(p.file.Sections) == 0 {
		return &SyntaxError{Line: n, Msg: "a property before the first section header"}
	}
	column := len(text) - len(strings.TrimLeft(value, " \t")) + 1
	section := p.last()
	section.Properties = append(section.Properties, Property{
		Key: key, Value: NewSecret(strings.TrimSpace(cutComment(value))), Line: n, Column: column,
	})
	return nil
}

func (p *parser) last() *Section { return &p.file.Sections[len(p.file.Sections)-1] }

// cutComment takes a comment off a value. A # or ; counts only after white space, because secrets hold such characters.
func cutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if (value[i] == '#' || value[i] == ';') && (value[i-1] == ' ' || value[i-1] == '\t') {
			return value[:i]
		}
	}
	return value
}

// Errors of File.Config, to branch on.
var (
	ErrNoProfile = errors.New("no such profile")
	ErrNoValue   = errors.New("no value")
	ErrBadValue  = errors.New("bad value")
)

// Profile returns the properties of a profile, the last of each key winning as in the SDKs, and whether it exists. The
// default profile may be called [default] or [profile default], of which the latter is read alone where both exist;
// every other profile needs the word "profile": without it no SDK finds the profile.
func (f *File) Profile(name string) (map[string]Property, bool) {
	kinds := []string{"profile"}
	if name == "default" {
		kinds = append(kinds, "")
	}
	for _, kind := range kinds {
		properties, found := map[string]Property{}, false
		for _, s := range f.Sections {
			if s.Kind != kind || s.Name != name {
				continue
			}
			found = true
			for _, p := range s.Properties {
				properties[p.Key] = p
			}
		}
		if found {
			return properties, true
		}
	}
	return nil, false
}

// ParseConfig reads a delivered file: Parse, then Config. What stands for the key's id must have the form of one, for ids
// are printed and somebody may have swapped the two halves of the key; the error does not quote it.
func ParseConfig(src []byte) (Config, error) {
	file, err := Parse(src)
	if err != nil {
		return Config{}, err
	}
	config, err := file.Config()
	if err != nil {
		return Config{}, err
	}
	if _, err := awsid.ParseAccessKeyID(string(config.Key.ID)); err != nil {
		return Config{}, fmt.Errorf("reading an AWS config file: profile %q: %w for aws_access_key_id", config.UserProfile, ErrBadValue)
	}
	return config, nil
}

// Config reads what pullpass needs out of the file: profile default with its Region, role and source profile, and the
// key in that profile. Errors wrap ErrNoProfile, ErrNoValue or ErrBadValue, give the line where there is one, and never
// quote a value of the key.
func (f *File) Config() (Config, error) {
	c, err := f.config()
	if err != nil {
		return Config{}, fmt.Errorf("reading an AWS config file: %w", err)
	}
	return c, nil
}

func (f *File) config() (Config, error) {
	r := reader{file: f}
	r.open("default")
	c := Config{
		UserProfile:     r.required("source_profile"),
		RoleSessionName: r.optional("role_session_name"),
		ExternalID:      r.optional("external_id"),
	}
	role, region := r.required("role_arn"), r.required("region")
	c.RoleARN = parsed(&r, "role_arn", role, arn.Parse)
	c.Region = parsed(&r, "region", region, arn.ParseRegion)
	r.open(c.UserProfile)
	c.Key.ID = awsid.AccessKeyID(r.required("aws_access_key_id"))
	c.Key.Secret = NewSecret(r.required("aws_secret_access_key"))
	return c, r.err
}

// reader takes values out of one profile after another and remembers the first thing that went wrong.
type reader struct {
	file       *File
	profile    string
	properties map[string]Property
	err        error
}

func (r *reader) open(profile string) {
	if r.err != nil {
		return
	}
	properties, found := r.file.Profile(profile)
	if !found {
		r.err = fmt.Errorf("profile %q: %w%s", profile, ErrNoProfile, r.file.profileHint(profile))
		return
	}
	r.profile, r.properties = profile, properties
}

// profileHint tells the commonest reason for a profile that nobody finds.
func (f *File) profileHint(profile string) string {
	i := slices.IndexFunc(f.Sections, func(s Section) bool { return s.Kind == "" && s.Name == profile })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d has [%s] without the word profile)", f.Sections[i].Line, profile)
}

func (r *reader) optional(key string) string { return r.properties[key].Value.Reveal() }

func (r *reader) required(key string) string {
	value := r.optional(key)
	if value == "" && r.err == nil {
		r.err = fmt.Errorf("profile %q: %w for %s", r.profile, ErrNoValue, key)
	}
	return value
}

// parsed runs parse over a value that is no secret, unless something went wrong before.
func parsed[T any](r *reader, key, value string, parse func(string) (T, error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	result, err := parse(value)
	if err != nil {
		r.err = fmt.Errorf("line %d: %w for %s: %w", r.properties[key].Line, ErrBadValue, key, err)
		return zero
	}
	return result
}
