package leak

import "github.com/pullpass/pullpass/internal/hallmark"

// A text is what was written, or what is encoded in a part of it.
type text struct {
	chars []byte
	// span gives the offsets, in what was written, of the characters from one up to another, or of what encodes them.
	span   func(from, to int) (start, end int64)
	within []string
}

// depth is how many encodings may be around a secret: a docker config in a Secret in a JSON string has three.
const depth = 4

// search reports each secret that a text has or encodes.
func (t text) search(report func(Finding)) {
	t.marked(report)
	if len(t.within) == depth {
		return
	}
	if plain, escaped := t.unescaped(); escaped {
		plain.search(report)
	}
	t.base64(func(inner text) { inner.search(report) })
	t.hex(func(inner text) { inner.search(report) })
}

// marked reports the secrets that stand in a text as they are.
func (t text) marked(report func(Finding)) {
	key, token := 0, 0 // for how many characters each may have gone on
	var raw [hallmark.KeyLength / 4 * 3]byte
	for i, c := range t.chars {
		belongs := classOf(c)
		key, token = more(key, belongs&isStandard), more(token, belongs&isURLSafe)
		if from := i + 1 - hallmark.KeyLength; key >= hallmark.KeyLength && hallmark.IsKey(unpack(raw[:0], t.chars[from:i+1])) {
			t.report(report, hallmark.SecretAccessKey, from, i+1)
		}
		if token < hallmark.HeadLength {
			continue
		}
		from := i + 1 - hallmark.HeadLength
		if kind := hallmark.TokenKind(unpack(raw[:0], t.chars[from:i+1])); kind != "" {
			t.report(report, kind, from, i+1)
		}
	}
}

func more(count int, belongs class) int {
	if belongs == 0 {
		return 0
	}
	return count + 1
}

func (t text) report(report func(Finding), kind hallmark.Kind, from, to int) {
	start, end := t.span(from, to)
	report(Finding{Kind: kind, Offset: start, Length: end - start, Within: t.within})
}

// inside is a text that t encodes. Its characters from one up to another are in those of t from first up to last.
func (t text) inside(encoding string, chars []byte, first, last func(i int) int) text {
	inner := text{chars: chars, within: t.within}
	inner.span = func(from, to int) (int64, int64) { return t.span(first(from), last(to)) }
	if encoding != "" {
		inner.within = append(t.within[:len(t.within):len(t.within)], encoding)
	}
	return inner
}
