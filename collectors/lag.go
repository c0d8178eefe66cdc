package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	partEnd     = gauge("kafka_topic_partition_current_offset", "End of the log for consumers: the high watermark.", "topic", "partition")
	partStart   = gauge("kafka_topic_partition_oldest_offset", "Start of the log.", "topic", "partition")
	partStable  = gauge("kafka_topic_partition_last_stable_offset", "End of the log for consumers that read committed messages only; told where it differs from the end, and a group waits for it.", "topic", "partition")
	truncations = counter("kafka_log_truncations_total", "Partitions of the topic whose end went backwards and stayed there.", "topic")
)

var lagCollector = &Collector{
	Name:     "lag",
	Help:     "Ends and starts of logs, and how far consumer groups are behind.",
	Sources:  []cluster.Source{cluster.SourcePartitions, cluster.SourceGroups, cluster.SourceOffsets},
	Families: append([]*metrics.Family{partEnd, partStart, partStable, truncations}, groupFamilies...),
	Emit:     emitLag,
}

func emitLag(v *View, w *metrics.Writer) {
	w.Begin(partEnd)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if p.End.Known() {
			w.Int(p.End.Int(), topic, partition)
		}
	})
	w.Begin(partStart)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if p.Start.Known() {
			w.Int(p.Start.Int(), topic, partition)
		}
	})
	w.Begin(partStable)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if p.Stable.Before(p.End) {
			w.Int(p.Stable.Int(), topic, partition)
		}
	})
	w.Begin(truncations)
	for _, t := range v.topics() {
		w.Int(int64(v.History.Truncations[t.Name]), t.Name)
	}
	emitGroups(v, w)
}
