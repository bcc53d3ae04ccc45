package iam

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

const (
	defaultItems = 100
	mostItems    = 1000
	// markerPrefix tells markers of this service from other text that happens to be base64.
	markerPrefix = "after:"
)

// paging is the part of a list request that says which page is wanted.
type paging struct {
	Marker   string `query:"Marker"`
	MaxItems *int   `query:"MaxItems"`
}

// page is the part of a list result that says whether there is another page.
type page struct {
	IsTruncated bool   `xml:"IsTruncated"`
	Marker      string `xml:"Marker,omitempty"`
}

// paginate returns the wanted page of items, which are in the order of their keys. A marker holds the key after which
// to go on, so that items that come or go between two pages neither repeat nor hide others.
func paginate[T any](p paging, items []T, key func(T) string) ([]T, page, error) {
	most := defaultItems
	if p.MaxItems != nil {
		most = *p.MaxItems
	}
	if err := checkNumber("maxItems", most, 1, mostItems); err != nil {
		return nil, page{}, err
	}
	if p.Marker != "" {
		last, err := readMarker(p.Marker)
		if err != nil {
			return nil, page{}, err
		}
		start, found := slices.BinarySearchFunc(items, last, func(item T, last string) int {
			return strings.Compare(key(item), last)
		})
		if found {
			start++
		}
		items = items[start:]
	}
	if len(items) <= most {
		return items, page{}, nil
	}
	return items[:most], page{IsTruncated: true, Marker: marker(key(items[most-1]))}, nil
}

func marker(key string) string { return base64.URLEncoding.EncodeToString([]byte(markerPrefix + key)) }

// readMarker returns the key in a marker. AWS does not document its error for a marker that it did not give.
func readMarker(marker string) (string, error) {
	decoded, err := base64.URLEncoding.DecodeString(marker)
	key, ours := strings.CutPrefix(string(decoded), markerPrefix)
	if err != nil || !ours {
		return "", wire.Errorf(wire.ValidationError, "Invalid Marker.")
	}
	return key, nil
}

type listInput struct {
	paging
	PathPrefix string `query:"PathPrefix"`
}

// onList is the target of a list: the path beneath which it looks, in the form of an ARN [seen].
func (k kind) onList(c *api.Call, in *listInput) ([]guard.Target, error) {
	if err := checkPathPrefix(in.PathPrefix); err != nil {
		return nil, err
	}
	return []guard.Target{{Resource: arn.IAM(c.Account().ID, k.word, in.PathPrefix, "").String()}}, nil
}

// beneath returns the things whose path starts with the prefix, which need not end at a slash.
func beneath[T any](prefix string, things []T, path func(T) string) []T {
	var found []T
	for _, thing := range things {
		if strings.HasPrefix(path(thing), prefix) {
			found = append(found, thing)
		}
	}
	return found
}
