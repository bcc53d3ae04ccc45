package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ClockSkew is by how much the clock here and IAM's may differ for what is decided by their times: a signature is good within
// it [seen].
const ClockSkew = 15 * time.Minute

// A retirement is a rotation whose new key has been made: the old one is to go.
type retirement struct {
	KeySituation
	rules RotationRules
	// Current has no id where the clusters get keys of other users.
	old, current Key
}

func (t retirement) decide() RotationDecision {
	d := RotationDecision{Old: t.old.ID, Inactive: !t.old.Active, New: t.current.ID, Made: t.current.Created}
	gaps := t.gaps()
	if why, ours := t.needed(gaps); !t.old.Active && ours && why != "" {
		d.Action, d.Why = RotateReactivate, why
		d.Failed = slices.ContainsFunc(gaps, func(g Gap) bool { return g.kind == broken })
		return d
	}
	next, patience := RotateDeactivate, t.patience()
	if !t.old.Active {
		// What was deactivated too early can be mended, what was deleted can not.
		next, patience = RotateDelete, t.patience().plus(t.rules.Idle)
	}
	switch {
	case len(gaps) == 0:
		d.Action = next
	case patience.over(t.rules.Now) && !slices.ContainsFunc(gaps, func(g Gap) bool { return g.kind == broken }):
		d.Action, d.Risks = next, gaps
	default:
		d.Action, d.Missing = RotateWait, gaps
	}
	// First what can be done about the gaps; they are what is known so far.
	if d.Deliver = t.behind(); len(d.Deliver) > 0 {
		d.Action = RotateDeliver
	} else if d.Prove = t.unproven(); len(d.Prove) > 0 {
		d.Action = RotateProve
	}
	return d
}

// behind are the clusters that lack the new key or a part of it, or whose packages controller must restart for it.
func (t retirement) behind() []string {
	if t.current.ID == "" {
		return nil // Those who give the clusters their keys do so.
	}
	clusters := t.lacking(t.current.ID)
	for _, h := range t.Holders {
		if (h.Stale || h.Torn && !h.Blocked) && !slices.Contains(clusters, h.Cluster) {
			clusters = append(clusters, h.Cluster)
		}
	}
	return clusters
}

// unproven are the clusters whose receipts are still to be collected.
func (t retirement) unproven() []string {
	var clusters []string
	for _, h := range t.Holders {
		if t.moved(h) && h.Receipt == nil {
			clusters = append(clusters, h.Cluster)
		}
	}
	return clusters
}

// moved reports whether a cluster holds a key that takes the place of the old one.
func (t retirement) moved(h Holder) bool {
	return h.State == Held && (h.Moved || t.current.ID != "" && h.Key == t.current.ID)
}

// needed says why an old key that is inactive has to be active again. What a person has deactivated stays so.
func (t retirement) needed(gaps []Gap) (why string, ours bool) {
	for _, g := range gaps {
		// Past the end of patience whatever still holds the key has been told of.
		if g.kind == broken || g.kind == behind && !t.patience().over(t.rules.Now) {
			return g.String(), t.Retiring == t.old.ID
		}
	}
	return "", t.Retiring == t.old.ID
}

// A deadline is a time, or never.
type deadline struct{ time.Time }

func (t retirement) patience() deadline { return deadline{t.rules.Patience.end(t.current.Created)} }

func (d deadline) plus(more time.Duration) deadline {
	if d.IsZero() {
		return d
	}
	return deadline{d.Add(more)}
}

func (d deadline) over(now time.Time) bool { return !d.IsZero() && !now.Before(d.Time) }

