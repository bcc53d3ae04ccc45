package share

import (
	"fmt"
	"maps"
	"slices"
)

// CheckProfiles reports every profile of the document's access fields that is not among the known ones, which the caller
// has read from the AWS configuration files. The error is of type Errors.
func CheckProfiles(doc *Document, known map[string]bool) error {
	var errs Errors
	names := slices.Sorted(maps.Keys(known))
	for _, a := range doc.accesses() {
		for _, f := range []struct{ field, profile string }{
			{a.field + ".profile", a.access.Profile},
			{a.field + ".sourceProfile", a.access.SourceProfile},
		} {
			if f.profile == "" || known[f.profile] {
				continue
			}
			hint := "the AWS configuration files hold no profile"
			if len(names) > 0 {
				hint = nearestHint(f.profile, names)
			}
			errs = append(errs, doc.ErrorAt(f.field, fmt.Sprintf("unknown profile %q", f.profile), hint))
		}
	}
	return errs.err()
}

type accessField struct {
	field  string
	access *Access
}

// accesses returns the access fields that the document has.
func (d *Document) accesses() []accessField {
	fields := []accessField{{"spec.source.access", d.Spec.Source.Access}}
	for i, dest := range d.Spec.Destinations {
		fields = append(fields, accessField{fmt.Sprintf("spec.destinations[%d].access", i), dest.Access})
	}
	return slices.DeleteFunc(fields, func(f accessField) bool { return f.access == nil })
}
