//go:build storm

package cli_test

// stormRounds is how often every key of a storm is replaced: 200 rotations of ten clusters' keys.
const stormRounds = 20
