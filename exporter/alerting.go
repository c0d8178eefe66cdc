package exporter

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
	"github.com/evenkeel/evenkeel/alerts/notify"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
)

// How often what outlives the process is written: the alerts while the time counts for one
// of them, beside every change, and the samples that rules look back at.
const (
	saveAlerts  = time.Minute
	saveSamples = 5 * time.Minute
)

// alerting evaluates rules on what the watchers publish, and has Alertmanagers told.
type alerting struct {
	log     *slog.Logger
	state   *stateFile
	process prometheus.Gatherer

	mu         sync.RWMutex
	plan       *alertPlan // nil: alerts are not evaluated
	evaluators map[string]*evaluate.Evaluator
	senders    []*sending
	run        context.Context // what senders run under; nil: not running
}

// ofProcess is the name under which the evaluator of the process stands among those of the
// clusters, none of which has an empty name.
const ofProcess = ""

func newAlerting(state *stateFile, process prometheus.Gatherer, log *slog.Logger) *alerting {
	return &alerting{log: log, state: state, process: process, evaluators: map[string]*evaluate.Evaluator{}}
}

// apply goes on as a plan says. What stands in the old plan and in the new one goes on with
// its alerts.
func (a *alerting) apply(plan *alertPlan) error {
	senders, err := a.newSenders(plan)
	if err != nil {
		return err
	}
	a.mu.Lock()
	old := a.senders
	a.plan, a.senders = plan, senders
	evaluators := map[string]*evaluate.Evaluator{}
	for name, opts := range a.options(plan) {
		e := a.evaluators[name]
		if e == nil {
			e = evaluate.New(opts)
			a.remembered(name, e)
		} else {
			e.Change(opts)
		}
		evaluators[name] = e
	}
	a.evaluators = evaluators
	if a.run != nil {
		startAll(a.run, senders)
	}
	a.mu.Unlock()
	stopSending(old) // without the lock, which they may wait for
	return nil
}

// options says what the evaluators of a plan have to do.
func (a *alerting) options(plan *alertPlan) map[string]evaluate.Options {
	all := map[string]evaluate.Options{}
	if plan == nil {
		return all
	}
	all[ofProcess] = evaluate.Options{Rules: plan.process, World: plan.world, Gap: 4 * processEvery, Reaches: reaches, Logger: a.log}
	for name, poll := range plan.polls {
		all[name] = evaluate.Options{
			Rules: plan.clusters, World: plan.world, Gap: staleAfter(poll), Reaches: reaches,
			Logger: a.log.With("kafka_cluster", name),
		}
	}
	return all
}

// wants says whether a rule names a metric of a cluster.
func (a *alerting) wants(metric string) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.plan != nil && a.plan.wanted[metric]
}

// observe evaluates the rules on what a poll has found. Elections, which may be nil, tells
// of those in the cluster.
func (a *alerting) observe(s *cluster.Snapshot, encoded collectors.Encoded, elections prometheus.Gatherer) {
	a.mu.RLock()
	e, plan := a.evaluators[s.Cluster], a.plan
	a.mu.RUnlock()
	if e == nil {
		return
	}
	others := a.gather(elections)
	if plan.wantsProcess() {
		others = append(others, a.gatherProcess()...)
	}
	changed := e.Observe(context.Background(), evaluate.Poll{
		At:      s.Finished,
		Samples: samplesOf(s.Cluster, encoded.Samples, others),
		Blind:   func(metric string) bool { return encoded.Failed[ownerOf(metric)] },
	})
	a.changed(s.Cluster, e, changed)
}

// changed keeps what changed, and has it told.
func (a *alerting) changed(name string, e *evaluate.Evaluator, changed bool) {
	if !changed {
		return
	}
	a.state.setAlerts(name, e.Save())
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, s := range a.senders {
		s.Ring()
	}
}

// serve evaluates the rules of the process and tells Alertmanagers until ctx ends.
func (a *alerting) serve(ctx context.Context) {
	a.mu.Lock()
	a.run = ctx
	startAll(ctx, a.senders)
	a.mu.Unlock()
	tick := time.NewTicker(processEvery)
	defer tick.Stop()
	saved, savedSamples := time.Now(), time.Now()
	for {
		a.observeProcess()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(saved) >= saveAlerts {
			saved = time.Now()
			a.save(func(e *evaluate.Evaluator) bool { return e.Counting() })
		}
		if time.Since(savedSamples) >= saveSamples {
			savedSamples = time.Now()
			a.saveSamples()
		}
	}
}

// close ends what serve began and keeps what outlives the process. Nothing is observed any
// more.
func (a *alerting) close() {
	a.mu.Lock()
	senders := a.senders
	a.run = nil
	a.mu.Unlock()
	stopSending(senders)
	a.save(func(*evaluate.Evaluator) bool { return true })
	a.saveSamples()
}

func (a *alerting) observeProcess() {
	a.mu.RLock()
	e := a.evaluators[ofProcess]
	a.mu.RUnlock()
	if e == nil {
		return
	}
	p := evaluate.Poll{At: time.Now(), Samples: slices.Values(a.gatherProcess())}
	a.changed(ofProcess, e, e.Observe(context.Background(), p))
}

// all returns the evaluators of now, by cluster.
func (a *alerting) all() map[string]*evaluate.Evaluator {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return maps.Clone(a.evaluators)
}

// every is how often what the alerts of a cluster, or of the process, stand on is looked at.
func (a *alerting) every(name string) time.Duration {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.plan == nil || name == ofProcess {
		return processEvery
	}
	return a.plan.polls[name].Interval
}

// toTell returns what Alertmanagers are to be told.
func (a *alerting) toTell() []notify.Alert {
	var all []notify.Alert
	for name, e := range a.all() {
		every := a.every(name)
		for _, alert := range e.Alerts() {
			if alert.State != evaluate.Pending {
				all = append(all, notify.Alert{
					Labels: alert.Labels, Annotations: alert.Annotations,
					StartsAt: alert.FiredAt, ResolvedAt: alert.ResolvedAt, Every: every,
				})
			}
		}
	}
	return all
}
