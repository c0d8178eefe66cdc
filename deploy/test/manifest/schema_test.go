package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schemas are of use only if they refuse.
func TestSchemasRefuse(t *testing.T) {
	schemas, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	const pod = `{"selector":{},"template":{"spec":{"containers":[{"name":"x","image":"y"%s}]}}}`
	for _, c := range []struct{ key, spec, want string }{
		{"apps/v1 Deployment", fmt.Sprintf(pod, ``), ""},
		{"apps/v1 Deployment", fmt.Sprintf(pod, `,"livenessprobe":{}`), "livenessprobe"},
		{"apps/v1 Deployment", fmt.Sprintf(pod, `,"args":"x"`), "args"},
		{"apps/v1 Deployment", `{"template":{"spec":{"containers":[]}}}`, "selector"},
		{"v1 Service", `{"ports":[{"port":"x"}]}`, "port"},
		{"monitoring.coreos.com/v1 ServiceMonitor", `{"endpoints":[{"port":"http"}]}`, "selector"},
		{"monitoring.coreos.com/v1 ServiceMonitor", `{"selector":{},"endpoints":[{"interval":"15"}]}`, "interval"},
		{"monitoring.coreos.com/v1 PrometheusRule", `{"groups":[{"name":"x","rules":[{"alert":"A"}]}]}`, "expr"},
	} {
		if schemas[c.key] == nil {
			t.Fatalf("no schema of %s", c.key)
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"spec":` + c.spec + `}`))
		if err != nil {
			t.Fatal(err)
		}
		err = schemas[c.key].Validate(instance)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %s: %v, want an error with %q", c.key, c.spec, err, c.want)
		}
	}
}
