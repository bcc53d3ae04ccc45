package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/verify"
)

// doubts reports whether something that was not read, or that a condition asks of the request, could make a blocker none.
func (q *question) doubts(b blocker) bool {
	if p := q.denier(b); b.explicit && p != nil {
		return len(q.unknownKeys(p)) > 0
	}
	for _, reason := range b.reasons {
		p := &place{statement: reason.Source()}
		if reason.Effect() == "Allow" && q.documents[reason.Policy] != nil && len(q.unknownKeys(p)) > 0 && q.nearButFor(reason, b) {
			return true
		}
	}
	return false
}

// nearButFor reports whether nothing but keys that are not known keeps a statement from matching.
func (q *question) nearButFor(reason authz.Reason, b blocker) bool {
	s := reason.Source()
	for _, d := range q.differences(q.documents[reason.Policy].Parsed.Version, s, b.by) {
		if d.cause != authz.ByCondition || !q.unknown(s.Conditions[d.condition].Key) {
			return false
		}
	}
	return true
}

// decide finds the cause of a denial among everything that takes part in the decision. AWS said no: where nothing that was
// read blocks, what was not read must.
func (e *Evidence) decide(q *question, proof verify.Proof) finding {
	said := q.sentenceOf(answered(proof))
	gaps := q.gaps(e.targetOf(q))
	b := e.weigh(q, gaps, said)
	f := finding{agrees: true, unread: flat(gaps)}
	switch {
	case len(b.definite) > 0:
		e.blame(q, &f, slices.Concat(b.definite, b.simulated, b.doubtful), said)
		f.agrees = !q.contradicts(b.all(), gaps, said)
		f.conclusion = Certain
		if len(f.unread) > 0 || !f.agrees {
			f.conclusion = Likely
		}
	case len(b.simulated) > 0:
		f.unread = append(f.unread, q.policiesAbove(authz.SCP))
		f.conclusion, f.nearest = Open, []Miss{q.simulatedMiss()}
		if len(gaps) == 0 {
			f.conclusion, f.nearest = Likely, nil
			e.blame(q, &f, slices.Concat(b.simulated, b.doubtful), said)
		}
	case q.unreadOf(gaps, said.blamed):
		cause := q.saidCause(said)
		f.cause, f.fix, f.conclusion = &cause, q.saidFix(said), Likely
	case len(b.doubtful) > 0:
		f.unread = append(f.unread, q.unknowns(b.doubtful)...)
		f.conclusion = Open
		if by := b.doubtful[0].by; len(b.doubtful) == 1 && (len(gaps[by]) == 0 || onlyOf(gaps, by)) {
			f.conclusion = Likely
			if len(gaps) == 0 && e.nothingElse(q) {
				f.conclusion, f.unread = Certain, nil // AWS denies, and nothing else is left that could.
			}
			e.blame(q, &f, b.doubtful, said)
		}
	case len(f.unread) > 0:
		f.conclusion = Open
	case q.contradicts(nil, gaps, said):
		return disagree(q, proof)
	default:
		return e.eliminate(q, proof, said)
	}
	return f
}

// blockers are sorted by what is known of them.
type blockers struct {
	// definite block whatever was not read.
	definite []blocker
	// simulated block by what IAM's simulator says of the organization, which is no proof.
	simulated []blocker
	// doubtful may be none, by what was not read.
	doubtful []blocker
}

func (b blockers) all() []blocker { return slices.Concat(b.definite, b.simulated, b.doubtful) }

// weigh sorts what blocks.
func (e *Evidence) weigh(q *question, gaps map[authz.PolicyType][]Unread, said sentence) (b blockers) {
	answer, asked := e.Organizations[q.organization()]
	switch {
	case said.blamed == authz.SCP || said.blamed == authz.RCP || said.blamed == authz.Session:
		b.definite = append(b.definite, blocker{by: said.blamed, explicit: said.explicit})
	case asked && answer.Err == nil && answer.Member && !answer.Allows:
		b.simulated = append(b.simulated, blocker{by: authz.SCP})
	}
	for _, found := range callerFirst(q.blockers()) {
		if !found.explicit && len(gaps[found.by]) > 0 || q.doubts(found) {
			b.doubtful = append(b.doubtful, found)
		} else {
			b.definite = append(b.definite, found)
		}
	}
	return b
}

// flat lists the gaps in the order of the types.
func flat(gaps map[authz.PolicyType][]Unread) []Unread {
	var all []Unread
	for _, t := range slices.Sorted(maps.Keys(gaps)) {
		all = append(all, gaps[t]...)
	}
	return all
}

func onlyOf(gaps map[authz.PolicyType][]Unread, t authz.PolicyType) bool {
	for other := range gaps {
		if other != t {
			return false
		}
	}
	return true
}

