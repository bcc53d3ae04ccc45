package oci_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/layers"
	"github.com/pullpass/pullpass/sandbox/internal/oci"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

const (
	layerSize = 256 << 20
	// copies of the layer that are served one after the other. How fast one can be read depends on where it happens to lie
	// in memory: two of go-containerregistry's own registries are up to a third apart.
	copies = 5
	rounds = 3 // pulls of each copy, there and back
)

// BenchmarkBlobPull pulls the same layer from this registry, redirect and decision included, and from go-containerregistry's own,
// turn by turn. It reports the speed of the first as a share of the second's, the median of pairs, which is what a busy machine
// disturbs least; 0.9 is the least that is good enough.
func BenchmarkBlobPull(b *testing.B) {
	content := make([]byte, layerSize)
	if _, err := rand.Read(content); err != nil {
		b.Fatal(err)
	}
	for _, kept := range []string{"memory", "directory"} {
		b.Run(kept, func(b *testing.B) {
			var shares, speeds []float64
			for b.Loop() {
				for range copies {
					dirs := [2]string{}
					if kept == "directory" {
						dirs = [2]string{b.TempDir(), b.TempDir()}
					}
					s, v := compare(b, dirs, content)
					shares, speeds = append(shares, s...), append(speeds, v...)
				}
			}
			b.ReportMetric(median(speeds), "MB/s")
			b.ReportMetric(median(shares), "of-ggcr")
		})
	}
}

// compare serves one copy of the layer from each and pulls them in turn. It returns our speed as shares of theirs, and in
// MB/s.
func compare(b *testing.B, dirs [2]string, content []byte) (shares, speeds []float64) {
	b.Helper()
	ours, stopOurs := servePullpass(b, dirs[0], content)
	defer stopOurs()
	theirs, stopTheirs := serveGGCR(b, dirs[1], content)
	defer stopTheirs()
	// The first pull of either finds everything cold.
	pull(b, ours)
	pull(b, theirs)
	for range rounds {
		// There and back, so that neither always comes first.
		took := clocked(b, ours)
		other := clocked(b, theirs) + clocked(b, theirs)
		took += clocked(b, ours)
		shares = append(shares, other.Seconds()/took.Seconds())
		speeds = append(speeds, 2*layerSize/1e6/took.Seconds())
	}
	return shares, speeds
}

func clocked(b *testing.B, address string) time.Duration {
	b.Helper()
	began := time.Now()
	pull(b, address)
	return time.Since(began)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func pull(b *testing.B, address string) {
	b.Helper()
	r := ok(http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil))(b)
	response := ok(http.DefaultClient.Do(r))(b)
	n, err := io.Copy(io.Discard, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		b.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || n != layerSize {
		b.Fatalf("%s: %d bytes", response.Status, n)
	}
}

// servePullpass returns the address of the blob, with the password of a user who may pull it.
func servePullpass(b *testing.B, dir string, content []byte) (address string, stop func()) {
	b.Helper()
	stored := ok(images.Open(images.Config{Dir: dir}))(b)
	sealer := ok(token.NewSealer(make([]byte, 32), rand.Reader))(b)
	var layerStore *layers.Store
	layerServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		layerStore.ServeHTTP(w, r)
	}))
	layerStore = layers.New(layers.Config{
		Images: stored, Sealer: sealer, Clock: time.Now, Loopback: func() string { return layerServer.URL },
	})
	registry := httptest.NewServer(oci.Handler(oci.Config{
		State: state.NewStore(pullersWorld()), Images: stored, Layers: layerStore, Sealer: sealer, Clock: time.Now,
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Registry: func(*http.Request) (arn.AccountID, arn.Region, bool) { return "111111111111", "us-west-2", true },
	}))
	digest := upload(b, stored, content)
	password := ok(token.Seal(sealer, token.Registry{
		Region: "us-west-2", Expires: time.Now().Add(time.Hour), KeyID: "AKIA",
	}))(b)
	address = fmt.Sprintf("http://AWS:%s@%s/v2/app/blobs/%s", password, registry.Listener.Addr(), digest)
	return address, func() { registry.Close(); layerServer.Close() }
}

// pullersWorld is an account with a repository, and a user who may do everything.
func pullersWorld() *state.World {
	world := state.NewWorld(make([]byte, 32))
	account := world.AddAccount("111111111111")
	world.AddUser(account, &state.User{
		Entity: state.Entity{Account: account.ID, Kind: "user", Path: "/", Name: "puller", ID: "AIDA",
			Attached: []arn.ARN{state.AdministratorAccess}},
		Keys: []*state.AccessKey{{ID: "AKIA", Active: true}},
	})
	account.AddRegistry("us-west-2").Repositories["app"] = &state.Repository{
		Account: account.ID, Region: "us-west-2", Name: "app",
	}
	return world
}

func upload(b *testing.B, stored *images.Store, content []byte) v1.Hash {
	b.Helper()
	place := images.Place{Account: "111111111111", Region: "us-west-2", Name: "app"}
	if err := stored.BeginUpload(place, "u"); err != nil {
		b.Fatal(err)
	}
	if _, err := stored.AppendUpload(place, "u", 0, bytes.NewReader(content)); err != nil {
		b.Fatal(err)
	}
	digest := images.Digest(content)
	if err := stored.FinishUpload(b.Context(), place, "u", digest, 0); err != nil {
		b.Fatal(err)
	}
	return digest
}

func serveGGCR(b *testing.B, dir string, content []byte) (address string, stop func()) {
	b.Helper()
	handler := ggcr.NewInMemoryBlobHandler()
	if dir != "" {
		handler = ggcr.NewDiskBlobHandler(dir)
	}
	server := httptest.NewServer(ggcr.New(ggcr.WithBlobHandler(handler), ggcr.Logger(log.New(io.Discard, "", 0))))
	digest := images.Digest(content)
	r := ok(http.NewRequestWithContext(b.Context(), http.MethodPost,
		server.URL+"/v2/app/blobs/uploads/?digest="+digest.String(), bytes.NewReader(content)))(b)
	response := ok(http.DefaultClient.Do(r))(b)
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusCreated {
		b.Fatalf("%s, %v", response.Status, err)
	}
	return server.URL + "/v2/app/blobs/" + digest.String(), server.Close
}
