package cluster

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// second is a time at a second and some nanoseconds.
func second(s, nanoseconds int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, s, nanoseconds, time.UTC)
}

func TestStale(t *testing.T) {
	const key, older = "AKIA222222222222222K", "AKIA222222222222222J"
	early := []time.Time{second(1, 0)}
	if !(controller{started: early, asked: second(30, 0)}).stale(second(30, 0), "") {
		t.Error("somebody's restart in the same second counts where the Secret is somebody's, too")
	}
	for name, test := range map[string]struct {
		controller controller
		want       bool
	}{
		"nothing that runs is not stale":                     {controller{}, false},
		"a start in the second before is stale":              {controller{started: []time.Time{second(29, 999)}}, true},
		"a start in the same second may have been before":    {controller{started: []time.Time{second(30, 999)}}, true},
		"a start in the second after is not":                 {controller{started: []time.Time{second(31, 0)}}, false},
		"one that is older among newer ones is enough":       {controller{started: []time.Time{second(31, 0), second(29, 0)}}, true},
		"a restart that somebody asked for after counts":     {controller{started: early, asked: second(31, 0)}, false},
		"one in the same second may have been before":        {controller{started: early, asked: second(30, 999)}, true},
		"one in the same second for this key counts":         {controller{started: early, asked: second(30, 0), askedFor: key}, false},
		"one in the same second for another key does not":    {controller{started: early, asked: second(30, 0), askedFor: older}, true},
		"one for this key before it was written again, too":  {controller{started: early, asked: second(29, 0), askedFor: key}, true},
		"one for another key in a later second is after all": {controller{started: early, asked: second(31, 0), askedFor: older}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.controller.stale(second(30, 500), key); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestRunning(t *testing.T) {
	since := metav1.NewTime(second(5, 0))
	state := func(name string, state corev1.ContainerState) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: name, State: state}}}}
	}
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}}
	leaving := state("controller", runs)
	leaving.DeletionTimestamp = &since
	for name, test := range map[string]struct {
		pod  corev1.Pod
		want bool
	}{
		"the controller that runs":     {state("controller", runs), true},
		"a container beside it":        {state("istio-proxy", runs), false},
		"one that waits":               {state("controller", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}), false},
		"one in a pod that is deleted": {leaving, false},
		"a pod without containers yet": {corev1.Pod{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			started, got := running(test.pod)
			if got != test.want || got && !started.Equal(since.Time) {
				t.Errorf("got %v, %t", started, got)
			}
		})
	}
}

func TestTheRestartIsKubectls(t *testing.T) {
	patch, err := json.Marshal(restartPatch(latest(second(1, 0), second(30, 0)), "AKIA222222222222222K"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:30Z",` +
		`"pullpass.dev/access-key-id":"AKIA222222222222222K"}}}}}`
	if diff := cmp.Diff(want, string(patch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var deployment appsv1.Deployment
	if err := json.Unmarshal(patch, &deployment); err != nil {
		t.Fatal(err)
	}
	if got := asked(deployment); !got.Equal(second(30, 0)) {
		t.Errorf("it is read as %v", got)
	}
	if got := askedFor(deployment); got != "AKIA222222222222222K" {
		t.Errorf("it is read as for %q", got)
	}
	deployment.Spec.Template.Annotations[restartedAt] = "yesterday"
	if got := asked(deployment); !got.IsZero() {
		t.Errorf("what is no time is read as %v", got)
	}
}
