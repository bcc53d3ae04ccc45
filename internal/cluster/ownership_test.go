package cluster

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// record is an entry of managedFields; minute is when it was written.
func record(manager string, operation metav1.ManagedFieldsOperationType, minute int, fields string) metav1.ManagedFieldsEntry {
	at := metav1.NewTime(time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC))
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
}

const (
	applies = metav1.ManagedFieldsOperationApply
	updates = metav1.ManagedFieldsOperationUpdate
	hasConf = `{"f:data":{".":{},"f:config":{}}}`
)

func TestOwnership(t *testing.T) {
	type verdict struct {
		Ours            bool
		From, Conflicts []string
		Written         int // the minute
	}
	for name, test := range map[string]struct {
		records []metav1.ManagedFieldsEntry
		want    verdict
	}{
		"nobody has what nobody wrote": {want: verdict{Written: -1}},
		"what we applied is ours":      {[]metav1.ManagedFieldsEntry{record("pullpass", applies, 7, hasConf)}, verdict{Ours: true, Written: 7}},
		"what we updated is not held by applying": {
			[]metav1.ManagedFieldsEntry{record("pullpass", updates, 7, hasConf)}, verdict{Written: 7},
		},
		"people are taken over from, each once, by name": {
			[]metav1.ManagedFieldsEntry{
				record("kubectl-edit", updates, 9, hasConf), record("helm", updates, 8, hasConf), record("helm", applies, 7, hasConf),
			},
			verdict{From: []string{"helm", "kubectl-edit"}, Written: 7},
		},
		"a program is a conflict, beside a person too": {
			[]metav1.ManagedFieldsEntry{record("argocd-controller", applies, 3, hasConf), record("kubectl", applies, 4, hasConf)},
			verdict{From: []string{"kubectl"}, Conflicts: []string{"argocd-controller"}, Written: 3},
		},
		"the packages controller is a conflict but for a copy": {
			[]metav1.ManagedFieldsEntry{record("package-manager", updates, 3, hasConf)},
			verdict{Conflicts: []string{"package-manager"}, Written: 3},
		},
		"who has other fields alone does not count": {
			[]metav1.ManagedFieldsEntry{
				record("argocd-controller", applies, 1, `{"f:data":{"f:other":{}},"f:metadata":{"f:labels":{"f:config":{}}}}`),
				record("helm", updates, 2, `{"f:type":{}}`), record("pullpass", applies, 7, hasConf),
			},
			verdict{Ours: true, Written: 7},
		},
		"a record without fields or time is passed over": {
			[]metav1.ManagedFieldsEntry{{Manager: "helm"}, {Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(hasConf)}},
			verdict{From: []string{"kubectl"}, Written: -1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			field, err := owners(test.records, "data", "config")
			if err != nil {
				t.Fatal(err)
			}
			got := verdict{Ours: isOurs(field), Written: -1}
			got.From, got.Conflicts = others(field, Delivery{}.takeOver())
			if at := lastWrite(field); !at.IsZero() {
				got.Written = at.Minute()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, conflicts := others([]owner{{manager: "package-manager"}}, Delivery{Workload: true}.takeOver()); len(conflicts) > 0 {
		t.Errorf("a copy is not taken over from %v", conflicts)
	}
	if _, err := owners([]metav1.ManagedFieldsEntry{record("helm", updates, 1, `{"f:data":[]}`)}, "data", "config"); err == nil {
		t.Error("a record that cannot be read was passed over")
	}
}

// A set that covers a field covers what the field is in.
func FuzzCovers(f *testing.F) {
	for _, seed := range []string{hasConf, `{"f:data":{}}`, `{"f:data":null}`, `{"f:data":{"f:config":1}}`, `[]`, `{`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		inner, err := covers(set, "data", "config")
		if err != nil || !inner {
			return
		}
		if outer, err := covers(set, "data"); err != nil || !outer || !json.Valid(set) {
			t.Errorf("%q has data.config, and data %t, %v", set, outer, err)
		}
	})
}
