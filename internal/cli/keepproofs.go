package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/pullpass/pullpass/internal/audit"
)

// keepProofs adds proofs to the share's audit trail, where one is kept: status shows them. What could not be tried is none.
// A command that only reads makes no trail, and goes on where it cannot write to one: a proof changes nothing.
func (s *session) keepProofs(ctx context.Context, reports []clusterReport) {
	var proofs []audit.Proof
	for i := range reports {
		if p, made := proofOf(&reports[i]); made {
			proofs = append(proofs, p)
		}
	}
	switch {
	case len(proofs) == 0 || ctx.Err() != nil:
	case s.journal.keeps():
		for _, p := range proofs {
			s.journal.Record(ctx, p.Effect())
		}
	case exists(s.trail) && !s.journal.begun():
		if err := s.addProofs(proofs); err != nil {
			s.app.say("note: the proofs are not recorded: %v", err)
		}
	}
}

// addProofs writes proofs as a run of their own.
func (s *session) addProofs(proofs []audit.Proof) error {
	trail, err := audit.Open(s.auditConfig(s.trail))
	if err != nil {
		return err
	}
	for _, p := range proofs {
		_ = trail.Record(p.Effect()) // Close tells it.
	}
	return trail.Close()
}

func proofOf(c *clusterReport) (p audit.Proof, made bool) {
	p = audit.Proof{Account: c.Account, Cluster: c.Cluster, Key: c.chain.Key}
	broken := c.broken()
	if broken != nil {
		p.Broken = string(broken.Link)
	}
	return p, c.NotProven == "" && c.Unseen == "" && (c.OK || broken != nil)
}

// lastProofs reads the last proof of each cluster from the share's audit trail; none where there is no trail.
func (s *session) lastProofs() (proofs []audit.Proof, err error) {
	f, err := os.Open(s.trail)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return audit.LastProofs(f, s.desired.Share)
}
