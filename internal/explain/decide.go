package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
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
	var said sentence
	if answer := answered(proof); answer != nil {
		said = readSentence(answer.Message)
	}
	gaps := q.gaps(e.targetOf(q))
	definite, doubtful, vague := e.weigh(q, gaps, said)
	f := finding{agrees: true, unread: flat(gaps)}
	switch {
	case len(definite) > 0:
		e.blame(q, &f, slices.Concat(definite, doubtful), said)
		f.conclusion = Certain
		if len(f.unread) > 0 || vague && len(definite) == 1 {
			f.conclusion = Likely
		}
		if vague {
			f.unread = append(f.unread, q.policiesAbove(authz.SCP))
		}
	case len(doubtful) > 0:
		f.unread = append(f.unread, q.unknowns(doubtful)...)
		f.conclusion = Open
		if by := doubtful[0].by; len(doubtful) == 1 && (len(gaps[by]) == 0 || onlyOf(gaps, by)) {
			f.conclusion = Likely
			if len(gaps) == 0 && e.nothingElse(q) {
				f.conclusion, f.unread = Certain, nil // AWS denies, and nothing else is left that could.
			}
			e.blame(q, &f, doubtful, said)
		}
	case len(f.unread) > 0:
		f.conclusion = Open
	default:
		return e.eliminate(q, proof)
	}
	return f
}

// weigh tells the blockers that block whatever was not read from those that may be none. It is vague where the first rests
// on a simulation that lacked keys of the request.
func (e *Evidence) weigh(q *question, gaps map[authz.PolicyType][]Unread, said sentence) (definite, doubtful []blocker, vague bool) {
	organization, vague := e.organizationBlocks(q, said)
	if organization != nil {
		definite = append(definite, *organization)
	}
	for _, b := range callerFirst(q.blockers()) {
		if !b.explicit && len(gaps[b.by]) > 0 || q.doubts(b) {
			doubtful = append(doubtful, b)
		} else {
			definite = append(definite, b)
		}
	}
	return definite, doubtful, vague
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

// organizationBlocks returns the service control policies as a blocker where IAM's simulator, or AWS's own sentence, says
// that they are. It is vague where the simulator had to do without keys of the request.
func (e *Evidence) organizationBlocks(q *question, said sentence) (b *blocker, vague bool) {
	answer, asked := e.Organizations[q.organization()]
	if said.blamed == authz.SCP || said.blamed == authz.RCP || said.blamed == authz.Session {
		return &blocker{by: said.blamed, explicit: said.explicit}, false
	}
	if asked && answer.Err == nil && answer.Member && !answer.Allows {
		return &blocker{by: authz.SCP}, answer.Conditional
	}
	return nil, false
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
	return OrganizationQuestion{Account: q.principal.Account, Action: q.action, Resource: q.resource}
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
func (e *Evidence) eliminate(q *question, proof verify.Proof) finding {
	caller, callerKnown := e.Organizations[q.organization()]
	callerKnown = callerKnown && caller.Err == nil
	if !q.trust && q.owner != q.principal.Account {
		return e.eliminateRegistry(q)
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
	f := open(Unread{What: "why AWS denies " + q.action, Account: q.owner, Error: brief(proof.Err),
		Follows: "every policy that takes part was read, and together they allow it: a change of the last minute may not have " +
			"spread yet; if it stays so, our reading is wrong"})
	f.agrees = false
	return f
}
