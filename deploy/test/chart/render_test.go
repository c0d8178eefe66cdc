// Package chart renders the Helm chart as Helm does, and leaves what comes out in
// ../testdata/rendered. Compiling Helm takes longer than all else in deploy/, so this runs in
// `make deploy-check`; `make test` judges what lies there, and notices when it is not of
// today's chart (../rendered_test.go).
package chart

import (
	"bytes"
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	k8sjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

const chartDir = "../../helm/evenkeel"

var update = flag.Bool("update", false, "write ../testdata/rendered anew")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

func values(t *testing.T, name string) chartutil.Values {
	t.Helper()
	v, err := chartutil.ReadValuesFile(filepath.Join("../testdata/values", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// render returns what helm would install, as text in the order of the templates' names, and
// the notes.
func render(t *testing.T, v chartutil.Values) (text, notes string, err error) {
	t.Helper()
	chart, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := chartutil.ProcessDependenciesWithMerge(chart, v); err != nil {
		t.Fatal(err)
	}
	options := chartutil.ReleaseOptions{Name: "evenkeel", Namespace: "monitoring", IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(chart, v, options, nil)
	if err != nil {
		return "", "", err
	}
	// Stricter than helm: a value that is not there is a mistake.
	files, err := engine.Engine{Strict: true}.Render(chart, all)
	if err != nil {
		return "", "", err
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		switch base := path.Base(name); {
		case base == "NOTES.txt":
			notes = files[name]
		case strings.HasPrefix(base, "_") || strings.TrimSpace(files[name]) == "":
		default:
			b.WriteString("---\n# " + base + "\n" + strings.TrimPrefix(strings.TrimSpace(files[name]), "---\n") + "\n")
		}
	}
	return b.String(), notes, nil
}

func mustRender(t *testing.T, name string) []manifest.Object {
	t.Helper()
	text, notes, err := render(t, values(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes, "port-forward") {
		t.Errorf("the notes do not say how to reach it: %q", notes)
	}
	return manifest.Parse(t, name, []byte(text))
}

// What lies in testdata is what the chart makes of today's values.
func TestRendered(t *testing.T) {
	for _, name := range manifest.ValueFiles(t, "../testdata/values") {
		text, _, err := render(t, values(t, name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("../testdata/rendered", name+".yaml")
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(manifest.Read(t, file), []byte(text)) {
			t.Errorf("%s is not what the chart makes: make deploy-update", file)
		}
	}
	sum := manifest.Sum(t, chartDir, "../testdata/values")
	const file = "../testdata/rendered/SUM"
	if *update {
		if err := os.WriteFile(file, []byte(sum+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if strings.TrimSpace(string(manifest.Read(t, file))) != sum {
		t.Errorf("%s is of another chart: make deploy-update", file)
	}
}

var strictly = k8sjson.NewSerializerWithOptions(k8sjson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, k8sjson.SerializerOptions{Strict: true})

// decode is what the API server does first: unknown fields and wrong types are mistakes.
func decode(t *testing.T, objects []manifest.Object) {
	t.Helper()
	for _, o := range objects {
		if o.Text("apiVersion") == "monitoring.coreos.com/v1" || o.Kind() == "Kustomization" {
			continue
		}
		if _, _, err := strictly.Decode(o.JSON, nil, nil); err != nil {
			t.Errorf("%s: %s %s: %v", o.From, o.Kind(), o.Name(), err)
		}
	}
}

func TestDecodes(t *testing.T) {
	for _, name := range manifest.ValueFiles(t, "../testdata/values") {
		decode(t, mustRender(t, name))
	}
	files, _ := filepath.Glob("../../kubernetes/*.yaml")
	for _, file := range files {
		decode(t, manifest.Parse(t, file, manifest.Read(t, file)))
	}
}
