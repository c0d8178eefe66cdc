package evaluate

import (
	"encoding/gob"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Saved is what of an Evaluator outlives a process: its alerts. The samples that its rules
// look back at are many more, and are saved apart (SaveSamples).
type Saved []SavedRule

// SavedRule are the alerts of one rule.
type SavedRule struct {
	Rule   string    `json:"rule"` // by name and labels
	Looked time.Time `json:"looked"`
	Alerts []Alert   `json:"alerts"`
}

// Save returns the alerts of all rules that have any.
func (e *Evaluator) Save() Saved {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all Saved
	for _, r := range e.rules {
		if len(r.alerts) == 0 {
			continue
		}
		one := SavedRule{Rule: r.key(), Looked: r.looked}
		for _, stamp := range slices.Sorted(maps.Keys(r.alerts)) {
			one.Alerts = append(one.Alerts, *r.alerts[stamp])
		}
		all = append(all, one)
	}
	return all
}

// Restore goes on with saved alerts. Of a rule that is no more they are forgotten. How long
// nobody looked counts for nothing: what is pending goes on where it was.
func (e *Evaluator) Restore(saved Saved, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range saved {
		i := slices.IndexFunc(e.rules, func(r *ruleState) bool { return r.key() == one.Rule && len(r.alerts) == 0 })
		if i < 0 {
			continue
		}
		r := e.rules[i]
		for _, a := range one.Alerts {
			if a.State == Pending || a.State == Firing || a.State == Resolved {
				r.alerts[a.stamp()] = &a
			}
		}
		if gap := now.Sub(one.Looked); gap > 0 {
			r.thaw(gap)
		}
		r.looked = now
	}
}

// savedSeries is one series as it is written. The values of thousands of samples are better
// off in gob than in JSON.
type savedSeries struct {
	Key    string
	Labels map[string]string // __name__ included
	At     []int64
	Value  []float64
}

// SaveSamples writes the samples that rules look back at.
func (e *Evaluator) SaveSamples(w io.Writer) error {
	e.mu.Lock()
	var all []savedSeries
	for _, family := range e.store.families {
		for key, one := range family {
			s := savedSeries{Key: key, Labels: one.labels.Map()}
			for _, p := range one.points {
				s.At, s.Value = append(s.At, p.at), append(s.Value, p.value)
			}
			all = append(all, s)
		}
	}
	e.mu.Unlock()
	return gob.NewEncoder(w).Encode(all)
}

// RestoreSamples reads what SaveSamples wrote, as far as rules still name it, into an
// Evaluator that has not observed anything yet.
func (e *Evaluator) RestoreSamples(r io.Reader) error {
	var all []savedSeries
	if err := gob.NewDecoder(r).Decode(&all); err != nil {
		return fmt.Errorf("samples: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range all {
		if len(s.At) != len(s.Value) || !slices.IsSorted(s.At) {
			return fmt.Errorf("samples of %v: not as they were written", s.Labels)
		}
		e.store.restore(s)
	}
	return nil
}

func (s *store) restore(saved savedSeries) {
	one := &series{labels: labels.FromMap(saved.Labels)}
	metric := saved.Labels[model.MetricNameLabel]
	if !s.wants(metric, one.labels.Get, one) {
		return
	}
	for i, at := range saved.At {
		one.points = append(one.points, point{at, saved.Value[i]})
		s.last = max(s.last, at)
	}
	if s.families[metric] == nil {
		s.families[metric] = map[string]*series{}
	}
	s.families[metric][saved.Key] = one
}
