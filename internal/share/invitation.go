package share

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// InvitationKind is the kind of an invitation. Its version is the share's.
const InvitationKind = "Invitation"

// Invitation is what the source's administrator hands to the administrator of one destination: all that the
// destination's side takes, and nothing secret. The json tags are the names of the fields in the document.
type Invitation struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   Metadata       `json:"metadata"` // of the share
	Spec       InvitationSpec `json:"spec"`

	source positions
}

// InvitationSpec is what an invitation offers.
type InvitationSpec struct {
	// Registry names Region and account.
	Registry RegistrySpec `json:"registry"`
	// Role is the role of the source account that the destination may assume.
	Role    arn.ARN `json:"role"`
	Posture Posture `json:"posture"`
	// Organization and ExternalID are conditions of the role's trust, as in Spec. AWS counts an external id as no secret
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html).
	Organization string      `json:"organization"`
	ExternalID   string      `json:"externalID"`
	IAM          IAM         `json:"iam"`
	Keys         Keys        `json:"keys"`
	Names        Names       `json:"names"`
	Destination  Destination `json:"destination"`
}

// Invitation makes the invitation of one destination, of which desired was derived from d.
func (d *Document) Invitation(desired Desired, account arn.AccountID) (*Invitation, error) {
	role, found := desired.roleOf(account)
	for _, dest := range d.Spec.Destinations {
		if dest.Account != account || !found {
			continue
		}
		dest.Access = nil
		s := d.Spec
		return &Invitation{
			APIVersion: APIVersion, Kind: InvitationKind, Metadata: d.Metadata,
			Spec: InvitationSpec{
				Registry: RegistrySpec{Region: desired.Registry.Region, Account: desired.Registry.Account},
				Role:     role, Posture: s.Posture, Organization: s.Organization, ExternalID: s.ExternalID,
				IAM: s.IAM, Keys: s.Keys, Names: s.Names, Destination: dest,
			},
		}, nil
	}
	return nil, fmt.Errorf("inviting account %s to share %s: %w destination", account, d.Metadata.Name, ErrUnknownName)
}

func (d Desired) roleOf(account arn.AccountID) (arn.ARN, bool) {
	for _, role := range d.Source.Roles {
		for _, a := range role.Destinations {
			if a == account {
				return role.ARN(), true
			}
		}
	}
	return arn.ARN{}, false
}

// ParseInvitation reads an invitation as strictly as Parse reads a share; the error is of type Errors. That the document is a
// share is a mistake that comes alone.
func ParseInvitation(name string, src []byte) (*Invitation, error) {
	d := &decoder{positions: positions{file: name, fields: map[string]Position{}}}
	inv := &Invitation{}
	root := d.parseYAML(src)
	if root != nil && !d.mistaken(root, Kind, "this is a share, not an invitation", "pullpass apply -f "+name) {
		inv = d.invitation(d.note("", root))
	}
	if err := d.errs.err(); err != nil {
		return nil, err
	}
	inv.source = d.positions
	return inv, nil
}

func (d *decoder) invitation(v value) *Invitation {
	o := open[Invitation](d, v)
	inv := &Invitation{
		APIVersion: as(d, d.need(o, "apiVersion"), exactly(APIVersion)),
		Kind:       as(d, d.need(o, "kind"), exactly(InvitationKind)),
	}
	meta := open[Metadata](d, d.need(o, "metadata"))
	inv.Metadata.Name = as(d, d.need(meta, "name"), shareName)
	inv.Spec = d.invitationSpec(open[InvitationSpec](d, d.need(o, "spec")), inv.Metadata.Name)
	return inv
}

func (d *decoder) invitationSpec(o object, share string) InvitationSpec {
	s := InvitationSpec{
		Registry:     d.registry(open[RegistrySpec](d, d.need(o, "registry"))),
		Role:         as(d, d.need(o, "role"), roleARN),
		Posture:      as(d, d.need(o, "posture"), posture),
		Organization: as(d, o.get("organization"), organizationID),
		ExternalID:   as(d, o.get("externalID"), externalID),
		Keys:         d.keys(open[Keys](d, o.get("keys"))),
	}
	s.IAM = d.iam(open[IAM](d, o.get("iam")), s.Posture, share)
	s.Names = d.names(open[Names](d, o.get("names")))
	s.Destination = d.destination(d.need(o, "destination"), s.Role.Account, unique{}, unique{})
	d.postureFields(o, s.Posture)
	return s
}

