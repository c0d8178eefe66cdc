package evaluate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// maxSamples is how many samples one expression may hold at a time; timeout is how long it
// may take. Both are there for rules that somebody else wrote.
const (
	maxSamples = 20_000_000
	timeout    = 10 * time.Second
)

// subqueryStep is the step of a subquery that names none.
const subqueryStep = 15 * time.Second

// Poll is what one poll of a cluster has found.
type Poll struct {
	At      time.Time
	Samples iter.Seq[Sample]
	// Blind says whether what a metric tells could not be read in this poll. A rule that
	// names such a metric is frozen.
	Blind func(metric string) bool
}

// Options says how an Evaluator is to work.
type Options struct {
	Rules []*Rule
	World World
	// Gap is the time between two polls above which nothing is known of what lies between.
	Gap time.Duration
	// Reaches says whether a metric tells of reachability itself. A rule that names such a
	// metric first is never frozen.
	Reaches func(metric string) bool
	Logger  *slog.Logger
}

// Evaluator evaluates rules on what the polls of one cluster find. It is safe for
// concurrent use.
type Evaluator struct {
	engine *promql.Engine

	mu    sync.Mutex
	opts  Options
	store *store
	rules []*ruleState
}

// New returns an evaluator that knows of no alert.
func New(opts Options) *Evaluator {
	e := &Evaluator{
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples: maxSamples, Timeout: timeout, LookbackDelta: lookback, Parser: exprs,
			NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
		}),
		opts: opts, store: newStore(opts.Rules),
	}
	for _, r := range opts.Rules {
		e.rules = append(e.rules, &ruleState{Rule: r, alerts: map[string]*Alert{}})
	}
	return e
}

// Change goes on with other options. Alerts of rules that have still the same name and the
// same labels go on, and the past of what they name.
func (e *Evaluator) Change(opts Options) {
	e.mu.Lock()
	defer e.mu.Unlock()
	old := map[string]*ruleState{}
	for _, r := range e.rules {
		old[r.key()] = r
	}
	e.opts = opts
	e.store.keep(opts.Rules)
	e.rules = nil
	for _, r := range opts.Rules {
		next := &ruleState{Rule: r, alerts: map[string]*Alert{}}
		if was := old[r.key()]; was != nil {
			next.alerts, next.looked = was.alerts, was.looked
			delete(old, r.key())
		}
		e.rules = append(e.rules, next)
	}
}

// Observe takes what a poll has found and evaluates every rule on it. It says whether an
// alert began, fired or was resolved. A poll that is not newer than the one before is left
// out.
func (e *Evaluator) Observe(ctx context.Context, p Poll) (changed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.add(p.At, p.Samples) && e.look(ctx, p.At, p.Blind)
}

// look evaluates every rule on what is kept.
func (e *Evaluator) look(ctx context.Context, at time.Time, blind func(metric string) bool) (changed bool) {
	for _, r := range e.rules {
		was := r.frozen
		if r.frozen = e.freezes(r.Rule, blind); r.frozen {
			continue
		}
		found, err := e.evaluate(ctx, r.Rule, at)
		e.note(r, err)
		if err != nil {
			continue
		}
		if gap := at.Sub(r.looked); !r.looked.IsZero() && (was || gap > e.opts.Gap || gap < 0) {
			r.thaw(gap) // back, where the clock was set back
		}
		r.looked = at
		if r.advance(found, at) {
			changed = true
		}
	}
	return changed
}

// freezes says whether what a rule names could not be read.
func (e *Evaluator) freezes(r *Rule, blind func(metric string) bool) bool {
	if blind == nil || e.opts.Reaches(r.leading) {
		return false
	}
	return slices.ContainsFunc(r.Metrics(), func(metric string) bool {
		return !e.opts.Reaches(metric) && blind(metric)
	})
}

// note logs once that a rule cannot be evaluated, and once that it can be again.
func (e *Evaluator) note(r *ruleState, err error) {
	switch {
	case err != nil && r.failed == nil:
		e.opts.Logger.Error("Alert not evaluated: its state stays as it is", "alert", r.Name, "err", err)
	case err == nil && r.failed != nil:
		e.opts.Logger.Info("Alert evaluated again", "alert", r.Name)
	}
	r.failed = err
}

