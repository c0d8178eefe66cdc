package exporter

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/rebalance"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// rebalancer is what puts leadership back in one cluster, with what it holds.
type rebalancer struct {
	*rebalance.Runner
	journal *rebalance.Journal
	lock    *zookeeper.Lock // nil where there is no ZooKeeper

	cancel context.CancelFunc
	done   chan struct{}
}

// rebalanceMemory is what of rebalancing outlives a process, or at least a reload.
type rebalanceMemory struct {
	Kept *rebalance.Kept `json:"kept,omitempty"` // only where no ZooKeeper keeps it
	Runs []rebalance.Run `json:"runs,omitempty"` // newest first
}

// newRebalancer makes the rebalancer of a cluster. It does nothing until it is started.
// Before is what was remembered; remember, which may be nil, is called when that changes.
func newRebalancer(cfg config.Cluster, poller *collectors.Poller, poll func(context.Context) (*cluster.Snapshot, error), memory rebalanceKeeper, log *slog.Logger) (*rebalancer, error) {
	policy, err := policyOf(cfg)
	if err != nil {
		return nil, err
	}
	b := &rebalancer{done: make(chan struct{})}
	opts := rebalance.Options{Cluster: cfg.Name, Policy: policy, Poll: poll, Elect: poller.Elect, Log: log}
	if session, ok := poller.LockOptions(); ok {
		b.lock = zookeeper.NewLock(session, cfg.Rebalance.LockPath, self())
		opts.Lock = b.lock
		opts.Keeper = rebalance.SharedKeeper{Place: b.lock, Stale: zookeeper.ErrStale}
	} else {
		opts.Keeper = rebalance.NewOwnKeeper(memory.kept(), memory.save())
	}
	b.journal = rebalance.NewJournal(memory.runs(), memory.journal)
	opts.Journal = b.journal
	b.Runner = rebalance.NewRunner(opts)
	return b, nil
}

// policyOf returns the policy that a configuration means.
func policyOf(cfg config.Cluster) (rebalance.Policy, error) {
	calendar, err := rebalance.NewCalendar(cfg.Rebalance.Windows)
	if err != nil {
		return rebalance.Policy{}, err
	}
	return rebalance.Policy{Rebalance: cfg.Rebalance, Calendar: calendar, Fresh: staleAfter(cfg.Poll)}, nil
}

// self is what others are told of this process when it holds a lock.
func self() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s pid %d", host, os.Getpid())
}

func (b *rebalancer) start() {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() {
		defer close(b.done)
		b.Serve(ctx)
	}()
}

// stop returns when the batch under way, if there is one, was read back.
func (b *rebalancer) stop() {
	b.cancel()
	<-b.done
	b.close()
}

func (b *rebalancer) close() {
	if b.lock != nil {
		b.lock.Close()
	}
}

// rebalanceKeeper is where a rebalancer's memory is kept: the part of the state file that
// is one cluster's.
type rebalanceKeeper struct {
	file *stateFile
	name string
}

func (k rebalanceKeeper) kept() *rebalance.Kept { return k.file.rebalance(k.name).Kept }

func (k rebalanceKeeper) runs() []rebalance.Run { return k.file.rebalance(k.name).Runs }

// save returns what keeps the state for longer than this process; nil where nothing does.
func (k rebalanceKeeper) save() func(rebalance.Kept) error {
	if k.file.path == "" {
		return nil
	}
	return func(kept rebalance.Kept) error {
		return k.file.setRebalance(k.name, func(m *rebalanceMemory) { m.Kept = &kept })
	}
}

// journal keeps the runs. That the file could not be written it says by itself.
func (k rebalanceKeeper) journal(runs []rebalance.Run) {
	_ = k.file.setRebalance(k.name, func(m *rebalanceMemory) { m.Runs = runs })
}

// gatherer returns what gathers the metrics of one rebalancer alone.
func (b *rebalancer) gatherer(name string) prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(rebalance.Collector{Runners: maps.All(map[string]*rebalance.Runner{name: b.Runner})})
	return registry
}

// runners yields the rebalancers of now, by the name of their cluster.
func (e *Exporter) runners() iter.Seq2[string, *rebalance.Runner] {
	return func(yield func(string, *rebalance.Runner) bool) {
		for _, w := range e.all() {
			if w.rebalancer != nil && !yield(w.cfg.Name, w.rebalancer.Runner) {
				return
			}
		}
	}
}
