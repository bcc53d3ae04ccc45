package crash

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// A scenario is a command in a situation.
type scenario struct {
	name string
	// situation brings about what the command finds.
	situation func(*world)
	// prelude goes on with it in each copy of the world, where what it leaves names the place that it was done at; nil for
	// nothing.
	prelude func(*world)
	// sites are the clusters that the command is to leave with a credential each.
	sites []site
	// gone are those from which it takes it away.
	gone []site
	// command is what is stopped, and run again.
	command []string
	// finish is run from then on, once in a while, until all of it ends well; nil where the command is all that it takes.
	finish [][]string
	// ends is the exit code of the command where nothing stops it.
	ends int
}

// A site is a cluster in its account.
type site struct {
	account arn.AccountID
	cluster string
}

func (s scenario) finishing() [][]string {
	if s.finish != nil {
		return s.finish
	}
	return [][]string{s.command}
}

const (
	stores = `    - account: "999999999999"
      access: default
      clusters:
        - {name: store-001, directory: ../out/store-001}
        - {name: store-002, directory: ../out/store-002}
`
	aPlant = `    - account: "222222222222"
      access: default
      clusters:
        - {name: plant-north, directory: ../out/plant-north}
`
	aTag = "  iam: {tags: {cost-center: \"42\"}}\n"
)

// shareOf is a share of some destinations.
func shareOf(posture, more string, destinations ...string) string {
	return `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: default}
  keys: {idle: 7h}
  posture: ` + posture + "\n" + more + "  destinations:\n" + strings.Join(destinations, "")
}

func scenarios() []scenario {
	var all []scenario
	for _, posture := range []string{"documented", "hardened"} {
		all = append(all, applying(posture)...)
		all = append(all, rotating(posture)...)
	}
	return slices.Concat(all, adopting(), revoking())
}

func twoStores() []site {
	return []site{{sandboxtest.Destination, "store-001"}, {sandboxtest.Destination, "store-002"}}
}

func applying(posture string) []scenario {
	apply := []string{"apply", "--yes"}
	plain := shareOf(posture, "", stores)
	return []scenario{
		{
			name: "apply " + posture, command: apply, sites: twoStores(),
			situation: func(w *world) { w.declare(plain) },
		},
		{
			name: "apply a change " + posture, command: apply, sites: append(twoStores(), site{sandboxtest.Other, "plant-north"}),
			situation: func(w *world) {
				w.declare(plain)
				w.mustRun(0, "apply", "--yes")
				w.overgrow()
				w.declare(shareOf(posture, aTag, stores, aPlant))
			},
		},
		{
			name: "apply after a crash " + posture, command: apply, sites: twoStores(),
			situation: func(w *world) {
				w.declare(plain)
				w.mustRun(0, "apply", "--yes")
				w.loseKey(posture)
			},
			prelude: func(w *world) {
				w.run(here, &gate{at: madeKey(posture), stop: unanswered}, "apply", "--yes")
			},
		},
	}
}

// rotating is a rotation in its two halves: new keys are made and delivered, and once nothing uses the old ones these go.
func rotating(posture string) []scenario {
	plain := shareOf(posture, "", stores)
	return []scenario{
		{
			name: "rotate " + posture, command: []string{"rotate", "--yes", "--force"}, finish: [][]string{{"rotate", "--yes"}}, ends: 1,
			sites: twoStores(),
			situation: func(w *world) {
				w.declare(plain)
				w.mustRun(0, "apply", "--yes")
			},
		},
		{
			name: "rotate on " + posture, command: []string{"rotate", "--yes"}, sites: twoStores(),
			situation: func(w *world) {
				w.declare(plain)
				w.mustRun(0, "apply", "--yes")
				w.mustRun(1, "rotate", "--yes", "--force")
				w.later(oneVisit)
			},
		},
	}
}

// adopting takes over what was made by hand, and hardens what is documented: that is an apply, and a rotation that lets the
// old user's key go.
func adopting() []scenario {
	return []scenario{
		{
			name: "adopt documented", command: []string{"apply", "--yes", "--adopt"}, sites: twoStores(),
			situation: func(w *world) {
				w.makeByHand()
				w.declare(shareOf("documented", "", stores))
			},
		},
		{
			name: "harden", command: []string{"apply", "--yes"}, finish: [][]string{{"apply", "--yes"}, {"rotate", "--yes"}}, sites: twoStores(),
			situation: func(w *world) {
				w.makeByHand()
				w.declare(shareOf("documented", "", stores))
				w.mustRun(0, "apply", "--yes", "--adopt")
				w.declare(shareOf("hardened", "", stores))
			},
		},
		{
			name: "adopt hardened", command: []string{"apply", "--yes", "--adopt"}, finish: [][]string{{"apply", "--yes", "--adopt"}, {"rotate", "--yes"}}, sites: twoStores(),
			situation: func(w *world) {
				w.makeByHand()
				w.declare(shareOf("hardened", "", stores))
			},
		},
	}
}

// revoking takes access away from one of two neighbours, and from all who were let in by hand.
func revoking() []scenario {
	plant := []site{{sandboxtest.Other, "plant-north"}}
	applied := func(share string) func(*world) {
		return func(w *world) {
			w.declare(share)
			w.mustRun(0, "apply", "--yes")
		}
	}
	return []scenario{
		{
			name: "revoke hardened", command: []string{"revoke", "--yes", "--cluster", "store-001"}, sites: twoStores()[1:], gone: twoStores()[:1],
			situation: applied(shareOf("hardened", "", stores)),
		},
		{
			name: "revoke an account hardened", command: []string{"revoke", "--yes", "--destination", "999999999999"}, sites: plant, gone: twoStores(),
			situation: applied(shareOf("hardened", "", stores, aPlant)),
		},
		{
			name: "revoke an account documented", command: []string{"revoke", "--yes", "--destination", "999999999999"}, sites: plant, gone: twoStores(),
			situation: applied(shareOf("documented", "", stores, aPlant)),
		},
		{
			name: "prune", command: []string{"apply", "--yes", "--prune"}, sites: twoStores()[1:], gone: twoStores()[:1],
			situation: func(w *world) {
				applied(shareOf("hardened", "", stores))(w)
				w.declare(strings.Replace(shareOf("hardened", "", stores), "        - {name: store-001, directory: ../out/store-001}\n", "", 1))
			},
		},
		{
			name: "revoke adopted", command: []string{"revoke", "--yes", "--all"}, gone: twoStores(),
			situation: func(w *world) {
				w.makeByHand()
				w.declare(shareOf("documented", "", stores))
				w.mustRun(0, "apply", "--yes", "--adopt")
			},
		},
	}
}
