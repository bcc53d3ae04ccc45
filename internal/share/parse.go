package share

import (
	"fmt"
	"path"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pullpass/pullpass/arn"
)

// Parse reads a share document strictly and fills in the defaults. The name is that of the file, for messages. All
// mistakes are reported at once, as Errors, each with line and column; a mistake in the YAML itself comes alone, and so does
// that the document is an invitation.
//
// What needs more than the document is left to the caller: whether profiles exist (CheckProfiles), which registry the
// subscription opens.
func Parse(name string, src []byte) (*Document, error) {
	d := &decoder{positions: positions{file: name, fields: map[string]Position{}}}
	doc := &Document{}
	root := d.parseYAML(src)
	if root != nil && !d.mistaken(root, InvitationKind, "this is an invitation, not a share", "pullpass accept "+name) {
		doc = d.document(d.note("", root))
	}
	if err := d.errs.err(); err != nil {
		return nil, err
	}
	doc.source = d.positions
	return doc, nil
}

func (d *decoder) document(v value) *Document {
	o := open[Document](d, v)
	doc := &Document{
		APIVersion: as(d, d.need(o, "apiVersion"), exactly(APIVersion)),
		Kind:       as(d, d.need(o, "kind"), exactly(Kind)),
	}
	meta := open[Metadata](d, d.need(o, "metadata"))
	doc.Metadata.Name = as(d, d.need(meta, "name"), shareName)
	doc.Spec = d.spec(open[Spec](d, d.need(o, "spec")), doc.Metadata.Name)
	return doc
}

func (d *decoder) spec(o object, share string) Spec {
	s := Spec{
		Registry:     d.registry(open[RegistrySpec](d, d.need(o, "registry"))),
		Source:       d.source(open[Source](d, d.need(o, "source"))),
		Organization: as(d, o.get("organization"), organizationID),
		Posture:      as(d, o.get("posture"), posture),
		ExternalID:   as(d, o.get("externalID"), externalID),
		Keys:         d.keys(open[Keys](d, o.get("keys"))),
	}
	if o.get("posture").absent() {
		s.Posture = Hardened
	}
	s.IAM = d.iam(open[IAM](d, o.get("iam")), s.Posture, share)
	s.Names = d.names(open[Names](d, o.get("names")))
	s.Destinations = d.destinations(d.need(o, "destinations"), s.Source.Account)
	d.postureFields(o, s.Posture)
	return s
}

// postureFields refuses what the posture would leave unused: a fence that somebody wrote down must not be dropped in
// silence, and a name must not be ignored.
func (d *decoder) postureFields(o object, p Posture) {
	for _, rule := range []struct {
		field string
		only  Posture
	}{
		{"organization", Hardened},
		{"externalID", Hardened},
		{"names", Documented},
	} {
		if v := o.get(rule.field); p != "" && p != rule.only && !v.absent() {
			d.fail(v, "leave it out, or choose posture: "+string(rule.only), "has no effect in the %s posture", p)
		}
	}
}

func (d *decoder) registry(o object) RegistrySpec {
	r := RegistrySpec{
		Region:       as(d, d.need(o, "region"), region),
		Subscription: as(d, o.get("subscription"), subscriptionID),
		Account:      d.account(o.get("account")),
	}
	if r.Region != "" && o.get("account").absent() {
		d.knownRegion(o.get("region"), r.Region)
	}
	return r
}

func (d *decoder) keys(o object) Keys {
	k := Keys{MaxAge: DefaultMaxAge, Idle: DefaultIdle}
	if age := o.get("maxAge"); !age.absent() {
		k.MaxAge = as(d, age, duration)
	}
	if idle := o.get("idle"); !idle.absent() {
		k.Idle = as(d, idle, duration)
	}
	return k
}

func (d *decoder) source(o object) Source {
	s := Source{Account: d.account(d.need(o, "account"))}
	s.Access = d.access(o.get("access"), s.Account)
	return s
}

// account reads a field that must be quoted: YAML reads digits as a number, and a number has no leading zeros.
func (d *decoder) account(v value) arn.AccountID {
	if n, unquoted := digits(v.node); unquoted {
		if len(n) == 12 {
			d.fail(v, fmt.Sprintf("write %q in quotes", n), "an account id must be quoted: YAML takes it for a number, which loses leading zeros")
		} else {
			d.fail(v, "write all 12 digits, in quotes", "an account id has 12 digits and must be quoted: this number has %d; leading zeros are lost in an unquoted number", len(n))
		}
		return ""
	}
	return as(d, v, accountID)
}

