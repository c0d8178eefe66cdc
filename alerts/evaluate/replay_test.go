package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// The test files of promtool, as far as they are used here.
type (
	testFile struct {
		RuleFiles          []string       `yaml:"rule_files"`
		EvaluationInterval model.Duration `yaml:"evaluation_interval"`
		Tests              []testGroup    `yaml:"tests"`
	}
	testGroup struct {
		Name     string         `yaml:"name"`
		Interval model.Duration `yaml:"interval"`
		Input    []struct {
			Series string `yaml:"series"`
			Values string `yaml:"values"`
		} `yaml:"input_series"`
		AlertTests []alertTest `yaml:"alert_rule_test"`

		every  time.Duration
		series []inputSeries
	}
	alertTest struct {
		At        model.Duration `yaml:"eval_time"`
		Alertname string         `yaml:"alertname"`
		Want      []struct {
			Labels      map[string]string `yaml:"exp_labels"`
			Annotations map[string]string `yaml:"exp_annotations"`
		} `yaml:"exp_alerts"`
	}
)

// inputSeries is one series of a test, a value for each step.
type inputSeries struct {
	metric string
	names  []string
	values []string
	steps  []parser.SequenceValue
}

func (g *testGroup) parse(t *testing.T) []inputSeries {
	t.Helper()
	var all []inputSeries
	for _, in := range g.Input {
		lset, steps, err := exprs.ParseSeriesDesc(in.Series + " " + in.Values)
		if err != nil {
			t.Fatalf("%s: %v", in.Series, err)
		}
		s := inputSeries{metric: lset.Get(model.MetricNameLabel), steps: steps}
		lset.Range(func(l labels.Label) {
			if l.Name != model.MetricNameLabel {
				s.names, s.values = append(s.names, l.Name), append(s.values, l.Value)
			}
		})
		all = append(all, s)
	}
	return all
}

// replay is a test of promtool, played to an evaluator, which looks at the same instants.
type replay struct {
	series   []inputSeries
	interval time.Duration // between samples
	every    time.Duration // between evaluations
	e        *Evaluator
	step     int // the next to be played
	at       time.Duration
}

var epoch = time.Unix(0, 0).UTC()

// samples returns those of a step. A step in which no series has any is one without a poll.
func (r *replay) samples(step int) []Sample {
	var found []Sample
	for _, s := range r.series {
		if step < len(s.steps) && !s.steps[step].Omitted && !same(s.steps[step].Value, stale) {
			found = append(found, Sample{Metric: s.metric, Names: s.names, Values: s.values, Value: s.steps[step].Value})
		}
	}
	return found
}

// until plays all polls, and looks at all instants, up to a time.
func (r *replay) until(end time.Duration) {
	for ; r.at <= end; r.at += r.every {
		for ; time.Duration(r.step)*r.interval <= r.at; r.step++ {
			if samples := r.samples(r.step); len(samples) > 0 {
				r.e.store.add(epoch.Add(time.Duration(r.step)*r.interval), slices.Values(samples))
			}
		}
		r.e.look(context.Background(), epoch.Add(r.at), nil)
	}
}

// firing returns the labels and the annotations of the alerts that fire of one name.
func (r *replay) firing(name string) (found []string, err error) {
	for _, a := range r.e.Alerts() {
		if a.State == Firing && a.Rule.Name == name {
			found = append(found, fmt.Sprint(a.Labels, a.Annotations))
		}
	}
	for _, rule := range r.e.Rules() {
		err = errors.Join(err, rule.Failed)
	}
	slices.Sort(found)
	return found, err
}

func rulesOf(t testing.TB, files ...string) []*Rule {
	t.Helper()
	var all []*Rule
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := Parse(file, content)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rules...)
	}
	return all
}

// testFiles returns the files of tests of single alerts, by the name of the alert.
func testFiles(t *testing.T) map[string]*testFile {
	t.Helper()
	files, err := filepath.Glob("../tests/[KZE]*.yml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d test files: %v", len(files), err)
	}
	all := map[string]*testFile{}
	for _, file := range files {
		all[strings.TrimSuffix(filepath.Base(file), ".yml")] = readTests(t, file)
	}
	return all
}

func readTests(t *testing.T, file string) *testFile {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &testFile{}
	if err := yaml.Unmarshal(content, f); err != nil {
		t.Fatal(err)
	}
	for i, name := range f.RuleFiles {
		f.RuleFiles[i] = filepath.Join(filepath.Dir(file), name)
	}
	for i := range f.Tests {
		g := &f.Tests[i]
		g.every = time.Duration(f.EvaluationInterval)
		g.series = g.parse(t)
		slices.SortStableFunc(g.AlertTests, func(a, b alertTest) int { return cmp.Compare(a.At, b.At) })
	}
	return f
}

// TestSameAsPromtool plays the tests of the built-in rules, which promtool passes, to the
// evaluator: at each instant at which they look, the same alerts with the same words fire.
func TestSameAsPromtool(t *testing.T) {
	for name, f := range testFiles(t) {
		rules := rulesOf(t, f.RuleFiles...)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range f.Tests {
				t.Run(f.Tests[i].Name, func(t *testing.T) {
					if wrong := f.Tests[i].mismatch(of(rules, name)); wrong != "" {
						t.Error(wrong)
					}
				})
			}
		})
	}
}

// of returns the rules of an alert.
func of(rules []*Rule, alert string) (its []*Rule) {
	for _, r := range rules {
		if r.Name == alert {
			its = append(its, r)
		}
	}
	return its
}

func (g *testGroup) play(rules []*Rule) *replay {
	return &replay{series: g.series, interval: time.Duration(g.Interval), every: g.every, e: New(Options{
		Rules: rules, Gap: time.Hour, Reaches: func(string) bool { return false }, Logger: slog.New(slog.DiscardHandler),
	})}
}

// mismatch says where rules do not yield what a test wants, "" where they do.
func (g *testGroup) mismatch(rules []*Rule) string {
	r := g.play(rules)
	for _, test := range g.AlertTests {
		r.until(time.Duration(test.At))
		var want []string
		for _, w := range test.Want {
			labelled := maps.Clone(w.Labels)
			labelled[labels.AlertName] = test.Alertname
			want = append(want, fmt.Sprint(labels.FromMap(labelled), labels.FromMap(w.Annotations)))
		}
		slices.Sort(want)
		got, err := r.firing(test.Alertname)
		if err != nil {
			return err.Error()
		}
		if !slices.Equal(want, got) {
			return fmt.Sprintf("%s at %s (-promtool +evaluator):\n%s", test.Alertname, test.At, gocmp.Diff(want, got))
		}
	}
	return ""
}
