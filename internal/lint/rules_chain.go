package lint

// loadFailed is how the packages controller says on stdout that it does not use the config.
const loadFailed = "Unable to load AWS config from file, "

// chainRules are about the way from profile default to a key.
func chainRules() []Rule {
	return []Rule{
		{
			Code: "PP003", Severity: Error, Title: "no Region in profile default",
			Today: "The packages controller gets no token for the registry. kubelet goes on working, since its credential provider " +
				"takes the Region from the image's name: pods start, and packages do not install.",
			Fix:    "Add region=REGION to profile default: the Region of the subscription.",
			Quotes: []Quote{{Controller, missingRegion}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP005", Severity: Error, Title: "role_arn without source_profile",
			Today: "Nothing says which key assumes the role. The SDK looks for a role of the machine, which EKS Anywhere's machines " +
				"do not have.",
			Fix:    "Add source_profile=NAME, and [profile NAME] with the key.",
			Quotes: []Quote{{Controller, "operation error STS: AssumeRole"}, {Controller, noRole}, {Kubelet, noRole}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP006", Severity: Error, Title: "source_profile names its own profile, which has no key",
			Today:  "The file is refused. The packages controller goes on with the keys beside it; kubelet gets no credential.",
			Fix:    "Name the profile that holds the key.",
			Quotes: []Quote{{Controller, loadFailed + "failed to load assume role"}, {Controller, ", <nil>"}, {Kubelet, ", <nil>"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP007", Severity: Error, Title: "source_profile leads in a circle",
			Today: "The profiles name each other and none holds a key: the file is refused. The error names a profile and <nil>, " +
				"nothing of a circle.",
			Fix:    "Let the last profile of the chain hold the key.",
			Quotes: []Quote{{Controller, loadFailed + "failed to load assume role"}, {Controller, ", <nil>"}, {Kubelet, ", <nil>"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP008", Severity: Error, Title: "source_profile names a profile that does not exist",
			Today: "The file is refused. The packages controller goes on with the keys beside it; kubelet gets no credential.",
			Fix:   "Name an existing profile, or add it. Names are compared with capitals and all; quotes are part of a name.",
			Quotes: []Quote{
				{Controller, loadFailed + "failed to load assume role"}, {Controller, "failed to get shared config profile, "},
				{Kubelet, "failed to get shared config profile, "},
			},
			Mark: Run, Source: ranBoth,
		},
		{
			Code: "PP009", Severity: Warning, Title: "a key and a role both in profile default",
			Today: "With a source_profile that holds a key, the key in profile default is used by nobody, without a word. Without one, " +
				"or with one that names default, it assumes the role.",
			Fix:  "Keep the key in the profile that source_profile names, as AWS's page does.",
			Mark: Run, Source: ranBoth,
		},
		{
			Code: "PP010", Severity: Error, Title: "a role of another partition",
			Today: "STS of the commercial partition refuses it in the words for any role that may not be assumed. Packages registries " +
				"are in the commercial partition alone.",
			Fix:    "Name the role in the account of the subscription: arn:aws:iam::ACCOUNT:role/NAME.",
			Quotes: []Quote{{Controller, "is not authorized to perform: sts:AssumeRole on resource: arn:aws-cn:iam::"}, {Kubelet, "is not authorized to perform: sts:AssumeRole on resource: arn:aws-cn:iam::"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP011", Severity: Error, Title: "role_arn is not the ARN of an IAM role",
			Today:  "STS refuses it.",
			Fix:    "Write arn:aws:iam::ACCOUNT:role/NAME, with the account of the subscription.",
			Quotes: []Quote{{Controller, "operation error STS: AssumeRole"}, {Controller, "ValidationError"}, {Kubelet, "ValidationError"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP012", Severity: Error, Title: "a Region that has no packages registry",
			Today: "The packages controller asks sts.REGION.amazonaws.com and api.ecr.REGION.amazonaws.com, hosts that do not exist " +
				"or know no such key. kubelet goes on working, since its credential provider takes the Region from the image's name.",
			Fix:    "Write the Region of the subscription, in small letters; pullpass registry --region REGION knows the packages registries.",
			Quotes: []Quote{{Controller, "operation error STS: AssumeRole"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP016", Severity: Error, Title: "no profile default",
			Today: "Every consumer reads profile default, whose name is in small letters. Without it the packages controller stops at " +
				"the missing Region, and keys beside the config are not tried.",
			Fix:    "Call the profile with role_arn and region [default].",
			Quotes: []Quote{{Controller, missingRegion}, {Kubelet, noRole}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP017", Severity: Warning, Title: "a key in profile default, and no role",
			Today: "The key itself asks for packages. That works in the account of the subscription alone; of any other account the " +
				"user needs ecr:GetAuthorizationToken of his own, and the registry does not know his account.",
			Fix:    "Take the two profiles of AWS's page: default with role_arn and source_profile, and the user's with the key.",
			Quotes: []Quote{{Controller, "is not authorized to perform: ecr:GetAuthorizationToken"}, {Kubelet, "is not authorized to perform: ecr:GetAuthorizationToken"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP018", Severity: Error, Title: "source_profile without role_arn",
			Today:  "The file is refused. The packages controller goes on with the keys beside it; kubelet gets no credential.",
			Fix:    "Add role_arn with the ARN of the role of step 3 of AWS's page.",
			Quotes: []Quote{{Controller, loadFailed + "credential type source_profile requires role_arn, profile default"}, {Kubelet, "credential type source_profile requires role_arn, profile default"}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP019", Severity: Error, Title: "the profile that should hold the key holds none",
			Today:  "The file is refused. The packages controller goes on with the keys beside it; kubelet gets no credential.",
			Fix:    "Write aws_access_key_id and aws_secret_access_key into it.",
			Quotes: []Quote{{Controller, loadFailed + "failed to load assume role"}, {Controller, ", <nil>"}, {Kubelet, ", <nil>"}, {Controller, noRole}, {Kubelet, noRole}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP026", Severity: Error, Title: "a second factor for the role",
			Today:  "mfa_serial makes the SDK ask a person for a code. There is none in a cluster: the file is refused.",
			Fix:    "Remove mfa_serial, and the condition from the role's trust if it asks for one.",
			Quotes: []Quote{{Controller, loadFailed + "assume role with MFA enabled, but AssumeRoleTokenProvider session option not set."}, {Kubelet, "assume role with MFA enabled, but AssumeRoleTokenProvider session option not set."}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP027", Severity: Error, Title: "credentials from elsewhere than the file",
			Today: "credential_source, credential_process, sso_session and their like name something beside the file: variables, a " +
				"program, a sign-in. Neither the controller's pod nor a node has it.",
			Fix: "Name a profile with the key in source_profile, and remove the setting.",
			Quotes: []Quote{
				{Controller, "static credentials are empty"}, {Kubelet, "static credentials are empty"},
				{Controller, "process provider error"}, {Kubelet, "process provider error"},
				{Kubelet, "failed to read cached SSO token file"},
			},
			Mark: Run, Source: ranBoth,
		},
	}
}

// keyRules are about access keys, in a profile or in a Secret's own keys.
func keyRules() []Rule {
	return []Rule{
		{
			Code: "PP013", Severity: Error, Title: "not the id of an access key of a user",
			Today: "AWS does not know it. The id of a user's access key is AKIA and 16 more characters of A-Z and 2-7; ASIA begins one " +
				"of a session, which ends within hours and is refused without its session token.",
			Fix:    "Copy the access key id of step 5 of AWS's page, or let pullpass apply make a key.",
			Quotes: []Quote{{Controller, "api error InvalidClientTokenId: "}, {Kubelet, "api error InvalidClientTokenId: "}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP014", Severity: Error, Title: "a secret access key of the wrong length",
			Today:  "Requests are signed with it and refused. A secret access key has 40 characters.",
			Fix:    "Copy it again, whole and without line breaks; if it is lost, make a new key: AWS shows a secret only once.",
			Quotes: []Quote{{Controller, "api error SignatureDoesNotMatch: "}, {Kubelet, "api error SignatureDoesNotMatch: "}},
			Mark:   Run, Source: ranBoth,
		},
		{
			Code: "PP015", Severity: Error, Title: "half an access key",
			Today:  "The file is refused where the profile is used. The packages controller goes on with the keys beside it.",
			Fix:    "Write both aws_access_key_id and aws_secret_access_key.",
			Quotes: []Quote{{Controller, loadFailed + "error fetching config from profile"}, {Controller, "partial credentials found for profile"}, {Kubelet, "partial credentials found for profile"}},
			Mark:   Run, Source: ranBoth,
		},
	}
}
