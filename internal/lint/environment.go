package lint

import (
	"strings"

	"github.com/pullpass/pullpass/internal/eksa"
)

// defaultRegion is what eksctl anywhere takes where EKSA_AWS_REGION is not set.
const defaultRegion = "us-west-2"

// CheckEnvironment lints the variables with which eksctl anywhere would make a cluster from an AWS config file. For a
// manifest, which is for clusters that exist, there are no findings.
func CheckEnvironment(src []byte, getenv func(string) string) []Finding {
	if isManifest(src) {
		return nil
	}
	out := newReport()
	start, _ := scan(newText(string(src))).profile("default")
	region, _ := start.of(regionSetting)
	checkRegionVariable(out, region.value, getenv("EKSA_AWS_REGION"))
	for _, name := range eksa.Unset() {
		switch {
		case getenv(name) == "":
		case strings.HasPrefix(name, "EKSA_"):
			out.add("PP204", variable(name), "it is set beside the file")
		default:
			out.add("PP203", variable(name), "it is set, and wins over the file")
		}
	}
	if getenv("EKSA_AWS_CONFIG_FILE") == "" {
		out.add("PP205", variable("EKSA_AWS_CONFIG_FILE"), "it is not set")
	}
	return out.sorted()
}

func checkRegionVariable(out *report, inFile, set string) {
	at := variable("EKSA_AWS_REGION")
	switch {
	case set == "" && inFile == defaultRegion:
		out.add("PP201", at, "it is not set; the default happens to be the file's Region").Severity = Warning
	case set == "":
		out.add("PP201", at, "it is not set, and the default is %s", defaultRegion)
	case inFile != "" && set != inFile && isRegion(inFile):
		out.add("PP202", at, "it is not %s, the file's Region", inFile)
	}
}

func isRegion(value string) bool { return regionProblem(value) == "" }

// variable is the place of an environment variable.
func variable(name string) Position { return Position{File: "$" + name} }
