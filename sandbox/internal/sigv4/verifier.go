package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/internal/awsid"
)

// Verifier compares signatures. It remembers the signing keys that it derived,
// which are good for a day. The zero Verifier is ready to use, from any number
// of goroutines.
type Verifier struct {
	keys keyCache
}

// Verify compares the signature with the one that the secret makes for this
// request and body. It takes the same time wherever the two differ. The error is
// an *Error with the reason Mismatch.
func (v *Verifier) Verify(s *Signature, r *http.Request, body []byte, secret awsid.SecretAccessKey) error {
	id := keyID{secret, s.Scope.Date, string(s.Scope.Region), s.Scope.Service}
	key, cached := v.keys.get(id)
	if !cached {
		key = deriveKey(id)
	}
	bodyHash := sha256.Sum256(body)
	want := s.sign(s.canonicalRequest(r, bodyHash[:]), key)
	if subtle.ConstantTimeCompare([]byte(s.signature), want) != 1 {
		return mismatch("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if !cached {
		// Only keys that proved good are kept: who holds no key cannot push others
		// out with scopes of his invention.
		v.keys.put(id, key)
	}
	return nil
}

// sign makes the signature of a canonical request, in hexadecimal.
func (s *Signature) sign(canonical []byte, key signingKey) []byte {
	hash := sha256.Sum256(canonical)
	text := make([]byte, 0, 160)
	text = append(text, algorithm...)
	text = append(text, '\n')
	text = s.Time.AppendFormat(text, timeFormat)
	text = append(text, '\n')
	text = append(text, s.Scope.String()...)
	text = append(text, '\n')
	text = hex.AppendEncode(text, hash[:])
	return hex.AppendEncode(nil, mac(key[:], text))
}

// signingKey is a secret access key narrowed to a day, a Region and a service.
type signingKey [sha256.Size]byte

// keyID is what a signing key is derived from.
type keyID struct {
	secret                awsid.SecretAccessKey
	date, region, service string
}

func deriveKey(id keyID) signingKey {
	key := mac([]byte("AWS4"+id.secret.Reveal()), []byte(id.date))
	key = mac(key, []byte(id.region))
	key = mac(key, []byte(id.service))
	return signingKey(mac(key, []byte(terminator)))
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// generation is how many keys the cache takes before it turns over; it holds at
// most twice as many.
const generation = 1024

// keyCache keeps the signing keys of the current and the previous generation.
// One that is still in use moves on to the next, so that the cache stays bounded
// without a clock.
type keyCache struct {
	mu       sync.RWMutex
	current  map[keyID]signingKey
	previous map[keyID]signingKey
}

func (c *keyCache) get(id keyID) (signingKey, bool) {
	c.mu.RLock()
	key, ok := c.current[id]
	old, inPrevious := c.previous[id]
	c.mu.RUnlock()
	if !ok && inPrevious {
		c.put(id, old)
		return old, true
	}
	return key, ok
}

func (c *keyCache) put(id keyID, key signingKey) {
	// The scope's texts are parts of a whole header, which must not stay alive.
	id.date, id.region, id.service = strings.Clone(id.date), strings.Clone(id.region), strings.Clone(id.service)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil || len(c.current) >= generation {
		c.previous, c.current = c.current, make(map[keyID]signingKey)
	}
	c.current[id] = key
}
