package fieldcheck

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerdicts(t *testing.T) {
	one, other := Observation{Lines: []string{"one"}}, Observation{Lines: []string{"other"}}
	for sentence, test := range map[string]struct {
		field, sandbox Observation
		want           Verdict
	}{
		"the same lines":                   {one, one, Same},
		"figures do not count":             {Observation{Lines: []string{"one"}, Measured: []string{"after 3s"}}, one, Same},
		"other lines":                      {one, other, Differs},
		"fewer lines":                      {Observation{}, one, Differs},
		"AWS could not tell":               {Observation{NotSeen: "no subscription"}, one, NotSeen},
		"the sandbox could not tell":       {one, Observation{NotSeen: "no packages registry"}, NotSeen},
		"a check that failed is no news":   {Observation{Lines: []string{"one"}, Error: "denied"}, one, Failed},
		"a failure in the sandbox is told": {one, Observation{Error: "denied"}, Failed},
	} {
		t.Run(sentence, func(t *testing.T) {
			rows := Compare([]Check{{ID: "a/b"}}, map[ID]Observation{"a/b": test.field}, map[ID]Observation{"a/b": test.sandbox})
			if rows[0].Verdict != test.want {
				t.Errorf("verdict %q, want %q", rows[0].Verdict, test.want)
			}
		})
	}
}

func TestACheckThatWasNotBegunIsNotSeen(t *testing.T) {
	rows := Compare([]Check{{ID: "a/b"}}, nil, nil)
	if rows[0].Verdict != NotSeen || rows[0].Field.NotSeen != "the run ended before this check" {
		t.Errorf("got %+v", rows[0])
	}
}

func TestTheReportAsMarkdown(t *testing.T) {
	checks := []Check{{ID: "a/same", Assumption: "It is so.", Mark: Seen}, {ID: "a/other", Assumption: "It is not.", Mark: Computed}}
	field := map[ID]Observation{
		"a/same":  {Lines: []string{"200"}, Measured: []string{"after 3s"}},
		"a/other": {Lines: []string{"403 | `DENIED`"}},
	}
	sandbox := map[ID]Observation{"a/same": {Lines: []string{"200"}}, "a/other": {Lines: []string{"404"}}}
	var got bytes.Buffer
	report := Report{Field: "AWS", Region: "us-west-2", Rows: Compare(checks, field, sandbox)}
	if err := report.WriteMarkdown(&got); err != nil {
		t.Fatal(err)
	}
	const want = `# Field check of AWS, us-west-2

What is between angle brackets stands for an id, an account or a time. Figures are not compared.

| check | mark | verdict |
|---|---|---|
| a/same | seen | same |
| a/other | computed | differs |

## a/same: same

It is so. [seen]

Both:

    200
    (after 3s)

## a/other: differs

It is not. [computed]

AWS:

    403 | ` + "`DENIED`" + `

The sandbox:

    404

2 checks: 1 same, 1 differ, 0 not seen, 0 failed.
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}
