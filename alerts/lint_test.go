package alerts_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/evenkeel/evenkeel/alerts"
)

// metric is a metric as docs/metrics.md, which is made from the declarations, has it.
type metric struct {
	kind   string // "" where it is not told
	labels []string
}

// declared returns all metrics.
func declared(t *testing.T) map[string]metric {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]metric{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		name := strings.TrimSpace(cells[0])
		if !regexp.MustCompile(`^[a-z][a-z0-9_]+_[a-z0-9_]+$`).MatchString(name) {
			continue
		}
		var m metric
		if len(cells) >= 4 {
			m = metric{strings.TrimSpace(cells[1]), []string{"kafka_cluster"}}
			for _, label := range strings.Split(cells[2], ",") {
				if label = strings.TrimSpace(label); label != "" {
					m.labels = append(m.labels, label)
				}
			}
		}
		all[name] = m
	}
	if len(all) < 100 {
		t.Fatalf("%d metrics in docs/metrics.md", len(all))
	}
	return all
}

// linter finds what is wrong with an expression.
type linter struct {
	metrics map[string]metric
	wrong   []string
}

func (l *linter) say(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// lint parses an expression and returns the labels of its result.
func (l *linter) lint(text string) (labels []string) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		l.say("%v", err)
		return nil
	}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		l.node(node, path)
		return nil
	})
	return l.labels(tree)
}

// node looks at what one node may stand under.
func (l *linter) node(node parser.Node, path []parser.Node) {
	switch n := node.(type) {
	case *parser.VectorSelector:
		l.selector(n, path)
	case *parser.MatrixSelector:
		if n.Range < time.Minute {
			l.say("%s: the window holds fewer than four polls", n)
		}
	case *parser.AggregateExpr:
		if !slices.Contains(n.Grouping, "kafka_cluster") || n.Without {
			l.say("%s by %v does not keep kafka_cluster", n.Op, n.Grouping)
		}
	}
}

// selector looks at a selector and at what stands above it.
func (l *linter) selector(n *parser.VectorSelector, path []parser.Node) {
	m, ok := l.metrics[n.Name]
	if !ok {
		l.say("%s is no metric", n.Name)
	}
	for _, matcher := range n.LabelMatchers {
		if matcher.Name != "__name__" && !slices.Contains(m.labels, matcher.Name) {
			l.say("%s has no label %s", n.Name, matcher.Name)
		}
	}
	once, absent := false, false // whether two evenkeels are one here
	for _, above := range slices.Backward(path) {
		switch a := above.(type) {
		case *parser.AggregateExpr:
			if a.Op == parser.MAX || a.Op == parser.MIN {
				once = true
			} else if !once {
				l.say("%s counts %s of each evenkeel: max by first", a.Op, n.Name)
			}
		case *parser.Call:
			absent = absent || a.Func.Name == "absent"
			l.call(a.Func.Name, n.Name, m)
		}
	}
	if !once && !absent {
		l.say("%s is taken of each evenkeel: max by first", n.Name)
	}
}

func (l *linter) call(function, name string, m metric) {
	switch function {
	case "rate", "irate", "increase", "resets":
		if m.kind != "counter" {
			l.say("%s of %s, which is no counter", function, name)
		}
	case "delta", "idelta", "deriv", "changes":
		if m.kind != "gauge" {
			l.say("%s of %s, which is no gauge", function, name)
		}
	}
}

// labels returns the labels of what an expression yields.
func (l *linter) labels(node parser.Node) []string {
	switch n := node.(type) {
	case *parser.VectorSelector:
		return l.metrics[n.Name].labels
	case *parser.AggregateExpr:
		inner := l.labels(n.Expr)
		for _, label := range n.Grouping {
			if !slices.Contains(inner, label) {
				l.say("by (%s): what is aggregated has only %v", label, inner)
			}
		}
		if n.Op == parser.TOPK || n.Op == parser.BOTTOMK {
			return inner
		}
		return n.Grouping
	case *parser.BinaryExpr:
		return l.matched(n)
	case *parser.Call:
		for _, arg := range n.Args {
			if arg.Type() != parser.ValueTypeScalar && arg.Type() != parser.ValueTypeString && n.Func.Name != "absent" {
				return l.labels(arg)
			}
		}
		return nil
	}
	for _, child := range parser.Children(node) {
		return l.labels(child)
	}
	return nil
}

func (l *linter) matched(n *parser.BinaryExpr) []string {
	left, right := l.labels(n.LHS), l.labels(n.RHS)
	switch {
	case n.LHS.Type() == parser.ValueTypeScalar:
		return right
	case n.RHS.Type() == parser.ValueTypeScalar:
		return left
	}
	if n.VectorMatching.On {
		for _, label := range n.VectorMatching.MatchingLabels {
			if !slices.Contains(left, label) || !slices.Contains(right, label) {
				l.say("on (%s): left are %v, right %v", label, left, right)
			}
		}
	}
	switch {
	case n.Op == parser.LOR:
		return slices.DeleteFunc(slices.Clone(left), func(label string) bool { return !slices.Contains(right, label) && right != nil })
	case n.Op == parser.LAND, n.Op == parser.LUNLESS, n.VectorMatching.Card == parser.CardManyToOne:
		return left
	case n.VectorMatching.On:
		return n.VectorMatching.MatchingLabels
	}
	return left
}

