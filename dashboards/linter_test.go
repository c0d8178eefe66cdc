package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// exceptions are the rules of Grafana's dashboard linter (grafana/dashboard-linter) that the
// dashboards do not keep. Its others are held below, under its names; what
// TestEveryPanelSaysWhatItIs and TestQueriesAskForWhatThereIs hold is not repeated here
// (panel-title-description, panel-no-targets, target-promql).
var exceptions = map[string]string{
	"template-instance-rule": "two evenkeels that watch one cluster tell of it once: every query aggregates instances away",
	"target-instance-rule":   "as above",
	"template-job-all-rule":  "All is .* and not the linter's .+: series that were pushed may have no job",
	"uneditable-rule":        "they are imported, and adapted to the house that imports them",
}

// units are those of Grafana (valueFormats/categories.ts) that the dashboards use.
var units = []string{"none", "short", "percentunit", "s", "ms", "ops", "cps"}

// interval stands for $__rate_interval: a range that nobody writes.
const interval = 7 * time.Minute

var asked = strings.NewReplacer("$__rate_interval", interval.String(), "$job", "§job", "$kafka_cluster", "§kafka_cluster", "$consumergroup", "§consumergroup")

// lintDashboard returns what the linter's rules find, by "rule: what".
func lintDashboard(d *dashboard) (found []string) {
	say := func(rule, format string, a ...any) { found = append(found, rule+": "+fmt.Sprintf(format, a...)) }
	if d.Editable {
		say("uneditable-rule", "it is editable")
	}
	instance := false
	everything := strings.Builder{} // all queries, to see what is used
	for _, v := range d.Templating.List {
		instance = instance || v.Name == "instance"
		switch v.Type {
		case "datasource":
			if v.Name != "datasource" || v.Label != "Data source" || string(v.Query) != `"prometheus"` {
				say("template-datasource-rule", "%s, labelled %s, of %s", v.Name, v.Label, v.Query)
			}
		case "query":
			lintVariable(v.Name, v.Definition, v.Query, v.Refresh, v.Datasource, say)
			everything.WriteString(v.Definition)
		}
		if v.Name == "job" {
			if v.Label != "Job" || v.Type != "query" || !v.Multi || !v.IncludeAll {
				say("template-job-rule", "%+v", v)
			}
			if v.AllValue == nil || *v.AllValue != ".+" {
				say("template-job-all-rule", "All is something else")
			}
		}
	}
	if !instance {
		say("template-instance-rule", "no variable instance")
	}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		used := []any{p.FieldConfig.Defaults.Unit}
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if property.ID == "unit" {
					used = append(used, property.Value)
				}
			}
		}
		for _, unit := range used {
			if name, ok := unit.(string); !ok || !slices.Contains(units, name) {
				say("panel-units-rule", "%q: %v", p.Title, unit)
			}
		}
		for _, t := range p.Targets {
			everything.WriteString(t.Expr)
			if t.Datasource.UID != "${datasource}" {
				say("panel-datasource-rule", "%q: %v", p.Title, t.Datasource)
			}
			lintQuery(p.Title, t.Expr, true, say)
		}
	}
	for _, a := range d.Annotations.List {
		lintQuery(a.Name, a.Expr, false, say) // step is 60s, and the range as long
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" && !strings.Contains(everything.String(), "$"+v.Name) {
			say("template-unused-rule", "nothing asks for $%s", v.Name)
		}
	}
	return found
}

func lintVariable(name, definition string, query json.RawMessage, refresh int, from source, say func(rule, format string, a ...any)) {
	var text struct{ Query string }
	if err := json.Unmarshal(query, &text); err != nil || text.Query != definition {
		say("template-label-promql-rule", "%s asks for %s, and is defined as %s", name, query, definition)
	}
	inner, ok := strings.CutPrefix(definition, "label_values(")
	comma := strings.LastIndex(inner, ",")
	if !ok || comma < 0 || !strings.HasSuffix(inner, ")") {
		say("template-label-promql-rule", "%s is no label_values(selector, label): %s", name, definition)
	} else if _, err := parser.NewParser(parser.Options{}).ParseExpr(asked.Replace(inner[:comma])); err != nil {
		say("template-label-promql-rule", "%s: %v", name, err)
	}
	if refresh != 2 {
		say("template-on-time-change-reload-rule", "%s keeps its values when the time range changes", name)
	}
	if from.UID != "${datasource}" {
		say("panel-datasource-rule", "variable %s: %v", name, from)
	}
}

