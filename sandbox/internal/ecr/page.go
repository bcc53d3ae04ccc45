package ecr

import (
	"encoding/base64"
	"slices"
	"strings"
)

// pageInput asks for one page of a list.
type pageInput struct {
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

// Sizes of pages in the API reference.
const (
	defaultPage = 100
	largestPage = 1000
)

// paginate returns a page of items that are sorted by a unique key, with the token of the next page, empty for none. The
// token holds the last key, so that items that come and go between two pages shift nothing.
func paginate[T any](items []T, key func(T) string, in pageInput) (page []T, next string, err error) {
	size := defaultPage
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < 1 || size > largestPage {
		return nil, "", invalid("maxResults", "Member must have value between 1 and %d", largestPage)
	}
	last, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	if err != nil {
		return nil, "", invalid("nextToken", "the token is not one of this operation")
	}
	start := 0
	if in.NextToken != "" {
		start, _ = slices.BinarySearchFunc(items, string(last)+"\x00", func(item T, after string) int {
			return strings.Compare(key(item), after)
		})
	}
	page = items[start:]
	if len(page) <= size {
		return page, "", nil
	}
	page = page[:size]
	return page, base64.RawURLEncoding.EncodeToString([]byte(key(page[size-1]))), nil
}
