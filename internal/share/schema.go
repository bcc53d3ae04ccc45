package share

import _ "embed"

//go:embed share.schema.json
var schema string

// Schema returns the JSON Schema of the share document, draft 2020-12. It knows less than Parse: what relates one field
// to another (duplicates, the fields of a posture, the table of Regions) is not in it.
func Schema() []byte { return []byte(schema) }
