package lint

import (
	"cmp"
	"slices"

	"github.com/pullpass/pullpass/internal/credential"
)

// An Edit is a change of an input: Text in place of the bytes from Start up to End.
type Edit struct {
	Start, End int
	// Text is a Secret because it may hold one.
	Text credential.Secret
	// What says what the edit does. It holds no secret.
	What string
	// Before and After show the line that changes, or that comes. They are empty where it may hold a secret.
	Before, After string
	// Public is true where Text holds nothing of a credential.
	Public bool
}

// public says of an edit of a file that its text holds nothing of a credential. An edit within a Secret carries the whole
// value, and stays as it is.
func (e *Edit) public(from source) *Edit {
	if _, ok := from.(file); ok && e != nil {
		e.Public = true
	}
	return e
}

// showing adds the line before and after.
func (e *Edit) showing(before, after string) *Edit {
	if e != nil {
		e.Before, e.After = before, after
	}
	return e
}

func newEdit(start, end int, with, what string) *Edit {
	return &Edit{Start: start, End: end, Text: credential.NewSecret(with), What: what}
}

func (e *Edit) apply(src []byte) []byte {
	return slices.Concat(src[:e.Start], []byte(e.Text.Reveal()), src[e.End:])
}

// maxPasses bounds how often an input is looked at again, in case that two rules undo each other. A pass leaves over only
// edits of what another edit changes: several in the base64 of one config.
const maxPasses = 100

// Fix makes the edits that the findings of an input offer, until there are none, and returns the text with the findings
// that it mended. Places are those in the text as it was when the edit was made. What is left is for Check to find.
func Fix(name string, src []byte) (fixed []byte, mended []Finding) {
	fixed = src
	for range maxPasses {
		chosen := apart(Check(name, fixed))
		if len(chosen) == 0 {
			break
		}
		for _, f := range slices.Backward(chosen) { // From the end on, so that the places of the others stay right.
			fixed = f.Fix.apply(fixed)
		}
		mended = append(mended, chosen...)
	}
	return fixed, mended
}

// apart returns the findings whose edits can be made together, by place.
func apart(findings []Finding) []Finding {
	fixable := slices.DeleteFunc(findings, func(f Finding) bool { return f.Fix == nil })
	slices.SortStableFunc(fixable, func(a, b Finding) int { return cmp.Compare(a.Fix.Start, b.Fix.Start) })
	var chosen []Finding
	end := 0
	for _, f := range fixable {
		if f.Fix.Start >= end {
			chosen, end = append(chosen, f), f.Fix.End
		}
	}
	return chosen
}
