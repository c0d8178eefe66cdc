//go:build cluster

package alerts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// equivalent are mutants that no test can tell from their rule, and why.
var equivalent = map[string]string{}

// mutant are the rules of an alert, one of them with one change.
type mutant struct {
	what  string
	rules []rule
}

// TestMutantsAreCaught changes each threshold, comparison, window, for and keep_firing_for
// of each rule, one at a time: promtool must fail a test of the alert. The evaluator's own
// test of mutants is quicker, and leaves the windows out.
func TestMutantsAreCaught(t *testing.T) {
	total := 0
	for _, name := range names(t) {
		if slices.Contains(always, name) {
			continue
		}
		its := slices.DeleteFunc(rules(t), func(r rule) bool { return r.Alert != name })
		all := mutants(t, its)
		total += len(all)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alive := survivors(t, name, its, all)
			for _, m := range all {
				key, survives := name+": "+m.what, slices.ContainsFunc(alive, func(a mutant) bool { return a.what == m.what })
				if reason, spared := equivalent[key]; survives && !spared {
					t.Errorf("no test notices %q", key)
				} else if !survives && spared {
					t.Errorf("a test notices %q, which was thought equivalent: %s", key, reason)
				}
			}
		})
	}
	if total < 300 {
		t.Errorf("only %d mutants", total)
	}
}

// survivors plays the tests one after the other to the mutants that are left. They stand in
// one file under names of their own, so that one run of promtool judges them all.
func survivors(t *testing.T, name string, its []rule, all []mutant) []mutant {
	t.Helper()
	for i := range testsFor(t, name, nil)["tests"].([]any) {
		if len(all) == 0 {
			break
		}
		failed := play(t, name, i, its, all)
		n := -1
		all = slices.DeleteFunc(slices.Clone(all), func(mutant) bool { n++; return failed[alias(name, n)] })
	}
	return all
}

func alias(name string, i int) string { return fmt.Sprintf("%s_%d", name, i) }

// failing finds the alert that promtool names where a test fails.
var failing = regexp.MustCompile(`alertname: (\w+), time:`)

// play runs the i-th test and returns the aliases of the mutants that fail it. The rules
// themselves come along, and must pass.
func play(t *testing.T, name string, i int, its []rule, all []mutant) (failed map[string]bool) {
	t.Helper()
	groups, asked := []any{ruleGroup(name, its)}, []string{name}
	for n, m := range all {
		groups = append(groups, ruleGroup(alias(name, n), m.rules))
		asked = append(asked, alias(name, n))
	}
	tests := testsFor(t, name, asked)
	tests["tests"] = tests["tests"].([]any)[i : i+1]
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rules.yml"), map[string]any{"groups": groups})
	write(t, filepath.Join(dir, "tests.yml"), tests)
	out, err := promtool("test", "rules", filepath.Join(dir, "tests.yml"))
	failed = map[string]bool{}
	for _, found := range failing.FindAllStringSubmatch(out, -1) {
		failed[found[1]] = true
	}
	if failed[name] || (err != nil) != (len(failed) > 0) {
		t.Fatalf("the rules themselves fail, or promtool does: %v\n%.4000s", err, out)
	}
	return failed
}

// ruleGroup is a group of rules of an alert, which goes by another name.
func ruleGroup(name string, its []rule) map[string]any {
	var all []any
	for _, r := range its {
		one := map[string]any{"alert": name, "expr": r.Expr, "labels": r.Labels, "annotations": r.Annotations}
		for key, value := range map[string]string{"for": r.For, "keep_firing_for": r.KeepFiringFor} {
			if value != "" {
				one[key] = value
			}
		}
		all = append(all, one)
	}
	return map[string]any{"name": name, "rules": all}
}

// testsFor returns the tests of an alert, which want of each of the names what they want of
// the alert.
func testsFor(t *testing.T, name string, asked []string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("tests", name+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	file["rule_files"] = []string{"rules.yml"}
	for _, test := range file["tests"].([]any) {
		test := test.(map[string]any)
		var looks []any
		for _, look := range test["alert_rule_test"].([]any) {
			look := look.(map[string]any)
			for _, alert := range asked {
				looks = append(looks, map[string]any{"eval_time": look["eval_time"], "alertname": alert, "exp_alerts": look["exp_alerts"]})
			}
		}
		test["alert_rule_test"] = looks
	}
	return file
}

func write(t *testing.T, file string, content any) {
	t.Helper()
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mutants returns all mutants of the rules of an alert.
func mutants(t *testing.T, its []rule) (all []mutant) {
	t.Helper()
	for i, r := range its {
		add := func(what string, changed rule) {
			if len(its) > 1 {
				what = fmt.Sprintf("rule %d: %s", i+1, what)
			}
			others := slices.Clone(its)
			others[i] = changed
			all = append(all, mutant{what, others})
		}
		for what, factor := range map[string]float64{"twice the for": 2, "half the for": 0.5} {
			if changed := r; r.For != "" {
				changed.For = times(t, r.For, factor)
				add(what, changed)
			}
		}
		if changed := r; r.KeepFiringFor != "" {
			changed.KeepFiringFor = ""
			add("no keep_firing_for", changed)
		}
		for n := 0; ; n++ {
			what, expr, done := mutate(t, r.Expr, n)
			if done {
				break
			}
			changed := r
			changed.Expr = expr
			add(what, changed)
		}
	}
	return all
}

func times(t *testing.T, text string, factor float64) string {
	t.Helper()
	d, err := model.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return scaled(time.Duration(d), factor).String()
}

func scaled(d time.Duration, factor float64) model.Duration {
	return model.Duration(time.Duration(float64(d) * factor).Round(time.Second))
}

// mutate makes the n-th change to an expression; done when there is none.
func mutate(t *testing.T, text string, n int) (what, expr string, done bool) {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	m := mutation{n: n}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		m.visit(node, path)
		return nil
	})
	return m.what, tree.String(), m.what == ""
}
