package manifest

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

//go:embed crds/*.yaml
var crds embed.FS

// compile loads the schemas that Kubernetes publishes: those of its own API as OpenAPI (for
// networking and policy client-go has none; strict decoding has to do there), and those of
// the Prometheus operator out of its definitions.
var compile = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	// No package of it is compiled, so that it may not be there yet.
	out, err := exec.Command("go", "mod", "download", "-json", "k8s.io/client-go").Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w\n%s", err, out)
	}
	var clientGo struct{ Dir string }
	if err := json.Unmarshal(out, &clientGo); err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	schemas := map[string]*jsonschema.Schema{}
	for _, group := range []string{"api__v1", "apis__apps__v1"} {
		data, err := os.ReadFile(filepath.Join(clientGo.Dir, "openapi/openapitest/testdata", group+"_openapi.json"))
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		close(document)
		url := "file:///" + group + ".json"
		if err := compiler.AddResource(url, document); err != nil {
			return nil, err
		}
		components, _ := At(document, "components", "schemas").(map[string]any)
		for name, s := range components {
			gvks, _ := At(s, "x-kubernetes-group-version-kind").([]any)
			if len(gvks) != 1 {
				continue
			}
			gvk := gvks[0].(map[string]any)
			key := strings.TrimPrefix(fmt.Sprintf("%s/%s %s", gvk["group"], gvk["version"], gvk["kind"]), "/")
			if schemas[key], err = compiler.Compile(url + "#/components/schemas/" + name); err != nil {
				return nil, err
			}
		}
	}
	files, _ := fs.Glob(crds, "crds/*.yaml")
	for _, file := range files {
		data, err := crds.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var crd any
		if err := yaml.Unmarshal(data, &crd); err != nil {
			return nil, err
		}
		document := At(crd, "spec", "versions", 0, "schema", "openAPIV3Schema")
		close(document)
		url := "file:///" + filepath.Base(file)
		if err := compiler.AddResource(url, document); err != nil {
			return nil, err
		}
		if schemas["monitoring.coreos.com/v1 "+At(crd, "spec", "names", "kind").(string)], err = compiler.Compile(url); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// close turns OpenAPI into a schema that refuses what it does not name, as an API server
// does with --validate=strict.
func close(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			close(item)
		}
	case map[string]any:
		for _, item := range v {
			close(item)
		}
		// Quantities and ports are numbers or texts.
		if v["x-kubernetes-int-or-string"] == true || v["format"] == "int-or-string" {
			delete(v, "type")
		}
		// The two do not share formats; Kubernetes' are int32, byte, and the like.
		if _, isText := v["format"].(string); isText {
			delete(v, "format")
		}
		// A reference that has neighbours stands in an allOf there.
		_, properties := v["properties"].(map[string]any)
		if _, open := v["additionalProperties"]; properties && !open && v["x-kubernetes-preserve-unknown-fields"] != true {
			v["additionalProperties"] = false
		}
	}
}

// dnsName is what names of all these kinds may be.
var dnsName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// decodedOnly has no schema here: ../chart decodes it strictly into Kubernetes' types.
var decodedOnly = map[string]bool{"networking.k8s.io/v1": true, "policy/v1": true}

// Validate holds objects against their schemas.
func Validate(t testing.TB, objects []Object) {
	t.Helper()
	schemas, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) == 0 {
		t.Error("there is nothing to validate")
	}
	seen := map[string]bool{}
	for _, o := range objects {
		id := fmt.Sprintf("%s: %s %s", o.From, o.Kind(), o.Name())
		if key := o.Kind() + " " + o.Text("metadata", "namespace") + "/" + o.Name(); seen[key] {
			t.Errorf("%s: twice", id)
		} else {
			seen[key] = true
		}
		if !dnsName.MatchString(o.Name()) {
			t.Errorf("%s: no such name may be given", id)
		}
		for k, v := range StringMap(o.At("metadata", "labels")) {
			if len(v) > 63 {
				t.Errorf("%s: label %s is too long", id, k)
			}
		}
		schema, validated := schemas[o.Text("apiVersion")+" "+o.Kind()]
		if validated {
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(o.JSON))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(instance); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if !validated && !decodedOnly[o.Text("apiVersion")] {
			t.Errorf("%s: there is no schema", id)
		}
	}
}

func StringMap(v any) map[string]string {
	all := map[string]string{}
	m, _ := v.(map[string]any)
	for k, v := range m {
		all[k], _ = v.(string)
	}
	return all
}
