package sandbox

import "github.com/pullpass/pullpass/sandbox/internal/state"

// transact gives an operation the world as the replica sees it that the request has come to. A write to IAM is rehearsed
// there before it takes place: what it needs may not be seen yet, or what has gone may still be in its way. Writes to other
// services, of which no replica is late, find their permissions in the world as it is.
func (g *gateway) transact(req *request, f func(*state.World) error) error {
	lag := g.lag(req)
	switch {
	case !req.operation.Writes:
		return g.store.Seen(lag, f)
	case req.service.Name != "iam":
		return g.store.Update(f)
	}
	account := claimedAccount(req.signature)
	if err := g.store.Rehearse(account, lag, f); err != nil {
		return err
	}
	return g.store.Change(account, lag.Now, g.weather.LongestLag(), f)
}

func (g *gateway) lag(req *request) state.Lag {
	return state.Lag{Max: req.conditions.Lag, Replica: req.conditions.Replica, Now: g.weather.Lived()}
}

// noteUse remembers that a key was used, in the world as it is: what a replica sees may be a copy.
func (g *gateway) noteUse(req *request) {
	use := state.Use{Time: g.clock(), Region: req.region(), Service: req.service.Name}
	// Reading cannot fail.
	_ = g.store.View(func(w *state.World) error {
		if _, key, ok := w.Key(req.identity.key); ok {
			key.LastUsed.Note(use)
		}
		return nil
	})
}