func lintQuery(where, expr string, panel bool, say func(rule, format string, a ...any)) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(asked.Replace(expr))
	if err != nil {
		say("target-promql-rule", "%q: %v", where, err)
		return
	}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		if m, ok := node.(*parser.MatrixSelector); ok && panel && m.Range != interval {
			say("target-rate-interval-rule", "%q: [%v]", where, m.Range)
		}
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		chosen := map[string]string{}
		for _, m := range v.LabelMatchers {
			if m.Type == labels.MatchRegexp {
				chosen[m.Name] = m.Value
			}
		}
		if chosen["job"] != "§job" || chosen["kafka_cluster"] != "§kafka_cluster" {
			say("target-job-rule", `%q: %s wants job=~"$job" and kafka_cluster=~"$kafka_cluster"`, where, v.Name)
		}
		if chosen["instance"] == "" {
			say("target-instance-rule", "%q: %s", where, v.Name)
		}
		if strings.HasSuffix(v.Name, "_total") {
			function := ""
			if len(path) > 1 {
				if call, ok := path[len(path)-2].(*parser.Call); ok {
					function = call.Func.Name
				}
			}
			if !slices.Contains([]string{"rate", "irate", "increase"}, function) {
				say("target-counter-agg-rule", "%q: %s as it stands", where, v.Name)
			}
		}
		return nil
	})
}

// TestLinter: every rule of Grafana's linter is kept, or is an exception that is needed.
func TestLinter(t *testing.T) {
	needed := map[string]bool{}
	for file, d := range load(t) {
		for _, finding := range lintDashboard(d) {
			rule, _, _ := strings.Cut(finding, ":")
			if needed[rule] = true; exceptions[rule] == "" {
				t.Errorf("%s: %s", file, finding)
			}
		}
	}
	for rule := range exceptions {
		if !needed[rule] {
			t.Errorf("nothing needs the exception %s any longer", rule)
		}
	}
}

// TestLinterFinds breaks a dashboard against each of the rules.
func TestLinterFinds(t *testing.T) {
	data, err := os.ReadFile("evenkeel-groups.json")
	if err != nil {
		t.Fatal(err)
	}
	for rule, change := range map[string][2]string{
		"template-datasource-rule":            {`"label": "Data source"`, `"label": "Source"`},
		"template-job-rule":                   {`"label": "Job"`, `"label": "Jobs"`},
		"template-label-promql-rule":          {`label_values(evenkeel_build_info, job)`, `label_values(evenkeel_build_info{, job)`},
		"template-on-time-change-reload-rule": {`"refresh": 2`, `"refresh": 1`},
		"template-unused-rule":                {`$consumergroup`, `.*`},
		"panel-datasource-rule":               {`"uid": "${datasource}"`, `"uid": "mine"`},
		"panel-units-rule":                    {`"unit": "none"`, `"unit": "pieces"`},
		"target-promql-rule":                  {`"expr": "`, `"expr": "(`},
		"target-rate-interval-rule":           {`[$__rate_interval]`, `[5m]`},
		"target-job-rule":                     {`job=~\"$job\"`, `job=\"$job\"`},
		"target-counter-agg-rule":             {`increase(kafka_consumergroup_lost_messages_total`, `delta(kafka_consumergroup_lost_messages_total`},
	} {
		broken := strings.ReplaceAll(string(data), change[0], change[1])
		if broken == string(data) {
			t.Errorf("%s: there is no %s to break", rule, change[0])
		}
		d := &dashboard{}
		if err := json.Unmarshal([]byte(broken), d); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(lintDashboard(d), func(finding string) bool { return strings.HasPrefix(finding, rule+":") }) {
			t.Errorf("%s does not find %s", rule, change[1])
		}
	}
}
