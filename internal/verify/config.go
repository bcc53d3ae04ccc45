package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/internal/credential"
)

// ErrOtherRegion says that the file names another Region than that of the registry.
var ErrOtherRegion = errors.New("the file names another Region")

// proveConfig reads the file as the AWS SDKs do.
func (w *walk) proveConfig(ctx context.Context) (string, error) {
	src, err := w.in.File(ctx)
	if err != nil {
		return "", &Fault{Side: Cluster, Err: fmt.Errorf("reading the delivered file: %w", err),
			Hint: "deliver the credential, or make readable what is there: pullpass plan says what is in the way"}
	}
	config, err := credential.ParseConfig(src)
	if err != nil {
		return "", &Fault{Side: Cluster, Err: err, Hint: "move the file away and have it written anew: pullpass apply"}
	}
	if config.Region != w.in.Registry.Region {
		return "", &Fault{Side: Cluster, Hint: "write the file anew: pullpass apply",
			Err: fmt.Errorf("%w: %s instead of %s, where the registry is", ErrOtherRegion, config.Region, w.in.Registry.Region)}
	}
	w.config = config
	return fmt.Sprintf("role %s, key %s, Region %s", config.RoleARN, config.Key.ID, config.Region), nil
}
