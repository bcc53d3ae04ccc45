//go:build !crash

package crash

// oneOf is how many points there are to one that is tried; `make crash` tries all.
const oneOf = 37
