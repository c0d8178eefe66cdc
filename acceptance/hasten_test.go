//go:build cluster

package acceptance

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/alerts"
)

// hasten returns rules in which all time is divided by a factor: every for,
// keep_firing_for, window, step and offset, and every age that something is compared with,
// also in the queries of templates. A real outage takes half an hour; nobody waits for that
// in a test.
func hasten(content []byte, factor int64) ([]byte, error) {
	var file struct {
		Groups []struct {
			Name  string           `yaml:"name"`
			Rules []map[string]any `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	for _, g := range file.Groups {
		for _, rule := range g.Rules {
			for _, key := range []string{"for", "keep_firing_for"} {
				if text, ok := rule[key].(string); ok {
					rule[key] = divided(text, factor)
				}
			}
			expr, err := hastenExpr(fmt.Sprint(rule["expr"]), factor)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", rule["alert"], err)
			}
			rule["expr"] = expr
			if annotations, ok := rule["annotations"].(map[string]any); ok {
				for name, text := range annotations {
					annotations[name] = windows.ReplaceAllStringFunc(fmt.Sprint(text), func(w string) string { return "[" + divided(w[1:len(w)-1], factor) + "]" })
				}
			}
		}
	}
	return yaml.Marshal(file)
}

var windows = regexp.MustCompile(`\[\d+[smhd]\]`)

func divided(text string, factor int64) string {
	d, err := model.ParseDuration(text)
	if err != nil {
		panic(err) // of a rule that promtool takes
	}
	return (d / model.Duration(factor)).String()
}

func hastenExpr(text string, factor int64) (string, error) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return "", err
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.MatrixSelector:
			n.Range /= time.Duration(factor)
		case *parser.VectorSelector:
			n.OriginalOffset /= time.Duration(factor)
		case *parser.SubqueryExpr:
			n.Range /= time.Duration(factor)
			n.Step /= time.Duration(factor)
			n.OriginalOffset /= time.Duration(factor)
		case *parser.BinaryExpr:
			if age, ok := n.RHS.(*parser.NumberLiteral); ok && n.Op.IsComparisonOperator() && strings.HasPrefix(n.LHS.String(), "time() - ") {
				age.Val /= float64(factor)
			}
		}
		return nil
	})
	return tree.String(), nil
}

func TestHasten(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"increase(m[15m]) > 0": "increase(m[30s]) > 0",
		"m offset 30m > 3":     "m offset 1m > 3",
		"count_over_time((increase(m[2m15s]) > 0)[30m:2m]) >= 4": "count_over_time((increase(m[4s500ms]) > 0)[1m:4s]) >= 4",
		"time() - max by (a) (m) > 1800 and n > 1800":            "time() - max by (a) (m) > 60 and n > 1800",
		"max_over_time(m[1d]) > 0":                               "max_over_time(m[48m]) > 0",
		"absent(m) or time() - max by (a) (m) > 120":             "absent(m) or time() - max by (a) (m) > 4",
	} {
		got, err := hastenExpr(from, 30)
		if err != nil || got != want {
			t.Errorf("%s becomes %s (%v), want %s", from, got, err, want)
		}
	}
	// Of the rules as they are no time is left out: divided by a thousand none is above two
	// minutes.
	times := regexp.MustCompile(`\b(\d+[dhms]+)+\b`)
	for _, f := range alerts.Files() {
		hastened, err := hasten(f.Content, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(hastened)) {
			if strings.Contains(line, "summary:") || strings.Contains(line, "description:") || strings.Contains(line, "runbook_url:") {
				continue
			}
			for _, text := range times.FindAllString(line, -1) {
				if d, err := model.ParseDuration(text); err == nil && time.Duration(d) > 2*time.Minute {
					t.Errorf("%s: %s is left in %s", f.Name, text, line)
				}
			}
		}
	}
}
