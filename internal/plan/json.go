package plan

import (
	"encoding/json"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/share"
)

// A Report is a plan as programs read it, by account. Its names are stable.
type Report struct {
	Share    string        `json:"share"`
	Posture  share.Posture `json:"posture"`
	Registry string        `json:"registry"`
	Pending  bool          `json:"pending"`
	Summary  Summary       `json:"summary"`
	Accounts []accountJSON `json:"accounts"`
}

type accountJSON struct {
	Account    arn.AccountID `json:"account"`
	Part       Part          `json:"part"`
	State      SideState     `json:"state"`
	Steps      []stepJSON    `json:"steps"`
	Problems   []problemJSON `json:"problems"`
	Notes      []noteJSON    `json:"notes"`
	LeftBehind []string      `json:"leftBehind"`
}

type stepJSON struct {
	ID      string   `json:"id"`
	Verb    Verb     `json:"verb"`
	Target  string   `json:"target"`
	Cluster string   `json:"cluster,omitempty"`
	Needs   []string `json:"needs,omitempty"`
	Changes []Change `json:"changes,omitempty"`
}

type problemJSON struct {
	Kind    ProblemKind `json:"kind"`
	Cluster string      `json:"cluster,omitempty"`
	Target  string      `json:"target,omitempty"`
	Message string      `json:"message"`
}

type noteJSON struct {
	Cluster string `json:"cluster,omitempty"`
	Message string `json:"message"`
}

// MarshalJSON gives the plan's Report.
func (p *Plan) MarshalJSON() ([]byte, error) { return json.Marshal(p.Report()) }

// Report gives the plan by account. Operations are left out: what they hold is in the changes, but for keys, which no plan
// shows.
func (p *Plan) Report() Report {
	out := Report{
		Share: p.Share, Posture: p.Posture, Registry: p.Registry.Host(), Pending: p.Pending(), Summary: p.Summary(),
		Accounts: []accountJSON{},
	}
	for _, side := range p.Sides {
		out.Accounts = append(out.Accounts, p.accountJSON(side))
	}
	return out
}

func (p *Plan) accountJSON(side Side) accountJSON {
	out := accountJSON{
		Account: side.Account, Part: side.Part, State: side.State,
		Steps: []stepJSON{}, Problems: []problemJSON{}, Notes: []noteJSON{}, LeftBehind: []string{},
	}
	for _, s := range p.StepsOf(side.Account) {
		out.Steps = append(out.Steps, stepJSON{s.ID, s.Verb, s.Target, s.Cluster, s.Needs, s.Changes})
	}
	for _, problem := range p.Problems {
		if problem.Account == side.Account {
			out.Problems = append(out.Problems, problemJSON{problem.Kind, problem.Cluster, problem.Target, problem.Msg})
		}
	}
	for _, n := range p.Notes {
		if n.Account == side.Account {
			out.Notes = append(out.Notes, noteJSON{n.Cluster, n.Msg})
		}
	}
	for _, l := range p.LeftBehind {
		if l.Account == side.Account {
			out.LeftBehind = append(out.LeftBehind, l.Target)
		}
	}
	return out
}
