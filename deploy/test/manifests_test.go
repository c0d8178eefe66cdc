package test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

func rendered(t *testing.T, name string) []manifest.Object {
	t.Helper()
	file := filepath.Join("testdata/rendered", name+".yaml")
	return manifest.Parse(t, file, manifest.Read(t, file))
}

// What lies in testdata/rendered is judged here, so it has to be of today's chart.
func TestRenderedIsOfThisChart(t *testing.T) {
	if got, want := strings.TrimSpace(string(manifest.Read(t, "testdata/rendered/SUM"))), manifest.Sum(t, "../helm/evenkeel", "testdata/values"); got != want {
		t.Fatal("the chart or the values have changed: make deploy-update, and read the difference")
	}
}

func TestChart(t *testing.T) {
	for _, name := range manifest.ValueFiles(t, "testdata/values") {
		t.Run(name, func(t *testing.T) {
			objects := rendered(t, name)
			manifest.Validate(t, objects)
			manifest.Consistent(t, objects)
		})
	}
}

// kustomize builds what `kubectl apply -k` would apply.
func kustomize(t *testing.T, directory string) []manifest.Object {
	t.Helper()
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		t.Fatal(err)
	}
	text, err := all.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return manifest.Parse(t, directory, text)
}

func TestKubernetes(t *testing.T) {
	main, monitoring := kustomize(t, "../kubernetes"), kustomize(t, "../kubernetes/monitoring")
	if got, want := manifest.Kinds(main), "ConfigMap 1, Deployment 1, NetworkPolicy 1, Service 1, ServiceAccount 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := manifest.Kinds(monitoring), "PrometheusRule 5, ServiceMonitor 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	all := append(main, monitoring...)
	example := manifest.Parse(t, "secret.example.yaml", manifest.Read(t, "../kubernetes/secret.example.yaml"))
	manifest.Validate(t, append(slices.Clone(all), example...))
	manifest.Consistent(t, all)
	version := strings.TrimSpace(string(manifest.Read(t, "../../VERSION")))
	for _, o := range main {
		if o.Kind() != "Deployment" {
			continue
		}
		if image := o.Text("spec", "template", "spec", "containers", 0, "image"); image != "ghcr.io/evenkeel/evenkeel:"+version {
			t.Errorf("image %s is not of VERSION %s", image, version)
		}
		if secret := o.Text("spec", "template", "spec", "volumes", 1, "secret", "secretName"); secret != example[0].Name() {
			t.Errorf("the Deployment mounts the Secret %s, the example is %s", secret, example[0].Name())
		}
	}
}

// Each rule of alerts/ is there, and Prometheus takes it.
func TestPrometheusRules(t *testing.T) {
	want := map[string]int{}
	for _, file := range glob(t, "../../alerts/*.yml") {
		groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				want[r.Alert]++
			}
		}
	}
	for from, objects := range map[string][]manifest.Object{"chart": rendered(t, "everything"), "kubernetes": kustomize(t, "../kubernetes/monitoring")} {
		got := map[string]int{}
		for _, o := range objects {
			if o.Kind() != "PrometheusRule" {
				continue
			}
			spec, err := yaml.Marshal(o.At("spec"))
			if err != nil {
				t.Fatal(err)
			}
			groups, errs := rulefmt.Parse(spec, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
			for _, err := range errs {
				t.Errorf("%s: %s: %v", from, o.Name(), err)
			}
			if groups == nil {
				continue
			}
			for _, g := range groups.Groups {
				for _, r := range g.Rules {
					got[r.Alert]++
				}
			}
			// What Prometheus fills in must have come through Helm unfilled.
			if !strings.Contains(string(spec), "{{ ") {
				t.Errorf("%s: %s has no template left", from, o.Name())
			}
		}
		if !maps.Equal(got, want) || len(want) < 30 {
			t.Errorf("%s: %s, want %s", from, fmt.Sprint(got), fmt.Sprint(want))
		}
	}
}
