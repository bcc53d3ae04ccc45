package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// MirrorWritten returns when the packages controller last wrote its token for the registry, to the second; ErrAbsent where
// there is none yet. What was written before the controller's last start comes from the credential that it had then.
func (c *Cluster) MirrorWritten(ctx context.Context) (time.Time, error) {
	var secret corev1.Secret
	what := secretObject(namespace, mirrorCredentialName)
	err := c.get(ctx, what, nil, &secret)
	if err == nil && len(secret.Data[mirrorCredentialKey]) == 0 || isMissing(err) {
		return time.Time{}, fmt.Errorf("reading %s of %s in %s: %w", mirrorCredentialKey, what.words, c, ErrAbsent)
	}
	if err != nil {
		return time.Time{}, err
	}
	managers, err := owners(secret.ManagedFields, "data", mirrorCredentialKey)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading %s in %s: %w", what.words, c, err)
	}
	if t := lastWrite(managers); !t.IsZero() {
		return t, nil
	}
	return secret.CreationTimestamp.Time, nil
}
