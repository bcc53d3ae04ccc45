package settled

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// wholeARNs writes an ARN of fewer parts than the case's resource has as all those of that many, or of fewer but six at
// least, for which an asterisk at the end of a part can stand.
func wholeARNs(c *cases.Case) *cases.Case {
	most := max(6, 1+strings.Count(c.Resource, ":"))
	whole := func(values []string) []string {
		var out []string
		for _, v := range values {
			parts := strings.Split(v, ":")
			if !strings.HasPrefix(v, "arn:") || len(parts) >= most || strings.Contains(v, "${") {
				out = append(out, v)
				continue
			}
			for n := max(6, len(parts)); n <= most; n++ {
				out = append(out, spread(parts, n)...)
			}
		}
		return out
	}
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		resource, notResource := whole(s.Resource), whole(s.NotResource)
		changed := !slices.Equal(resource, s.Resource) || !slices.Equal(notResource, s.NotResource)
		s.Resource, s.NotResource = resource, notResource
		return changed
	})
}

// spread returns the ARNs of n parts that come of adding parts behind those that end with an asterisk.
func spread(parts []string, n int) []string {
	if len(parts) == 0 {
		return nil
	}
	if len(parts) == 1 {
		if n > 1 && !strings.HasSuffix(parts[0], "*") {
			return nil
		}
		return []string{parts[0] + strings.Repeat(":*", n-1)}
	}
	var out []string
	for extra := 0; n-1-extra >= len(parts)-1; extra++ {
		if extra > 0 && !strings.HasSuffix(parts[0], "*") {
			break
		}
		for _, rest := range spread(parts[1:], n-1-extra) {
			out = append(out, parts[0]+strings.Repeat(":*", extra)+":"+rest)
		}
	}
	return out
}
