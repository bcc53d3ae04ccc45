package simulation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/simulation"
)

// A realistic case has an organization on both sides, a policy with some statements of which one matters, and a resource
// policy with conditions: about 2 kB. The three decisions are those of a pull across accounts, and a denial.
const (
	fullAccess = `{"name":"FullAWSAccess","policy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`

	organization = `"serviceControlPolicies":[{"orgIdentifier":"r-ab12","policies":[` + fullAccess + `]},
{"orgIdentifier":"111111111111","policies":[` + fullAccess + `,{"name":"Regions","policy":{"Version":"2012-10-17","Statement":[{"Sid":"DenyOtherRegions","Effect":"Deny","NotAction":["iam:*","sts:*","organizations:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-west-2","us-east-1"]}}}]}}]}],
"resourceControlPolicies":[{"orgIdentifier":"r-ab12","policies":[{"name":"Transport","policy":{"Version":"2012-10-17","Statement":[{"Sid":"EnforceTLS","Effect":"Deny","Principal":"*","Action":["ecr:*","sts:*"],"Resource":"*","Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}]}}]}]`

	pull = `{"id":"pull-%[1]d","simulation":{"request":{"principal":"arn:aws:sts::111111111111:assumed-role/curated-packages-role/store-%[1]d","action":"ecr:BatchGetImage","resource":{"resource":"arn:aws:ecr:us-west-2:346438352937:repository/eks-anywhere-packages-%[1]d","accountId":"346438352937"},
"contextVariables":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/curated-packages-role","aws:PrincipalAccount":"111111111111","aws:userid":"AROACURATED000000001:store-%[1]d","aws:PrincipalOrgID":"o-a1b2c3d4e5","aws:RequestedRegion":"us-west-2","aws:SecureTransport":"true","aws:SourceIp":"203.0.113.7"}},
"identityPolicies":[{"name":"ecr-read","policy":{"Version":"2012-10-17","Statement":[{"Sid":"ECRRead","Effect":"Allow","Action":["ecr:DescribeImages","ecr:ListImages","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"arn:aws:ecr:us-west-2:346438352937:repository/*"},{"Sid":"ECRLogin","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}}],
"resourcePolicy":{"Version":"2012-10-17","Statement":[{"Sid":"Pull","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]},` + organization + `}}`

	assume = `{"id":"assume-%[1]d","simulation":{"request":{"principal":"arn:aws:iam::999999999999:user/pullpass/s/store-%[1]d","action":"sts:AssumeRole","resource":{"resource":"arn:aws:iam::111111111111:role/pullpass-s-999999999999","accountId":"111111111111"},
"contextVariables":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/pullpass/s/store-%[1]d","aws:PrincipalAccount":"999999999999","aws:username":"store-%[1]d","aws:userid":"AIDACURATED000000001","sts:RoleSessionName":"store-%[1]d","aws:SecureTransport":"true","aws:SourceIp":"203.0.113.7"}},
"identityPolicies":[{"name":"assume","policy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/pullpass-s-999999999999"}}}],
"resourcePolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/pullpass/s/*"},"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]},` + organization + `}}`
)

// lines makes n cases that differ, each on one line: pulls, sessions taken on, and pulls from a Region that is denied.
func lines(n int) [][]byte {
	oneLine := strings.NewReplacer("\n", "")
	out := make([][]byte, n)
	for i := range out {
		text := fmt.Sprintf([]string{pull, assume, pull}[i%3], i)
		if i%3 == 2 {
			text = strings.Replace(text, `"aws:RequestedRegion":"us-west-2"`, `"aws:RequestedRegion":"eu-west-1"`, 1)
		}
		out[i] = []byte(oneLine.Replace(text))
	}
	return out
}

// BenchmarkSimulate goes from lines to lines, as the command does.
func BenchmarkSimulate(b *testing.B) {
	cases := lines(300)
	input := append(bytes.Join(cases, []byte("\n")), '\n')
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	total := 0
	for b.Loop() {
		summary, err := simulation.Stream(b.Context(), bytes.NewReader(input), discard{})
		if err != nil || summary.Cases != len(cases) || summary.Undecided > 0 {
			b.Fatal(summary, err)
		}
		total += summary.Cases
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "cases/s")
	b.ReportMetric(float64(len(input))/float64(len(cases)), "bytes/case")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkDecide decides cases that are compiled.
func BenchmarkDecide(b *testing.B) {
	var compiled []*simulation.Compiled
	for _, text := range lines(3) {
		var c simulation.Case
		if err := json.Unmarshal(text, &c); err != nil {
			b.Fatal(err)
		}
		one, err := simulation.Compile(c.Simulation)
		if err != nil {
			b.Fatal(err)
		}
		compiled = append(compiled, one)
	}
	b.ReportAllocs()
	i, allowed := 0, 0
	for b.Loop() {
		if compiled[i%3].Decide().Allowed() {
			allowed++
		}
		i++
	}
	if allowed == 0 || allowed == i {
		b.Fatalf("%d of %d are allowed; want some", allowed, i)
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "decisions/s")
}
