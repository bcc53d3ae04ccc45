//go:build !soak

package sandbox_test

// connections is how many come and go; `make soak` has ten times as many.
const connections = 10_000
