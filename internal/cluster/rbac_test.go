package cluster_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/cluster"
)

func TestRolesAreTheLeast(t *testing.T) {
	for name, test := range map[string]struct {
		need cluster.Need
		want string
	}{
		"plan reads": {
			cluster.Need{Command: cluster.Plan, Cluster: "store-001"},
			`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-plan, namespace: "eksa-packages"}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: ["aws-secret"], verbs: [get]} # what is delivered
  - {apiGroups: [""], resources: [secrets], resourceNames: ["registry-mirror-secret"], verbs: [get]} # whether there is a registry mirror
  - {apiGroups: ["apps"], resources: [deployments], resourceNames: ["eks-anywhere-packages"], verbs: [get]} # whether a restart was asked for
  - {apiGroups: [""], resources: [pods], verbs: [list]} # when the packages controller started
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packagebundlecontrollers], resourceNames: ["store-001"], verbs: [get]} # the cluster's settings
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-plan, namespace: "eksa-packages-store-001"}
rules:
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packages], resourceNames: ["ecr-credential-provider-package"], verbs: [get]} # the nodes' settings
`,
		},
		"apply writes the Secret and restarts, here with a workload cluster of a name that YAML takes for a number": {
			cluster.Need{Command: cluster.Apply, Cluster: "hub", Workloads: []string{"1e3"}, CreateNamespace: true},
			`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pullpass-apply}
rules:
  - {apiGroups: [""], resources: [namespaces], verbs: [create]} # making the namespace
  - {apiGroups: [""], resources: [namespaces], resourceNames: ["eksa-packages"], verbs: [get]} # whether it is there
  - {apiGroups: [""], resources: [secrets], resourceNames: ["aws-secret"], verbs: [get, patch, create]} # delivering into it
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-apply, namespace: "eksa-packages"}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: ["aws-secret"], verbs: [get, patch, create]} # what is delivered; delivering; delivering where there is no Secret yet
  - {apiGroups: [""], resources: [secrets], resourceNames: ["registry-mirror-secret"], verbs: [get]} # whether there is a registry mirror
  - {apiGroups: ["apps"], resources: [deployments], resourceNames: ["eks-anywhere-packages"], verbs: [get, patch]} # whether a restart was asked for; asking for a restart
  - {apiGroups: [""], resources: [pods], verbs: [list]} # when the packages controller started
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packagebundlecontrollers], resourceNames: ["hub"], verbs: [get]} # the cluster's settings
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packagebundlecontrollers], resourceNames: ["1e3"], verbs: [get]} # the workload cluster's settings
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-apply, namespace: "eksa-packages-1e3"}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: ["registry-mirror-secret"], verbs: [get]} # whether it has a registry mirror
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packages], resourceNames: ["ecr-credential-provider-package"], verbs: [get]} # its nodes' settings
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-apply, namespace: "eksa-packages-hub"}
rules:
  - {apiGroups: ["packages.eks.amazonaws.com"], resources: [packages], resourceNames: ["ecr-credential-provider-package"], verbs: [get]} # the nodes' settings
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pullpass-apply, namespace: "eksa-system"}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: ["1e3-kubeconfig"], verbs: [get]} # the way to the workload cluster
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.need.Manifest()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	apply := cluster.Need{Command: cluster.Apply, Cluster: "hub", CreateNamespace: true}
	accept := cluster.Need{Command: cluster.Accept, Cluster: "hub", CreateNamespace: true}
	if diff := cmp.Diff(strings.ReplaceAll(apply.Manifest(), "pullpass-apply", "pullpass-accept"), accept.Manifest()); diff != "" {
		t.Errorf("accept does what apply does (-apply +accept):\n%s", diff)
	}
	for _, role := range (cluster.Need{Command: cluster.Verify, Cluster: "store-001", CreateNamespace: true}).Roles() {
		if role.Namespace == "" {
			t.Errorf("verify makes no namespace, yet is given %+v", role)
		}
	}
}
