package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Command is one that needs something of a cluster.
type Command string

// The commands.
const (
	Plan    Command = "plan"
	Status  Command = "status"
	Explain Command = "explain"
	Lint    Command = "lint"
	Verify  Command = "verify"
	Apply   Command = "apply"
	Revoke  Command = "revoke"
	// Rotate delivers as apply does, and looks at what the packages controller does with it.
	Rotate Command = "rotate"
	// Accept is apply for one destination, by its own administrator.
	Accept Command = "accept"
	// These hand over what was delivered. (env, too, but of directories alone.)
	Config Command = "config"
	Secret Command = "secret"
	Exec   Command = "exec"
)

// handingOver are the commands that read what was delivered and look at nothing else in the cluster.
func handingOver() []Command { return []Command{Config, Secret, Exec} }

// Commands returns every command, the one that needs least first.
func Commands() []Command {
	return append(handingOver(), Revoke, Lint, Plan, Status, Verify, Explain, Rotate, Accept, Apply)
}

// A Need is a command on one management or standalone cluster.
type Need struct {
	Command Command
	// Cluster is the EKS Anywhere cluster's name.
	Cluster string
	// Workloads are the names of the workload clusters whose copies of the Secret the share names.
	Workloads []string
	// CreateNamespace says that apply or accept may make the namespace. The Secret must then be permitted before its namespace is
	// there, by a ClusterRole; the Roles can be made afterwards.
	CreateNamespace bool
}

// A Rule permits verbs on objects.
type Rule struct {
	Group    string
	Resource string
	// Names are the objects', nil for all: a list cannot be limited to names.
	Names []string
	Verbs []string
	// Why says what the command does with it.
	Why string
}

// A Role is the rules of one namespace, or of the whole cluster where Namespace is empty.
type Role struct {
	Name      string
	Namespace string
	Rules     []Rule
}

// permission is one row of what the commands need.
type permission struct {
	commands  []Command
	namespace string
	rule      Rule
}

// permissions is the one table of what is asked of a cluster. A command may ask for more, and make nothing of the answer: what
// is not here it can do without.
func (n Need) permissions() []permission {
	every, write := Commands(), []Command{Accept, Apply, Rotate}
	manage := without(every, handingOver()...)   // the workload clusters
	watch := []Command{Verify, Explain}          // the packages of a cluster
	proof := append(slices.Clone(watch), Rotate) // the token of its packages controller
	look := without(manage, Revoke)              // its settings
	deep := without(look, Lint)                  // those of its workload clusters
	table := []permission{
		{every, namespace, get("", "secrets", theSecretName, "what is delivered")},
		{[]Command{Revoke}, namespace, Rule{"", "secrets", []string{theSecretName}, []string{"patch"}, "emptying it"}},
		{write, namespace, Rule{"", "secrets", []string{theSecretName}, []string{"patch"}, "delivering"}},
		{write, namespace, Rule{"", "secrets", []string{theSecretName}, []string{"create"}, "delivering where there is no Secret yet"}},
		{look, namespace, get("", "secrets", mirrorSecretName, "whether there is a registry mirror")},
		{proof, namespace, get("", "secrets", mirrorCredentialName, "the token that the packages controller keeps")},
		{look, namespace, get("apps", "deployments", controllerName, "whether a restart was asked for")},
		{write, namespace, Rule{"apps", "deployments", []string{controllerName}, []string{"patch"}, "asking for a restart"}},
		{look, namespace, Rule{"", "pods", nil, []string{"list"}, "when the packages controller started"}},
		{look, namespace, get(packagesGroup, "packagebundlecontrollers", n.Cluster, "the cluster's settings")},
		{[]Command{Rotate}, namespace, Rule{packagesGroup, "packagebundlecontrollers", nil, []string{"list"}, "workload clusters that the share does not name"}},
		{look, packagesNamespace(n.Cluster), get(packagesGroup, "packages", providerPackageName, "the nodes' settings")},
		{watch, packagesNamespace(n.Cluster), Rule{packagesGroup, "packages", nil, []string{"list"}, "packages with an error"}},
	}
	for _, w := range n.Workloads {
		table = append(table,
			permission{manage, systemNamespace, get("", "secrets", w+kubeconfigSuffix, "the way to the workload cluster")},
			permission{deep, namespace, get(packagesGroup, "packagebundlecontrollers", w, "the workload cluster's settings")},
			permission{deep, packagesNamespace(w), get("", "secrets", mirrorSecretName, "whether it has a registry mirror")},
			permission{deep, packagesNamespace(w), get(packagesGroup, "packages", providerPackageName, "its nodes' settings")},
			permission{watch, packagesNamespace(w), Rule{packagesGroup, "packages", nil, []string{"list"}, "its packages with an error"}},
		)
	}
	return table
}

