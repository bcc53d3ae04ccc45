package weather

import "strings"

// glob reports whether a name is as the pattern has it, in which a * stands for any characters; an empty pattern is any
// name.
func glob(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[last])
}
