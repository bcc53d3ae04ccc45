package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/arn"
)

const (
	// diskShare is ECR's quota for one layer, 52,000 MiB
	// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html); memoryShare is what a process in memory
	// alone can spare. Each bounds the uploads under way to one account's repositories together, in bytes; those to all
	// accounts' together may take up shares times as much.
	diskShare   = 52_000 << 20
	memoryShare = 512 << 20
	shares      = 2
	// mostUploads bounds the uploads under way, and accountUploads those to one account's repositories: the one that was
	// begun first gives way to another.
	mostUploads    = 256
	accountUploads = 64
	// uploadLifetime is how long an upload may lie idle. How long ECR keeps one is not documented.
	uploadLifetime = time.Hour
)

// Errors of uploads.
var (
	ErrUploadUnknown = errors.New("no such upload")
	ErrOutOfOrder    = errors.New("the part does not follow what has come")
	ErrTooLarge      = errors.New("too large")
	ErrEmpty         = errors.New("nothing was uploaded")
	ErrPartTooSmall  = errors.New("a part is too small")
)

// uploads are those under way, in the order in which they were begun.
type uploads struct {
	share    int64 // of one account, in bytes
	clock    func() time.Time
	newSpool func() (spool, error)

	mu      sync.Mutex
	open    []*upload
	pending int64                   // bytes in spools, or about to be
	held    map[arn.AccountID]int64 // of these, those of each account
}

// upload is one layer on its way in.
type upload struct {
	place Place
	id    string
	gone  bool // off the list; guarded by the list's lock

	mu       sync.Mutex // held while a part comes
	spool    spool      // nil once it is over
	digest   hash.Hash
	size     int64
	last     int64 // size of the last part
	shortest int64 // size of the smallest part before the last, -1 for none
	touched  time.Time
}

// NewUploadID makes up an id: 128 random bits in hexadecimal.
func NewUploadID(random io.Reader) (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("making the id of an upload: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// BeginUpload opens an upload under an id of NewUploadID.
func (s *Store) BeginUpload(place Place, id string) error {
	spool, err := s.uploads.newSpool()
	if err != nil {
		return fmt.Errorf("beginning an upload: %w", err)
	}
	begun := &upload{place: place, id: id, spool: spool, digest: sha256.New(), shortest: -1, touched: s.uploads.clock()}
	if err := s.uploads.add(begun); err != nil {
		return errors.Join(err, spool.discard())
	}
	return nil
}

// UploadSize returns how many bytes of an upload have come.
func (s *Store) UploadSize(place Place, id string) (int64, error) {
	u, err := s.uploads.take(place, id)
	if err != nil {
		return 0, err
	}
	defer s.uploads.release(u)
	return u.size, nil
}

// Anywhere is the offset of a part that says nothing of where it belongs.
const Anywhere = -1

// AppendUpload adds a part that begins at an offset, which must be what has come, or Anywhere. It returns how much has
// then come in all, also where the part was cut off. A part that comes while another does is ErrOutOfOrder.
func (s *Store) AppendUpload(place Place, id string, offset int64, part io.Reader) (int64, error) {
	u, err := s.uploads.take(place, id)
	if err != nil {
		return 0, err
	}
	defer s.uploads.release(u)
	if offset != Anywhere && offset != u.size {
		return u.size, fmt.Errorf("%w: it begins at %d, %d have come", ErrOutOfOrder, offset, u.size)
	}
	meter := &metered{part: part, uploads: s.uploads, account: place.Account}
	n, err := io.Copy(io.MultiWriter(u.spool, u.digest), meter)
	s.uploads.spend(place.Account, n-meter.total)
	u.append(n)
	if n < meter.total {
		// The spool took less than came, so that its content is no longer that of the digest: nothing can come of it.
		s.uploads.remove(func(up *upload) bool { return up == u })
	}
	if err != nil {
		return u.size, fmt.Errorf("receiving a part: %w", err)
	}
	return u.size, nil
}

func (u *upload) append(n int64) {
	if u.size > 0 && (u.shortest < 0 || u.last < u.shortest) {
		u.shortest = u.last
	}
	u.last = n
	u.size += n
}

// FinishUpload makes a layer of what has come, which must have that digest, in parts of which all but the last are at
// least minPart bytes. The upload is over then, whether that worked or not.
func (s *Store) FinishUpload(ctx context.Context, place Place, id string, digest v1.Hash, minPart int64) error {
	u, err := s.uploads.take(place, id)
	if err != nil {
		return err
	}
	defer s.uploads.release(u)
	err = u.check(digest, minPart)
	if err == nil {
		err = s.put(ctx, s.blobs, place, digest, layerLink, u.spool.open)
	}
	s.uploads.remove(func(up *upload) bool { return up == u })
	return errors.Join(err, s.uploads.discard(u))
}

func (u *upload) check(want v1.Hash, minPart int64) error {
	got := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(u.digest.Sum(nil))}
	switch {
	case u.size == 0:
		return ErrEmpty
	case u.shortest >= 0 && u.shortest < minPart:
		return fmt.Errorf("%w: %d bytes", ErrPartTooSmall, u.shortest)
	case got != want:
		return fmt.Errorf("%w: the content is %s, not %s", ErrDigest, got, want)
	}
	return nil
}
