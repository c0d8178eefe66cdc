package rebalance

import (
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/config"
)

// Declaration is a metric as it is declared; each has the label kafka_cluster besides.
type Declaration struct {
	Name, Type, Help string
	Labels           []string

	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) *Declaration {
	return declare(name, "gauge", prometheus.GaugeValue, help, labels)
}

func counter(name, help string, labels ...string) *Declaration {
	return declare(name, "counter", prometheus.CounterValue, help, labels)
}

func declare(name, kind string, value prometheus.ValueType, help string, labels []string) *Declaration {
	name = "evenkeel_rebalance_" + name
	return &Declaration{
		Name: name, Type: kind, Help: help, Labels: labels, kind: value,
		desc: prometheus.NewDesc(name, help, append([]string{"kafka_cluster"}, labels...), nil),
	}
}

var (
	modeSeries       = gauge("mode", "1 for the mode of the rebalancer, else 0.", "mode")
	candidatesSeries = gauge("candidates", "Partitions that could be given back to their preferred leaders, of brokers above the threshold, whatever holds a run back.")
	blockedSeries    = gauge("blocked", "1 for each guard that now holds a run back, else 0; all 0 when the mode is off or there is no candidate.", "reason")
	skippedSeries    = gauge("skipped", "Misplaced partitions of brokers above the threshold that are passed over, by the first reason that holds.", "reason")
	runsSeries       = counter("runs_total", "Runs of this process, and in mode dry_run those that would have been made.", "result")
	partitionsSeries = counter("partitions_total", "What became of the partitions that this process had elected.", "result")
	lastRunSeries    = gauge("last_run_timestamp_seconds", "When the last run ended, or in mode dry_run would have been made; absent while the journal has none.")
	runningSeries    = gauge("run_in_progress", "1 while this process makes a run, else 0.")
	leaderSeries     = gauge("is_leader", "1 when, in mode auto, this process is the one that decides, else 0.")
)

// Declarations lists the metrics, in the order in which they are documented.
func Declarations() []*Declaration {
	return []*Declaration{
		modeSeries, candidatesSeries, blockedSeries, skippedSeries, runsSeries, partitionsSeries, lastRunSeries, runningSeries, leaderSeries,
	}
}

// Collector tells of runners. It is a prometheus.Collector.
type Collector struct {
	// Runners yields those of now, by the name of their cluster.
	Runners iter.Seq2[string, *Runner]
}

// Describe implements prometheus.Collector.
func (Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range Declarations() {
		to <- d.desc
	}
}

// Collect implements prometheus.Collector.
func (c Collector) Collect(to chan<- prometheus.Metric) {
	for name, runner := range c.Runners {
		out := told{to: to, cluster: name}
		out.runner(runner)
	}
}

// told writes the series of one cluster.
type told struct {
	to      chan<- prometheus.Metric
	cluster string
}

func (o told) runner(r *Runner) {
	s := r.Status()
	for _, mode := range []config.Mode{config.ModeOff, config.ModeDryRun, config.ModeAuto} {
		o.send(modeSeries, truth(s.Mode == mode), string(mode))
	}
	o.decision(s, r.opts.Policy.Fresh)
	for _, result := range Results {
		o.send(runsSeries, float64(s.Runs[result]), string(result))
	}
	for _, fate := range Fates {
		o.send(partitionsSeries, float64(s.Fates[fate]), string(fate))
	}
	if runs := r.opts.Journal.Runs(); len(runs) > 0 {
		o.send(lastRunSeries, float64(runs[0].Ended.UnixMilli())/1000)
	}
	o.send(runningSeries, truth(s.Running))
	o.send(leaderSeries, truth(s.Leader))
}

// decision tells what was decided last, unless that is too old to be true. A blind
// decision knows of no candidates.
func (o told) decision(s Status, fresh time.Duration) {
	d := s.Decision
	if d.At.IsZero() || time.Since(d.At) > fresh {
		return
	}
	held := map[Guard]bool{}
	for _, b := range d.Blocked {
		held[b.Guard] = true
	}
	matters := s.Mode != config.ModeOff && len(d.Candidates) > 0
	for _, guard := range Guards {
		o.send(blockedSeries, truth(matters && held[guard]), string(guard))
	}
	if held[Blind] {
		return
	}
	o.send(candidatesSeries, float64(len(d.Candidates)))
	for _, skip := range Skips {
		o.send(skippedSeries, float64(d.Skipped[skip]), string(skip))
	}
}

func (o told) send(d *Declaration, v float64, labels ...string) {
	o.to <- prometheus.MustNewConstMetric(d.desc, d.kind, v, append([]string{o.cluster}, labels...)...)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
