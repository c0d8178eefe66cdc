package exporter

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
)

// alertMetric is a metric of alerting as it is declared.
type alertMetric struct {
	name, kind, help string
	labels           []string
	desc             *prometheus.Desc
	value            prometheus.ValueType
}

func newAlertMetric(name, help string, value prometheus.ValueType, labels ...string) *alertMetric {
	m := &alertMetric{name: "evenkeel_alert" + name, kind: "gauge", help: help, labels: labels, value: value}
	if value == prometheus.CounterValue {
		m.kind = "counter"
	}
	m.desc = prometheus.NewDesc(m.name, help, labels, nil)
	return m
}

var (
	alertsSeries  = newAlertMetric("s", "Alerts of a cluster by their state, where evenkeel evaluates them; kafka_cluster is empty for those on evenkeel's process.", prometheus.GaugeValue, "kafka_cluster", "alertname", "severity", "state")
	frozenSeries  = newAlertMetric("s_frozen", "Pending and firing alerts of a cluster that stand still, since what they stand on could not be read in the last poll.", prometheus.GaugeValue, "kafka_cluster")
	failingSeries = newAlertMetric("_rules_failing", "Rules that could not be evaluated after the last poll.", prometheus.GaugeValue, "kafka_cluster")
	samplesSeries = newAlertMetric("_samples", "Samples that are kept for rules to look back at; each takes 16 bytes.", prometheus.GaugeValue, "kafka_cluster")
	sentSeries    = newAlertMetric("_notifications_total", "Alerts that an Alertmanager took; one that goes on is told every minute.", prometheus.CounterValue, "alertmanager")
	unsentSeries  = newAlertMetric("_notifications_failed_total", "Alerts that an Alertmanager did not take; they are sent again.", prometheus.CounterValue, "alertmanager")
)

var alertMetrics = []*alertMetric{alertsSeries, frozenSeries, failingSeries, samplesSeries, sentSeries, unsentSeries}

// Describe implements prometheus.Collector.
func (a *alerting) Describe(to chan<- *prometheus.Desc) {
	for _, m := range alertMetrics {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (a *alerting) Collect(to chan<- prometheus.Metric) {
	for name, e := range a.all() {
		collectAlerts(to, name, e)
	}
	a.mu.RLock()
	senders := a.senders
	a.mu.RUnlock()
	for _, s := range senders {
		sent, failed := s.Counts()
		sentSeries.send(to, float64(sent), s.Name())
		unsentSeries.send(to, float64(failed), s.Name())
	}
}

// alertKind is what alerts are counted by.
type alertKind struct {
	name, severity string
	state          evaluate.State
}

// collectAlerts counts the alerts of a cluster. A rule whose severity is no template has a
// 0 while it has no alert.
func collectAlerts(to chan<- prometheus.Metric, cluster string, e *evaluate.Evaluator) {
	counts := map[alertKind]int{}
	failing, frozen := 0, 0
	for _, r := range e.Rules() {
		if r.Failed != nil {
			failing++
		}
		if severity, ok := r.Severity(); ok {
			counts[alertKind{r.Name, severity, evaluate.Pending}] += 0
			counts[alertKind{r.Name, severity, evaluate.Firing}] += 0
		}
	}
	for _, a := range e.Alerts() {
		if a.State == evaluate.Resolved {
			continue
		}
		counts[alertKind{a.Rule.Name, a.Labels.Get("severity"), a.State}]++
		if a.Frozen {
			frozen++
		}
	}
	for k, n := range counts {
		alertsSeries.send(to, float64(n), cluster, k.name, k.severity, string(k.state))
	}
	_, samples := e.Size()
	frozenSeries.send(to, float64(frozen), cluster)
	failingSeries.send(to, float64(failing), cluster)
	samplesSeries.send(to, float64(samples), cluster)
}

func (m *alertMetric) send(to chan<- prometheus.Metric, v float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(m.desc, m.value, v, labels...)
}
