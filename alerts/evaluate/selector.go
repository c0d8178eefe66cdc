package evaluate

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// lookback is how old a sample may be that an expression finds at an instant, as in a
// Prometheus server that was not told otherwise.
const lookback = 5 * time.Minute

// selector is what an expression reads: which series, and how much of their past.
type selector struct {
	metric   string
	matchers []*labels.Matcher
	window   time.Duration
	// thin: of a run of equal values the first and the last tell all that is asked.
	thin       bool
	ofTemplate bool
}

// selectorsOf returns what an expression reads, in the order in which it names it.
func selectorsOf(expression string) ([]selector, error) {
	tree, err := exprs.ParseExpr(expression)
	if err != nil {
		return nil, err
	}
	var found []selector
	var failed error
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			s, err := selectorOf(v, path)
			failed = errors.Join(failed, err)
			found = append(found, s)
		}
		return nil
	})
	return found, failed
}

func selectorOf(v *parser.VectorSelector, path []parser.Node) (selector, error) {
	s := selector{metric: v.Name, matchers: v.LabelMatchers}
	if v.Name == "" {
		return s, fmt.Errorf("%s: name the metric; a selector without one would need all series", v)
	}
	if v.Timestamp != nil || v.StartOrEnd != 0 {
		return s, fmt.Errorf("%s: the @ modifier is not supported here", v)
	}
	instant, now := true, v.OriginalOffset == 0
	s.window = max(v.OriginalOffset, 0)
	for _, parent := range path {
		switch p := parent.(type) {
		case *parser.MatrixSelector:
			instant = false
			s.window += p.Range
		case *parser.SubqueryExpr:
			now = false
			if p.Timestamp != nil || p.StartOrEnd != 0 {
				return s, fmt.Errorf("%s: the @ modifier is not supported here", p)
			}
			s.window += p.Range + max(p.OriginalOffset, 0)
		case *parser.Call:
			if p.Func.Name == "max_over_time" || p.Func.Name == "min_over_time" {
				s.thin = true
			}
		}
	}
	if instant {
		s.window += lookback
	}
	s.thin = now && (instant || s.thin)
	return s, nil
}

// matches says whether a series with these labels is read.
func (s *selector) matches(value func(label string) string) bool {
	for _, m := range s.matchers {
		if m.Name != model.MetricNameLabel && !m.Matches(value(m.Name)) {
			return false
		}
	}
	return true
}
