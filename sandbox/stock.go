package sandbox

import (
	"context"

	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/packages"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// stock fills the image store with what the state names, and the packages registries with what each of them holds. Doing
// it again changes nothing.
func (s *Sandbox) stock(ctx context.Context) error {
	return s.store.Update(func(w *state.World) error {
		if err := s.registry.Images.Restore(ctx, w); err != nil {
			return err
		}
		for _, account := range state.Sorted(w.Accounts) {
			for _, r := range state.Sorted(account.Registries) {
				if !r.Packages {
					continue
				}
				at := registry.Registry{Account: r.Account, Region: r.Region}
				if err := packages.Seed(ctx, w, s.registry.Images, at, s.registry.Clock()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
