package lint

// readCreate is where eksctl anywhere takes its variables.
const readCreate = "aws/eks-anywhere, pkg/curatedpackages"

// newClusterRules are about the environment in which a cluster is made.
func newClusterRules() []Rule {
	return []Rule{
		{
			Code: "PP201", Severity: Error, Title: "EKSA_AWS_REGION is not set",
			Today: "eksctl anywhere chooses the packages registry by EKSA_AWS_REGION, us-west-2 if it is not set, and not by the Region " +
				"in the file. Where it finds no packages it falls back to another registry in silence.",
			Fix:  "Set EKSA_AWS_REGION to the Region in the file; pullpass exec does.",
			Mark: Read, Source: readCreate,
		},
		{
			Code: "PP202", Severity: Error, Title: "EKSA_AWS_REGION is another Region than the file's",
			Today: "The cluster is set up for the registry of EKSA_AWS_REGION, and asks for its token in the Region of the file.",
			Fix:   "Set EKSA_AWS_REGION to the Region in the file; pullpass exec does.",
			Mark:  Read, Source: readCreate,
		},
		{
			Code: "PP203", Severity: Error, Title: "variables of the shell that win over the file",
			Today: "eksctl anywhere loads the file with the SDK for Go, which takes keys, Region and the name of the profile from the " +
				"environment before it: what it checks is not what the cluster gets.",
			Fix:  "Unset them for this command; pullpass exec does.",
			Mark: Run, Source: "the SDK for Go v2; " + readCreate,
		},
		{
			Code: "PP204", Severity: Warning, Title: "EKSA_AWS_ACCESS_KEY_ID beside EKSA_AWS_CONFIG_FILE",
			Today: "Keys and config both reach the cluster's Secret. There config counts, as PP104 says.",
			Fix:   "Unset EKSA_AWS_ACCESS_KEY_ID, EKSA_AWS_SECRET_ACCESS_KEY and EKSA_AWS_SESSION_TOKEN; pullpass exec does.",
			Mark:  Read, Source: readCreate,
		},
		{
			Code: "PP205", Severity: Warning, Title: "EKSA_AWS_CONFIG_FILE is not set",
			Today: "eksctl anywhere does not see the file. A Secret that it has made it never updates: running it again does not " +
				"deliver the file later.",
			Fix:  "Set EKSA_AWS_CONFIG_FILE to the file's path; pullpass exec does.",
			Mark: Read, Source: readCreate,
		},
	}
}
