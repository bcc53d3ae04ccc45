package draw

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks a text into lines of at most so many characters: at spaces, within words that are too long behind one of the
// signs that ARNs and URLs are made of, and anywhere where there is none.
func wrap(text string, width int) []string {
	width = max(width, 8)
	var lines []string
	for given := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(given) {
			for _, piece := range pieces(word, width) {
				switch {
				case line == "":
					line = piece.text
				case piece.glued && length(line)+length(piece.text) <= width:
					line += piece.text
				case !piece.glued && length(line)+1+length(piece.text) <= width:
					line += " " + piece.text
				default:
					lines, line = append(lines, line), piece.text
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// A piece is a part of a word. One that is glued follows the piece before without a space.
type piece struct {
	text  string
	glued bool
}

// pieces breaks a word that is longer than a line.
func pieces(word string, width int) []piece {
	if length(word) <= width {
		return []piece{{text: word}}
	}
	var found []piece
	for word != "" {
		n := cut(word, width)
		found = append(found, piece{word[:n], len(found) > 0})
		word = word[n:]
	}
	return found
}

// cut is how many bytes of a word go into a line: up to the first sign to break behind, or as many as fit.
func cut(word string, width int) int {
	chars := 0
	for i, r := range word {
		if chars == width {
			return i
		}
		chars++
		if strings.ContainsRune("/:,-_=", r) {
			return i + utf8.RuneLen(r)
		}
	}
	return len(word)
}

func length(text string) int { return utf8.RuneCountInString(text) }
