//go:build unix

package bench

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/alerts/evaluate"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// BenchmarkAlerts is what evaluating the built-in rules costs after a poll, with what they
// look back at: an hour of polls of a cluster whose groups lag a little more and less.
func BenchmarkAlerts(b *testing.B) {
	for _, size := range []struct{ topics, groups int }{{400, 400}, {1000, 1000}} {
		b.Run(fmt.Sprintf("%d partitions, %d groups", size.topics*partitionsPerTopic, size.groups), func(b *testing.B) {
			benchmarkAlerts(b, snapshotOf(size.topics, size.groups))
		})
	}
}

func benchmarkAlerts(b *testing.B, s *cluster.Snapshot) {
	var rules []*evaluate.Rule
	wanted := map[string]bool{}
	for _, f := range alerts.Evaluable() {
		parsed, err := evaluate.Parse(f.Name, f.Content)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range parsed {
			for _, metric := range r.Reads() {
				wanted[metric] = true
			}
		}
		rules = append(rules, parsed...)
	}
	samples := samplesOf(b, s, func(metric string) bool { return wanted[metric] })
	e := evaluate.New(evaluate.Options{Rules: rules, Gap: time.Minute, Reaches: func(string) bool { return false }, Logger: slog.New(slog.DiscardHandler)})
	at, turn := time.Now(), 0
	poll := func() {
		at, turn = at.Add(15*time.Second), turn+1
		e.Observe(context.Background(), evaluate.Poll{At: at, Samples: moved(samples, turn)})
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 240 {
		poll()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	begun := cpuTime(b)
	for b.Loop() {
		poll()
	}
	b.ReportMetric(float64((cpuTime(b)-begun).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	for _, r := range e.Rules() {
		if r.Failed != nil {
			b.Fatalf("%s: %v", r.Name, r.Failed)
		}
	}
	kept, points := e.Size()
	b.ReportMetric(float64(kept), "series")
	b.ReportMetric(float64(points), "samples")
	b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/1e6, "kept-MB")
}

// samplesOf returns the samples that rules read of a snapshot.
func samplesOf(b *testing.B, s *cluster.Snapshot, wanted func(string) bool) []evaluate.Sample {
	b.Helper()
	cfg, err := config.FromFlags(config.Flags{ZooKeeper: "z:2181", ClusterName: "prod", PollInterval: "15s"})
	if err != nil {
		b.Fatal(err)
	}
	picture, _ := s.Picture.Get()
	s.Summary = cluster.Summarize(picture, s.Brokers)
	s.History = cluster.NewTally(cfg.Clusters[0].Rebalance.Threshold).Observe(s, cluster.Compare(s, s))
	encoded, err := collectors.NewExposition(cfg.Clusters[0], metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(s, wanted)
	if err != nil {
		b.Fatal(err)
	}
	var all []evaluate.Sample
	for _, one := range encoded.Samples {
		all = append(all, evaluate.Sample{
			Metric: one.Family.Name, Value: one.Value,
			Names: append([]string{metrics.ClusterLabel}, one.Family.Labels...), Values: append([]string{"prod"}, one.Labels...),
		})
	}
	return all
}

// moved yields the samples with each group's lag a little different from poll to poll, so
// that nothing can be left out as a repetition.
func moved(samples []evaluate.Sample, turn int) iter.Seq[evaluate.Sample] {
	return func(yield func(evaluate.Sample) bool) {
		for i, s := range samples {
			if strings.HasPrefix(s.Metric, "kafka_consumergroup_lag") || strings.HasPrefix(s.Metric, "kafka_consumergroup_max") {
				s.Value += float64((turn + i) % 7)
			}
			if !yield(s) {
				return
			}
		}
	}
}
