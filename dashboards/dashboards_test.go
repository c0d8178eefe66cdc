// Package dashboards_test holds the dashboards for Grafana: that they ask for what there
// is, and that they can be imported and read.
package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Tags                    []string
	Panels                  []panel
	Annotations             struct{ List []target }
	Links                   []struct{ Title, Type, URL string }
	Templating              struct {
		List []struct {
			Name, Label, Type, Definition string
			IncludeAll                    bool
			AllValue                      *string
			Datasource                    source
		}
	}
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Mappings      []struct{ Type string }
		}
	}
	Links []struct{ URL string }
}

type target struct {
	Name, Expr string
	Datasource source
	TextFormat string
}

func load(t *testing.T) map[string]*dashboard {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v %v", files, err)
	}
	all := map[string]*dashboard{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &dashboard{}
		if err := json.Unmarshal(data, d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID+".json" != file {
			t.Errorf("%s has the uid %s", file, d.UID)
		}
		all[file] = d
	}
	return all
}

// TestEveryPanelSaysWhatItIs: a title, what good looks like, a unit, and unknown as such.
func TestEveryPanelSaysWhatItIs(t *testing.T) {
	for file, d := range load(t) {
		ids := map[int]bool{}
		for _, p := range d.Panels {
			where := fmt.Sprintf("%s: %d %q", file, p.ID, p.Title)
			if ids[p.ID] || p.Title == "" {
				t.Errorf("%s: its id or its title", where)
			}
			ids[p.ID] = true
			if p.Type == "row" {
				continue
			}
			f := p.FieldConfig.Defaults
			if p.Description == "" || f.Unit == "" || f.NoValue != "unknown" || len(p.Targets) == 0 {
				t.Errorf("%s: it lacks a description, a unit, a word for no value or a query", where)
			}
			unknown := false
			for _, m := range f.Mappings {
				unknown = unknown || m.Type == "special"
			}
			if !unknown {
				t.Errorf("%s: unknown has no colour of its own", where)
			}
			for _, s := range append([]source{p.Datasource}, p.Targets[0].Datasource) {
				if s.UID != "${datasource}" || s.Type != "prometheus" {
					t.Errorf("%s: the data source is %v", where, s)
				}
			}
			if !slices.Contains([]string{"stat", "timeseries", "table", "state-timeline"}, p.Type) {
				t.Errorf("%s: Grafana 9 has no %s", where, p.Type)
			}
		}
	}
}

// TestPanelsDoNotOverlap, and stay within Grafana's 24 columns.
func TestPanelsDoNotOverlap(t *testing.T) {
	for file, d := range load(t) {
		for i, p := range d.Panels {
			a := p.GridPos
			if a.X < 0 || a.W < 1 || a.H < 1 || a.X+a.W > 24 {
				t.Errorf("%s: %q stands at %+v", file, p.Title, a)
			}
			for _, o := range d.Panels[:i] {
				b := o.GridPos
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%s: %q and %q overlap", file, p.Title, o.Title)
				}
			}
		}
	}
}

// TestDashboardsCanBeImported: by Grafana from 9 on, with any data source.
func TestDashboardsCanBeImported(t *testing.T) {
	uids, titles := map[string]bool{}, map[string]bool{}
	for file, d := range load(t) {
		if d.SchemaVersion != 36 { // of Grafana 9.0; later ones migrate it
			t.Errorf("%s: schema version %d", file, d.SchemaVersion)
		}
		if uids[d.UID] || titles[d.Title] || d.Description == "" || !slices.Contains(d.Tags, "evenkeel") || len(d.Annotations.List) < 5 {
			t.Errorf("%s: uid, title, description, tags or annotations", file)
		}
		uids[d.UID], titles[d.Title] = true, true
		var names []string
		for _, v := range d.Templating.List {
			names = append(names, v.Name)
			if v.Type == "query" && v.Datasource.UID != "${datasource}" || v.IncludeAll && (v.AllValue == nil || *v.AllValue != ".*") {
				t.Errorf("%s: variable %s", file, v.Name)
			}
		}
		if len(names) < 3 || !slices.Equal(names[:3], []string{"datasource", "job", "kafka_cluster"}) {
			t.Errorf("%s: variables %v", file, names)
		}
		if len(d.Links) != 2 {
			t.Errorf("%s: links to the others and to the runbooks: %v", file, d.Links)
		}
	}
}

