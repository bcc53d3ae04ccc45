// Package peers runs programs that were not written for the sandbox against it.
//
// Everything is in its tests, which run.sh starts. TestPeers follows AWS's page with the AWS CLI and pulls with crane;
// TestDelivered gives every program what pullpass delivered, then takes it away piece by piece.
// TestTraps holds what pullpass lint says of every mistake against those who read the credential.
package peers
