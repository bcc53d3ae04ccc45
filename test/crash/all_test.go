//go:build crash

package crash

// oneOf is how many points there are to one that is tried: each is.
const oneOf = 1
