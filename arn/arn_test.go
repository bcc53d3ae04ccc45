package arn_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text                      string
		want                      arn.ARN
		kind, path, name, session string
	}{
		"a user with a path": {
			text: "arn:aws:iam::999999999999:user/pullpass/s/store-001",
			want: arn.IAM("999999999999", "user", "/pullpass/s/", "store-001"),
			kind: "user", path: "/pullpass/s/", name: "store-001",
		},
		"a role without a path": {
			text: "arn:aws:iam::111111111111:role/curated-packages-role",
			want: arn.IAM("111111111111", "role", "", "curated-packages-role"),
			kind: "role", path: "/", name: "curated-packages-role",
		},
		"an AWS managed policy": {
			text: "arn:aws:iam::aws:policy/AdministratorAccess",
			want: arn.ARN{Partition: "aws", Service: "iam", Account: "aws", Resource: "policy/AdministratorAccess"},
			kind: "policy", path: "/", name: "AdministratorAccess",
		},
		"an account's root": {
			text: "arn:aws:iam::111111111111:root",
			want: arn.Root("111111111111"),
			kind: "root",
		},
		"a role session": {
			text: "arn:aws:sts::111111111111:assumed-role/curated-packages-role/store-001",
			want: arn.AssumedRole("111111111111", "curated-packages-role", "store-001"),
			kind: "assumed-role", name: "curated-packages-role", session: "store-001",
		},
		"a repository whose name holds slashes": {
			text: "arn:aws:ecr:us-west-2:346438352937:repository/harbor/harbor-core",
			want: arn.Repository("us-west-2", "346438352937", "harbor/harbor-core"),
			kind: "repository", name: "harbor/harbor-core",
		},
		"a resource with colons": {
			text: "arn:aws:logs:us-gov-west-1:111111111111:log-group:g:log-stream:s",
			want: arn.ARN{Partition: "aws", Service: "logs", Region: "us-gov-west-1", Account: "111111111111",
				Resource: "log-group:g:log-stream:s"},
			kind: "log-group", name: "g:log-stream:s",
		},
		"a bucket has neither Region nor account": {
			text: "arn:aws-cn:s3:::b",
			want: arn.ARN{Partition: "aws-cn", Service: "s3", Resource: "b"},
			kind: "b",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := arn.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.String() != test.text {
				t.Errorf("printed as %s", got)
			}
			parts := []string{got.Kind(), got.Path(), got.Name(), got.Session()}
			if diff := cmp.Diff([]string{test.kind, test.path, test.name, test.session}, parts); diff != "" {
				t.Errorf("kind, path, name, session (-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                       "",
		"another scheme":                "urn:aws:iam::111111111111:root",
		"too few parts":                 "arn:aws:iam::111111111111",
		"no resource":                   "arn:aws:iam::111111111111:",
		"no partition":                  "arn::iam::111111111111:root",
		"no service":                    "arn:aws:::111111111111:root",
		"a wildcard for the account":    "arn:aws:iam::*:role/x",
		"a wildcard for the Region":     "arn:aws:ecr:*:111111111111:repository/x",
		"an account of 11 digits":       "arn:aws:iam::11111111111:root",
		"a Region without its number":   "arn:aws:ecr:us-west:111111111111:repository/x",
		"a service in capitals":         "arn:aws:IAM::111111111111:root",
		"white space before the scheme": " arn:aws:iam::111111111111:root",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := arn.Parse(text); !errors.Is(err, arn.ErrInvalidARN) {
				t.Errorf("Parse(%q) = %v, %v; want ErrInvalidARN", text, got, err)
			}
		})
	}
}

func TestParseAccountIDAndRegion(t *testing.T) {
	for _, text := range []string{"", "11111111111", "1111111111111", "11111111111x", "aws", "１１１１１１１１１１１１"} {
		if _, err := arn.ParseAccountID(text); !errors.Is(err, arn.ErrInvalidAccount) {
			t.Errorf("ParseAccountID(%q) = %v; want ErrInvalidAccount", text, err)
		}
	}
	if got, err := arn.ParseAccountID("064352486547"); err != nil || got != "064352486547" {
		t.Errorf("ParseAccountID keeps leading zeros: got %q, %v", got, err)
	}
	for _, text := range []string{"", "us", "us-west", "us-west-", "us--1", "us-west-2 ", "US-WEST-2", "us-west-2a", "*", "u-west-2"} {
		if _, err := arn.ParseRegion(text); !errors.Is(err, arn.ErrInvalidRegion) {
			t.Errorf("ParseRegion(%q) = %v; want ErrInvalidRegion", text, err)
		}
	}
	for _, text := range []string{"us-west-2", "us-gov-west-1", "ap-southeast-4", "eusc-de-east-1", "us-isob-east-1"} {
		if _, err := arn.ParseRegion(text); err != nil {
			t.Error(err)
		}
	}
}

func TestText(t *testing.T) {
	type holder struct{ Role, None arn.ARN }
	want := holder{Role: arn.IAM("111111111111", "role", "/p/", "r")}
	src, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(src) != `{"Role":"arn:aws:iam::111111111111:role/p/r","None":""}` {
		t.Errorf("marshalled as %s", src)
	}
	var got holder
	if err := json.Unmarshal(src, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %v; want %v", got, want)
	}
	if err := json.Unmarshal([]byte(`{"Role":"x"}`), &got); !errors.Is(err, arn.ErrInvalidARN) {
		t.Errorf("got %v; want ErrInvalidARN", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:iam::999999999999:user/pullpass/s/store-001")
	f.Add("arn:aws:sts::111111111111:assumed-role/r/s")
	f.Add("arn:aws:s3:::b")
	f.Add("arn:aws:ecr:us-west-2:346438352937:repository/a:b/c")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := arn.Parse(text)
		if err != nil {
			return
		}
		if a.String() != text {
			t.Errorf("%q printed as %q", text, a)
		}
		if a.Service == "iam" && a.Path() != "" && a.Kind()+a.Path()+a.Name() != a.Resource {
			t.Errorf("%q is not %q, %q and %q", a.Resource, a.Kind(), a.Path(), a.Name())
		}
		if a.IsZero() {
			t.Errorf("%q gave the zero ARN", text)
		}
	})
}
