package peers

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTraps gives every mistake that `pullpass lint` names to the programs that read the credential. Each must say what the
// rule quotes of it, or work where the rule quotes nothing of it.
func TestTraps(t *testing.T) {
	found := findPrograms(t)
	s := &stage{
		scene: scene{programs: found, aws: found.aws[0], way: realNames, home: t.TempDir(), exported: map[string][]string{}},
		host:  registryHost(registryByTable(t, region)),
	}
	s.cloud = startCloud(t, found.pullpass, "")
	l := s.lend(t, documented, 0)
	laid := newTrapping(t, l)
	traps := slices.Concat(laid.configs(), laid.secrets(), laid.manifests())
	for _, trap := range traps {
		t.Run(trap.code+" "+trap.name, func(t *testing.T) { laid.spring(t, trap) })
	}
	if !t.Failed() && laid.sprung == len(traps) { // Whoever runs a part of the traps hears a part of the words.
		laid.allSaid(t, traps)
	}
}

// A lintRule is what `pullpass lint --explain` says of a rule.
type lintRule struct {
	Code   string  `json:"code"`
	Quotes []quote `json:"quotes"`
}

// A quote is what a consumer says of a mistake.
type quote struct {
	By   string `json:"by"`
	Text string `json:"text"`
}

// The consumers, as the rules call them.
const (
	byController = "packages controller"
	byKubelet    = "ecr-credential-provider"
	byKubernetes = "kubectl and the API server"
)

// A trap is a spoiled credential: a config file, which a Secret carries too, or a Secret.
type trap struct {
	code, name string
	config     string            // empty for a trap of a Secret
	data       map[string]string // what the Secret holds, decoded; nil for a manifest that cannot be
	manifest   string
	harmless   bool // it works by luck: lint warns, and nobody fails
}

// trapping is what the traps are made of, and what has been said of them.
type trapping struct {
	*lending
	rules      map[string]lintRule
	said       map[string]map[quote]bool
	good       string
	id, secret string
	sprung     int
}

func newTrapping(t *testing.T, l *lending) *trapping {
	t.Helper()
	good := string(readFile(t, l.configFile))
	laid := &trapping{lending: l, rules: map[string]lintRule{}, said: map[string]map[quote]bool{}, good: good,
		id: setTo(t, good, "aws_access_key_id"), secret: setTo(t, good, "aws_secret_access_key")}
	var rules []lintRule
	explained := l.programs.pullpass.run(t, alone(), nil, "lint", "--explain", "all", "-o", "json").succeeded(t)
	if err := json.Unmarshal(explained.stdout, &rules); err != nil {
		t.Fatalf("reading the rules: %v", err)
	}
	for _, rule := range rules {
		laid.rules[rule.Code], laid.said[rule.Code] = rule, map[quote]bool{}
	}
	return laid
}

// with replaces a part of the good file, which must be there.
func (l *trapping) with(old, replacement string) string {
	if !strings.Contains(l.good, old) {
		return "the delivered file has no " + old
	}
	return strings.ReplaceAll(l.good, old, replacement)
}

// The parts of the delivered file.
const (
	sourceLine = "source_profile=curated-packages-user\n"
	roleLine   = "role_arn=arn:aws:iam::111111111111:role/curated-packages-role\n"
	regionLine = "region=us-west-2\n"
	userHeader = "[profile curated-packages-user]\n"
)

