package authz_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A theme is one file of the corpus. Its request and policies stand for those that a case leaves out.
type theme struct {
	Source   string // where the rules of the theme are written, for cases that do not say
	Request  requestJSON
	Policies policiesJSON
	Cases    []corpusCase
}

type corpusCase struct {
	Name     string
	Source   string
	Request  requestJSON
	Policies policiesJSON

	// Condition stands for one identity-based policy: a statement S that allows everything under this condition, or that
	// denies it (with a second one that allows) if Deny is set.
	Condition json.RawMessage
	Deny      bool

	// Refused stands for Want: one of the policies is none, and this is a part of the error that says why.
	Refused string

	Want      string            // the outcome
	By        string            // the policy type that blocks
	Statement string            // the Sid of a statement that must match with the effect of the outcome
	Unmatched map[string]string // Sids of statements that must not match, and a part of the reason they give
}

type requestJSON struct {
	Principal       string // a name in principals.json
	Action          string
	Resource        string
	ResourceAccount arn.AccountID
	Context         map[string]values
}

// values are one string or a list.
type values []string

func (v *values) UnmarshalJSON(src []byte) error {
	if src[0] == '[' {
		return json.Unmarshal(src, (*[]string)(v))
	}
	*v = make(values, 1)
	return json.Unmarshal(src, &(*v)[0])
}

type policiesJSON struct {
	Identity []json.RawMessage
	Resource json.RawMessage
	Trust    json.RawMessage
	Boundary json.RawMessage
	Session  []json.RawMessage
	SCPs     [][]json.RawMessage
	RCPs     [][]json.RawMessage
}

func TestCorpus(t *testing.T) {
	principals := readJSON[map[string]authz.Principal](t, "testdata/principals.json")
	files, err := filepath.Glob("testdata/corpus/*.json")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		theme := readJSON[theme](t, file)
		seen := make(map[string]bool)
		for _, c := range theme.Cases {
			total++
			if c.Source == "" && theme.Source == "" || seen[c.Name] {
				t.Errorf("%s: %q has no source, or its name is taken", file, c.Name)
			}
			seen[c.Name] = true
			c.Request, c.Policies = withDefaults(c.Request, theme.Request), policyDefaults(c.Policies, theme.Policies)
			principal, ok := principals[c.Request.Principal]
			if !ok {
				t.Fatalf("%s: %q: no principal %q", file, c.Name, c.Request.Principal)
			}
			if c.Refused != "" {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+c.Name, c.refused)
				continue
			}
			for name, form := range forms() {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+c.Name+"/"+name, func(t *testing.T) {
					c.run(t, principal, form)
				})
			}
		}
	}
	if total < 400 {
		t.Errorf("the corpus has %d cases: some files were not found", total)
	}
}

func readJSON[T any](t *testing.T, file string) T {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.DisallowUnknownFields()
	var v T
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	return v
}

func withDefaults(r, defaults requestJSON) requestJSON {
	if r.Principal == "" {
		r.Principal = defaults.Principal
	}
	if r.Action == "" {
		r.Action = defaults.Action
	}
	if r.Resource == "" {
		r.Resource = defaults.Resource
	}
	if r.ResourceAccount == "" {
		r.ResourceAccount = defaults.ResourceAccount
	}
	if r.Context == nil {
		r.Context = defaults.Context
	}
	return r
}

// policyDefaults takes from the theme each type of policy that the case does not name; null in a case means none.
func policyDefaults(p, defaults policiesJSON) policiesJSON {
	if p.Identity == nil {
		p.Identity = defaults.Identity
	}
	if p.Resource == nil {
		p.Resource = defaults.Resource
	}
	if p.Trust == nil {
		p.Trust = defaults.Trust
	}
	if p.Boundary == nil {
		p.Boundary = defaults.Boundary
	}
	if p.Session == nil {
		p.Session = defaults.Session
	}
	if p.SCPs == nil {
		p.SCPs = defaults.SCPs
	}
	if p.RCPs == nil {
		p.RCPs = defaults.RCPs
	}
	return p
}

// refused expects that one of the case's policies cannot be read: there is no decision on what is no policy.
func (c *corpusCase) refused(t *testing.T) {
	for kind, sources := range map[iampolicy.Kind][]json.RawMessage{
		iampolicy.Identity: c.identity(),
		iampolicy.Resource: {c.Policies.Resource},
		iampolicy.Trust:    {c.Policies.Trust},
		iampolicy.Boundary: {c.Policies.Boundary},
		iampolicy.Session:  c.Policies.Session,
		iampolicy.SCP:      slices.Concat(c.Policies.SCPs...),
		iampolicy.RCP:      slices.Concat(c.Policies.RCPs...),
	} {
		for _, src := range sources {
			if _, err := iampolicy.Parse(src, kind); len(src) > 0 && err != nil {
				if !strings.Contains(err.Error(), c.Refused) {
					t.Errorf("%v; want an error with %q (%s)", err, c.Refused, c.Source)
				}
				return
			}
		}
	}
	t.Errorf("every policy was read; want an error with %q (%s)", c.Refused, c.Source)
}

