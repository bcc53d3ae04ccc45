// Package sarif writes the findings of lint in the Static Analysis Results Interchange Format.
package sarif

import (
	"encoding/hex"
	"hash/fnv"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/lint"
)

// What the format is told by (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
const (
	version = "2.1.0"
	schema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// A Log is a whole file: one run of one tool.
type Log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []Run  `json:"runs"`
}

// A Run is what one tool found.
type Run struct {
	Tool       Tool     `json:"tool"`
	ColumnKind string   `json:"columnKind"`
	Results    []Result `json:"results"`
}

// A Tool is what looked.
type Tool struct {
	Driver Driver `json:"driver"`
}

// A Driver names the tool and its rules.
type Driver struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Rules   []Rule `json:"rules"`
}

// A Rule is a reportingDescriptor.
type Rule struct {
	ID                   string        `json:"id"`
	ShortDescription     Text          `json:"shortDescription"`
	FullDescription      Text          `json:"fullDescription"`
	Help                 Text          `json:"help"`
	DefaultConfiguration Configuration `json:"defaultConfiguration"`
}

// A Configuration is how a rule is set unless somebody changes it.
type Configuration struct {
	Level string `json:"level"`
}

// A Text is a message.
type Text struct {
	Text string `json:"text"`
}

// A Result is one finding.
type Result struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             Text              `json:"message"`
	Locations           []Location        `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Fixes               []Fix             `json:"fixes,omitempty"`
}

// A Location is where a result is: in a file, or at a name of something that is no file.
type Location struct {
	PhysicalLocation *PhysicalLocation `json:"physicalLocation,omitempty"`
	LogicalLocations []LogicalLocation `json:"logicalLocations,omitempty"`
}

// A PhysicalLocation is a region of a file.
type PhysicalLocation struct {
	ArtifactLocation ArtifactLocation `json:"artifactLocation"`
	Region           *Region          `json:"region,omitempty"`
}

// An ArtifactLocation names a file.
type ArtifactLocation struct {
	URI string `json:"uri"`
}

// A Region is a place by line and column, or a part by offset in bytes.
type Region struct {
	StartLine   int  `json:"startLine,omitempty"`
	StartColumn int  `json:"startColumn,omitempty"`
	ByteOffset  *int `json:"byteOffset,omitempty"`
	ByteLength  *int `json:"byteLength,omitempty"`
}

// A LogicalLocation names what is no file, or a part of one by its name.
type LogicalLocation struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

// A Fix is a change that mends a result.
type Fix struct {
	Description     Text             `json:"description"`
	ArtifactChanges []ArtifactChange `json:"artifactChanges"`
}

// An ArtifactChange changes one file.
type ArtifactChange struct {
	ArtifactLocation ArtifactLocation `json:"artifactLocation"`
	Replacements     []Replacement    `json:"replacements"`
}

// A Replacement puts text in place of a region.
type Replacement struct {
	DeletedRegion   Region `json:"deletedRegion"`
	InsertedContent Text   `json:"insertedContent"`
}

// New makes the log of findings. Fixes are in it where they hold nothing of a credential.
func New(toolVersion string, findings []lint.Finding) Log {
	run := Run{
		Tool:       Tool{Driver: Driver{Name: "pullpass lint", Version: toolVersion}},
		ColumnKind: "unicodeCodePoints",
		Results:    []Result{},
	}
	var codes []lint.Code
	for _, rule := range lint.Rules() {
		codes = append(codes, rule.Code)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, Rule{
			ID: string(rule.Code), ShortDescription: Text{rule.Title}, FullDescription: Text{rule.Today}, Help: Text{rule.Fix},
			DefaultConfiguration: Configuration{level(rule.Severity)},
		})
	}
	seen := map[string]int{}
	for _, finding := range findings {
		r := result(finding)
		r.RuleIndex = slices.Index(codes, finding.Rule.Code)
		r.PartialFingerprints = fingerprint(finding, seen)
		run.Results = append(run.Results, r)
	}
	return Log{Schema: schema, Version: version, Runs: []Run{run}}
}

func level(s lint.Severity) string {
	if s == lint.Info {
		return "note"
	}
	return string(s)
}

func result(f lint.Finding) Result {
	message := f.Message
	if inside := f.Inside(); inside != "" {
		message = inside + ": " + message
	}
	r := Result{RuleID: string(f.Rule.Code), Level: level(f.Severity), Message: Text{message}}
	location := Location{}
	if f.Key != "" {
		location.LogicalLocations = []LogicalLocation{{f.Key}}
	}
	if f.Line == 0 {
		location.LogicalLocations = []LogicalLocation{{strings.TrimSuffix(f.File+"/"+f.Key, "/")}}
	} else {
		location.PhysicalLocation = &PhysicalLocation{artifact(f.File), &Region{StartLine: f.Line, StartColumn: f.Column}}
	}
	r.Locations = []Location{location}
	if f.Fix != nil && f.Fix.Public {
		length := f.Fix.End - f.Fix.Start
		r.Fixes = []Fix{{Text{f.Fix.What}, []ArtifactChange{{artifact(f.File), []Replacement{{
			Region{ByteOffset: &f.Fix.Start, ByteLength: &length}, Text{f.Fix.Text.Reveal()},
		}}}}}}
	}
	return r
}

// artifact names a file by a URI reference: relative where the name is.
func artifact(name string) ArtifactLocation {
	u := url.URL{Path: filepath.ToSlash(name)}
	return ArtifactLocation{u.String()}
}

// fingerprint tells a result apart from others over changes of the lines around it: by what is wrong where, and by which
// time it is, but not by its line.
func fingerprint(f lint.Finding, seen map[string]int) map[string]string {
	same := strings.Join([]string{string(f.Rule.Code), f.File, f.Key, f.Message}, "\x00")
	seen[same]++
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(same)) // It never fails.
	_, _ = hash.Write([]byte{byte(seen[same])})
	return map[string]string{"pullpass/v1": hex.EncodeToString(hash.Sum(nil))}
}
