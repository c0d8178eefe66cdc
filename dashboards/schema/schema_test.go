// Package schema_test holds the dashboards against the types that Grafana generates from its
// own schemas: those of a dashboard, of each kind of panel and of a query for Prometheus. A
// field that none of them knows, or that lacks, or has another type, is a fault.
package schema_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// allowed are the findings that are no faults. Each has to occur, so that none outlives its
// reason.
var allowed = []struct{ finding, why string }{
	{`^annotations\.list\[\d+\]\.AnnotationQuery: unexpected field '(step|textFormat|titleFormat|useValueForTime)'$`,
		"the Prometheus data source reads these, and the schema leaves them to it"},
	{`^panels\[\d+\]\.links\[\d+\]\.(icon|tags|tooltip|type): required field is missing`,
		"the schema takes a panel's link for a dashboard's, Grafana's editor writes no more than title, url and targetBlank"},
	{`^templating\.list\[\d+\]\.current\.(text|value): required field is missing`,
		"nothing is chosen before the import: Grafana exports it as {}, too"},
}

func init() {
	r := cog.NewRuntime()
	r.RegisterPanelcfgVariant(stat.VariantConfig())
	r.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	r.RegisterPanelcfgVariant(table.VariantConfig())
	r.RegisterPanelcfgVariant(timeseries.VariantConfig())
	r.RegisterDataqueryVariant(prometheus.VariantConfig())
}

// findings says in what a dashboard differs from the schema.
func findings(data []byte) (found []string) {
	// What is read strictly leaves out the panels with a finding: words are looked at in
	// what is read leniently.
	d := &dashboard.Dashboard{}
	for _, err := range []error{new(dashboard.Dashboard).UnmarshalJSONStrict(data), json.Unmarshal(data, d), d.Validate()} {
		var several cog.BuildErrors
		if errors.As(err, &several) {
			for _, one := range several {
				found = append(found, one.Error())
			}
		} else if err != nil {
			found = append(found, err.Error())
		}
	}
	return append(append(found, unknownWords("", reflect.ValueOf(d))...), overrides(d)...)
}

// faults are the findings that are not allowed. It marks those that are.
func faults(data []byte, met []bool) (wrong []string) {
	for _, finding := range findings(data) {
		ok := false
		for i, a := range allowed {
			if regexp.MustCompile(a.finding).MatchString(finding) {
				met[i], ok = true, true
			}
		}
		if !ok {
			wrong = append(wrong, finding)
		}
	}
	return wrong
}

func TestDashboardsFollowTheSchema(t *testing.T) {
	met := make([]bool, len(allowed))
	for file, data := range load(t) {
		for _, fault := range faults(data, met) {
			t.Errorf("%s: %s", file, fault)
		}
	}
	for i, a := range allowed {
		if !met[i] {
			t.Errorf("nothing needs the exception %s any longer", a.finding)
		}
	}
}

func load(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = data
	}
	return all
}

// TestFaultsAreFound breaks a dashboard in each of the places that the types describe.
func TestFaultsAreFound(t *testing.T) {
	data := load(t)["evenkeel-cluster.json"]
	first := func(kind string) func(map[string]any) map[string]any {
		return func(d map[string]any) map[string]any {
			for _, p := range d["panels"].([]any) {
				if p := p.(map[string]any); p["type"] == kind {
					return p
				}
			}
			t.Fatalf("no panel of the type %s", kind)
			return nil
		}
	}
	at := func(start func(map[string]any) map[string]any, path ...string) func(map[string]any) map[string]any {
		return func(d map[string]any) map[string]any {
			m := start(d)
			for _, key := range path {
				switch v := m[key].(type) {
				case map[string]any:
					m = v
				case []any:
					m = v[0].(map[string]any)
				default:
					t.Fatalf("no %s in %v", key, m)
				}
			}
			return m
		}
	}
	root := func(d map[string]any) map[string]any { return d }
	for name, c := range map[string]struct {
		where func(map[string]any) map[string]any
		key   string
		value any
		want  string
	}{
		"a field that no dashboard has":   {root, "colour", "dark", "unexpected field 'colour'"},
		"a number as a word":              {root, "schemaVersion", "36", "schemaVersion"},
		"an organizer without options":    {at(first("table"), "transformations"), "options", nil, "transformations[0].options: required field is missing"},
		"a variable that sorts by a word": {at(root, "templating", "list"), "refresh", "often", "refresh"},
		"a colour mode that is none":      {at(first("stat"), "options"), "colorMode", "loud", `"loud" is none of`},
		"a hiding that is none":           {at(root, "templating", "list"), "hide", 9, "9 is none of"},
		"a column of a kind that is none": {at(first("table"), "fieldConfig", "overrides", "properties"), "id", "colour", "a column has no colour"},
		"a column's name as a number":     {at(first("table"), "fieldConfig", "overrides", "properties"), "value", 1, "overrides[0].properties[0].value"},
		"an option that no table has":     {at(first("table"), "options"), "header", true, "unexpected field 'header'"},
		"an option that no stat has":      {at(first("stat"), "options"), "mode", "x", "unexpected field 'mode'"},
		"a legend that is a word":         {at(first("timeseries"), "options"), "legend", "table", "legend"},
		"a line that no graph has":        {at(first("timeseries"), "fieldConfig", "defaults", "custom"), "width", 1, "unexpected field 'width'"},
		"a row that no timeline has":      {at(first("state-timeline"), "options"), "rows", 1, "unexpected field 'rows'"},
		"a query that asks twice":         {at(first("table"), "targets"), "query", "up", "unexpected field 'query'"},
		"a threshold that is a word":      {at(first("stat"), "fieldConfig", "defaults", "thresholds", "steps"), "value", "high", "value"},
		"an enum's value that is none":    {at(first("timeseries"), "options", "legend"), "placement", "middle", `legend.placement: "middle" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			d := map[string]any{}
			if err := json.Unmarshal(data, &d); err != nil {
				t.Fatal(err)
			}
			if m := c.where(d); c.value == nil {
				delete(m, c.key)
			} else {
				m[c.key] = c.value
			}
			broken, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(faults(broken, make([]bool, len(allowed))), "\n")
			if !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
