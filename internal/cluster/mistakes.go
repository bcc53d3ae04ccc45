package cluster

import (
	"context"

	"github.com/pullpass/pullpass/internal/lint"
)

// Mistakes are what lint says of the Secret by itself.
//
// One request.
func (d Delivery) Mistakes(ctx context.Context) ([]lint.Finding, error) {
	f, err := d.secret(ctx)
	if err != nil {
		return nil, err
	}
	return lint.CheckLive(lint.Live{Name: d.Name, Secret: liveSecret(f)}), nil
}
