package crash

import "strings"

// A scenario is a command in a situation.
type scenario struct {
	name string
	// share is the document, and clusters are those in it.
	share    string
	clusters []string
	// situation brings about what the command finds; nil for nothing.
	situation func(*world)
	// command is what is stopped, and run again.
	command []string
	// finish is run from then on, a day after the other, until it ends well; nil for the command itself.
	finish []string
	// ends is the exit code of the command where nothing stops it.
	ends int
}

func (s scenario) finishing() []string {
	if s.finish != nil {
		return s.finish
	}
	return s.command
}

// shareOf is a share of two clusters in one account.
func shareOf(posture string, more ...string) string {
	return `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  keys: {idle: 1h}
  posture: ` + posture + `
` + strings.Join(more, "") + `  destinations:
    - account: "999999999999"
      access: default
      clusters:
        - {name: store-001, directory: ../out/store-001}
        - {name: store-002, directory: ../out/store-002}
`
}

func scenarios() []scenario {
	both := []string{"store-001", "store-002"}
	return []scenario{
		{
			name: "apply hardened", share: shareOf("hardened"), clusters: both,
			command: []string{"apply", "--yes"},
		},
	}
}
