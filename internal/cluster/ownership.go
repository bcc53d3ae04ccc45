package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/plan"
)

// unrecorded is how the API server calls the manager of what was written before it kept records
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
const unrecorded = "before-first-apply"

// people returns the field managers by which people write who follow AWS's page or EKS Anywhere's documentation: kubectl's
// commands by hand, and Helm, by which eksctl anywhere installs the packages controller together with the Secret [run].
func people() []string {
	return []string{
		"kubectl-client-side-apply", "kubectl-create", "kubectl-edit", "kubectl-patch", "kubectl-replace", "kubectl", "helm",
	}
}

// copier is the field manager of the packages controller, which copies the Secret to workload clusters: it names none, so
// that the API server takes the program's name out of the user agent
// (https://github.com/aws/eks-anywhere-packages/blob/v0.4.17/Dockerfile).
const copier = "package-manager"

// An owner is a field manager that has a field.
type owner struct {
	manager string
	// applies says that it came by server-side apply.
	applies bool
	// written is when the manager last changed one of its fields, to the second; the zero time where it is not recorded.
	written time.Time
}

// owners returns the managers of the field at a path, such as data, config, in the order of their records.
func owners(records []metav1.ManagedFieldsEntry, path ...string) ([]owner, error) {
	var found []owner
	for _, record := range records {
		if record.FieldsV1 == nil {
			continue
		}
		has, err := covers(record.FieldsV1.GetRawBytes(), path...)
		if err != nil {
			return nil, fmt.Errorf("reading what field manager %q has: %w", record.Manager, err)
		}
		if !has {
			continue
		}
		o := owner{manager: printable(record.Manager), applies: record.Operation == metav1.ManagedFieldsOperationApply}
		if record.Time != nil {
			o.written = record.Time.Time
		}
		found = append(found, o)
	}
	return found, nil
}

// covers reports whether a set of fields has one, in the format of managedFields: a field's name follows "f:"
// (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/, FieldsV1).
func covers(set []byte, path ...string) (bool, error) {
	for _, name := range path {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(set, &fields); err != nil {
			return false, err
		}
		next, found := fields["f:"+name]
		if !found {
			return false, nil
		}
		set = next
	}
	return true, nil
}

// isOurs reports whether we have a field by server-side apply, be it together with others: what we then leave out of an
// apply may be deleted.
func isOurs(field []owner) bool {
	return slices.ContainsFunc(field, func(o owner) bool { return o.manager == plan.FieldManager && o.applies })
}

// others sorts the managers of a field but us into those that it is taken over from and the rest, each sorted by name.
func others(field []owner, takeOver []string) (from, conflicts []string) {
	for _, o := range field {
		switch {
		case o.manager == plan.FieldManager:
		case slices.Contains(takeOver, o.manager):
			from = append(from, o.manager)
		default:
			conflicts = append(conflicts, o.manager)
		}
	}
	slices.Sort(from)
	slices.Sort(conflicts)
	return slices.Compact(from), slices.Compact(conflicts)
}

// lastWrite returns when a field was last given a value, at the latest. Whoever gives it another value is the only manager
// at first; those that come later come with the same value, so the earliest of their times bounds it best.
func lastWrite(field []owner) time.Time {
	var earliest time.Time
	for _, o := range field {
		if !o.written.IsZero() && (earliest.IsZero() || o.written.Before(earliest)) {
			earliest = o.written
		}
	}
	return earliest
}
