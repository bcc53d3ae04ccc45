package explain

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
)

// A document is put back by no more than the elements in which it differs.
func TestADocumentBecomesAnother(t *testing.T) {
	const wanted = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},` +
		`"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]}`
	for sentence, test := range map[string]struct {
		have string
		want []string
	}{
		"nothing differs": {wanted, nil},
		"a list of one is the one": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:root"]},` +
			`"Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"sts:RoleSessionName":["${aws:username}"]}}}]}`, nil},
		"another principal, and no condition": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}`,
			[]string{"add /Statement/0/Condition", "replace /Statement/0/Principal/AWS"}},
		"a condition and a Sid too many": {`{"Version":"2012-10-17","Statement":[{"Sid":"X","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},` +
			`"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}","sts:ExternalId":"a/b"}}}]}`,
			[]string{"remove /Statement/0/Sid", "remove /Statement/0/Condition/StringEquals/sts:ExternalId"}},
		"a statement too many": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},` +
			`"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`, []string{"replace /Statement"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			want, err := iampolicy.Parse([]byte(wanted), iampolicy.Trust)
			if err != nil {
				t.Fatal(err)
			}
			e := newEdit(&Document{Policy: Policy{Kind: Trust}, Text: test.have})
			e.become("", want)
			var got []string
			for _, op := range e.ops {
				got = append(got, op.Op+" "+op.Path)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			text, err := json.Marshal(e.root)
			if err != nil || e.err != nil {
				t.Fatal(err, e.err)
			}
			made, err := iampolicy.Parse(text, iampolicy.Trust)
			if err != nil || !iampolicy.Equal(made, want) {
				t.Errorf("%v: it became %s", err, text)
			}
		})
	}
}
