package lint

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pullpass/pullpass/internal/credential"
)

// needed lists the keys that a Secret must have, empty or not, in the order of AWS's page.
func needed() []string {
	return []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion}
}

// read lists the keys that anybody reads.
func read() []string { return append(needed(), credential.KeySessionToken, credential.KeyConfig) }

// An entry is one key of a Secret's data, decoded.
type entry struct {
	source
	text text
}

// A secretData is the data of a Secret, from a manifest or from a cluster.
type secretData struct {
	entries map[string]entry
	// complete is false where a value could not be decoded: then nothing is said about what is missing.
	complete bool
	// at is the place of the data as a whole.
	at Position
	// insert is the edit that adds an empty key; nil where there is none.
	insert func(key string) *Edit
}

// secret looks at a Secret of a manifest.
func (m *manifest) secret(n ast.Node) {
	if field(n, "sops") != nil {
		m.add("PP112", m.of(n), "a Secret that sops has encrypted")
		return
	}
	data, plain := field(n, "data"), field(n, "stringData")
	s := secretData{entries: map[string]entry{}, complete: true, at: m.of(n), insert: m.insertion(data)}
	if data != nil {
		s.at = m.of(data)
	}
	m.identity(n)
	for _, e := range entries(data) {
		m.encoded(&s, e)
	}
	for _, e := range entries(plain) {
		m.plain(&s, e, field(data, e.Key.GetToken().Value) != nil)
	}
	checkData(m.report, s)
}

// identity reports a Secret of another name or namespace that holds what aws-secret would.
func (m *manifest) identity(n ast.Node) {
	const code Code = "PP108"
	metadata := field(n, "metadata")
	if name := field(metadata, "name"); scalar(name) != credential.SecretName {
		m.add(code, m.nodePlace(name, n), "the Secret is not called %s", credential.SecretName)
	}
	switch namespace := field(metadata, "namespace"); {
	case namespace == nil:
		m.add(code, m.nodePlace(metadata, n), "no namespace is given; it must go to %s", credential.SecretNamespace)
	case scalar(namespace) != credential.SecretNamespace:
		m.add(code, m.nodePlace(namespace, n), "the namespace is not %s", credential.SecretNamespace)
	}
}

// nodePlace is the place of a node, or of another one where it is missing.
func (m *manifest) nodePlace(n, otherwise ast.Node) Position {
	if n == nil {
		n = otherwise
	}
	return m.of(n)
}

// encoded takes in an entry of data.
func (m *manifest) encoded(s *secretData, e *ast.MappingValueNode) {
	key := e.Key.GetToken().Value
	at := m.place(e.Value.GetToken())
	at.Key = key
	value, ok := scalarText(e.Value)
	compact := strings.Join(strings.Fields(value), "")
	decoded, err := base64.StdEncoding.DecodeString(compact)
	if !ok || err != nil {
		s.complete = false
		if strings.HasPrefix(value, "ENC[") {
			m.add("PP112", at, "the value of %s is encrypted", key)
			return
		}
		found := m.add("PP103", at, "the value of %s is not base64", key)
		if strings.HasPrefix(value, "<") {
			found.Message = "the value of " + key + " is a placeholder of AWS's page"
		}
		return
	}
	if strings.ContainsAny(strings.TrimSpace(value), " \t") { // The decoder skips line ends, and nothing else.
		m.add("PP102", at, "the base64 of %s is broken into pieces", key).Fix = m.scalarEdit(e.Value, compact, "put the base64 of "+key+" on one line")
	}
	s.entries[key] = entry{text: newText(string(decoded)), source: inSecret{
		manifest: m, node: e.Value, key: key, text: newText(string(decoded)), encode: true,
	}}
}

// plain takes in an entry of stringData, which hides one of data.
func (m *manifest) plain(s *secretData, e *ast.MappingValueNode, hides bool) {
	key := e.Key.GetToken().Value
	at := m.place(e.Value.GetToken())
	at.Key = key
	if hides {
		m.add("PP110", at, "%s is in data too", key)
	}
	value, ok := scalarText(e.Value)
	if !ok {
		s.complete = false
		return
	}
	s.entries[key] = entry{text: newText(value), source: inSecret{manifest: m, node: e.Value, key: key, text: newText(value)}}
}

