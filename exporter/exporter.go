package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
	"github.com/evenkeel/evenkeel/rebalance"
)

// Options says how an Exporter is to run.
type Options struct {
	// Load reads the configuration anew for a reload; nil where there is no file.
	Load            func() (*config.Config, error)
	EnableLifecycle bool // allow POST /-/reload and /-/rebalance/...
	// Authenticates says whether the web configuration of now lets nobody in who is not
	// known; nil where there is none.
	Authenticates func() (bool, error)
	Version       string
	Logger        *slog.Logger
}

// Exporter watches the clusters of a configuration. Use New, Run and Handler.
type Exporter struct {
	opts     Options
	log      *slog.Logger
	enc      *encoder
	registry *prometheus.Registry
	reloadOK prometheus.Gauge
	reloadAt prometheus.Gauge
	answers  turns

	state    *stateFile
	alerting *alerting

	reloading sync.Mutex   // one reload at a time, and none while Run begins or ends
	phase     phase        // guarded by reloading
	mu        sync.RWMutex // guards what a reload swaps; held for moments only, since scrapes take it
	cfg       *config.Config
	watchers  []*watcher // in configuration order
}

// phase is how far an Exporter has come. A reload may come before Run, when there is
// nothing to start or stop yet, and after it.
type phase uint8

const (
	notRunning phase = iota
	running
	ended
)

// New returns an exporter of the clusters. It starts nothing and connects to
// nothing yet.
func New(cfg *config.Config, opts Options) (*Exporter, error) {
	e := &Exporter{
		opts: opts, log: opts.Logger, cfg: cfg,
		enc:      &encoder{Encoder: metrics.NewEncoder()},
		registry: prometheus.NewRegistry(),
		answers:  newTurns(),
		reloadOK: prometheus.NewGauge(prometheus.GaugeOpts{Name: "evenkeel_config_last_reload_successful", Help: "1 when the last attempt to load the configuration succeeded, else 0."}),
		reloadAt: prometheus.NewGauge(prometheus.GaugeOpts{Name: "evenkeel_config_last_reload_success_timestamp_seconds", Help: "When the configuration was last loaded."}),
	}
	e.registry.MustRegister(e.reloadOK, e.reloadAt, versioncollector.NewCollector("evenkeel"),
		promcollectors.NewGoCollector(), promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}))
	e.registry.MustRegister(rebalance.Collector{Runners: e.runners()})
	state, err := openState(cfg.StateFile, e.log)
	if err != nil {
		return nil, err
	}
	e.state = state
	plan, err := newAlertPlan(cfg)
	if err != nil {
		return nil, err
	}
	e.alerting = newAlerting(state, e.registry, e.log)
	if err := e.alerting.apply(plan); err != nil {
		return nil, err
	}
	e.registry.MustRegister(e.alerting)
	if e.watchers, err = e.build(cfg, nil); err != nil {
		return nil, err
	}
	e.reloaded(nil)
	return e, nil
}

// build makes the watchers of a configuration. Those of clusters whose
// configuration did not change are kept, with all that they know; the others keep what
// happened.
func (e *Exporter) build(cfg *config.Config, old []*watcher) ([]*watcher, error) {
	watchers := make([]*watcher, 0, len(cfg.Clusters))
	for _, c := range cfg.Clusters {
		i := slices.IndexFunc(old, func(w *watcher) bool { return w.cfg.Equal(c) })
		if i >= 0 {
			watchers = append(watchers, old[i])
			continue
		}
		w, err := newWatcher(c, e.state, e.enc, e.alerting, e.log)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(old, func(o *watcher) bool { return o.cfg.Name == c.Name }); i >= 0 {
			w.chronicle = old[i].chronicle
		}
		watchers = append(watchers, w)
	}
	return watchers, nil
}

// Run polls until ctx ends, then stops everything and writes the state file.
func (e *Exporter) Run(ctx context.Context) {
	e.reloading.Lock()
	e.phase = running
	for _, w := range e.all() {
		w.start()
	}
	e.reloading.Unlock()
	e.alerting.serve(ctx)
	e.reloading.Lock()
	defer e.reloading.Unlock()
	e.phase = ended
	stopAll(e.all())
	e.alerting.close()
	e.state.flush(e.all())
}

func stopAll(watchers []*watcher) {
	var wg sync.WaitGroup
	for _, w := range watchers {
		wg.Go(w.stop)
	}
	wg.Wait()
}

// errNoFile is what a reload says where flags alone configure.
var errNoFile = errors.New("there is no configuration file to reload: this evenkeel is configured by flags")

// Reload reads the configuration file anew. Everything new is built before
// anything is swapped: when the file has a mistake, all goes on as it was.
func (e *Exporter) Reload() error {
	err := e.reload()
	if !errors.Is(err, errNoFile) {
		e.reloaded(err)
	}
	if err != nil {
		e.log.Error("Configuration not reloaded, the old one stays in force", "err", err)
		return err
	}
	e.log.Info("Configuration reloaded")
	return nil
}

func (e *Exporter) reload() error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	switch {
	case e.opts.Load == nil:
		return errNoFile
	case e.phase == ended:
		return errors.New("evenkeel is stopping")
	}
	cfg, err := e.opts.Load()
	if err != nil {
		return err
	}
	if cfg.StateFile != e.cfg.StateFile {
		return fmt.Errorf("state_file: changed from %q to %q, which takes a restart", e.cfg.StateFile, cfg.StateFile)
	}
	plan, err := newAlertPlan(cfg)
	if err != nil {
		return err
	}
	old := e.all()
	watchers, err := e.build(cfg, old)
	if err != nil {
		return err
	}
	if err := e.alerting.apply(plan); err != nil {
		return err
	}
	if e.phase == running {
		for _, w := range watchers {
			if !slices.Contains(old, w) {
				w.start()
			}
		}
	}
	e.mu.Lock()
	e.cfg, e.watchers = cfg, watchers
	e.mu.Unlock()
	if e.phase == running {
		stopAll(slices.DeleteFunc(old, func(w *watcher) bool { return slices.Contains(watchers, w) }))
	}
	return nil
}

func (e *Exporter) reloaded(err error) {
	if err != nil {
		e.reloadOK.Set(0)
		return
	}
	e.reloadOK.Set(1)
	e.reloadAt.Set(float64(time.Now().UnixMilli()) / 1000)
}

// all returns the watchers of now, in configuration order.
func (e *Exporter) all() []*watcher {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Clone(e.watchers)
}