// configs are the traps of the file itself.
func (l *trapping) configs() []trap {
	key := "aws_access_key_id=" + l.id + "\naws_secret_access_key=" + l.secret + "\n"
	user := userHeader + key
	defaults := func(lines ...string) string { return "[default]\n" + strings.Join(lines, "") }
	return []trap{
		{code: "PP001", name: "an empty file", config: ""},
		{code: "PP002", name: "base64 twice", config: encode(l.paddedTo("=="))},
		{code: "PP002", name: "base64 twice that ends in a single =", config: encode(l.paddedTo("="))},
		{code: "PP002", name: "base64 twice that ends without =", config: encode(l.paddedTo(""))},
		{code: "PP003", name: "no region", config: l.with(regionLine, "")},
		{code: "PP004", name: "no word profile", config: l.with("[profile ", "[")},
		{code: "PP005", name: "no source_profile", config: l.with(sourceLine, "")},
		{code: "PP006", name: "a source that is itself", config: l.with(sourceLine, "source_profile=default\n")},
		{code: "PP007", name: "a circle", config: defaults("source_profile=a\n", roleLine, regionLine, "[profile a]\nsource_profile=default\n", roleLine)},
		{code: "PP008", name: "an unknown profile", config: l.with(sourceLine, "source_profile=nobody\n")},
		{code: "PP009", name: "a key that nobody uses", config: defaults(sourceLine, roleLine, regionLine, key, user), harmless: true},
		{code: "PP009", name: "a key that assumes the role", config: defaults(roleLine, regionLine, key), harmless: true},
		{code: "PP009", name: "a source that is itself, with a key", config: defaults("source_profile=default\n", roleLine, regionLine, key), harmless: true},
		{code: "PP010", name: "another partition", config: l.with("arn:aws:", "arn:aws-cn:")},
		{code: "PP011", name: "no ARN", config: l.with(roleLine, "role_arn=curated-packages-role\n")},
		{code: "PP012", name: "the page's own word", config: l.with(regionLine, "region=region-code\n")},
		{code: "PP012", name: "capitals", config: l.with(regionLine, "region=US-WEST-2\n")},
		{code: "PP013", name: "the id of a user", config: l.with("=AKIA", "=AIDA")},
		{code: "PP013", name: "the key of a session", config: l.with("=AKIA", "=ASIA")},
		{code: "PP014", name: "one character less", config: l.with(l.secret, l.secret[1:])},
		{code: "PP015", name: "no secret", config: defaults(sourceLine, roleLine, regionLine, userHeader, "aws_access_key_id="+l.id+"\n")},
		{code: "PP016", name: "another name", config: l.with("[default]", "[profile packages]")},
		{code: "PP016", name: "capitals", config: l.with("[default]", "[DEFAULT]")},
		{code: "PP017", name: "only a key", config: defaults(regionLine, key)},
		{code: "PP018", name: "no role", config: l.with(roleLine, "")},
		{code: "PP019", name: "a user without a key", config: defaults(sourceLine, roleLine, regionLine, userHeader)},
		{code: "PP019", name: "a Region alone", config: defaults(regionLine)},
		{code: "PP020", name: "no bracket of default", config: l.with("[default]", "[default")},
		{code: "PP020", name: "no bracket of the user", config: l.with("-user]", "-user")},
		{code: "PP021", name: "a stray word", config: l.with(regionLine, "stray\n"+regionLine), harmless: true},
		{code: "PP022", name: "a byte order mark", config: "\ufeff" + l.good},
		{code: "PP023", name: "CRLF", config: l.with("\n", "\r\n"), harmless: true},
		{code: "PP024", name: "twice", config: l.with(regionLine, "region=eu-west-1\n"+regionLine), harmless: true},
		{code: "PP025", name: "the page's key", config: defaults(sourceLine, roleLine, regionLine, userHeader,
			"aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")},
		{code: "PP026", name: "a second factor", config: l.with(regionLine, regionLine+"mfa_serial=arn:aws:iam::999999999999:mfa/x\n")},
		{code: "PP027", name: "from variables", config: l.with(sourceLine, "credential_source=Environment\n")},
		{code: "PP027", name: "from a program", config: l.with(sourceLine, "credential_process=/bin/false\n")},
	}
}

