package lint

// What stands where, for the Source of rules.
const (
	ranBoth = "packages controller 0.4.17 and ecr-credential-provider 1.37.0, against the sandbox"
	ranOne  = "packages controller 0.4.17, against the sandbox"
)

// missingRegion is what the packages controller says wherever it finds no Region, for whatever reason.
const missingRegion = "failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region"

// noRole is what the SDK says where it has looked for credentials everywhere else, the node's instance profile last.
const noRole = "no EC2 IMDS role found"

// unreadable is for inputs that are too large, or no text.
const unreadable Code = "PP022"

// fileRules are about the form of an AWS config file.
func fileRules() []Rule {
	return []Rule{
		{
			Code: "PP001", Severity: Error, Title: "the AWS config is empty",
			Today: "The packages controller takes an empty config for a config without a Region and stops there: keys beside it " +
				"in the Secret are not tried. kubelet's credential provider looks for a role of the machine and finds none.",
			Fix:    "Write the file of step 6 of AWS's page, or take config out of the Secret if the keys beside it are meant.",
			Quotes: []Quote{{Controller, missingRegion}, {Kubelet, noRole}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP002", Severity: Error, Title: "the AWS config is in base64 once more", Safe: true,
			Today: "No profile is found in it. The packages controller takes it for a setting if it ends in ==, and stops at the missing " +
				"Region. Otherwise it refuses the file and goes on with the keys beside it; if it ends without =, it writes all of it " +
				"into the pod's log as character codes, secret key included.",
			Fix: "Encode the file once: under data in base64, under stringData and in files as it is. If the pod's log may have " +
				"been kept, replace the key.",
			Quotes: []Quote{
				{Controller, missingRegion}, {Controller, "unsupported expression {expr {"},
				{Controller, "invalid state with ASTKind"}, {Kubelet, noRole},
			},
			Mark: Run, Source: ranBoth,
		},
		{
			Code: "PP004", Severity: Error, Title: "a profile without the word profile in its header", Safe: true,
			Today: "In a config file only [default] does without it. The profile does not exist for the SDKs: kubelet gets no " +
				"credential, and the packages controller says so on stdout alone, not in its log, and silently goes on with " +
				"the keys beside the config.",
			Fix: "Write [profile NAME].",
			Quotes: []Quote{
				{Controller, "Unable to load AWS config from file, failed to load assume role"},
				{Controller, "failed to get shared config profile, "}, {Kubelet, "failed to get shared config profile, "},
			},
			Mark: Run, Source: ranBoth,
		},
		{
			Code: "PP020", Severity: Error, Title: "a section header without its closing bracket",
			Today: "The packages controller refuses the whole file and goes on with the keys beside it; newer SDKs skip the line, so " +
				"that what follows belongs to the section before.",
			Fix: "Close the bracket.",
			Quotes: []Quote{
				{Controller, "failed to load shared config file, /tmp/aws-secret/config, "}, {Controller, "expected ']'"},
				{Kubelet, noRole}, {Kubelet, "failed to get shared config profile, "},
			},
			Mark: Run, Source: ranBoth,
		},
		{
			Code: "PP021", Severity: Warning, Title: "a line that nobody reads",
			Today: "A line that is neither a header nor key=value, or that stands before the first header, is skipped in silence.",
			Fix:   "Correct the line, or make it a comment with # at its start.",
			Mark:  Run, Source: ranBoth,
		},
		{
			Code: unreadable, Severity: Error, Title: "not plain UTF-8 text", Safe: true,
			Today: "A byte order mark, or UTF-16 as some editors and shells of Windows write it, stands before the first bracket: the " +
				"packages controller refuses the file and goes on with the keys beside it, newer SDKs do not see the first section.",
			Fix:    "Save the file as UTF-8 without a byte order mark.",
			Quotes: []Quote{{Controller, "failed to load shared config file, /tmp/aws-secret/config, unsupported expression"}, {Kubelet, noRole}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP023", Severity: Info, Title: "lines end in CRLF",
			Today: "It works: every consumer takes a carriage return at the end of a line off.",
			Fix:   "Nothing needs to be done. Keys and REGION of a Secret must not end so: that is PP106.",
			Mark:  Run, Source: ranBoth,
		},
		{
			Code: "PP024", Severity: Warning, Title: "a setting is given twice",
			Today: "The last one in the file counts, also where two sections have the same name.",
			Fix:   "Remove the one that is not meant.",
			Mark:  Run, Source: ranBoth,
		},
		{
			Code: "PP025", Severity: Error, Title: "the example key of AWS's page",
			Today: "The key stands on AWS's page to be replaced. AWS does not know it.",
			Fix:   "Replace it with yours; pullpass config writes the whole file.",
			Quotes: []Quote{
				{Controller, "InvalidClientTokenId"}, {Kubelet, "InvalidClientTokenId"},
			},
			Mark: Run, Source: ranBoth,
		},
	}
}
