package registry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// page is the table of AWS's page "Share access to EKS Anywhere Curated Packages", step 1, in its order.
const page = `us-west-2 346438352937
us-west-1 440460740297
us-east-1 331113665574
us-east-2 297090588151
ap-east-1 804323328300
ap-northeast-1 143143237519
ap-northeast-2 447311122189
ap-south-1 357015164304
ap-south-2 388483641499
ap-southeast-1 654894141437
ap-southeast-2 299286866837
ap-southeast-3 703305448174
ap-southeast-4 106475008004
af-south-1 783635962247
ca-central-1 064352486547
eu-central-1 364992945014
eu-central-2 551422459769
eu-north-1 826441621985
eu-south-1 787863792200
eu-west-1 090204409458
eu-west-2 371148654473
eu-west-3 282646289008
il-central-1 131750224677
me-central-1 454241080883
me-south-1 158698011868
sa-east-1 517745584577
`

func TestListedRowsAreThePageTable(t *testing.T) {
	var want, got []string
	for line := range strings.Lines(page) {
		want = append(want, strings.TrimSpace(line))
	}
	for _, row := range registry.Table() {
		if row.Listed {
			got = append(got, string(row.Region)+" "+string(row.Account))
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed rows (-page +table):\n%s", diff)
	}
}

func TestEveryLineOfTheTableIsAValidRow(t *testing.T) {
	rows := registry.Table()
	if len(rows) != 32 {
		t.Errorf("the table has %d rows, want 32", len(rows))
	}
	if !slices.IsSorted(registry.Regions()) {
		t.Errorf("Regions are not sorted: %v", registry.Regions())
	}
	accounts := map[arn.AccountID]bool{}
	for _, row := range rows {
		if _, err := arn.ParseAccountID(string(row.Account)); err != nil {
			t.Error(err)
		}
		if _, err := arn.ParseRegion(string(row.Region)); err != nil {
			t.Error(err)
		}
		if accounts[row.Account] {
			t.Errorf("account %s has two Regions", row.Account)
		}
		accounts[row.Account] = true
		if got, err := registry.ForRegion(row.Region); err != nil || got != row.Registry {
			t.Errorf("ForRegion(%s) = %v, %v", row.Region, got, err)
		}
		if got, ok := registry.ByAccount(row.Account); !ok || got != row {
			t.Errorf("ByAccount(%s) = %v, %t", row.Account, got, ok)
		}
	}
}

func TestForRegionRefuses(t *testing.T) {
	tests := map[string]struct {
		region arn.Region
		is     error
		says   string
	}{
		"an unknown Region, with the known ones": {"us-west-9", registry.ErrUnknownRegion, "known Regions: af-south-1, ap-east-1,"},
		"nothing":                                {"", registry.ErrUnknownRegion, "us-west-1, us-west-2"},
		"GovCloud":                               {"us-gov-west-1", registry.ErrNoRegistry, "AWS GovCloud (US)"},
		"China":                                  {"cn-north-1", registry.ErrNoRegistry, "the China Regions"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := registry.ForRegion(test.region)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) || !got.IsZero() {
				t.Errorf("ForRegion = %v, %v; want an error that is %v and says %q", got, err, test.is, test.says)
			}
		})
	}
}

func TestParseHost(t *testing.T) {
	want := registry.Registry{Account: "064352486547", Region: "ca-central-1"}
	got, err := registry.ParseHost("064352486547.dkr.ecr.ca-central-1.amazonaws.com")
	if err != nil || got != want {
		t.Errorf("ParseHost = %v, %v; want %v", got, err, want)
	}
	if host := registry.Legacy().Host(); host != "783794618700.dkr.ecr.us-west-2.amazonaws.com" {
		t.Errorf("the legacy host is %s", host)
	}
}

func TestParseHostRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                      "",
		"a port":                       "346438352937.dkr.ecr.us-west-2.amazonaws.com:443",
		"a scheme":                     "https://346438352937.dkr.ecr.us-west-2.amazonaws.com",
		"a path":                       "346438352937.dkr.ecr.us-west-2.amazonaws.com/hello",
		"a trailing dot":               "346438352937.dkr.ecr.us-west-2.amazonaws.com.",
		"a proxied name":               "346438352937.dkr.ecr.us-west-2.amazonaws.com.rproxy.example.com",
		"capitals":                     "346438352937.dkr.ecr.US-WEST-2.amazonaws.com",
		"eleven digits":                "46438352937.dkr.ecr.us-west-2.amazonaws.com",
		"no account":                   ".dkr.ecr.us-west-2.amazonaws.com",
		"no Region":                    "346438352937.dkr.ecr..amazonaws.com",
		"the page's garbled structure": ".dkr.ecr..amazonaws.com",
		"a FIPS name":                  "346438352937.dkr.ecr-fips.us-west-2.amazonaws.com",
		"two Regions":                  "346438352937.dkr.ecr.us-west-2.us-west-2.amazonaws.com",
		"the API's host":               "api.ecr.us-west-2.amazonaws.com",
		"a China host":                 "346438352937.dkr.ecr.cn-north-1.amazonaws.com.cn",
		"a GovCloud host":              "346438352937.dkr.ecr.us-gov-west-1.amazonaws.com",
		"a line break":                 "346438352937.dkr.ecr.us-west-2.amazonaws.com\n",
	}
	for name, host := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := registry.ParseHost(host); !errors.Is(err, registry.ErrHost) || !got.IsZero() {
				t.Errorf("ParseHost(%q) = %v, %v; want ErrHost", host, got, err)
			}
		})
	}
	for _, host := range []string{tests["a China host"], tests["a GovCloud host"]} {
		if _, err := registry.ParseHost(host); !errors.Is(err, registry.ErrNoRegistry) {
			t.Errorf("ParseHost(%q): %v; want ErrNoRegistry", host, err)
		}
	}
}

func FuzzParseHost(f *testing.F) {
	f.Add("346438352937.dkr.ecr.us-west-2.amazonaws.com")
	f.Add("346438352937.dkr.ecr.cn-north-1.amazonaws.com.cn")
	f.Add(".dkr.ecr..amazonaws.com")
	f.Fuzz(func(t *testing.T, host string) {
		r, err := registry.ParseHost(host)
		if err == nil && r.Host() != host {
			t.Errorf("ParseHost(%q) gives the registry %q", host, r.Host())
		}
		if err != nil && !errors.Is(err, registry.ErrHost) {
			t.Errorf("ParseHost(%q): %v is not ErrHost", host, err)
		}
	})
}

func TestProbeIsABundleUnderAKnownRepository(t *testing.T) {
	reg := registry.Registry{Account: "346438352937", Region: "us-west-2"}
	got := registry.Probe().Reference(reg)
	if want := "346438352937.dkr.ecr.us-west-2.amazonaws.com/eks-anywhere-packages-bundles:v1-31-latest"; got != want {
		t.Errorf("the probe is %s, want %s", got, want)
	}
	if !slices.Contains(registry.Repositories(), registry.Probe().Repository) {
		t.Errorf("the probe's repository is not among %v", registry.Repositories())
	}
}
