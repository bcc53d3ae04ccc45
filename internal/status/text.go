package status

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

const padding = 2

// WriteText writes the report for people: a line for each cluster, and below what there is to say of any.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "share %s, posture %s, registry %s\n", r.Share, r.Posture, r.Registry)
	if r.Subscription != nil {
		fmt.Fprintf(&b, "subscription %s: %s\n", r.Subscription.ID, r.Subscription.words())
	}
	b.WriteByte('\n')
	r.table(&b)
	for _, c := range r.Clusters {
		c.details(&b)
	}
	r.drifts(&b)
	r.ending(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Subscription) words() string {
	switch {
	case s.NoAccess:
		return "not looked at: the share gives no access to the source"
	case s.Error != "":
		return "unknown"
	}
	words := s.Status
	if s.Expires != nil {
		words += ", until " + stamp(s.Expires)
	}
	if s.AutoRenew {
		words += ", renews itself"
	}
	return words
}

func (r *Report) table(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, padding, ' ', 0)
	row := func(columns ...string) {
		// A strings.Builder takes whatever is written.
		_, _ = fmt.Fprintln(t, strings.Join(columns, "\t"))
	}
	row("ACCOUNT", "CLUSTER", "KEY", "STATE", "AGE", "LAST USED", "DELIVERED", "PROOF", "DRIFT")
	for _, c := range r.Clusters {
		age, used := "-", "-"
		if k, found := r.keys[keyRef{c.Account, c.Key}]; found {
			age, used = fmt.Sprintf("%dd", k.AgeDays), k.used()
		}
		row(string(c.Account), c.name(), cmp.Or(string(c.Key), "-"), c.state(), age, used, stamp(c.Delivered), c.Proof.words(), r.driftWord(c))
	}
	_ = t.Flush() // into the same builder
}

func (c Cluster) name() string {
	if c.ManagedBy != "" {
		return c.Cluster + " (copy)"
	}
	return c.Cluster
}

func (c Cluster) state() string {
	switch c.State {
	case Held:
		return string(c.KeyState)
	case None:
		return "nothing delivered"
	case HandedOver:
		return "handed over"
	case Known, Unread:
	}
	return string(Unread)
}

func (k Key) used() string {
	if k.Last == nil {
		return k.Use
	}
	words := stamp(&k.Last.Time)
	if k.Last.Service != "" {
		words += " " + k.Last.Service
	}
	if k.Last.Region != "" {
		words += " " + k.Last.Region
	}
	return words
}

func (p Proof) words() string {
	switch {
	case p.Outcome == NotRecorded:
		return "not recorded"
	case p.Time != nil:
		return string(p.Outcome) + " " + stamp(p.Time)
	}
	return string(p.Outcome)
}

func (r *Report) driftWord(c Cluster) string {
	switch {
	case len(c.Drift) > 0:
		return fmt.Sprint(len(c.Drift))
	case c.State == Unread, c.State == HandedOver, r.sourceUnread():
		return "unknown"
	}
	return "none"
}

// details says below the table what a cluster's line has no room for.
func (c Cluster) details(b *strings.Builder) {
	var lines []string
	if c.Error != "" {
		lines = append(lines, "unknown: "+c.Error)
	}
	if c.UseUnseen && c.State != None {
		lines = append(lines, "use unseen: what was handed over shows nobody which key is in use")
	}
	if c.Proof.Error != "" {
		lines = append(lines, "proof: "+c.Proof.Error)
	}
	if c.Proof.Key != "" && c.Key != "" && c.Proof.Key != c.Key {
		lines = append(lines, "proof: the last one was made with access key "+string(c.Proof.Key))
	}
	for _, n := range c.Notes {
		lines = append(lines, "note: "+n)
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n%s %s\n  %s\n", c.Account, c.Cluster, strings.Join(lines, "\n  "))
	}
}

// drifts lists each change once, by account: one of a shared user or role stands with every cluster in the JSON.
func (r *Report) drifts(b *strings.Builder) {
	for _, a := range r.Accounts {
		all := r.drift(a.Account, func(string, string) bool { return true })
		if a.State != Known || len(all) == 0 {
			continue
		}
		fmt.Fprintf(b, "\nDrift of %s %s:\n  %s\n", a.Part, a.Account, strings.Join(all, "\n  "))
	}
}

func (r *Report) ending(b *strings.Builder) {
	if len(r.Due) > 0 {
		b.WriteString("\nDue:\n")
	}
	for _, d := range r.Due {
		fmt.Fprintf(b, "  %s\n", d.words())
	}
	if len(r.Unknown) > 0 {
		b.WriteString("\nUnknown:\n")
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(b, "  %s\n", u.words())
	}
	fmt.Fprintf(b, "\nClusters: %d. Due: %d. Unknown: %d.\n", len(r.Clusters), len(r.Due), len(r.Unknown))
}

func (d Due) words() string {
	when := "now"
	switch {
	case d.Overdue && d.At != nil:
		when = "overdue since " + stamp(d.At)
	case d.Overdue:
		when = "overdue"
	case d.At != nil:
		when = "by " + stamp(d.At)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(d.Account)+" "+d.User)+": "+d.What+", "+when, ": ")
}

func (u Unknown) words() string {
	return strings.TrimPrefix(strings.TrimSpace(string(u.Account)+" "+u.Cluster)+": "+u.What, ": ")
}

// stamp prints a time, and what is not there as a dash.
func stamp(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// WriteText writes the answer for people.
func (a KeyAnswer) WriteText(w io.Writer) error {
	var b strings.Builder
	switch {
	case a.Key != nil:
		fmt.Fprintf(&b, "access key %s is user %s of account %s: %s, %d days old, last used %s\n",
			a.ID, a.User, a.Account, a.Key.State, a.Key.AgeDays, a.Key.used())
	case a.Known:
		fmt.Fprintf(&b, "access key %s is none of a user of share %s that was read, and a delivery holds it\n", a.ID, a.Share)
	default:
		fmt.Fprintf(&b, "access key %s: nobody of share %s has it, as far as was read\n", a.ID, a.Share)
	}
	for _, h := range a.Deliveries {
		fmt.Fprintf(&b, "  held by %s %s (%s)", h.Account, h.Cluster, h.Place)
		if h.UseUnseen {
			b.WriteString(", use unseen")
		}
		b.WriteByte('\n')
	}
	for _, role := range a.Roles {
		fmt.Fprintf(&b, "  assumes %s\n", role)
	}
	if a.Registry != "" {
		fmt.Fprintf(&b, "  opens   %s\n", a.Registry)
	}
	for _, account := range a.Unseen {
		fmt.Fprintf(&b, "  not looked at: %s, to which the share gives no access\n", account)
	}
	for _, u := range a.Unknown {
		fmt.Fprintf(&b, "  unknown: %s\n", u.words())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
