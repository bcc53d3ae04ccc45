package trouble

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// A log is long, and little of it is about what is looked for: the patterns are tried where one of the words stands that
// any match of theirs must have, and not again and again on lines that differ in nothing but numbers.
const (
	// nearby is how many lines around such a word are kept: a message may have been wrapped.
	nearby = 16
	// alike is how often lines of one shape are kept.
	alike = 32
)

// sift empties the lines of a text that no pattern can match. Every line keeps its number.
func sift(text string, patterns []*regexp.Regexp) string {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= nearby {
		return text
	}
	words := wordsOf(patterns)
	keep, shapes := make([]bool, len(lines)), map[string]int{}
	for i, line := range lines {
		if !telling(line, words) {
			continue
		}
		shape := shapeOf(line)
		if shapes[shape]++; shapes[shape] > alike {
			continue
		}
		for j := max(0, i-nearby); j <= min(len(lines)-1, i+nearby); j++ {
			keep[j] = keep[j] || j == i || shapes[shapeOf(lines[j])] <= alike
		}
	}
	var b strings.Builder
	for i, line := range lines {
		switch {
		case keep[i]:
			b.WriteString(line)
		case strings.HasSuffix(line, "\n"):
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func telling(line string, words []string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) })
}

// shapeOf is a line without its numbers, times and ids.
func shapeOf(line string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			return -1
		}
		return r
	}, line)
}

// wordsOf are words, in lower case, one of which stands in whatever any of the patterns matches.
func wordsOf(patterns []*regexp.Regexp) []string {
	var words []string
	for _, pattern := range patterns {
		parsed, err := syntax.Parse(pattern.String(), syntax.Perl)
		if err != nil {
			return []string{""} // It has been compiled before. An empty word keeps every line.
		}
		words = append(words, required(parsed)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// required are words one of which stands in whatever an expression matches; a single empty word where there are none.
func required(e *syntax.Regexp) []string {
	switch e.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(e.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return required(e.Sub[0])
	case syntax.OpAlternate:
		var words []string
		for _, branch := range e.Sub {
			words = append(words, required(branch)...)
		}
		return words
	case syntax.OpConcat:
		best := []string{""}
		for _, part := range e.Sub {
			if words := required(part); shortest(words) > shortest(best) {
				best = words
			}
		}
		return best
	default:
		return []string{""}
	}
}

// shortest is the length of the shortest word: how much it tells when one of them stands somewhere.
func shortest(words []string) int {
	length := len(words[0])
	for _, word := range words {
		length = min(length, len(word))
	}
	return length
}
