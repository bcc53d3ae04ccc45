package oci

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/state"
)

type tagList struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

// mostTags is how many tags a page holds at most, as in ECR's ListImages.
const mostTags = 1000

func (h *handler) listTags(x *exchange, w http.ResponseWriter) error {
	limit, err := pageSize(x.URL.Query())
	if err != nil {
		return err
	}
	var all []string
	err = h.config.State.View(func(world *state.World) error {
		repository, err := x.repository(world)
		if err != nil {
			return err
		}
		all = slices.Sorted(maps.Keys(repository.ImageTags))
		return nil
	})
	if err != nil {
		return err
	}
	last := x.URL.Query().Get("last")
	page := slices.DeleteFunc(all, func(tag string) bool { return tag <= last })
	if len(page) > limit {
		page = page[:limit]
		if limit > 0 {
			next := url.Values{"n": {strconv.Itoa(limit)}, "last": {page[limit-1]}}
			w.Header().Set("Link", fmt.Sprintf(`</v2/%s/tags/list?%s>; rel="next"`, x.place.Name, next.Encode()))
		}
	}
	sendJSON(w, http.StatusOK, "application/json; charset=utf-8", tagList{x.place.Name, append([]string{}, page...)})
	return nil
}

func pageSize(query url.Values) (int, error) {
	if !query.Has("n") {
		return mostTags, nil
	}
	n, err := strconv.ParseUint(query.Get("n"), 10, 31)
	if err != nil {
		return 0, faultf(http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
	}
	return min(int(n), mostTags), nil
}

func (h *handler) listReferrers(x *exchange, w http.ResponseWriter) error {
	found, err := h.config.Images.Referrers(x.Context(), x.place, x.route.digest)
	if err != nil {
		return storeFault(x.place, "", err)
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	wanted := x.URL.Query().Get("artifactType")
	for _, descriptor := range found {
		if wanted == "" || descriptor.ArtifactType == wanted {
			index.Manifests = append(index.Manifests, descriptor)
		}
	}
	if wanted != "" {
		w.Header().Set("Oci-Filters-Applied", "artifactType")
	}
	sendJSON(w, http.StatusOK, string(types.OCIImageIndex), index)
	return nil
}
