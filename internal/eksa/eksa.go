// Package eksa knows the environment in which eksctl anywhere takes the credential of a new cluster.
package eksa

import "github.com/pullpass/pullpass/arn"

// An Environment is what `eksctl anywhere create cluster` needs to be told.
type Environment struct {
	// ConfigFile is the path of the AWS config file. It is read by the program itself, so that a path that is not absolute
	// counts from where that runs.
	ConfigFile string
	// Region is that of the packages registry. The program takes the registry of this Region, us-west-2 if it is told none,
	// and not that of the Region in the file (aws/eks-anywhere, pkg/curatedpackages: GetRegionalRegistry) [run].
	Region arn.Region
}

// A Variable is one environment variable and its value.
type Variable struct{ Name, Value string }

// Set returns the variables to set. AWS's page "Share access to EKS Anywhere Curated Packages" names the first; without
// the second the Region of the subscription would not matter. The third keeps the credentials file of whoever runs the
// program away, whose profiles are merged into those of the same name in the file, and win: a Region in its default, or an
// older key under the name of the user, is enough for another credential than the one that was proven.
func (e Environment) Set() []Variable {
	return []Variable{
		{Name: "EKSA_AWS_CONFIG_FILE", Value: e.ConfigFile},
		{Name: "EKSA_AWS_REGION", Value: string(e.Region)},
		{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: "/dev/null"},
	}
}

// Unset returns the names of the variables that must not be there, because each would win over the file; sorted.
//
// The keys of EKSA_AWS_* go into the Secret beside the file. For its check of the access the program loads the file with
// config.LoadDefaultConfig of the AWS SDK for Go v2 (aws/eks-anywhere, pkg/curatedpackages: ParseAWSConfig), where the
// environment comes before the file: static keys under both of their spellings, a web identity, the name of the profile,
// and the Region
// (https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html, "Specifying Credentials" and
// "Specifying the AWS Region"). What of the environment counts only where a profile leads to no credentials stays: the
// container credentials, and AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME but as parts of a web identity.
func Unset() []string {
	return []string{
		"AWS_ACCESS_KEY",
		"AWS_ACCESS_KEY_ID",
		"AWS_DEFAULT_PROFILE",
		"AWS_DEFAULT_REGION",
		"AWS_PROFILE",
		"AWS_REGION",
		"AWS_ROLE_ARN",
		"AWS_ROLE_SESSION_NAME",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SECRET_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_WEB_IDENTITY_TOKEN_FILE",
		"EKSA_AWS_ACCESS_KEY_ID",
		"EKSA_AWS_SECRET_ACCESS_KEY",
		"EKSA_AWS_SESSION_TOKEN",
	}
}
