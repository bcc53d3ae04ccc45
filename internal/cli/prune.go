package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/revoke"
)

// pruning is the part of an apply that takes away what the share left behind; nil where nobody asked for it.
type pruning struct {
	revoker *provision.Revoker
	planned *revoke.Revocation
}

// pruning finds out what there is to be taken away.
func (r *run) pruning(ctx context.Context, o applyOptions) (*pruning, error) {
	switch {
	case !o.prune:
		return nil, nil
	case r.desired.Partial:
		return nil, withHint(usagef("--prune looks at the whole share, and --destination and --cluster at a part"), "leave the one or the other out")
	}
	revoker := r.revoker(revoke.Target{LeftBehind: true}, revoke.Options{})
	planned, err := revoker.Plan(ctx)
	if err != nil {
		return nil, err
	}
	return &pruning{revoker, planned}, nil
}

func (p *pruning) pending() bool { return p != nil && p.planned.Pending() }

// write shows what will go, where anything does.
func (p *pruning) write(w io.Writer) error {
	if p == nil || len(p.planned.Steps)+len(p.planned.Notes) == 0 {
		return nil
	}
	if _, err := fmt.Fprint(w, "\nLeft behind, and to be taken away:\n"); err != nil {
		return err
	}
	return writeRevocation(w, p.planned)
}

// carryOut takes it away. There is nothing to prove it with: where the share no longer asks for a cluster, nobody knows
// where its credential went.
func (p *pruning) carryOut(ctx context.Context, s *session) (*revocationReport, error) {
	if !p.pending() {
		return nil, nil
	}
	report, err := s.carryOutRevocation(ctx, p.revoker, p.planned)
	return &report, err
}
