package share_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

const invited = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
`

// crowd declares n destinations, of which the last is 999999999999.
func crowd(n int) string {
	var b strings.Builder
	b.WriteString("  destinations:\n")
	for i := range n - 1 {
		b.WriteString("    - {account: \"2000000000" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "\"}\n")
	}
	b.WriteString(`    - account: "999999999999"
      access: {profile: retail}
      clusters:
        - {name: store-001, directory: out/store-001, workloadClusters: [w1, w2]}
        - {name: "002", kubernetes: {kubeconfig: ~/.kube/config, context: store-002}, workloadClusters: [w3]}
        - {name: hub, kubernetes: {inCluster: true, restart: false}}
`)
	return b.String()
}

func TestAnInvitationMakesTheSameSideAsTheShare(t *testing.T) {
	const account = arn.AccountID("999999999999")
	for sentence, test := range map[string]string{
		"documented":                         invited + "  posture: documented\n" + crowd(2),
		"documented, in the second role":     invited + "  posture: documented\n" + crowd(60),
		"documented, under other names":      invited + "  posture: documented\n  names: {role: r, user: u, assumeRolePolicy: p, policy: q}\n" + crowd(1),
		"hardened":                           invited + crowd(2),
		"hardened, with an external id":      invited + "  externalID: e-1\n  organization: o-a1b2c3d4e5\n" + crowd(1),
		"with what a company's rules demand": invited + "  keys: {maxAge: 36h}\n  iam: {path: /x/, permissionsBoundary: /c/dev, tags: {a: \"1\", b: \"\"}}\n" + crowd(1),
		"with a boundary that AWS manages":   invited + "  iam: {permissionsBoundary: \"arn:aws:iam::aws:policy/ReadOnlyAccess\"}\n" + crowd(1),
	} {
		t.Run(sentence, func(t *testing.T) {
			doc, err := share.Parse("share.yaml", []byte(test))
			if err != nil {
				t.Fatal(err)
			}
			reg, err := registry.ForRegion("us-west-2")
			if err != nil {
				t.Fatal(err)
			}
			whole, err := doc.Desired(reg)
			if err != nil {
				t.Fatal(err)
			}
			invitation, err := doc.Invitation(whole, account)
			if err != nil {
				t.Fatal(err)
			}
			text, err := invitation.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "retail") {
				t.Errorf("the invitation tells the source's access:\n%s", text)
			}
			read, err := share.ParseInvitation("invitation.yaml", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			got, err := read.Desired()
			if err != nil {
				t.Fatal(err)
			}
			want := []share.DestinationSide{whole.Destinations[len(whole.Destinations)-1]}
			sameDocument := cmp.Comparer(func(a, b *iampolicy.Document) bool { return iampolicy.Equal(a, b) })
			if diff := cmp.Diff(want, got.Destinations, sameDocument); diff != "" {
				t.Errorf("the destination's side (-share +invitation):\n%s\n%s", diff, text)
			}
			if got.Registry != reg || read.Spec.Keys != doc.Spec.Keys {
				t.Errorf("got registry %s, keys %v; want %s, %v", got.Registry, read.Spec.Keys, reg, doc.Spec.Keys)
			}
		})
	}
}

func TestAnInvitationIsForADestination(t *testing.T) {
	doc, err := share.Parse("share.yaml", []byte(invited+crowd(1)))
	if err != nil {
		t.Fatal(err)
	}
	desired, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Invitation(desired, "888888888888"); !errors.Is(err, share.ErrUnknownName) {
		t.Errorf("got %v, want an unknown destination", err)
	}
}

func TestMistakesInAnInvitationHaveAPlace(t *testing.T) {
	const good = `apiVersion: pullpass.dev/v1alpha1
kind: Invitation
metadata: {name: packages}
spec:
  registry: {region: us-west-2, account: "346438352937"}
  role: arn:aws:iam::111111111111:role/r
  posture: hardened
  destination: {account: "999999999999", clusters: [{name: c, directory: d}]}
`
	if _, err := share.ParseInvitation("i.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct{ old, new, want string }{
		"a share is no invitation": {"kind: Invitation", "kind: Share", "i.yaml:2:7: kind: this is a share, not an invitation\nhint: pullpass apply -f i.yaml"},
		"an unknown field":         {"  role:", "  rolle:", "i.yaml:6:3: spec.rolle: unknown field"},
		"the role is missing":      {"  role: arn:aws:iam::111111111111:role/r\n", "", "spec.role: is missing"},
		"the role is none":         {"role/r", "user/r", "i.yaml:6:9: spec.role:"},
		"the source invites itself": {
			`"999999999999"`, `"111111111111"`, "spec.destination.account: is the source account itself",
		},
		"a name in the hardened posture": {"  posture: hardened\n", "  posture: hardened\n  names: {user: u}\n", "spec.names: has no effect"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := share.ParseInvitation("i.yaml", []byte(strings.Replace(good, test.old, test.new, 1)))
			var errs share.Errors
			if !errors.As(err, &errs) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func FuzzParseInvitation(f *testing.F) {
	text, err := os.ReadFile("testdata/invitation.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, src []byte) {
		inv, err := share.ParseInvitation("i.yaml", src)
		if err != nil {
			return
		}
		if !share.IsInvitation(src) {
			t.Error("it is not told from a share")
		}
		text, err := inv.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := share.ParseInvitation("i.yaml", text)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, text)
		}
		second, err := again.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(second)); diff != "" {
			t.Errorf("written twice (-first +second):\n%s", diff)
		}
	})
}
