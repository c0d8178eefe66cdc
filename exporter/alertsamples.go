package exporter

import (
	"iter"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
	"github.com/evenkeel/evenkeel/metrics"
)

// samplesOf yields the samples of a poll as rules see them. The slices of what it yields
// are used again for the next.
func samplesOf(cluster string, polled []metrics.Sample, others []evaluate.Sample) iter.Seq[evaluate.Sample] {
	return func(yield func(evaluate.Sample) bool) {
		var family *metrics.Family
		var names, values []string
		for i := range polled {
			s := &polled[i]
			if s.Family != family {
				family = s.Family
				names = append(append(names[:0], metrics.ClusterLabel), family.Labels...)
			}
			values = append(append(values[:0], cluster), s.Labels...)
			if !yield(evaluate.Sample{Metric: family.Name, Names: names, Values: values, Value: s.Value}) {
				return
			}
		}
		for _, s := range others {
			if !yield(s) {
				return
			}
		}
	}
}

// gatherProcess returns the samples that tell of no cluster.
func (a *alerting) gatherProcess() []evaluate.Sample {
	return slices.DeleteFunc(a.gather(a.process), func(s evaluate.Sample) bool { return slices.Contains(s.Names, metrics.ClusterLabel) })
}

// gather returns the samples of what is gathered, without histograms and summaries; from
// may be nil.
func (a *alerting) gather(from prometheus.Gatherer) []evaluate.Sample {
	if from == nil {
		return nil
	}
	families, err := from.Gather()
	if err != nil {
		a.log.Error("Metrics of evenkeel itself not known to alerts", "err", err)
	}
	var all []evaluate.Sample
	for _, f := range families {
		for _, m := range f.Metric {
			v, ok := number(m)
			if !ok {
				continue
			}
			s := evaluate.Sample{Metric: f.GetName(), Value: v}
			for _, l := range m.Label {
				s.Names, s.Values = append(s.Names, l.GetName()), append(s.Values, l.GetValue())
			}
			all = append(all, s)
		}
	}
	return all
}

func number(m *dto.Metric) (float64, bool) {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue(), true
	case m.Counter != nil:
		return m.Counter.GetValue(), true
	case m.Untyped != nil:
		return m.Untyped.GetValue(), true
	}
	return 0, false
}
