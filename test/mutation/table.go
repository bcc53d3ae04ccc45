package main

import "slices"

// mutations returns all changes, in the order of the parts of a decision, then those to what it is built of.
func mutations() []mutation {
	return slices.Concat(deciding(), matching(), naming(), comparing(), resolving(), reading())
}
