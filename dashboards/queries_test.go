package dashboards_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

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
