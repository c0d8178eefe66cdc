package chart

import (
	"bytes"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

func TestChartLint(t *testing.T) {
	for _, name := range manifest.ValueFiles(t, "../testdata/values") {
		t.Run(name, func(t *testing.T) {
			for _, m := range lint.All(chartDir, values(t, name), "monitoring", true).Messages {
				// Info is a missing icon.
				if m.Severity > support.InfoSev {
					t.Error(m)
				}
			}
		})
	}
}

// Each has what the values ask for, and nothing else.
func TestChartKinds(t *testing.T) {
	for name, want := range map[string]string{
		"default":     "ConfigMap 1, Deployment 1, Service 1, ServiceAccount 1",
		"per-cluster": "ConfigMap 2, Deployment 4, PersistentVolumeClaim 4, Service 4, ServiceAccount 1",
		"secrets":     "ConfigMap 1, Deployment 1, Service 1, ServiceAccount 1",
		"everything":  "ConfigMap 4, Deployment 1, NetworkPolicy 1, PodDisruptionBudget 1, PrometheusRule 5, Secret 1, Service 1, ServiceAccount 1, ServiceMonitor 1",
		"nothing":     "Deployment 1, Service 1",
	} {
		if got := manifest.Kinds(mustRender(t, name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Another configuration makes other pods, and a value that does not touch it makes none.
func TestChartChecksum(t *testing.T) {
	checksum := func(v chartutil.Values) string {
		text, _, err := render(t, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range manifest.Parse(t, "", []byte(text)) {
			if o.Kind() == "Deployment" {
				return o.Text("spec", "template", "metadata", "annotations", "checksum/config")
			}
		}
		return ""
	}
	before := checksum(chartutil.Values{})
	if before == "" || checksum(values(t, "secrets")) == before {
		t.Error("the checksum does not tell one configuration from another")
	}
	if checksum(chartutil.Values{"replicas": 2}) != before {
		t.Error("the checksum changes with what is not in the configuration")
	}
}

// What cannot be right is refused, with words that name it.
func TestChartRefuses(t *testing.T) {
	two := []any{map[string]any{"name": "a_b", "kafka": map[string]any{}}, map[string]any{"name": "a.b", "kafka": map[string]any{}}}
	for _, c := range []struct {
		what string
		v    chartutil.Values
		want string
	}{
		{"an unknown value", chartutil.Values{"replicaCount": 2}, "replicaCount"},
		{"an unknown value within", chartutil.Values{"service": map[string]any{"prot": 1}}, "prot"},
		{"a word for a number", chartutil.Values{"replicas": "two"}, "replicas"},
		{"a layout that there is not", chartutil.Values{"layout": "many"}, "layout"},
		{"no clusters", chartutil.Values{"config": map[string]any{"clusters": []any{}}}, "clusters"},
		{"a cluster without addresses", chartutil.Values{"config": map[string]any{"clusters": []any{map[string]any{"name": "x"}}}}, "clusters"},
		{"a state file where nothing is mounted", chartutil.Values{"config": map[string]any{"state_file": "/tmp/x"}}, "state_file"},
		{"rules that there are not", chartutil.Values{"prometheusRule": map[string]any{"files": []any{"mine"}}}, "files"},
		{"no shards", chartutil.Values{"shards": 0}, "shards"},
		{"a digest that is none", chartutil.Values{"image": map[string]any{"digest": "latest"}}, "digest"},
		{"clusters of one name", chartutil.Values{"layout": "perCluster", "config": map[string]any{"clusters": two}}, `would both be a-b`},
		{"unknown clusters, each by itself", chartutil.Values{"layout": "perCluster", "existingConfig": map[string]any{"secret": "x"}}, "layout must be one"},
		{"two pods on one volume", chartutil.Values{"replicas": 2, "state": map[string]any{"kind": "pvc"}}, "replicas must be 1"},
		{"two Deployments on one claim", chartutil.Values{"shards": 2, "state": map[string]any{"kind": "pvc", "existingClaim": "x"}}, "cannot share"},
	} {
		_, _, err := render(t, c.v)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that names %q", c.what, err, c.want)
		}
	}
}

// The chart has the version of the program.
func TestChartVersion(t *testing.T) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	want := string(bytes.TrimSpace(manifest.Read(t, "../../../VERSION")))
	if chart.Metadata.Version != want || chart.AppVersion() != want {
		t.Errorf("chart %s, app %s, want %s as in VERSION", chart.Metadata.Version, chart.AppVersion(), want)
	}
}
