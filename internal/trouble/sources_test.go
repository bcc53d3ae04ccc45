package trouble_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/trouble"
)

// peers is where the programs are that were not written for pullpass.
const peers = "../../test/peers"

// TestTheTextsThatPeersDemandAreKnown reads the words that test/peers demands of the programs where they stand: in the
// refusals, and in what it looks for in what a program wrote to stderr.
func TestTheTextsThatPeersDemandAreKnown(t *testing.T) {
	packages, err := parsePackage(peers)
	if err != nil {
		t.Fatal(err)
	}
	texts := packages.demanded()
	for _, want := range []string{"InvalidClientTokenId", "basic credential not found", "401 Unauthorized", "403: Forbidden",
		"User: … is not authorized to perform: sts:AssumeRole on resource: …"} {
		if !slices.Contains(texts, want) {
			t.Errorf("test/peers no longer demands %q, or it is not found there: %q", want, texts)
		}
	}
	for _, text := range texts {
		if partial(text) {
			continue
		}
		if trouble.Read(text, trouble.Place{}).Cause == nil {
			t.Errorf("not recognised: %s", text)
		}
	}
}

// partial tells words that are but a part of a message beside others that test/peers demands of the same: the caller that
// begins IAM's sentence, the id of a subscription.
func partial(text string) bool {
	return text == "…" || strings.HasSuffix(text, ":assumed-role/…/") || strings.HasPrefix(text, "is not authorized to perform: ") ||
		strings.HasPrefix(text, "because no ") ||
		regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(text)
}

// TestTheRefusalsOfTheTableAreKnown reads docs/compatibility.md.
func TestTheRefusalsOfTheTableAreKnown(t *testing.T) {
	document, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	refused := regexp.MustCompile(`\| refused: ([^|]+?) (?:\||$)`).FindAllStringSubmatch(string(document), -1)
	if len(refused) < 50 {
		t.Fatalf("only %d refusals were found", len(refused))
	}
	for _, cell := range refused {
		if trouble.Read(cell[1], trouble.Place{}).Cause == nil {
			t.Errorf("not recognised: %s", cell[1])
		}
	}
}

// TestTheQuotesOfLintAreKnown: each is a part of what a program says. Some stand for nothing without the rest of the line.
func TestTheQuotesOfLintAreKnown(t *testing.T) {
	beside := map[string]string{
		", <nil>":                         "failed to load assume role arn:aws:iam::111111111111:role/r, of profile default, <nil>",
		"expected ']'":                    "failed to load shared config file, /tmp/aws-secret/config, expected ']'",
		"operation error STS: AssumeRole": "operation error STS: AssumeRole, https response error StatusCode: 400, api error ValidationError: r is invalid",
		"is not authorized to perform: sts:AssumeRole on resource: arn:aws-cn:iam::": "User: arn:aws:iam::999999999999:user/u is not authorized to " +
			"perform: sts:AssumeRole on resource: arn:aws-cn:iam::111111111111:role/r",
		"is not authorized to perform: ecr:GetAuthorizationToken": "User: arn:aws:iam::999999999999:user/u is not authorized to perform: " +
			"ecr:GetAuthorizationToken on resource: *",
	}
	quotes := 0
	for _, rule := range lint.Rules() {
		for _, q := range rule.Quotes {
			quotes++
			text := q.Text
			if whole, ok := beside[text]; ok && strings.Contains(whole, text) {
				text = whole
			}
			cause := trouble.Read(text, trouble.Place{}).Cause
			if cause == nil {
				t.Errorf("%s: not recognised: %s", rule.Code, q.Text)
			}
		}
	}
	if quotes < 50 {
		t.Errorf("only %d quotes were found", quotes)
	}
}

// A source is the syntax of a package, with its constants and the functions that only put a text together.
type source struct {
	files     []*ast.File
	constants map[string]ast.Expr
	functions map[string]*ast.FuncDecl
}

func parsePackage(dir string) (*source, error) {
	s := &source{constants: map[string]ast.Expr{}, functions: map[string]*ast.FuncDecl{}}
	return s, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != dir:
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		s.files = append(s.files, file)
		s.learn(file)
		return nil
	})
}

// learn keeps what a text may be put together from.
func (s *source) learn(file *ast.File) {
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					s.constants[name.Name] = n.Values[i]
				}
			}
		case *ast.FuncDecl:
			s.functions[n.Name.Name] = n
		}
		return true
	})
}

