package kube

import (
	"strings"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A crashScenario is a command in a situation.
type crashScenario struct {
	name string
	// copies says that the bundle manager copies the Secret to the workload cluster, as it does once in a while in state
	// active, and in no other.
	copies bool
	// situation brings about what the command finds.
	situation func(*crashWorld)
	// prelude goes on with it in each copy of the world, where what it leaves names the place that it was done at; nil for
	// nothing.
	prelude func(*crashWorld)
	// command is what is stopped, and run again.
	command []string
	// finish is run from then on, once in a while, until all of it ends well; nil where the command is all that it takes.
	finish [][]string
	// ends is the exit code of the command where nothing stops it.
	ends int
	// revokes says that the clusters are to lose their access, and only their neighbour is to keep it.
	revokes bool
	// neighbour is the cluster that has nothing to do with it; empty for none.
	neighbour string
}

func (c crashScenario) finishing() [][]string {
	if c.finish != nil {
		return c.finish
	}
	return [][]string{c.command}
}

// The neighbours are given their credential in a directory: one in the account of the clusters, one in another.
const (
	inTheAccount = "store-009"
	elsewhereTo  = "plant-north"
)

// rotates is a rotation that does not wait: whoever has to do something is given the time between two runs.
func rotates(flags ...string) []string {
	return append([]string{"rotate", "--yes", "--settle", "0s", "--grace", "0s", "--watch", "0s"}, flags...)
}

func applies(flags ...string) []string { return append([]string{"apply", "--yes"}, flags...) }

func crashScenarios() []crashScenario {
	var all []crashScenario
	for _, posture := range []string{"documented", "hardened"} {
		all = append(all,
			crashScenario{
				name: "apply " + posture, command: applies(), copies: posture == "documented",
				situation: func(w *crashWorld) { w.declare(posture, "") },
			},
			crashScenario{
				name: "rotate " + posture, command: rotates("--force"), finish: [][]string{rotates()}, ends: 1, copies: posture == "documented",
				situation: func(w *crashWorld) { w.applied(posture, "") },
			},
			crashScenario{
				name: "rotate on " + posture, command: rotates(), finish: [][]string{rotates()}, ends: 1,
				situation: func(w *crashWorld) { w.applied(posture, "") }, prelude: halfRotated,
			},
		)
	}
	return append(all,
		crashScenario{
			name: "take over documented", command: applies(), copies: true,
			situation: func(w *crashWorld) {
				w.makeByHand()
				w.declare("documented", "")
				w.mustRun(0, applies("--adopt")...) // It changes nothing in clusters.
			},
		},
		crashScenario{
			name: "adopt hardened", command: applies("--adopt"), finish: [][]string{applies("--adopt"), rotates()},
			situation: func(w *crashWorld) {
				w.makeByHand()
				w.declare("hardened", "")
			},
		},
		crashScenario{
			name: "harden", command: applies(), finish: [][]string{applies(), rotates()}, copies: true,
			situation: func(w *crashWorld) {
				w.applied("documented", "")
				w.declare("hardened", "")
			},
		},
		crashScenario{
			name: "revoke hardened", command: []string{"revoke", "--yes", "--cluster", "hub"}, revokes: true, neighbour: inTheAccount,
			situation: func(w *crashWorld) { w.applied("hardened", inTheAccount) },
		},
		crashScenario{
			name: "revoke documented", command: []string{"revoke", "--yes", "--destination", string(sandboxtest.Destination)}, revokes: true, neighbour: elsewhereTo,
			copies:    true,
			situation: func(w *crashWorld) { w.applied("documented", elsewhereTo) },
		},
	)
}

// halfRotated is a rotation that did not reach the workload cluster.
func halfRotated(w *crashWorld) {
	w.run(here, &gate{at: "edge PATCH secrets/aws-secret #1", stop: severed}, rotates("--force")...)
}

// applied is a share that was applied, whose controllers have read what they were given.
func (w *crashWorld) applied(posture, neighbour string) {
	w.Helper()
	w.declare(posture, neighbour)
	w.mustRun(0, applies("--no-verify")...)
	w.later()
}

// declare writes the share on both machines.
func (w *crashWorld) declare(posture, neighbour string) {
	w.Helper()
	const head = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  keys: {idle: 7h}
  posture: POSTURE
  destinations:
    - account: "999999999999"
      access: default
      clusters:
        - {name: hub, kubernetes: {kubeconfig: "KUBECONFIG", context: hub}, workloadClusters: [edge]}
`
	share := strings.NewReplacer("POSTURE", posture, "KUBECONFIG", w.stage.roads[hubName].Kubeconfig).Replace(head)
	switch neighbour {
	case inTheAccount:
		share += "        - {name: store-009, directory: ../out/store-009}\n"
	case elsewhereTo:
		share += "    - account: \"222222222222\"\n      access: default\n      clusters:\n        - {name: plant-north, directory: ../out/plant-north}\n"
	}
	for _, m := range []machine{here, elsewhere} {
		w.write(share, string(m), "share.yaml")
	}
}