func (c *corpusCase) run(t *testing.T, principal authz.Principal, f form) {
	req := &authz.Request{
		Principal:       principal,
		Action:          c.Request.Action,
		Resource:        c.Request.Resource,
		ResourceAccount: c.Request.ResourceAccount,
	}
	for key, v := range c.Request.Context {
		req.Context.Set(key, f.values(v)...)
	}
	d := authz.Evaluate(req, c.compile(t, f))
	if got := d.Outcome.String(); got != c.Want {
		t.Errorf("%s; want %s (%s)\n%s", got, c.Want, c.Source, reasons(d))
	}
	by := c.By
	if by == "" {
		by = authz.NoPolicy.String()
	}
	if got := d.BlockedBy.String(); got != by {
		t.Errorf("blocked by %s; want %s\n%s", got, by, reasons(d))
	}
	c.checkReasons(t, d)
}

// checkReasons checks the statements that decide. A case names at least one, unless none has a Sid,
// or there is none: no statement of the type that withholds, or a root user's right.
func (c *corpusCase) checkReasons(t *testing.T, d authz.Decision) {
	t.Helper()
	if c.Statement == "" && len(c.Unmatched) == 0 && slices.ContainsFunc(d.Reasons, func(r authz.Reason) bool {
		decides := d.Allowed() && r.Matched || r.Type == d.BlockedBy && r.Matched == (d.Outcome == authz.ExplicitDeny)
		return decides && r.Source().Sid != ""
	}) {
		t.Errorf("the case names no deciding statement\n%s", reasons(d))
	}
	effect := iampolicy.Deny
	if d.Allowed() {
		effect = iampolicy.Allow
	}
	if c.Statement != "" && !slices.ContainsFunc(d.Reasons, func(r authz.Reason) bool {
		return r.Matched && r.Source().Sid == c.Statement && r.Effect() == effect
	}) {
		t.Errorf("statement %s did not decide\n%s", c.Statement, reasons(d))
	}
	for sid, why := range c.Unmatched {
		if !slices.ContainsFunc(d.Reasons, func(r authz.Reason) bool {
			// The canonical form has the names of keys in lower case.
			return !r.Matched && r.Source().Sid == sid && strings.Contains(strings.ToLower(r.String()), strings.ToLower(why))
		}) {
			t.Errorf("statement %s did not fail to match because %q\n%s", sid, why, reasons(d))
		}
	}
}

func reasons(d authz.Decision) string {
	var b strings.Builder
	for _, r := range d.Reasons {
		fmt.Fprintln(&b, r)
	}
	return b.String()
}

func (c *corpusCase) compile(t *testing.T, f form) *authz.Policies {
	t.Helper()
	one := func(src json.RawMessage, kind iampolicy.Kind) *authz.Policy {
		if len(src) == 0 || string(src) == "null" {
			return nil
		}
		d, err := iampolicy.Parse(src, kind)
		if err != nil {
			t.Fatalf("%v in %s", err, src)
		}
		p, err := authz.Compile(f.document(t, d))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	list := func(sources []json.RawMessage, kind iampolicy.Kind) (out []*authz.Policy) {
		for _, src := range sources {
			out = append(out, one(src, kind))
		}
		return f.policies(out)
	}
	levels := func(sources [][]json.RawMessage, kind iampolicy.Kind) (out [][]*authz.Policy) {
		for _, level := range sources {
			out = append(out, list(level, kind))
		}
		return f.levels(out)
	}
	p := &authz.Policies{
		Identity: list(c.identity(), iampolicy.Identity),
		Resource: one(c.Policies.Resource, iampolicy.Resource),
		Boundary: one(c.Policies.Boundary, iampolicy.Boundary),
		Session:  list(c.Policies.Session, iampolicy.Session),
		SCPs:     levels(c.Policies.SCPs, iampolicy.SCP),
		RCPs:     levels(c.Policies.RCPs, iampolicy.RCP),
	}
	if trust := one(c.Policies.Trust, iampolicy.Trust); trust != nil {
		p.Resource, p.Trust = trust, true
	}
	return p
}

func (c *corpusCase) identity() []json.RawMessage {
	if c.Condition == nil {
		return c.Policies.Identity
	}
	const with = `{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":%q,"Action":"*","Resource":"*","Condition":%s}%s]}`
	if c.Deny {
		return []json.RawMessage{fmt.Appendf(nil, with, "Deny", c.Condition,
			`,{"Sid":"Rest","Effect":"Allow","Action":"*","Resource":"*"}`)}
	}
	return []json.RawMessage{fmt.Appendf(nil, with, "Allow", c.Condition, "")}
}
