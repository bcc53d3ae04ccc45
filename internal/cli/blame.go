package cli

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/verify"
)

// settleBlame names whose side a refused AssumeRole is, which AWS does not say, where the explanation knows a cause. Else
// both sides stay named.
func (c *clusterReport) settleBlame(source arn.AccountID) {
	link := c.broken()
	if link == nil || link.Side != verify.SourceOrDestination || c.Explanation == nil || c.Explanation.Cause == nil {
		return
	}
	switch c.Explanation.Cause.Account {
	case "":
		link.Side = verify.Cluster
	case source:
		link.Side = verify.Source
	case c.Account:
		link.Side = verify.Destination
	}
	if fix := c.Explanation.Fix; fix != nil && fix.Pullpass != "" {
		link.Hint = fmt.Sprintf("pullpass apply mends the side of the %s", link.Side)
	}
}
