package explain

import (
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
)

// defaultSessionName is what verify assumes a role by where the file gives no name.
const defaultSessionName = "pullpass-verify"

// setRequest sets the condition keys of any request ("AWS global condition context keys", IAM User Guide), as far as they
// are known without having seen it. Those of multi-factor authentication are absent: an access key has none.
func setRequest(c *authz.Context, now time.Time, region arn.Region, owner arn.AccountID) {
	c.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:ViaAWSService", "false")
	c.Set("aws:PrincipalIsAWSService", "false")
	if region != "" {
		c.Set("aws:RequestedRegion", string(region))
	}
	if owner != "" {
		c.Set("aws:ResourceAccount", string(owner))
	}
}

// asUser returns an IAM user as the caller.
func asUser(user *Entity, name arn.ARN, c *authz.Context) authz.Principal {
	c.Set("aws:PrincipalAccount", string(name.Account))
	c.Set("aws:PrincipalArn", name.String())
	c.Set("aws:PrincipalType", "User")
	c.Set("aws:username", name.Name())
	setEntity(user, c, "")
	return authz.Principal{Kind: authz.User, Account: name.Account, ARN: name.String(), ID: string(user.ID)}
}

// asSession returns a session of a role as the caller. aws:PrincipalArn is the role's ARN then, with its path.
func asSession(role *Entity, name arn.ARN, session string, now time.Time, c *authz.Context) authz.Principal {
	c.Set("aws:PrincipalAccount", string(name.Account))
	c.Set("aws:PrincipalArn", name.String())
	c.Set("aws:PrincipalType", "AssumedRole")
	c.Set("aws:TokenIssueTime", now.UTC().Format(time.RFC3339))
	c.Set("aws:MultiFactorAuthPresent", "false")
	setEntity(role, c, ":"+session)
	return authz.Principal{
		Kind: authz.RoleSession, Account: name.Account, ARN: arn.AssumedRole(name.Account, name.Name(), session).String(),
		RoleARN: name.String(), ID: string(role.ID),
	}
}

func setEntity(entity *Entity, c *authz.Context, suffix string) {
	if entity.ID != "" {
		c.Set("aws:userid", string(entity.ID)+suffix)
	}
	for key, value := range entity.Tags {
		c.Set("aws:PrincipalTag/"+key, value)
	}
}

// shownValues are the values of a condition with the variable that matters here in its place.
func shownValues(values []string, c *authz.Context) string {
	shown := make([]string, len(values))
	for i, v := range values {
		if name := c.Get("aws:username"); len(name) == 1 {
			v = strings.ReplaceAll(v, "${aws:username}", name[0])
		}
		shown[i] = v
	}
	return strings.Join(shown, " or ")
}
