package cluster

import (
	"context"
	"fmt"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
)

// Remove takes a credential out of the Secret by server-side apply: its config is emptied, whoever keeps it, and our
// annotations go. The Secret itself stays with everything else that is in it, and so do the three keys beside the config,
// without which no packages controller starts. A Secret that holds nothing is as it should be; one that holds another key
// is a delivery.ErrOtherKey, and one that cannot be read is left alone.
//
// Two requests in sequence.
func (d Delivery) Remove(ctx context.Context, key awsid.AccessKeyID) error {
	return d.persist(ctx, func(ctx context.Context) error {
		var err error
		for range attempts {
			if err = d.removeOnce(ctx, key); err == nil || !isOutrun(err) {
				return err
			}
		}
		return err
	})
}

func (d Delivery) removeOnce(ctx context.Context, key awsid.AccessKeyID) error {
	f, err := d.secret(ctx)
	if err != nil || f == nil || f.isEmpty() {
		return err
	}
	config, err := f.decode()
	switch {
	case err != nil:
		return d.removing(err)
	case config.Key.ID != key:
		return d.removing(fmt.Errorf("%w, %s", delivery.ErrOtherKey, config.Key.ID))
	case len(f.secret.Data[credential.KeyConfig]) == 0:
		return d.removing(errUndecodable) // A key in the Secret's own keys is none that was delivered.
	}
	if err := f.refuses(); err != nil {
		return d.removing(err)
	}
	body, _ := d.intent(f, []byte{}, "")
	body.Metadata.Annotations = nil
	return d.patchSecret(ctx, body, true, nil)
}

func (d Delivery) removing(err error) error {
	return fmt.Errorf("emptying %s in %s: %w", theSecret().words, d.Cluster, err)
}
