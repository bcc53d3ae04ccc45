package awsclient

import "context"

// A Paginator is one of the SDK's: Page is the output of its operation, Options are its client's.
type Paginator[Page, Options any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*Options)) (*Page, error)
}

// Collect reads a list to its end. It returns either all items or the error of the page that could not be read.
func Collect[Page, Options, Item any](
	ctx context.Context, p Paginator[Page, Options], items func(*Page) []Item,
) ([]Item, error) {
	var all []Item
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, items(page)...)
	}
	return all, nil
}