// without returns commands but for some.
func without(commands []Command, some ...Command) []Command {
	return slices.DeleteFunc(slices.Clone(commands), func(c Command) bool { return slices.Contains(some, c) })
}

func get(group, resource, name, why string) Rule {
	return Rule{group, resource, []string{name}, []string{"get"}, why}
}

// Roles returns the least Roles for the need, the ClusterRole first, the others in the order of their namespaces.
func (n Need) Roles() []Role {
	byNamespace := map[string][]Rule{}
	for _, p := range n.permissions() {
		if slices.Contains(p.commands, n.Command) {
			byNamespace[p.namespace] = merge(byNamespace[p.namespace], p.rule)
		}
	}
	name := "pullpass-" + string(n.Command)
	var roles []Role
	if n.CreateNamespace && (n.Command == Apply || n.Command == Accept) {
		roles = append(roles, Role{Name: name, Rules: []Rule{
			{Resource: "namespaces", Verbs: []string{"create"}, Why: "making the namespace"},
			get("", "namespaces", namespace, "whether it is there"),
			{Resource: "secrets", Names: []string{theSecretName}, Verbs: []string{"get", "patch", "create"}, Why: "delivering into it"},
		}})
	}
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		roles = append(roles, Role{Name: name, Namespace: ns, Rules: byNamespace[ns]})
	}
	return roles
}

// merge adds a rule to others: its verbs to those on the same objects, or its objects to those with the same verbs.
func merge(rules []Rule, added Rule) []Rule {
	for i, r := range rules {
		if r.Group == added.Group && r.Resource == added.Resource && slices.Equal(r.Names, added.Names) {
			rules[i].Verbs = append(slices.Clone(r.Verbs), added.Verbs...)
			rules[i].Why = r.Why + "; " + added.Why
			return rules
		}
	}
	return append(rules, added)
}

// Manifest prints the Roles as YAML documents for kubectl, each rule with what it is for. Binding them to somebody is left
// to whoever knows whom.
func (n Need) Manifest() string {
	var out strings.Builder
	for i, r := range n.Roles() {
		if i > 0 {
			out.WriteString("---\n")
		}
		r.print(&out)
	}
	return out.String()
}

func (r Role) print(out *strings.Builder) {
	kind, where := "ClusterRole", ""
	if r.Namespace != "" {
		kind, where = "Role", fmt.Sprintf(", namespace: %q", r.Namespace)
	}
	fmt.Fprintf(out, "apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {name: %s%s}\nrules:\n", kind, r.Name, where)
	for _, rule := range r.Rules {
		names := ""
		if len(rule.Names) > 0 {
			names = fmt.Sprintf(", resourceNames: [%s]", quoted(rule.Names))
		}
		fmt.Fprintf(out, "  - {apiGroups: [%s], resources: [%s]%s, verbs: [%s]} # %s\n",
			quoted([]string{rule.Group}), rule.Resource, names, strings.Join(rule.Verbs, ", "), rule.Why)
	}
}

// quoted prints names as YAML would not take for anything else: a cluster may be called 1e3, or no.
func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ")
}