// access reads the word `default` or a mapping. A role must be one of the account that it opens.
func (d *decoder) access(v value, account arn.AccountID) *Access {
	if v.absent() {
		return nil
	}
	if s, ok := plainText(v.node); ok {
		if s != "default" {
			d.fail(v, fmt.Sprintf("for a profile of that name write {profile: %q}", s), "the only word here is default, not %q", s)
		}
		return &Access{Default: true}
	}
	o := open[Access](d, v)
	a := &Access{
		Profile:       as(d, o.get("profile"), anyText),
		RoleARN:       as(d, o.get("roleARN"), roleARN),
		ExternalID:    as(d, o.get("externalID"), externalID),
		SourceProfile: as(d, o.get("sourceProfile"), anyText),
	}
	d.checkAccess(o, a, account)
	return a
}

func (d *decoder) checkAccess(o object, a *Access, account arn.AccountID) {
	role, profile := o.get("roleARN"), o.get("profile")
	switch {
	case o.fields == nil:
	case profile.absent() && role.absent():
		d.fail(o.at, "for the ordinary AWS configuration write access: default; without access the side is handed over",
			"needs profile or roleARN")
	case !profile.absent() && !role.absent():
		d.fail(role, "for a role assumed from a profile use sourceProfile", "profile and roleARN exclude each other")
	}
	if role.absent() {
		for _, field := range []string{"externalID", "sourceProfile"} {
			if v := o.get(field); !v.absent() {
				d.fail(v, "", "goes with roleARN only")
			}
		}
	}
	if account != "" && !a.RoleARN.IsZero() && a.RoleARN.Account != account {
		d.fail(role, "", "is a role of account %s, but opens account %s", a.RoleARN.Account, account)
	}
}

func (d *decoder) iam(o object, p Posture, share string) IAM {
	i := IAM{
		Path:                as(d, o.get("path"), iamPath),
		PermissionsBoundary: as(d, o.get("permissionsBoundary"), boundary),
		Tags:                d.tags(o.get("tags")),
	}
	if o.get("path").absent() {
		i.Path = defaultPath(p)
	}
	if p == Hardened && len(i.Path)+len(share)+1 > maxPath {
		d.fail(o.get("path"), "", "with the share's name makes a path of %d characters; IAM takes %d", len(i.Path)+len(share)+1, maxPath)
	}
	return i
}

func defaultPath(p Posture) string {
	if p == Documented {
		return "/"
	}
	return "/pullpass/"
}

func (d *decoder) tags(v value) map[string]string {
	entries, _ := d.entries(v)
	if len(entries) > maxTags {
		d.fail(v, "", "has %d tags; IAM takes 50, and pullpass needs 3", len(entries))
	}
	tags := map[string]string{}
	folded := map[string]string{}
	for _, e := range entries {
		tag := d.note(join(v.path, e.key), e.node)
		if err := tagKey(e.key); err != nil {
			d.failAt(e.pos, tag.path, "", "%v", err)
			continue
		}
		if other, twice := folded[strings.ToLower(e.key)]; twice {
			d.failAt(e.pos, tag.path, "", "differs from %s in case only; IAM takes the two for one", other)
			continue
		}
		folded[strings.ToLower(e.key)] = e.key
		if s, ok := plainText(e.node); !ok || s != "" { // IAM takes a tag without a value.
			tags[e.key] = as(d, tag, tagValue)
		} else {
			tags[e.key] = ""
		}
	}
	return tags
}

func (d *decoder) names(o object) Names {
	n := Names{
		Policy:           as(d, o.get("policy"), iamName(maxPolicyName)),
		Role:             as(d, o.get("role"), iamName(maxRoleName)),
		AssumeRolePolicy: as(d, o.get("assumeRolePolicy"), iamName(maxPolicyName)),
		User:             as(d, o.get("user"), iamName(maxUserName)),
	}
	for _, f := range []struct {
		name *string
		page string
	}{
		{&n.Policy, "curated-packages-policy"},
		{&n.Role, "curated-packages-role"},
		{&n.AssumeRolePolicy, "curated-packages-assume-role-policy"},
		{&n.User, "curated-packages-user"},
	} {
		if *f.name == "" {
			*f.name = f.page
		}
	}
	return n
}