var variables = strings.NewReplacer("$__rate_interval", "1m", "$job", "x", "$kafka_cluster", "x", "$consumergroup", "x")

// TestQueriesAskForWhatThereIs: metrics and labels are declared, and job and cluster are
// chosen in every selector.
func TestQueriesAskForWhatThereIs(t *testing.T) {
	declared := metrics(t)
	queries := 0
	for file, d := range load(t) {
		ask := func(where, expr string) {
			queries++
			tree, err := parser.NewParser(parser.Options{}).ParseExpr(variables.Replace(expr))
			if err != nil {
				t.Errorf("%s: %s: %v", file, where, err)
				return
			}
			parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
				v, ok := node.(*parser.VectorSelector)
				if !ok {
					return nil
				}
				for _, wrong := range lint(v, path, declared) {
					t.Errorf("%s: %s: %s", file, where, wrong)
				}
				return nil
			})
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				ask(p.Title, target.Expr)
			}
			for _, l := range p.Links {
				name := strings.TrimSuffix(filepath.Base(l.URL), ".md")
				if _, err := os.Stat("../alerts/runbooks/" + name + ".md"); err != nil {
					t.Errorf("%s: %s leads to %s: %v", file, p.Title, l.URL, err)
				}
			}
		}
		for _, a := range d.Annotations.List {
			ask(a.Name, a.Expr)
		}
	}
	if queries < 80 {
		t.Errorf("only %d queries were looked at", queries)
	}
}

// lint says what is wrong with a selector.
func lint(v *parser.VectorSelector, path []parser.Node, declared map[string]declaration) (wrong []string) {
	m, ok := declared[v.Name]
	if !ok {
		return []string{v.Name + " is no metric"}
	}
	chosen := map[string]bool{}
	for _, matcher := range v.LabelMatchers {
		chosen[matcher.Name] = true
		if !slices.Contains(append([]string{"__name__", "job", "kafka_cluster"}, m.labels...), matcher.Name) {
			wrong = append(wrong, v.Name+" has no label "+matcher.Name)
		}
	}
	if !chosen["job"] || !chosen["kafka_cluster"] {
		wrong = append(wrong, v.Name+" is asked of every job or cluster")
	}
	aggregated := false
	for _, above := range path {
		switch a := above.(type) {
		case *parser.AggregateExpr:
			aggregated = true
		case *parser.Call:
			counts := slices.Contains([]string{"rate", "increase", "irate"}, a.Func.Name)
			if counts && m.kind == "gauge" || slices.Contains([]string{"delta", "deriv", "changes"}, a.Func.Name) && m.kind == "counter" {
				wrong = append(wrong, a.Func.Name+" of the "+m.kind+" "+v.Name)
			}
		}
	}
	if !aggregated {
		wrong = append(wrong, v.Name+" of two evenkeels is shown twice")
	}
	return wrong
}

type declaration struct {
	kind   string
	labels []string
}

// metrics are those of docs/metrics.md, which is made from the declarations.
func metrics(t *testing.T) map[string]declaration {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]declaration{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z0-9_]+_[a-z0-9_]+) \| (gauge|counter|untyped) \| ([^|]*) \|`).FindAllStringSubmatch(string(page), -1) {
		all[row[1]] = declaration{row[2], strings.Split(strings.ReplaceAll(strings.TrimSpace(row[3]), " ", ""), ",")}
	}
	if len(all) < 100 {
		t.Fatalf("%d metrics in docs/metrics.md", len(all))
	}
	return all
}

// TestLintFinds holds that the checks of a query can fail.
func TestLintFinds(t *testing.T) {
	declared := metrics(t)
	for expr, want := range map[string]string{
		`max(kafka_nothing{job="x",kafka_cluster="x"})`:                      "is no metric",
		`max(kafka_brokers{job="x",kafka_cluster="x",broker="1"})`:           "has no label broker",
		`max(kafka_brokers{job="x"})`:                                        "every job or cluster",
		`kafka_brokers{job="x",kafka_cluster="x"}`:                           "shown twice",
		`max(rate(kafka_brokers{job="x",kafka_cluster="x"}[1m]))`:            "rate of the gauge",
		`max(changes(zk_mode_changes_total{job="x",kafka_cluster="x"}[1m]))`: "changes of the counter",
	} {
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
			if v, ok := node.(*parser.VectorSelector); ok {
				got = append(got, lint(v, path, declared)...)
			}
			return nil
		})
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: found %q, want %q", expr, got, want)
		}
	}
}