// demanded are the texts of every composite literal `refusal{code, []string{…}}`, and of every contains(t, x.stderr, …),
// which stand for what a program says. What a run decides is an ellipsis.
func (s *source) demanded() []string {
	found := map[string]bool{}
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.CompositeLit:
				if name, ok := n.Type.(*ast.Ident); ok && name.Name == "refusal" && len(n.Elts) == 2 {
					if says, ok := n.Elts[1].(*ast.CompositeLit); ok {
						for _, text := range says.Elts {
							found[s.text(text, nil)] = true
						}
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "contains" && len(n.Args) == 3 && ofStderr(n.Args[1]) {
					found[s.text(n.Args[2], nil)] = true
				}
				for _, arg := range n.Args { // refusedAtRegistry(notAuthorized, …) and its like
					if name, ok := arg.(*ast.Ident); ok && (name.Name == "notAuthorized" || name.Name == "noCredential") {
						found[s.text(arg, nil)] = true
					}
				}
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "deniedPush" {
					found[s.text(n.Args[0], nil)] = true
				}
			}
			return true
		})
	}
	var texts []string
	for text := range found {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

func ofStderr(e ast.Expr) bool {
	field, ok := e.(*ast.SelectorExpr)
	return ok && field.Sel.Name == "stderr"
}

// text puts a text together as far as the source tells it.
func (s *source) text(e ast.Expr, bound map[string]string) string {
	switch n := e.(type) {
	case *ast.BasicLit:
		return constant.StringVal(constant.MakeFromLiteral(n.Value, n.Kind, 0))
	case *ast.BinaryExpr:
		return s.text(n.X, bound) + s.text(n.Y, bound)
	case *ast.Ident:
		if text, ok := bound[n.Name]; ok {
			return text
		}
		if value, ok := s.constants[n.Name].(*ast.BasicLit); ok && value.Kind == token.STRING {
			return s.text(value, nil)
		}
		if value, ok := s.constants[n.Name].(*ast.BinaryExpr); ok {
			return s.text(value, nil)
		}
	case *ast.CallExpr:
		return s.called(n, bound)
	}
	return "…"
}

// called is what a function returns that does nothing but put a text together, or ReplaceAll's first argument.
func (s *source) called(n *ast.CallExpr, bound map[string]string) string {
	if selector, ok := n.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name == "ReplaceAll" {
		return strings.ReplaceAll(s.text(n.Args[0], bound), "%s", "999999999999")
	}
	name := ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	f := s.functions[name]
	if f == nil || f.Body == nil || len(f.Body.List) != 1 {
		return "…"
	}
	returned, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(returned.Results) != 1 {
		return "…"
	}
	given := map[string]string{}
	i := 0
	for _, field := range f.Type.Params.List {
		for _, parameter := range field.Names {
			if i < len(n.Args) {
				given[parameter.Name] = s.text(n.Args[i], bound)
			}
			i++
		}
	}
	return s.text(returned.Results[0], given)
}

// TestSecretsAreNotEchoed: a text that was pasted holds what nobody meant to show.
func TestSecretsAreNotEchoed(t *testing.T) {
	const secret, long = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "QVdTOmV5SndZWGxzYjJGa0lqb2lSRkZNTjJ0aVpXRmtiM0l5Y1RjNVkyVXpNbVZtTUdNMk9EUm1ObVl4TkRRIiwi"
	for sentence, text := range map[string]string{
		"beside a denial":       "aws_secret_access_key=" + secret + " " + assume,
		"in a denial":           strings.Replace(assume, "user/curated-packages-user", "user/"+secret, 1),
		"as the session's name": strings.Replace(pull, "role/s1", "role/"+secret, 1),
		"in an action's place":  "User: x is not authorized to perform: sts:" + secret + " on resource: " + secret,
		"a registry's password": "401 Unauthorized: Authorization: Basic " + long + "\nno basic auth credentials " + long,
		"in a code's place":     "api error " + secret + ": InvalidClientTokenId",
		"in an operation":       "An error occurred (InvalidClientTokenId) when calling the " + strings.ReplaceAll(secret, "/", "A") + " operation",
		"beside a key's id":     "AKIAIOSFODNN7EXAMPLE " + secret + " InvalidClientTokenId",
		"in a repository":       "The repository with name '" + strings.ToLower(secret) + "' does not exist in the registry with id '346438352937' " + secret,
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := json.Marshal(trouble.Read(text, trouble.Place{}))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{secret, strings.ReplaceAll(secret, "/", "A"), long, "bPxRfiCYEXAMPLEKEY"} {
				if strings.Contains(string(got), part) {
					t.Errorf("it echoes %s: %s", part, got)
				}
			}
		})
	}
	if got := trouble.Read("AKIAIOSFODNN7EXAMPLE: InvalidClientTokenId", trouble.Place{}).Cause; got.Key != "AKIAIOSFODNN7EXAMPLE" {
		t.Errorf("the key's id is %q", got.Key)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		assume, pull, "a\nb\x00\xff", strings.ReplaceAll(assume, " ", "\n"), `{"x":"\"` + pull + `\n"}`, "\x1b[31mErrImagePull\x1b[0m",
		"Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T002500Z - 15 min.)",
		"dial tcp: lookup sts.us-west-2.amazonaws.com: no such host", "InvalidClientTokenId AKIAIOSFODNN7EXAMPLE", "no EC2 IMDS role found",
		"The repository with name 'x' does not exist in the registry with id '783794618700'", "403 Forbidden HEAD /blobs/",
	} {
		f.Add(text)
	}
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	f.Fuzz(func(t *testing.T, text string) {
		got := trouble.Read(text+"\n"+secret+"\n"+text, trouble.Place{Cluster: "store-001"})
		shown, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(shown), secret) {
			t.Errorf("it echoes the secret: %s", shown)
		}
		if got.Cause == nil && len(got.Also) > 0 {
			t.Error("it saw messages and no cause")
		}
		if again, _ := json.Marshal(trouble.Read(text+"\n"+secret+"\n"+text, trouble.Place{Cluster: "store-001"})); string(again) != string(shown) {
			t.Errorf("the same text reads differently:\n%s\n%s", shown, again)
		}
		for _, finding := range append(got.Also, deref(got.Cause)...) {
			if finding.Line < 1 || finding.Line > got.Lines || finding.Meaning == "" || finding.Conclusion == "" {
				t.Errorf("a finding without its place or meaning: %+v", finding)
			}
		}
	})
}

func deref(f *trouble.Finding) []trouble.Finding {
	if f == nil {
		return nil
	}
	return []trouble.Finding{*f}
}