// paddedTo is the good file with as many empty lines at its end as it takes for its base64 to end in so many signs.
func (l *trapping) paddedTo(signs string) string {
	padded := l.good
	for {
		encoded := encode(padded)
		if strings.TrimRight(encoded, "=")+signs == encoded {
			return padded
		}
		padded += "\n"
	}
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// secrets are the traps of a Secret's own keys, and of keys beside a config.
func (l *trapping) secrets() []trap {
	keys := func(id, secret, region string) map[string]string {
		return map[string]string{"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret, "REGION": region}
	}
	beside := func(data map[string]string, config string) map[string]string {
		data["config"] = config
		return data
	}
	missing := keys(l.id, l.secret, "")
	delete(missing, "REGION")
	return []trap{
		{code: "PP001", name: "an empty config beside good keys", data: beside(keys(l.id, l.secret, "us-west-2"), "")},
		{code: "PP002", name: "base64 twice beside good keys", data: beside(keys(l.id, l.secret, "us-west-2"), encode(l.paddedTo("==")))},
		{code: "PP104", name: "wrong keys beside a good config", data: beside(keys(l.id, "wrong", "us-west-2"), l.good), harmless: true},
		{code: "PP105", name: "three empty keys", data: keys("", "", "")},
		{code: "PP105", name: "a Region and no key", data: keys("", "", "us-west-2")},
		{code: "PP106", name: "a line end behind REGION", data: keys(l.id, l.secret, "us-west-2\n")},
		{code: "PP106", name: "a line end behind the id", data: keys(l.id+"\n", l.secret, "us-west-2")},
		{code: "PP106", name: "a line end behind the secret", data: keys(l.id, l.secret+"\n", "us-west-2")},
		{code: "PP106", name: "a line end beside a good config", data: beside(keys("", "", "us-west-2\n"), l.good), harmless: true},
		{code: "PP107", name: "no REGION", data: missing},
	}
}

// manifests are the traps that Kubernetes springs before anybody reads the Secret.
func (l *trapping) manifests() []trap {
	lines := func(between string) string {
		var b strings.Builder
		for i, r := range encode(l.good) {
			if i > 0 && i%76 == 0 {
				b.WriteString(between)
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	return []trap{
		{code: "PP101", name: "base64 on lines that are not indented", manifest: withEmptyKeys("config: " + lines("\n"))},
		{code: "PP102", name: "base64 on indented lines", manifest: withEmptyKeys("config: " + lines("\n    "))},
		{code: "PP102", name: "base64 in a folded block", manifest: withEmptyKeys("config: >\n    " + lines("\n    "))},
		{code: "PP103", name: "a path", manifest: withEmptyKeys("config: /etc/aws-config?")},
		{code: "PP103", name: "the page's own word", manifest: withEmptyKeys("config: <encoded-aws-config-file>")},
		{code: "", name: "base64 in a literal block", manifest: withEmptyKeys("config: |\n    " + lines("\n    ")), harmless: true},
	}
}

// withEmptyKeys is a Secret with empty keys and one more line of data.
func withEmptyKeys(line string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: aws-secret, namespace: eksa-packages}\ntype: Opaque\ndata:\n" +
		"  AWS_ACCESS_KEY_ID: \"\"\n  AWS_SECRET_ACCESS_KEY: \"\"\n  REGION: \"\"\n  " + line + "\n"
}

// carried is a Secret with this data.
func carried(data map[string]string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Secret\nmetadata: {name: aws-secret, namespace: eksa-packages}\ntype: Opaque\ndata:\n")
	for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "REGION", "config"} {
		if value, ok := data[key]; ok {
			b.WriteString("  " + key + ": \"" + encode(value) + "\"\n")
		}
	}
	return b.String()
}

// spring lints a trap, then gives it to whom it is for.
func (l *trapping) spring(t *testing.T, tr trap) {
	l.sprung++
	dir := t.TempDir()
	spoiled := *l.lending
	spoiled.configFile, spoiled.secretFile = filepath.Join(dir, "aws-config"), filepath.Join(dir, "aws-secret.yaml")
	if tr.manifest != "" {
		writeFile(t, spoiled.secretFile, tr.manifest)
		l.lint(t, tr, spoiled.secretFile)
		l.hear(t, tr, byKubernetes, l.injector.run(t, alone(), strings.NewReader(tr.manifest), "-decode"))
		return
	}
	data := tr.data
	if data == nil {
		data = map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "REGION": "", "config": tr.config}
		writeFile(t, spoiled.configFile, tr.config)
		l.lint(t, tr, spoiled.configFile)
		l.hear(t, tr, byKubelet, askProvider(t, spoiled.attempt(t)))
	}
	writeFile(t, spoiled.secretFile, carried(data))
	l.lint(t, tr, spoiled.secretFile)
	l.hear(t, tr, byController, refreshMirror(t, spoiled.attempt(t)))
}

// lint demands that lint finds the rule and no other in a file.
func (l *trapping) lint(t *testing.T, tr trap, file string) {
	t.Helper()
	var report struct {
		Findings []struct {
			Code string `json:"code"`
		} `json:"findings"`
	}
	if err := json.Unmarshal(l.programs.pullpass.run(t, alone(), nil, "lint", "-o", "json", file).stdout, &report); err != nil {
		t.Fatalf("reading the findings: %v", err)
	}
	var codes []string
	for _, finding := range report.Findings {
		codes = append(codes, finding.Code)
	}
	codes = slices.Compact(codes)
	if want := strings.Fields(tr.code); !slices.Equal(codes, want) {
		t.Errorf("lint finds %v in %s, want %v", codes, filepath.Base(file), want)
	}
}

// hear demands that a consumer says something of what the rule quotes of it, or that it works.
func (l *trapping) hear(t *testing.T, tr trap, by string, o outcome) {
	t.Helper()
	quotes, matched := 0, 0
	for _, q := range l.rules[tr.code].Quotes {
		if q.By != by {
			continue
		}
		quotes++
		if o.code != 0 && (strings.Contains(o.stderr, q.Text) || strings.Contains(string(o.stdout), q.Text)) {
			matched++
			l.said[tr.code][q] = true
		}
	}
	switch {
	case quotes == 0 || tr.harmless:
		o.succeeded(t)
	case matched == 0:
		t.Errorf("%s says nothing of what the rule quotes: it ended with %d: %s", by, o.code, o.stderr)
	}
}

// allSaid demands that every quote of the rules that have a trap was heard, and that every rule with quotes has one.
func (l *trapping) allSaid(t *testing.T, traps []trap) {
	t.Helper()
	for code, rule := range l.rules {
		if !slices.ContainsFunc(traps, func(tr trap) bool { return tr.code == code }) && len(rule.Quotes) > 0 {
			t.Errorf("%s quotes somebody, and has no trap", code)
		}
		for _, q := range rule.Quotes {
			if q.Text != "failed to read cached SSO token file" && !l.said[code][q] {
				t.Errorf("%s: %s never says %q", code, q.By, q.Text)
			}
		}
	}
}

// alone is the environment of a program that needs nobody.
func alone() []string { return []string{"LANG=C.UTF-8"} }
