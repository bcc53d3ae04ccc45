package registry

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// csv is the Region table: region,account,listed_on_page, sorted by Region.
//
//go:embed packages-registries.csv
var csv string

// A Row is one line of the Region table.
type Row struct {
	Registry
	// Listed is true where AWS's page "Share access to EKS Anywhere Curated Packages" lists the Region. The other rows
	// are Regions that the page leaves out.
	Listed bool
}

// Table returns every row, sorted by Region.
func Table() []Row {
	_, body, _ := strings.Cut(csv, "\n")
	var rows []Row
	for line := range strings.Lines(body) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		if len(cells) != 3 {
			continue
		}
		rows = append(rows, Row{
			Registry: Registry{Region: arn.Region(cells[0]), Account: arn.AccountID(cells[1])},
			Listed:   cells[2] == "yes",
		})
	}
	return rows
}

// Regions returns the Regions of the table, sorted.
func Regions() []arn.Region {
	var regions []arn.Region
	for _, row := range Table() {
		regions = append(regions, row.Region)
	}
	return regions
}

// ForRegion returns the packages registry of a Region. A Region that the table does not have is an error that wraps
// ErrUnknownRegion and lists the known ones; one of a partition without packages wraps ErrNoRegistry.
func ForRegion(region arn.Region) (Registry, error) {
	if err := checkPartition(region); err != nil {
		return Registry{}, fmt.Errorf("finding the packages registry of %s: %w", region, err)
	}
	for _, row := range Table() {
		if row.Region == region {
			return row.Registry, nil
		}
	}
	return Registry{}, fmt.Errorf("finding the packages registry of Region %q: %w; known Regions: %s",
		region, ErrUnknownRegion, list(Regions()))
}

// ByAccount returns the row of a registry account, and whether there is one.
func ByAccount(account arn.AccountID) (Row, bool) {
	for _, row := range Table() {
		if row.Account == account {
			return row, true
		}
	}
	return Row{}, false
}

func list(regions []arn.Region) string {
	words := make([]string, len(regions))
	for i, r := range regions {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}
