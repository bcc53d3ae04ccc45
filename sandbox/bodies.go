package sandbox

import (
	"io"
	"sync"

	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// bodiesLimit bounds what the bodies of requests to the APIs take up in memory all together, in bytes. They are kept before
// it is known whether the signature is good, which covers them; an access key's id, which is all that it takes to have one
// kept, is no secret.
const bodiesLimit = 256 << 20

// bodies are those in memory.
type bodies struct {
	limit int64

	mu   sync.Mutex
	held int64
}

// body is one on its way into memory; what it takes up must be given back.
type body struct {
	from io.Reader
	all  *bodies
	size int64
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if !b.all.take(int64(n)) {
		return 0, wire.Errorf(wire.ServiceUnavailable, "The request has failed due to a temporary failure of the server.")
	}
	b.size += int64(n)
	return n, err
}

// release gives back what a body has taken up, once nobody needs it any more.
func (b *body) release() {
	b.all.take(-b.size)
	b.size = 0
}

func (b *bodies) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > 0 && b.held+n > b.limit {
		return false
	}
	b.held += n
	return true
}