// Desired derives the destination's side: the same as the share's own, whoever derives it. The source's side is empty.
func (inv *Invitation) Desired() (Desired, error) {
	s := inv.Spec
	reg := registry.Registry{Account: s.Registry.Account, Region: s.Registry.Region}
	if reg.Account == "" {
		var err error
		if reg, err = registry.ForRegion(reg.Region); err != nil {
			return Desired{}, err
		}
	}
	b := builder{reg: reg, doc: &Document{Metadata: inv.Metadata, Spec: Spec{
		Posture: s.Posture, IAM: s.IAM, ExternalID: s.ExternalID, Names: s.Names, Source: Source{Account: s.Role.Account},
	}}}
	side := b.hardenedDestination
	if s.Posture == Documented {
		side = b.documentedDestination
	}
	if err := side(s.Destination, s.Role); err != nil {
		return Desired{}, fmt.Errorf("deriving what the invitation to share %s should make: %w", inv.Metadata.Name, err)
	}
	return Desired{
		Share: inv.Metadata.Name, Registry: reg, Posture: s.Posture, Source: SourceSide{Account: s.Role.Account},
		Destinations: b.destinations,
	}, nil
}

// ErrorAt is Document.ErrorAt for an invitation.
func (inv *Invitation) ErrorAt(field, msg, hint string) *Error {
	return (&Document{source: inv.source}).ErrorAt(field, msg, hint)
}

// YAML writes the invitation; the same invitation gives the same bytes.
func (inv *Invitation) YAML() ([]byte, error) {
	s := inv.Spec
	spec := yaml.MapSlice{
		{Key: "registry", Value: append(given("region", string(s.Registry.Region)), given("account", string(s.Registry.Account))...)},
		{Key: "role", Value: s.Role.String()},
		{Key: "posture", Value: string(s.Posture)},
	}
	spec = append(spec, given("organization", s.Organization)...)
	spec = append(spec, given("externalID", s.ExternalID)...)
	spec = append(spec,
		yaml.MapItem{Key: "iam", Value: s.IAM.yaml()},
		yaml.MapItem{Key: "keys", Value: yaml.MapSlice{
			{Key: "maxAge", Value: durationText(s.Keys.MaxAge)}, {Key: "idle", Value: durationText(s.Keys.Idle)},
		}},
	)
	if s.Posture == Documented {
		spec = append(spec, yaml.MapItem{Key: "names", Value: yaml.MapSlice{
			{Key: "assumeRolePolicy", Value: s.Names.AssumeRolePolicy}, {Key: "user", Value: s.Names.User},
		}})
	}
	spec = append(spec, yaml.MapItem{Key: "destination", Value: s.Destination.yaml()})
	text, err := yaml.Marshal(yaml.MapSlice{
		{Key: "apiVersion", Value: inv.APIVersion}, {Key: "kind", Value: inv.Kind},
		{Key: "metadata", Value: yaml.MapSlice{{Key: "name", Value: inv.Metadata.Name}}}, {Key: "spec", Value: spec},
	})
	if err != nil {
		return nil, fmt.Errorf("writing the invitation of account %s: %w", s.Destination.Account, err)
	}
	return text, nil
}

// given returns a field unless its value is empty.
func given(key, value string) yaml.MapSlice {
	if value == "" {
		return nil
	}
	return yaml.MapSlice{{Key: key, Value: value}}
}

func (i IAM) yaml() yaml.MapSlice {
	out := yaml.MapSlice{{Key: "path", Value: i.Path}}
	out = append(out, given("permissionsBoundary", i.PermissionsBoundary.text())...)
	if len(i.Tags) > 0 {
		out = append(out, yaml.MapItem{Key: "tags", Value: i.Tags})
	}
	return out
}

// text is the boundary as a document has it, empty for none.
func (b Boundary) text() string {
	if b.name != "" {
		return b.path + b.name
	}
	return b.aws.String()
}

func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

func (d Destination) yaml() yaml.MapSlice {
	clusters := []yaml.MapSlice{}
	for _, c := range d.Clusters {
		item := append(yaml.MapSlice{{Key: "name", Value: c.Name}}, given("directory", c.Directory)...)
		if k := c.Kubernetes; k != nil {
			item = append(item, yaml.MapItem{Key: "kubernetes", Value: k.yaml()})
		}
		if len(c.WorkloadClusters) > 0 {
			item = append(item, yaml.MapItem{Key: "workloadClusters", Value: c.WorkloadClusters})
		}
		clusters = append(clusters, item)
	}
	return yaml.MapSlice{{Key: "account", Value: string(d.Account)}, {Key: "clusters", Value: clusters}}
}

func (k Kubernetes) yaml() yaml.MapSlice {
	out := append(given("kubeconfig", k.Kubeconfig), given("context", k.Context)...)
	if k.InCluster {
		out = append(out, yaml.MapItem{Key: "inCluster", Value: true})
	}
	if !k.Restart {
		out = append(out, yaml.MapItem{Key: "restart", Value: false})
	}
	return out
}

// FileName is a name for the invitation's file that tells it from the share's other invitations.
func (inv *Invitation) FileName() string {
	return strings.Join([]string{inv.Metadata.Name, string(inv.Spec.Destination.Account), "invitation"}, "-") + ".yaml"
}
