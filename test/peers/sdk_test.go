package peers

import (
	"path/filepath"
	"testing"
)

// An sdk is the AWS SDK for JavaScript, as sdk/peer.mjs runs it.
type sdk struct {
	program        // Node.js, under the SDK's name and version
	script  string // peer.mjs, beside the packages that package-lock.json pins
}

// asks returns what runs one operation of peer.mjs.
func (s sdk) asks(args ...string) func(*testing.T, attempt) outcome {
	return func(t *testing.T, a attempt) outcome {
		return s.run(t, a.env(t), nil, append([]string{s.script}, args...)...)
	}
}

// sdkOperations are what the SDK does with the delivered file, by its own default chain.
func sdkOperations(s sdk) []operation {
	return []operation{
		{s.program, "GetCallerIdentity", pulls, s.asks("identity"), showsRole, atAssumeRole},
		{s.program, "GetAuthorizationToken", pulls, s.asks("token"), showsUser, atToken},
		{
			s.program, "BatchGetImage", pulls,
			func(t *testing.T, a attempt) outcome {
				return s.asks("image", registryByTable(t, region), bundleRepository, bundleTag)(t, a)
			},
			func(t *testing.T, a attempt, o outcome) string {
				if o.text() == "" {
					t.Error("it printed no digest")
				}
				return "the bundle's manifest"
			},
			func(l *lending, c condition) refusal {
				if c.closesRegistry() {
					return atECR("ecr:BatchGetImage", bundleRepository)(l, c)
				}
				return atAssumeRole(l, c)
			},
		},
		{
			s.program, "CreateUser", push, s.asks("users"), nil,
			func(l *lending, _ condition) refusal {
				return refusal{"AccessDenied", []string{"AccessDenied", l.caller(),
					isNotAuthorized("iam:CreateUser", "arn:aws:iam::"+source+":user/peer/peer-"),
					"because no identity-based policy allows the iam:CreateUser action"}}
			},
		},
		{
			s.program, "DescribeEksAnywhereSubscription", push, s.asks("subscription", subscription), nil, atSubscription,
		},
	}
}

func showsUser(t *testing.T, _ attempt, o outcome) string {
	t.Helper()
	same(t, o.text(), "AWS at https://"+registryHost(source))
	return "a token"
}

// findSDK reads the SDK's version from the packages that are installed.
func findSDK(t *testing.T) sdk {
	t.Helper()
	dir := setting(t, "PEERS_SDK")
	version := jsonField(t, filepath.Join(dir, "node_modules", "@aws-sdk", "client-sts", "package.json"), "version")
	return sdk{program{name: "aws-sdk-js", version: version, path: setting(t, "PEERS_NODE")}, filepath.Join(dir, "peer.mjs")}
}
