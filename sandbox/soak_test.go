//go:build soak

package sandbox_test

// connections is how many come and go.
const connections = 100_000
