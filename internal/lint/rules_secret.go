package lint

// secretRules are about the Secret aws-secret and the manifest that it comes in.
func secretRules() []Rule {
	return []Rule{
		{
			Code: "PP101", Severity: Error, Title: "not a manifest that can be read",
			Today: "kubectl refuses the file. Where base64 was pasted over several lines that are not indented, it complains about the " +
				"YAML, not about base64.",
			Fix:    "Correct the YAML or JSON at the place given; base64 -w0 writes base64 on one line.",
			Quotes: []Quote{{Kubernetes, "could not find expected ':'"}},
			Mark:   Run, Source: "sigs.k8s.io/yaml, which kubectl reads manifests with",
		},
		{
			Code: "PP102", Severity: Error, Title: "base64 over several lines", Safe: true,
			Today: "base64 without -w0 breaks its output into lines of 76 characters. Pasted into YAML, the line ends become spaces, and " +
				"the manifest is refused. Only a literal block (config: |) keeps them as line ends, which are allowed.",
			Fix:    "Put the base64 on one line: base64 -w0, or pullpass secret.",
			Quotes: []Quote{{Kubernetes, "illegal base64 data at input byte 76"}},
			Mark:   Run, Source: "k8s.io/api, with which kubectl and the API server decode",
		},
		{
			Code: "PP103", Severity: Error, Title: "a value under data that is not base64",
			Today:  "The manifest is refused.",
			Fix:    "Encode the value, or move it from data to stringData, where it stands as it is.",
			Quotes: []Quote{{Kubernetes, "illegal base64 data at input byte "}},
			Mark:   Run, Source: "k8s.io/api, with which kubectl and the API server decode",
		},
		{
			Code: "PP104", Severity: Warning, Title: "keys and config both set",
			Today: "config counts: the packages controller loads it and does not look at the keys, unless it is refused. Then it goes " +
				"on with the keys, and says so on stdout alone.",
			Fix:  "Empty AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and REGION, as in step 7 of AWS's page; they must be there.",
			Mark: Run, Source: ranOne,
		},
		{
			Code: "PP105", Severity: Error, Title: "neither keys nor config",
			Today: "The packages controller has no Region, and where REGION is set no key. A Secret that was deleted and made again by " +
				"the common recipe for the three keys looks like this: it has lost its config.",
			Fix:    "Add config: pullpass secret prints the manifest.",
			Quotes: []Quote{{Controller, missingRegion}, {Controller, "static credentials are empty"}},
			Mark:   Run, Source: ranOne,
		},
		{
			Code: "PP106", Severity: Error, Title: "white space at the end of a key or REGION", Safe: true,
			Today: "echo without -n puts a line end into the value. It becomes a part of a host name, of a header or of the key that " +
				"signs. Where config is set the values are not used, and it does no harm.",
			Fix: "Encode the value without a line end: printf %s VALUE | base64 -w0.",
			Quotes: []Quote{
				{Controller, "Failed to parse uri: https://api.ecr.us-west-2\n"},
				{Controller, `net/http: invalid header field value for "Authorization"`}, {Controller, "api error InvalidSignatureException: "},
			},
			Mark: Run, Source: ranOne,
		},
		{
			Code: "PP107", Severity: Error, Title: "a key is missing that pods need", Safe: true,
			Today: "The packages controller's init container and the CronJob ecr-token-refresher take AWS_ACCESS_KEY_ID, " +
				"AWS_SECRET_ACCESS_KEY and REGION as variables that are not optional: without one of them the pod does not start. " +
				"Where a pod runs all the same, the controller finds no Region.",
			Fix:    "Add the key, with an empty value if config is set.",
			Quotes: []Quote{{Controller, "open /tmp/aws-secret/REGION: no such file or directory"}, {Controller, missingRegion}},
			Mark:   Run, Source: ranOne + "; the variables, in the chart of 0.4.17",
		},
		{
			Code: "PP108", Severity: Warning, Title: "a Secret that nobody reads",
			Today: "Every consumer reads Secret aws-secret in namespace eksa-packages. Without a namespace in the manifest kubectl " +
				"writes it to the namespace of the current context.",
			Fix:  "Set metadata.name to aws-secret and metadata.namespace to eksa-packages.",
			Mark: Read, Source: "the chart of eks-anywhere-packages 0.4.17",
		},
		{
			Code: "PP109", Severity: Warning, Title: "a key that nobody reads, named like one that is read",
			Today: "The keys are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, REGION and config, in exactly these " +
				"letters. Others are left alone, and read by nobody.",
			Fix:  "Rename the key.",
			Mark: Read, Source: "packages controller 0.4.17, pkg/registry/ecr_cred_injector.go",
		},
		{
			Code: "PP110", Severity: Warning, Title: "a key in data and in stringData",
			Today: "stringData counts.",
			Fix:   "Remove the one that is not meant.",
			Mark:  Doc, Source: "https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/",
		},
		{
			Code: "PP111", Severity: Error, Title: "no Secret in the manifest",
			Today: "There is nothing in it that carries a credential.",
			Fix:   "Give the file with the Secret, or the AWS config file.",
			Mark:  Doc, Source: "docs/lint.md",
		},
		{
			Code: "PP112", Severity: Info, Title: "an encrypted Secret",
			Today: "Its values cannot be looked into. What they say in the cluster, pullpass verify proves.",
			Fix:   "Lint the manifest before it is encrypted.",
			Mark:  Doc, Source: "https://getsops.io/docs/, https://github.com/bitnami-labs/sealed-secrets",
		},
	}
}
