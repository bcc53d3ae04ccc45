package sandbox

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/pullpass/pullpass/sandbox/internal/plainyaml"
)

// ParseSeed reads an accounts file, the YAML form of a Seed:
//
//	accounts:
//	  - id: "111111111111"
//	    mfa: GEZDGNBVGY3TQOJQ
//	    subscriptions:
//	      - {id: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964, region: us-west-2, expires: 2027-06-30T00:00:00Z}
//	    users:
//	      - name: store-001
//	        keys: 1
//	        policies:
//	          look: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "ecr:Describe*", Resource: "*"}]}
//	organization:
//	  id: o-a1b2c3d4e5
//	  management: "111111111111"
//	  members: ["999999999999"]
//	  serviceControlPolicies:
//	    "999999999999":
//	      - {Version: "2012-10-17", Statement: [{Effect: Deny, Action: "iam:CreateUser", Resource: "*"}]}
//
// Policies are mappings or JSON text. Errors name the line and column; an unknown field is one, and so is what an accounts
// file has no use for: tags, anchors, aliases, a second document.
func ParseSeed(src []byte) (Seed, error) {
	seed, ok := seedOfEntries(src)
	if !ok {
		seed = Seed{}
		if err := decodeSeed(src, &seed); err != nil {
			return Seed{}, fmt.Errorf("reading the accounts file: %w", err)
		}
	}
	if err := seed.check(); err != nil {
		return Seed{}, fmt.Errorf("reading the accounts file: %w", err)
	}
	return seed, nil
}

// seedOfEntries reads each account by itself, so that thousands of them do not take the memory that the YAML of all would.
// It is false for a file that is not right, or that looks otherwise than the files of many accounts do.
func seedOfEntries(src []byte) (Seed, bool) {
	entries, rest, ok := plainyaml.Entries(src, "accounts")
	if !ok {
		return Seed{}, false
	}
	var seed Seed
	if err := decodeSeed(rest, &seed); err != nil {
		return Seed{}, false
	}
	if seed.Accounts == nil { // What looked like the list was part of something else.
		return Seed{}, false
	}
	seed.Accounts, ok = decodeAccounts(entries)
	return seed, ok
}

// decodeAccounts reads accounts on all processors, since reading YAML is most of what starting a large sandbox takes.
func decodeAccounts(entries [][]byte) ([]Account, bool) {
	accounts := make([]Account, len(entries))
	var readers sync.WaitGroup
	var next atomic.Int64
	var failed atomic.Bool
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(entries)) && !failed.Load(); i = next.Add(1) - 1 {
				if decodeSeed(entries[i], &accounts[i]) != nil {
					failed.Store(true)
				}
			}
		})
	}
	readers.Wait()
	return accounts, !failed.Load()
}

// decodeSeed reads an accounts file or a part of one.
func decodeSeed(src []byte, into any) error {
	document, err := plainyaml.Parse("an accounts file", src)
	if err != nil {
		return err
	}
	return document.Decode(into)
}

// PolicyText is a policy document as JSON text. In YAML it may also be written as a mapping.
type PolicyText string

// UnmarshalYAML takes a text as it is and writes anything else as JSON.
func (p *PolicyText) UnmarshalYAML(unmarshal func(any) error) error {
	var document any
	if err := unmarshal(&document); err != nil {
		return err
	}
	if text, ok := document.(string); ok {
		*p = PolicyText(text)
		return nil
	}
	b, err := json.Marshal(document)
	*p = PolicyText(b)
	return err
}