func (d *decoder) destinations(v value, source arn.AccountID) []Destination {
	var destinations []Destination
	accounts, places := unique{}, unique{}
	if seq, ok := v.node.(*ast.SequenceNode); ok && len(seq.Values) == 0 {
		d.fail(v, "", "names no destination")
	}
	for _, item := range d.list(v) {
		destinations = append(destinations, d.destination(item, source, accounts, places))
	}
	return destinations
}

func (d *decoder) destination(v value, source arn.AccountID, accounts, places unique) Destination {
	o := open[Destination](d, v)
	account := d.need(o, "account")
	dest := Destination{Account: d.account(account)}
	if dest.Account != "" {
		d.once(accounts, account, string(dest.Account), "the account is a destination already")
		if dest.Account == source {
			d.fail(account, "", "is the source account itself, which has access by its subscription")
		}
	}
	dest.Access = d.access(o.get("access"), dest.Account)
	names := unique{}
	for _, item := range d.list(o.get("clusters")) {
		dest.Clusters = append(dest.Clusters, d.cluster(item, names, places))
	}
	return dest
}

func (d *decoder) cluster(v value, names, places unique) Cluster {
	o := open[Cluster](d, v)
	name, directory, kubernetes := d.need(o, "name"), o.get("directory"), o.get("kubernetes")
	c := Cluster{Name: as(d, name, clusterName), Directory: as(d, directory, anyText)}
	// IAM tells names of users apart without regard to case, and users are named after clusters.
	d.once(names, name, strings.ToLower(c.Name), "the destination has a cluster of that name already")
	if c.Directory != "" {
		d.once(places, directory, "directory "+path.Clean(c.Directory), "another cluster's credential goes there already")
	}
	if !kubernetes.absent() {
		c.Kubernetes = d.kubernetes(kubernetes)
		if k := *c.Kubernetes; k.Context != "" || k.InCluster {
			d.once(places, kubernetes, k.Kubeconfig+"\n"+k.Place(), "another cluster's credential goes there already")
		}
	}
	switch {
	case o.fields == nil:
	case directory.absent() && kubernetes.absent():
		d.fail(o.at, "add directory: out/"+c.Name+", or kubernetes: {context: …}", "says nowhere to deliver the credential")
	case !directory.absent() && !kubernetes.absent():
		d.fail(kubernetes, "", "a cluster has one delivery; directory and kubernetes exclude each other")
	}
	for _, item := range d.list(o.get("workloadClusters")) {
		w := as(d, item, clusterName)
		d.once(names, item, strings.ToLower(w), "the destination has a cluster of that name already")
		c.WorkloadClusters = append(c.WorkloadClusters, w)
	}
	return c
}

func (d *decoder) kubernetes(v value) *Kubernetes {
	o := open[Kubernetes](d, v)
	k := &Kubernetes{
		Kubeconfig: as(d, o.get("kubeconfig"), anyText),
		Context:    as(d, o.get("context"), anyText),
		InCluster:  d.boolean(o.get("inCluster"), false),
		Restart:    d.boolean(o.get("restart"), true),
	}
	switch inCluster := o.get("inCluster"); {
	case o.fields == nil:
	case k.InCluster && (!o.get("context").absent() || !o.get("kubeconfig").absent()):
		d.fail(inCluster, "", "the cluster that pullpass runs in needs no kubeconfig and no context")
	case !k.InCluster && o.get("context").absent():
		d.fail(o.at, "name one of kubectl config get-contexts, or inCluster: true", "names no context")
	}
	return k
}

// unique maps what has been seen to the line where.
type unique map[string]int

// once reports a value that was seen before. The empty value, a mistake of its own, is not counted.
func (d *decoder) once(seen unique, v value, key, msg string) {
	if key == "" {
		return
	}
	if line, twice := seen[key]; twice {
		d.fail(v, "", "%s, on line %d", msg, line)
		return
	}
	seen[key] = v.pos.Line
}
