package explain

import (
	"fmt"

	"github.com/pullpass/pullpass/internal/verify"
)

// lookInside adds the links of the cluster to a report about an access that works: packages do not install by an access that
// nobody uses. The first of them that is broken is the cause.
func (e *Evidence) lookInside(r *Report) {
	for _, p := range e.Inside {
		link := Link{Link: p.Link, Outcome: state(p.Outcome), Detail: p.Detail}
		switch p.Outcome {
		case verify.Failed:
			link.Detail = reason(p)
			e.unused(r, p)
		case verify.Unseen:
			link.Detail = reason(p)
			r.Unread = append(r.Unread, Unread{What: fmt.Sprintf("link %s of cluster %s", p.Link, e.Subject.Cluster), Error: reason(p),
				Follows: "if the cluster does not use the access as it should, nothing is pulled there though the access works"})
		case verify.Passed, verify.NotReached:
		}
		r.Chain = append(r.Chain, link)
	}
}

// unused says that a cluster does not use an access that works.
func (e *Evidence) unused(r *Report, p verify.Proof) {
	r.Outcome = Unused
	if r.Cause != nil {
		return
	}
	r.Conclusion = Certain
	r.Cause = &Cause{Link: p.Link, Kind: Cluster, Text: fmt.Sprintf("The access works, and cluster %s does not use it as it should: %s.", e.Subject.Cluster, reason(p))}
	if fault := p.Fault(); fault != nil && fault.Hint != "" {
		r.Fix = &Fix{Text: fault.Hint}
	}
}
