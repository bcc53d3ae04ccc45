package plan

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/share"
)

func deliveryTarget(c share.ClusterDelivery) string { return "delivery to " + deliveryPlace(c) }

// deliveryPlace names the cluster and where its credential goes.
func deliveryPlace(c share.ClusterDelivery) string {
	return fmt.Sprintf("%s (%s)", c.Cluster, c.Place())
}

// configChanges are the lines of the config that differ. Of the key only its id is shown.
func configChanges(got Delivery, want credential.Config) []Change {
	have := got.Config
	if got.State != Held {
		have = credential.Config{}
	}
	var changes []Change
	for _, c := range []Change{
		{Field: "source_profile", Before: have.UserProfile, After: want.UserProfile},
		{Field: "role_arn", Before: have.RoleARN.String(), After: want.RoleARN.String()},
		{Field: "region", Before: string(have.Region), After: string(want.Region)},
		{Field: "role_session_name", Before: have.RoleSessionName, After: want.RoleSessionName},
		{Field: "external_id", Before: have.ExternalID, After: want.ExternalID},
		{Field: "aws_access_key_id", Before: string(have.Key.ID), After: string(want.Key.ID)},
	} {
		if c.Before != c.After {
			changes = append(changes, c)
		}
	}
	changes = append(changes, takeovers(got)...)
	if len(changes) == 0 {
		// The key id and all the rest are equal, so it is the secret, a part that is missing or who may read or write it.
		changes = incomplete(got)
	}
	return changes
}

// days prints an age in whole days, or as it is where it has none.
func days(age time.Duration) string {
	if n := age / (24 * time.Hour); n > 0 {
		return fmt.Sprintf("%d days", n)
	}
	return age.String()
}
