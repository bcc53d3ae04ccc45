package lab

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// Namespace is where the packages controller runs, Controller its Deployment and its Helm release.
	Namespace  = "eksa-packages"
	Controller = "eks-anywhere-packages"
	// Secret is the name of the credential's Secret.
	Secret = "aws-secret"
)

// A Resource is a kind of the packages controller's own, by the plural in its URLs.
type Resource string

// The kinds that the chart's CRDs define.
const (
	PackageBundleControllers Resource = "packagebundlecontrollers"
	PackageBundles           Resource = "packagebundles"
	Packages                 Resource = "packages"
)

func (r Resource) gvr() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "packages.eks.amazonaws.com", Version: "v1alpha1", Resource: string(r)}
}

// InstallPackages installs the chart of the packages controller with Helm, as `eksctl anywhere create cluster` does: the
// CRDs, namespaces, the Deployment without a pod, PackageBundleController and Packages, and a Secret aws-secret whose
// three keys are empty. values are in the form of Helm's --set, such as "awsSecret.config=…" in base64.
func (c *Cluster) InstallPackages(t testing.TB, values ...string) {
	t.Helper()
	args := []string{"upgrade", Controller, c.chart(t), "--install", "--namespace", Namespace, "--create-namespace", "--set", "clusterName=" + c.Name}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	c.Helm(t, args...).Succeeded(t)
}

// chart copies the chart but for its webhook, which would refuse every Package while no controller runs, and for the
// webhook's certificate, which is cert-manager's to make.
func (c *Cluster) chart(t testing.TB) string {
	t.Helper()
	chart := filepath.Join(t.TempDir(), Controller)
	err := errors.Join(
		os.CopyFS(chart, os.DirFS(c.lab.Programs.Chart)),
		os.Remove(filepath.Join(chart, "templates", "webhook.yaml")),
		os.Remove(filepath.Join(chart, "templates", "certs.yaml")),
	)
	if err != nil {
		t.Fatalf("copying the chart: %v", err)
	}
	return chart
}

// SetStatus sets the status of an object as its controller would, through the status subresource.
func (c *Cluster) SetStatus(t testing.TB, of Resource, namespace, name string, status map[string]any) {
	t.Helper()
	objects := c.Dynamic.Resource(of.gvr()).Namespace(namespace)
	object, err := objects.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	object.Object["status"] = status
	if _, err := objects.UpdateStatus(t.Context(), object, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("cluster %s: setting the status of %s: %v", c.Name, name, err)
	}
}

// Object reads an object of the packages controller's.
func (c *Cluster) Object(t testing.TB, of Resource, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	object, err := c.Dynamic.Resource(of.gvr()).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	return object
}

// RunController makes the pod that the Deployment of the packages controller asks for, running since a time. Its creation
// is dated by the API server: now. A pod of that name that is there already is replaced.
func (c *Cluster) RunController(t testing.TB, since time.Time) *corev1.Pod {
	t.Helper()
	deployment, err := c.Client.AppsV1().Deployments(Namespace).Get(t.Context(), Controller, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
	pod.Name, pod.Spec.NodeName = Controller+"-5d8f9c7b6d-x2x4z", "node-1"
	pods := c.Client.CoreV1().Pods(Namespace)
	now := int64(0)
	_ = pods.Delete(t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}) // The first time there is none.
	if pod, err = pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatalf("cluster %s: making the controller's pod: %v", c.Name, err)
	}
	pod.Status = running(pod.Spec, metav1.NewTime(since))
	if pod, err = pods.UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("cluster %s: starting the controller's pod: %v", c.Name, err)
	}
	return pod
}

// running is the status that kubelet gives a pod whose containers all run.
func running(spec corev1.PodSpec, since metav1.Time) corev1.PodStatus {
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &since,
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: since}},
	}
	for _, container := range spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}},
		})
	}
	return status
}
