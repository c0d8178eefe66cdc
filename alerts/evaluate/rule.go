package evaluate

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// exprs parses every expression here: the language of a Prometheus server without
// experimental functions.
var exprs = parser.NewParser(parser.Options{})

// Rule is an alerting rule that can be evaluated here. It is not changed after Parse.
type Rule struct {
	Name          string
	Expr          string
	For           time.Duration
	KeepFiringFor time.Duration
	Labels        map[string]string // templates, those of its group included
	Annotations   map[string]string // templates

	selectors []selector
	// leading is the metric that the expression names first.
	leading string
}

// Parse reads the alerting rules of a file in Prometheus' format; name stands for the file
// in errors. What a Prometheus server takes and this evaluator does not is an error: a rule
// that never fires is worse than none.
func Parse(name string, content []byte) ([]*Rule, error) {
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, exprs, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("rule file %s: %w", name, oneLine(errs[0]))
	}
	var rules []*Rule
	for i := range groups.Groups {
		g := &groups.Groups[i]
		if g.QueryOffset != nil || g.Limit != 0 {
			return nil, fmt.Errorf("rule file %s: group %s: query_offset and limit are not supported here; take them out", name, g.Name)
		}
		for j := range g.Rules {
			rule, err := newRule(g, &g.Rules[j])
			if err != nil {
				return nil, fmt.Errorf("rule file %s: group %s: %w", name, g.Name, err)
			}
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

func newRule(g *rulefmt.RuleGroup, r *rulefmt.Rule) (*Rule, error) {
	if r.Alert == "" {
		return nil, fmt.Errorf("record %s: recording rules are not supported here; write its expression into the alerts that use it", r.Record)
	}
	rule := &Rule{
		Name: r.Alert, Expr: r.Expr,
		For: time.Duration(r.For), KeepFiringFor: time.Duration(r.KeepFiringFor),
		Labels: maps.Clone(g.Labels), Annotations: r.Annotations,
	}
	if rule.Labels == nil {
		rule.Labels = map[string]string{}
	}
	maps.Copy(rule.Labels, r.Labels)
	var err error
	if rule.selectors, err = selectorsOf(r.Expr); err != nil {
		return nil, fmt.Errorf("alert %s: %w", r.Alert, oneLine(err))
	}
	if len(rule.selectors) > 0 {
		rule.leading = rule.selectors[0].metric
	}
	if err := rule.selectOfTemplates(); err != nil {
		return nil, err
	}
	return rule, nil
}

// selectOfTemplates adds what the templates ask for. They are expanded once with nothing
// known, only to see their queries; one that asks according to an answer is not seen.
func (r *Rule) selectOfTemplates() error {
	texts := slices.Concat(slices.Sorted(maps.Values(r.Labels)), slices.Sorted(maps.Values(r.Annotations)))
	var failed error
	x := expander{query: func(q string) {
		found, err := selectorsOf(q)
		if err != nil && failed == nil {
			failed = fmt.Errorf("alert %s: query %q of a template: %w", r.Name, q, oneLine(err))
		}
		for i := range found {
			found[i].matchers = nil // their values come from the alert
			found[i].thin = false
			found[i].ofTemplate = true
		}
		r.selectors = append(r.selectors, found...)
	}}
	for _, text := range texts {
		x.dry(r.Name, text)
	}
	return failed
}

// Metrics returns the names of the metrics that the expression names, in its order.
func (r *Rule) Metrics() []string {
	var names []string
	for _, s := range r.selectors {
		if !s.ofTemplate {
			names = append(names, s.metric)
		}
	}
	return names
}

// Reads returns the names of all metrics that the rule reads: those of Metrics, and those
// that its templates ask for.
func (r *Rule) Reads() []string {
	var names []string
	for _, s := range r.selectors {
		names = append(names, s.metric)
	}
	return names
}

// Severity returns the label severity; not ok where it is a template, or not there.
func (r *Rule) Severity() (severity string, ok bool) {
	severity, ok = r.Labels["severity"]
	return severity, ok && !strings.Contains(severity, "{{")
}

// key tells a rule from others over restarts and reloads, as a Prometheus server does: by
// its name and its labels, so that a changed expression keeps the alerts.
func (r *Rule) key() string {
	return r.Name + labels.FromMap(r.Labels).String()
}

func oneLine(err error) error {
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}