var (
	labelsUsed = regexp.MustCompile(`\$labels\.([a-z_]+)`)
	queries    = regexp.MustCompile(`(?:printf|query) "((?:[^"\\]|\\.)*)"`)
)

// rule lints a rule with all its words.
func (l *linter) rule(r rule) []string {
	l.wrong = nil
	labels := l.lint(r.Expr)
	if slices.Contains(labels, "partition") {
		l.say("an alert for each partition")
	}
	if !slices.Contains(labels, "kafka_cluster") && strings.Contains(r.Expr, "kafka_") && !strings.Contains(r.Expr, "absent(") {
		l.say("kafka_cluster is lost")
	}
	for name, text := range r.Annotations {
		for _, used := range labelsUsed.FindAllStringSubmatch(text, -1) {
			asksFirst := r.Alert == "EvenkeelAbsent" && used[1] == "kafka_cluster"
			if !slices.Contains(labels, used[1]) && !asksFirst {
				l.say("%s uses the label %s, there are %v", name, used[1], labels)
			}
		}
		for _, query := range queries.FindAllStringSubmatch(text, -1) {
			l.lint(strings.ReplaceAll(query[1], "%q", `"x"`))
		}
	}
	for label, allowed := range map[string]string{
		"severity": "critical|warning|info|none|{{ $labels.severity }}", "component": "kafka|zookeeper|consumers|evenkeel", "kind": "symptom|cause|meta",
	} {
		if !slices.Contains(strings.Split(allowed, "|"), r.Labels[label]) {
			l.say("%s %q, allowed is %s", label, r.Labels[label], allowed)
		}
	}
	if want := "https://github.com/evenkeel/evenkeel/blob/main/alerts/runbooks/" + r.Alert + ".md"; r.Annotations["runbook_url"] != want {
		l.say("runbook_url is %q, want %s", r.Annotations["runbook_url"], want)
	}
	if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
		l.say("no summary or no description")
	}
	return l.wrong
}

// TestRulesAreSound lints every rule against the metrics that evenkeel declares.
func TestRulesAreSound(t *testing.T) {
	l := &linter{metrics: declared(t)}
	for _, r := range rules(t) {
		for _, wrong := range l.rule(r) {
			t.Errorf("%s: %s (%s): %s", r.file, r.Alert, r.Labels["kind"], wrong)
		}
	}
}

// TestLintFinds holds that each check can fail.
func TestLintFinds(t *testing.T) {
	l := &linter{metrics: declared(t)}
	for expr, want := range map[string]string{
		"max by (kafka_cluster) (kafka_broker) > 0":                                "kafka_broker is no metric",
		`max by (kafka_cluster) (kafka_brokers{broker="1"}) > 0`:                   "has no label broker",
		"max by (kafka_cluster) (increase(kafka_brokers[5m])) > 0":                 "which is no counter",
		"max by (kafka_cluster) (delta(kafka_leader_elections_total[5m])) > 0":     "which is no gauge",
		"max by (kafka_cluster) (increase(kafka_leader_elections_total[30s])) > 0": "fewer than four polls",
		"max by (broker) (kafka_broker_up) == 0":                                   "does not keep kafka_cluster",
		"max(kafka_brokers) > 0":                                                   "does not keep kafka_cluster",
		"sum by (kafka_cluster) (kafka_broker_up) > 0":                             "counts kafka_broker_up of each evenkeel",
		"kafka_brokers > 0": "taken of each evenkeel",
		"max by (kafka_cluster, rack) (kafka_broker_up) > 0":                                                "by (rack)",
		"max by (kafka_cluster) (kafka_broker_up) and on (broker) max by (kafka_cluster) (kafka_broker_up)": "on (broker)",
		"max by (kafka_cluster, topic, partition) (kafka_consumergroup_lag) > 0":                            "for each partition",
		"max by (kafka_cluster) (kafka_brokers) >":                                                          "parse error",
	} {
		if got := l.rule(rule{Alert: "A", Expr: expr}); !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: found %q, want %q", expr, got, want)
		}
	}
	words := rule{Alert: "A", Expr: "max by (kafka_cluster) (kafka_brokers) > 0", Labels: map[string]string{"severity": "high"}, Annotations: map[string]string{
		"summary": "{{ $labels.broker }}", "description": `{{ with printf "max by (kafka_cluster) (kafka_nothing{a=%q})" $labels.kafka_cluster | query }}{{ end }}`,
	}}
	got := strings.Join(l.rule(words), "\n")
	for _, want := range []string{"the label broker", "kafka_nothing is no metric", `severity "high"`, `component ""`, `kind ""`, "runbook_url"} {
		if !strings.Contains(got, want) {
			t.Errorf("not found: %s, in %s", want, got)
		}
	}
}

// TestRulesNeedNoNewerServer: what came after Prometheus 2.42 is not used. promtool of that
// release takes the files in the cluster tier; this says it offline for what is known.
func TestRulesNeedNoNewerServer(t *testing.T) {
	for _, f := range alerts.Files() {
		for _, newer := range []string{"query_offset:", "limit_ratio", "limitk", "info(", "double_exponential_smoothing", "mad_over_time", "sort_by_label", "\n    labels:"} {
			if strings.Contains(string(f.Content), newer) {
				t.Errorf("%s uses %s", f.Name, newer)
			}
		}
	}
}
