// Package kube holds pullpass to what it does in clusters, against Kubernetes's own API server.
//
// Everything is in its tests, which run.sh starts, on the clusters of package lab.
package kube
