package manifest

import (
	"slices"
	"strings"
	"testing"
)

// Consistent holds what no schema tells: that what objects say of each other is so, and that
// pods are as hardened as docs/install.md says.
func Consistent(t testing.TB, objects []Object) {
	t.Helper()
	var deployments []Object
	names := map[string]bool{}
	for _, o := range objects {
		names[o.Kind()+"/"+o.Name()] = true
		if o.Kind() == "Deployment" {
			deployments = append(deployments, o)
		}
	}
	if len(deployments) == 0 {
		t.Fatal("there is no Deployment")
	}
	for _, d := range deployments {
		labels := StringMap(d.At("spec", "template", "metadata", "labels"))
		if !within(StringMap(d.At("spec", "selector", "matchLabels")), labels) {
			t.Errorf("%s does not select its own pods", d.Name())
		}
		for _, other := range deployments {
			if other.Name() != d.Name() && within(StringMap(other.At("spec", "selector", "matchLabels")), labels) {
				t.Errorf("%s selects the pods of %s", other.Name(), d.Name())
			}
		}
		hardened(t, d)
		mounted(t, d, names)
	}
	for _, o := range objects {
		var selector map[string]string
		switch o.Kind() {
		case "Service":
			selector = StringMap(o.At("spec", "selector"))
		case "NetworkPolicy":
			selector = StringMap(o.At("spec", "podSelector", "matchLabels"))
		case "PodDisruptionBudget":
			selector = StringMap(o.At("spec", "selector", "matchLabels"))
		case "ServiceMonitor":
			// It selects Services, and names their port.
			if !slices.ContainsFunc(objects, func(s Object) bool {
				return s.Kind() == "Service" && within(StringMap(o.At("spec", "selector", "matchLabels")), StringMap(s.At("metadata", "labels"))) &&
					s.Text("spec", "ports", 0, "name") == o.Text("spec", "endpoints", 0, "port")
			}) {
				t.Errorf("ServiceMonitor %s finds no Service", o.Name())
			}
			continue
		default:
			continue
		}
		found := 0
		for _, d := range deployments {
			if within(selector, StringMap(d.At("spec", "template", "metadata", "labels"))) {
				found++
			}
		}
		if found == 0 || o.Kind() != "NetworkPolicy" && found != 1 {
			t.Errorf("%s %s selects the pods of %d Deployments", o.Kind(), o.Name(), found)
		}
	}
}

func within(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

func hardened(t testing.TB, d Object) {
	t.Helper()
	pod := []any{"spec", "template", "spec"}
	container := append(slices.Clone(pod), "containers", 0)
	for _, want := range []struct {
		keys  []any
		value any
	}{
		{append(slices.Clone(pod), "automountServiceAccountToken"), false},
		{append(slices.Clone(pod), "securityContext", "runAsNonRoot"), true},
		{append(slices.Clone(pod), "securityContext", "runAsUser"), 65532.0},
		{append(slices.Clone(pod), "securityContext", "fsGroup"), 65532.0},
		{append(slices.Clone(pod), "securityContext", "seccompProfile", "type"), "RuntimeDefault"},
		{append(slices.Clone(container), "securityContext", "allowPrivilegeEscalation"), false},
		{append(slices.Clone(container), "securityContext", "readOnlyRootFilesystem"), true},
		{append(slices.Clone(container), "securityContext", "capabilities", "drop", 0), "ALL"},
		{append(slices.Clone(container), "ports", 0, "containerPort"), 9308.0},
	} {
		if got := d.At(want.keys...); got != want.value {
			t.Errorf("%s: %v is %v, want %v", d.Name(), want.keys[3:], got, want.value)
		}
	}
	for _, probe := range []string{"livenessProbe", "readinessProbe"} {
		p := d.At(append(slices.Clone(container), probe)...)
		// Neither may ask whether Kafka is there.
		if At(p, "httpGet", "path") != "/-/healthy" && At(p, "tcpSocket", "port") != "http" {
			t.Errorf("%s: %s asks %v", d.Name(), probe, p)
		}
	}
}

// mounted holds that every mount has its volume, and the other way round, and that what a
// volume names is rendered, but for Secrets, which are the user's.
func mounted(t testing.TB, d Object, names map[string]bool) {
	t.Helper()
	volumes := map[string]bool{}
	for _, v := range d.List("spec", "template", "spec", "volumes") {
		name := At(v, "name").(string)
		if volumes[name] {
			t.Errorf("%s: volume %s twice", d.Name(), name)
		}
		volumes[name] = false
		if c, ok := At(v, "configMap", "name").(string); ok && name == "config" && !names["ConfigMap/"+c] {
			t.Errorf("%s: there is no ConfigMap %s", d.Name(), c)
		}
		if c, ok := At(v, "persistentVolumeClaim", "claimName").(string); ok && !names["PersistentVolumeClaim/"+c] {
			t.Errorf("%s: there is no claim %s", d.Name(), c)
		}
	}
	paths := map[string]bool{}
	for _, m := range d.List("spec", "template", "spec", "containers", 0, "volumeMounts") {
		name, path := At(m, "name").(string), At(m, "mountPath").(string)
		if _, ok := volumes[name]; !ok {
			t.Errorf("%s: volume %s is mounted, and is not there", d.Name(), name)
		}
		volumes[name] = true
		for other := range paths {
			if strings.HasPrefix(path+"/", other+"/") || strings.HasPrefix(other+"/", path+"/") {
				t.Errorf("%s: %s and %s lie within each other", d.Name(), path, other)
			}
		}
		paths[path] = true
	}
	for name, used := range volumes {
		if !used {
			t.Errorf("%s: volume %s is not mounted", d.Name(), name)
		}
	}
}
