package test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

var update = flag.Bool("update", false, "write the copies of rules and dashboards anew")

// copies are all files that are made of others: Helm and kustomize cannot read outside of
// their own folder.
func copies(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, file := range glob(t, "../../alerts/*.yml") {
		text := manifest.Read(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		all["../helm/evenkeel/rules/"+name+".yml"] = text
		all["../kubernetes/monitoring/rules-"+name+".yaml"] = prometheusRule(name, text)
	}
	for _, file := range glob(t, "../../dashboards/*.json") {
		all["../helm/evenkeel/dashboards/"+filepath.Base(file)] = manifest.Read(t, file)
	}
	return all
}

func prometheusRule(name string, text []byte) []byte {
	var b bytes.Buffer
	b.WriteString("# Made from alerts/" + name + ".yml by `make deploy-update`.\n" +
		"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: evenkeel-rules-" + name +
		"\n  labels: {app.kubernetes.io/name: evenkeel}\nspec:\n")
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.Bytes()
}

func TestCopies(t *testing.T) {
	want := copies(t)
	for file, text := range want {
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not its original (%v): make deploy-update", file, err)
		}
	}
	for _, pattern := range []string{"../helm/evenkeel/rules/*", "../helm/evenkeel/dashboards/*", "../kubernetes/monitoring/rules-*"} {
		for _, file := range glob(t, pattern) {
			if want[file] == nil {
				t.Errorf("%s has no original", file)
			}
		}
	}
	// The chart and kustomize name the files.
	for _, place := range []string{"../helm/evenkeel/values.yaml", "../helm/evenkeel/values.schema.json", "../kubernetes/monitoring/kustomization.yaml"} {
		text := string(manifest.Read(t, place))
		for _, file := range glob(t, "../../alerts/*.yml") {
			if name := strings.TrimSuffix(filepath.Base(file), ".yml"); !strings.Contains(text, name) {
				t.Errorf("%s does not name the rules %s", place, name)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: nothing (%v)", pattern, err)
	}
	return files
}
