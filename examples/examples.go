// Package examples holds share documents to read and to start from.
package examples

import _ "embed"

// Share is share.yaml: two destinations with two clusters each, in the hardened posture.
//
//go:embed share.yaml
var Share []byte