// checkData reports what is wrong with the data of a Secret.
func checkData(out *report, s secretData) {
	config, configured := s.entries[credential.KeyConfig]
	checkMissing(out, s, configured)
	checkNames(out, s)
	checkKeys(out, s, configured)
	if configured {
		checkConfig(out, config.text, config.source)
	}
}

// value is the decoded text of a key.
func (s secretData) value(key string) string { return s.entries[key].text.all }

// checkMissing looks at what is not there.
func checkMissing(out *report, s secretData, configured bool) {
	if !s.complete {
		return
	}
	for _, key := range needed() {
		if _, ok := s.entries[key]; ok {
			continue
		}
		found := out.add("PP107", s.at, "there is no key %s", key)
		if configured && s.insert != nil {
			found.Fix = s.insert(key)
		}
	}
	if !configured && s.value(credential.KeyAccessKeyID) == "" && s.value(credential.KeySecretAccessKey) == "" {
		out.add("PP105", s.at, "there is no config, and the keys are empty")
	}
}

// checkNames looks for keys that are named like one that is read.
func checkNames(out *report, s secretData) {
	others := map[string]string{
		"AWS_REGION": credential.KeyRegion, "AWS_DEFAULT_REGION": credential.KeyRegion, "EKSA_AWS_REGION": credential.KeyRegion,
		"AWS_CONFIG": credential.KeyConfig, "AWS-CONFIG": credential.KeyConfig, "AWS_CONFIG_FILE": credential.KeyConfig,
		"EKSA_AWS_ACCESS_KEY_ID": credential.KeyAccessKeyID, "EKSA_AWS_SECRET_ACCESS_KEY": credential.KeySecretAccessKey,
	}
	for _, key := range sortedKeys(s.entries) {
		if slices.Contains(read(), key) {
			continue
		}
		meant := others[strings.ToUpper(key)]
		for _, known := range read() {
			if strings.EqualFold(known, key) {
				meant = known
			}
		}
		if meant != "" {
			out.add("PP109", s.entries[key].at(0), "%s is read by nobody; %s is", key, meant).KeyLine = 0
		}
	}
}

// checkKeys looks at the keys themselves.
func checkKeys(out *report, s secretData, configured bool) {
	set := false
	for _, key := range append(needed(), credential.KeySessionToken) {
		e, ok := s.entries[key]
		if !ok {
			continue
		}
		value := strings.TrimSpace(e.text.all)
		set = set || value != "" && key != credential.KeyRegion
		if value != e.text.all {
			found := out.add("PP106", e.at(0), "%s begins or ends with white space", key)
			found.KeyLine = 0
			found.Fix = e.replace(0, len(e.text.all), value, "take white space off "+key)
			if configured {
				found.Severity = Info
			}
		}
		if !configured && value != "" {
			checkKey(out, key, e, strings.Trim(value, "'"))
		}
	}
	if set && len(scan(s.entries[credential.KeyConfig].text).sections) > 0 { // PP001 and PP002 tell of a config without.
		at := s.entries[credential.KeyConfig].at(0)
		at.KeyLine = 0
		out.add("PP104", at, "the keys beside config are not used")
	}
}

// checkKey looks at the value of one key, from which the consumers take single quotes off.
func checkKey(out *report, key string, e entry, value string) {
	var code Code
	var problem string
	switch {
	case isExample(value):
		code, problem = "PP025", "the value of "+key+" is an example"
	case key == credential.KeyAccessKeyID:
		code, problem = "PP013", keyIDProblem(value)
	case key == credential.KeySecretAccessKey:
		code, problem = "PP014", secretProblem(value)
	case key == credential.KeyRegion:
		code, problem = "PP012", regionProblem(value)
	}
	if problem != "" {
		out.add(code, e.at(0), "%s", problem).KeyLine = 0
	}
}
