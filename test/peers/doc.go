// Package peers follows AWS's page with programs that were not written for the sandbox.
//
// Everything is in its test, which run.sh starts: the AWS CLI makes what the page makes and crane pulls what it lends.
package peers
