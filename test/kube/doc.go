// Package kube holds pullpass to what it does in clusters, against Kubernetes's own API server.
//
// Everything is in its tests, which run.sh starts with the programs that build.sh built, on clusters of package lab:
//
//	l := lab.Start(t, "store-001", "store-002") // API servers on one etcd, until the test ends
//	l.Kubeconfig                                // a context for each cluster, of its name
//	c := l.Cluster(t, "store-001")
//	c.Client; c.Dynamic; c.Config()             // client-go, as one who may do everything
//	c.Kubectl(t, "get", "secret"); c.Helm(t, "list"); c.Apply(t, yaml, "--server-side")
//	c.Kill(t); c.Start(t)                       // a crash, then the same address and the same objects
//
//	c.InstallPackages(t, "defaultRegistry=…")   // the packages controller's chart, by Helm
//	c.RunController(t, since)                   // its pod
//	c.Object(t, lab.Packages, namespace, name)
//	c.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, c.Name, status)
//	for _, s := range lab.StartingStates() { s.Make(t, c, config) } // Secret aws-secret, by who made it
//	c.Owners(t)                                 // who manages which keys of the Secret
//
//	c.User(t, "auditor")                        // a kubeconfig for one who has no permission
//	c.Grant(t, "auditor", roles); c.Revoke(t, "auditor", roles)
//	lab.EachLess(t, roles)                      // the roles with one permission less at a time
//	road := c.Slow(t, 50*time.Millisecond)      // road.Kubeconfig, road.Requests(), road.AtOnce()
//	roads := c.Tenants(t, 20, delay)            // as twenty clusters, in one API server
//
//	o := l.Operator(t)                          // pullpass with an embedded AWS
//	o.WriteShare(t, l.Clusters()...)            // or WriteShareOver(t, roads...), or WriteShareOf(t, "{name: …}")
//	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes") // an Outcome: Stdout, Stderr, Took, Peak
//	o.AWS.IAM(lab.Destination); o.Keys(t)       // the SDK on that AWS; the access keys there
//
// A lab of one cluster is ready in about 3 seconds, one of six in about 8; each API server takes 290 MiB. Tests that can
// share a lab are subtests of one test.
package kube
