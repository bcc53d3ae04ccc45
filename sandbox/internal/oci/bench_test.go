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

const layerSize = 256 << 20

// BenchmarkBlobPull pulls the same layer from this registry, redirect and decision included, and from go-containerregistry's own,
// turn by turn. It reports the speed of the first as a share of the second's, each at its fastest, which is what a busy
// machine disturbs least; 0.9 is the least that is good enough. A share is worth something from ten rounds on.
func BenchmarkBlobPull(b *testing.B) {
	content := make([]byte, layerSize)
	if _, err := rand.Read(content); err != nil {
		b.Fatal(err)
	}
	for name, dirs := range map[string][2]string{"memory": {}, "directory": {b.TempDir(), b.TempDir()}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(layerSize)
			ours, theirs := servePullpass(b, dirs[0], content), serveGGCR(b, dirs[1], content)
			fastest := [2]time.Duration{time.Hour, time.Hour}
			for b.Loop() {
				for i, address := range []string{ours, theirs} {
					began := time.Now()
					pull(b, address)
					fastest[i] = min(fastest[i], time.Since(began))
				}
			}
			b.ReportMetric(fastest[1].Seconds()/fastest[0].Seconds(), "of-ggcr")
		})
	}
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
func servePullpass(b *testing.B, dir string, content []byte) string {
	b.Helper()
	stored := ok(images.Open(dir))(b)
	sealer := ok(token.NewSealer(make([]byte, 32), rand.Reader))(b)
	var layerStore *layers.Store
	layerServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		layerStore.ServeHTTP(w, r)
	}))
	b.Cleanup(layerServer.Close)
	layerStore = layers.New(layers.Config{
		Images: stored, Sealer: sealer, Clock: time.Now, Loopback: func() string { return layerServer.URL },
	})
	registry := httptest.NewServer(oci.Handler(oci.Config{
		State: state.NewStore(pullersWorld()), Images: stored, Layers: layerStore, Sealer: sealer, Clock: time.Now,
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Registry: func(*http.Request) (arn.AccountID, arn.Region, bool) { return "111111111111", "us-west-2", true },
	}))
	b.Cleanup(registry.Close)
	digest := upload(b, stored, content)
	password := ok(token.Seal(sealer, token.Registry{
		Region: "us-west-2", Expires: time.Now().Add(time.Hour), KeyID: "AKIA",
	}))(b)
	return fmt.Sprintf("http://AWS:%s@%s/v2/app/blobs/%s", password, registry.Listener.Addr(), digest)
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

func serveGGCR(b *testing.B, dir string, content []byte) string {
	b.Helper()
	handler := ggcr.NewInMemoryBlobHandler()
	if dir != "" {
		handler = ggcr.NewDiskBlobHandler(dir)
	}
	server := httptest.NewServer(ggcr.New(ggcr.WithBlobHandler(handler), ggcr.Logger(log.New(io.Discard, "", 0))))
	b.Cleanup(server.Close)
	digest := images.Digest(content)
	r := ok(http.NewRequestWithContext(b.Context(), http.MethodPost,
		server.URL+"/v2/app/blobs/uploads/?digest="+digest.String(), bytes.NewReader(content)))(b)
	response := ok(http.DefaultClient.Do(r))(b)
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusCreated {
		b.Fatalf("%s, %v", response.Status, err)
	}
	return server.URL + "/v2/app/blobs/" + digest.String()
}