// evaluate returns the alerts that a rule's expression yields at a time, without a state.
func (e *Evaluator) evaluate(ctx context.Context, r *Rule, at time.Time) (map[string]*Alert, error) {
	vector, err := e.query(ctx, r.Expr, at)
	if err != nil {
		return nil, err
	}
	x := expander{world: e.opts.World, at: at, ask: e.ask}
	found := make(map[string]*Alert, len(vector))
	for _, s := range vector {
		data := x.data(s)
		b := labels.NewBuilder(s.Metric).Del(model.MetricNameLabel)
		for name, text := range r.Labels {
			b.Set(name, x.text(ctx, r.Name, text, data))
		}
		a := &Alert{Labels: b.Set(labels.AlertName, r.Name).Labels(), Value: Value(s.F)}
		words := labels.NewBuilder(labels.EmptyLabels())
		for name, text := range r.Annotations {
			words.Set(name, x.text(ctx, r.Name, text, data))
		}
		a.Annotations = words.Labels()
		if found[a.stamp()] != nil {
			return nil, fmt.Errorf("two of its results have the same labels %s", a.Labels)
		}
		found[a.stamp()] = a
	}
	return found, nil
}

// ask is query for templates, which tell what they get in its order.
func (e *Evaluator) ask(ctx context.Context, expression string, at time.Time) (promql.Vector, error) {
	vector, err := e.query(ctx, expression, at)
	slices.SortFunc(vector, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
	return vector, err
}

// query evaluates an expression on what is kept. Its caller holds the lock.
func (e *Evaluator) query(ctx context.Context, expression string, at time.Time) (promql.Vector, error) {
	q, err := e.engine.NewInstantQuery(ctx, e.store, nil, expression, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	switch v := result.Value.(type) {
	case promql.Vector:
		return slices.Clone(v), nil
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}, nil
	}
	return nil, errors.New("the result is neither a vector nor a scalar")
}

// Told is an alert together with what else is told of it.
type Told struct {
	Alert
	Rule   *Rule
	Frozen bool  // what it stands on could not be read in the last poll
	Failed error // why it could not be evaluated in the last poll, or nil
}

// Alerts returns copies of the alerts, the resolved ones included, in the order of the
// rules.
func (e *Evaluator) Alerts() []Told {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []Told
	for _, r := range e.rules {
		for _, stamp := range slices.Sorted(maps.Keys(r.alerts)) {
			all = append(all, Told{Alert: *r.alerts[stamp], Rule: r.Rule, Frozen: r.frozen, Failed: r.failed})
		}
	}
	return all
}

// RuleTold is a rule together with how its last evaluation went.
type RuleTold struct {
	*Rule
	Frozen bool  // what it names could not be read in the last poll
	Failed error // why it could not be evaluated, or nil
}

// Rules returns the rules, in their order.
func (e *Evaluator) Rules() []RuleTold {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]RuleTold, 0, len(e.rules))
	for _, r := range e.rules {
		all = append(all, RuleTold{r.Rule, r.frozen, r.failed})
	}
	return all
}

// Counting says whether the time counts for an alert: one that waits to fire, or one that
// fires on.
func (e *Evaluator) Counting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.rules {
		for _, a := range r.alerts {
			if a.State == Pending || a.State == Firing && !a.KeepFiringSince.IsZero() {
				return true
			}
		}
	}
	return false
}

// Size counts the series and the samples that are kept; a sample takes 16 bytes.
func (e *Evaluator) Size() (series, samples int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.size()
}

// Value is a number that JSON can carry also where it is none or infinite.
type Value float64

// String writes the shortest number that is the same, as Prometheus does.
func (v Value) String() string { return strconv.FormatFloat(float64(v), 'f', -1, 64) }

// MarshalJSON writes the number as a string, as Prometheus does: JSON has no NaN.
func (v Value) MarshalJSON() ([]byte, error) { return strconv.AppendQuote(nil, v.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	text, err := strconv.Unquote(string(data))
	if err != nil {
		return fmt.Errorf("value %s: %w", data, err)
	}
	f, err := strconv.ParseFloat(text, 64)
	*v = Value(f)
	return err
}
