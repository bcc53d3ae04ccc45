package iam

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func self(s string) string { return s }

func TestAPageGoesOnAfterTheKeyOfItsMarker(t *testing.T) {
	items := []string{"a", "c", "e"}
	two, one := 2, 1
	for sentence, test := range map[string]struct {
		paging paging
		want   []string
		more   bool
	}{
		"all":                               {paging{}, []string{"a", "c", "e"}, false},
		"the first two":                     {paging{MaxItems: &two}, []string{"a", "c"}, true},
		"what is after an item":             {paging{Marker: marker("c")}, []string{"e"}, false},
		"what is after an item that left":   {paging{Marker: marker("b")}, []string{"c", "e"}, false},
		"one that is after the first":       {paging{Marker: marker("a"), MaxItems: &one}, []string{"c"}, true},
		"what is after the last":            {paging{Marker: marker("e")}, []string{}, false},
		"the rest, as many as a page holds": {paging{Marker: marker("a"), MaxItems: &two}, []string{"c", "e"}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, page, err := paginate(test.paging, items, self)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if page.IsTruncated != test.more || (page.Marker != "") != test.more {
				t.Errorf("truncated: %t, marker: %q", page.IsTruncated, page.Marker)
			}
		})
	}
}

// FuzzMarker gives markers of all sorts: each is refused, or leads to a rest of the list.
func FuzzMarker(f *testing.F) {
	items := []string{"a", "c", "e"}
	for _, seed := range []string{"", "YQ==", marker(""), marker("c"), marker("\xff"), "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := paginate(paging{Marker: text}, items, self)
		if err != nil {
			return
		}
		if !slices.Equal(got, items[len(items)-len(got):]) {
			t.Errorf("marker %q leads to %q", text, got)
		}
	})
}
