//go:build !storm

package cli_test

// stormRounds is how often every key of a storm is replaced in each run of the tests. make storm takes longer.
const stormRounds = 2