// unknowns says of doubtful blockers which keys of conditions decide.
func (q *question) unknowns(doubtful []blocker) []Unread {
	var all []Unread
	for _, b := range doubtful {
		p := q.nearest(b)
		if b.explicit {
			p = q.denier(b)
		}
		if p == nil {
			continue
		}
		for _, key := range q.unknownKeys(p) {
			why := "the caller chooses it"
			if unknowable(key) {
				why = "only AWS knows it"
			}
			all = append(all, Unread{What: "the request's " + key, Account: q.principal.Account,
				Error:   why,
				Follows: fmt.Sprintf("if it is not what %s wants, that is the cause", p.where(b.by))})
		}
	}
	return all
}

// callerFirst puts what the caller's own side says before what the resource's side says: that is the order in which people
// can mend.
func callerFirst(blockers []blocker) []blocker {
	slices.SortStableFunc(blockers, func(a, b blocker) int { return cmp.Compare(sideOf(a.by), sideOf(b.by)) })
	return blockers
}

func sideOf(t authz.PolicyType) int {
	if t == authz.Trust || t == authz.Resource || t == authz.RCP {
		return 1
	}
	return 0
}

// nothingElse reports whether no organization can have a say: neither side is in one. A repository's policy can.
func (e *Evidence) nothingElse(q *question) bool {
	caller, asked := e.Organizations[q.organization()]
	if !asked || caller.Err != nil || caller.Member {
		return false
	}
	if q.owner == q.principal.Account {
		return true
	}
	owner, asked := e.Organizations[membership(q.owner)]
	return q.trust && asked && owner.Err == nil && !owner.Member
}

// policiesAbove says of an organization's policies that they were not read.
func (q *question) policiesAbove(t authz.PolicyType) Unread {
	account := q.accountOf(t)
	what := "service control policies"
	if t == authz.RCP {
		what = "resource control policies"
	}
	return Unread{What: fmt.Sprintf("the %s above account %s", what, account), Account: account,
		Error:   "only the organization's management account may read them, and no simulation knows all of their conditions",
		Follows: fmt.Sprintf("if one of them denies %s on %s, it would be the cause", q.action, q.resource)}
}

func (q *question) organization() OrganizationQuestion {
	ask := OrganizationQuestion{Account: q.principal.Account, Action: q.action, Resource: q.resource, Owner: q.owner}
	if region := q.context.Get("aws:RequestedRegion"); len(region) == 1 {
		ask.Region = arn.Region(region[0])
	}
	return ask
}

// Asks returns what is to be asked about the organizations of both sides for this evidence, none where no policy decides
// about the broken link. The second of an AssumeRole is about the role's account, of which only counts whether it has an
// organization.
func (e *Evidence) Asks() []OrganizationQuestion {
	broken, isBroken := e.Proofs.Broken()
	if !isBroken {
		return nil
	}
	q := e.question(broken.Link)
	if q == nil {
		return nil
	}
	asks := []OrganizationQuestion{q.organization()}
	if q.trust && q.owner != q.principal.Account {
		asks = append(asks, membership(q.owner))
	}
	return asks
}

func membership(account arn.AccountID) OrganizationQuestion {
	return OrganizationQuestion{Account: account, Action: "ecr:GetAuthorizationToken", Resource: "*"}
}

// eliminate is for a denial where everything that was read allows: what is left is what the accounts' own administrators
// cannot read.
func (e *Evidence) eliminate(q *question, proof verify.Proof, said sentence) finding {
	caller, callerKnown := e.Organizations[q.organization()]
	callerKnown = callerKnown && caller.Err == nil
	if !q.trust && q.owner != q.principal.Account {
		return e.eliminateRegistry(q, said)
	}
	owner, ownerKnown := caller, callerKnown
	if q.trust && q.owner != q.principal.Account {
		owner, ownerKnown = e.Organizations[membership(q.owner)]
		ownerKnown = ownerKnown && owner.Err == nil
	}
	scp, rcp := q.policiesAbove(authz.SCP), q.policiesAbove(authz.RCP)
	switch {
	case callerKnown && ownerKnown && !caller.Member && !owner.Member:
		return disagree(q, proof)
	case callerKnown && ownerKnown && owner.Member:
		unread := []Unread{rcp}
		if caller.Member {
			unread = append(unread, scp)
		}
		return likely(q.organizationCause(authz.RCP, sentence{}), q.organizationFix(authz.RCP, sentence{}), unread...)
	case callerKnown && caller.Member && ownerKnown:
		return likely(q.organizationCause(authz.SCP, sentence{}), q.organizationFix(authz.SCP, sentence{}), scp)
	}
	return open(scp, rcp)
}

// disagree says that AWS and our reading contradict each other.
func disagree(q *question, proof verify.Proof) finding {
	f := open(Unread{What: "why AWS denies " + q.action, Account: q.owner, Error: awserror.OnOneLine(proof.Err),
		Follows: "every policy that takes part was read, and together they allow it: a change of the last minute may not have " +
			"spread yet; if it stays so, our reading is wrong"})
	f.agrees = false
	return f
}