// gaps are what is missing for all users of the old key to be known to have moved. What has not been proven in this run
// is none: it is to be proven first.
func (t retirement) gaps() []Gap {
	var gaps []Gap
	var unseen []string
	for _, h := range t.Holders {
		switch {
		case h.State == None:
		case h.State == Unknown && h.Copy:
			unseen = append(unseen, "the copy of workload cluster "+h.Cluster)
		case h.State == Unknown:
			gaps = append(gaps, Gap{Cluster: h.Cluster, What: h.unread(), kind: unclear})
		case !t.moved(h):
			gaps = append(gaps, t.holding(h))
		default:
			gaps = append(gaps, t.following(h)...)
			if h.Handed {
				unseen = append(unseen, "whatever took over the files of "+h.Cluster)
			}
			if h.Receipt != nil {
				gaps = append(gaps, t.receipt(h)...)
				for _, part := range h.Receipt.Unseen {
					unseen = append(unseen, fmt.Sprintf("%s of %s", part, h.Cluster))
				}
			}
		}
	}
	if t.current.ID != "" && t.old.ID != t.Retiring && !t.held(t.old.ID) {
		unseen = append(unseen, "whatever else may use it")
	}
	if gap, open := t.idle(unseen); open {
		gaps = append(gaps, gap)
	}
	return gaps
}

// unread says that it is not known what a cluster holds.
func (h Holder) unread() string {
	const what = "what it holds cannot be read"
	if h.Err == nil {
		return what
	}
	return fmt.Sprintf("%s: %v", what, h.Err)
}

func (t retirement) holding(h Holder) Gap {
	g := Gap{Cluster: h.Cluster, What: fmt.Sprintf("it holds %s", h.Key), kind: behind}
	switch {
	case t.current.ID == "": // It is known to break, and there is a way to prevent that: no patience makes up for it.
		g.What, g.kind = g.What+", and has yet to get a key of its own (pullpass apply)", broken
	case h.Blocked:
		g.What += ", and cannot be written"
	}
	return g
}

// following is the gap that nodes leave: their credential provider reads a mounted Secret, which a kubelet brings up to date
// when it next looks at the pod. Until then it would ask for tokens with the old key.
// https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically
func (t retirement) following(h Holder) []Gap {
	written := h.Written
	if written.IsZero() {
		written = t.current.Created
	}
	until := written.Add(t.rules.Follow)
	if !h.Mounted || !t.rules.Now.Before(until) {
		return nil
	}
	what := fmt.Sprintf("its nodes may not have got what was delivered at %s", written.UTC().Format(time.RFC3339))
	return []Gap{{Cluster: h.Cluster, What: what, Soon: true, Until: until}}
}

func (t retirement) receipt(h Holder) []Gap {
	var gaps []Gap
	r := *h.Receipt
	if r.Broken != "" {
		gaps = append(gaps, Gap{Cluster: h.Cluster, What: "the new key does not pull: " + r.Broken, Soon: r.Soon, kind: broken})
	}
	for _, part := range r.Behind {
		gaps = append(gaps, Gap{Cluster: h.Cluster, What: part, Soon: r.Soon, kind: behind})
	}
	if !t.old.Active { // Before that it was not the rotation that broke it.
		for _, fault := range r.Faults {
			gaps = append(gaps, Gap{Cluster: h.Cluster, What: fault, kind: broken})
		}
	}
	return gaps
}

// idle is the gap that the old key's use leaves, where something unseen may still use it: until it has not been used for
// the idle time, in which the new key was there all along. A person's clock and IAM's may differ.
func (t retirement) idle(unseen []string) (gap Gap, open bool) {
	if len(unseen) == 0 {
		return Gap{}, false
	}
	about := "nothing shows whether " + strings.Join(unseen, ", ") + " has moved"
	since, used := t.current.Created, ""
	switch {
	case t.old.Use == UseUnknown:
		return Gap{What: about + ", and IAM does not tell when the key was last used"}, true
	case t.old.Use == Used:
		used = fmt.Sprintf(", and the key was last used at %s", t.old.LastUsed.UTC().Format(time.RFC3339))
		since = later(since, t.old.LastUsed)
	}
	until := since.Add(t.rules.Idle + ClockSkew)
	if !t.rules.Now.Before(until) {
		return Gap{}, false
	}
	return Gap{What: about + used, Until: until}, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// String says the gap in one line.
func (g Gap) String() string {
	text := g.What
	if g.Cluster != "" {
		text = "cluster " + g.Cluster + ": " + text
	}
	if !g.Until.IsZero() {
		text += fmt.Sprintf(": wait until %s", g.Until.UTC().Format(time.RFC3339))
	}
	return text
}
