package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	partEnd     = gauge("kafka_topic_partition_current_offset", "End of the log for consumers: the high watermark.", "topic", "partition")
	partStart   = gauge("kafka_topic_partition_oldest_offset", "Start of the log.", "topic", "partition")
	truncations = counter("kafka_log_truncations_total", "Partitions of the topic whose end went backwards and stayed there.", "topic")

	groupOffset    = gauge("kafka_consumergroup_current_offset", "Committed offset; absent without a commit.", "consumergroup", "topic", "partition")
	groupOffsetSum = gauge("kafka_consumergroup_current_offset_sum", "Sum over the partitions that have a commit; absent when one of them is unknown.", "consumergroup", "topic")
	groupLag       = gauge("kafka_consumergroup_lag", "Messages between the committed offset and the end of the log; absent when unknown, never negative.", "consumergroup", "topic", "partition")
	groupLagSum    = gauge("kafka_consumergroup_lag_sum", "Sum of the lag over the topic's partitions; absent when one of them is unknown.", "consumergroup", "topic")
	groupMembers   = gauge("kafka_consumergroup_members", "Members of the group; 0 for a group that only commits.", "consumergroup")
)

var lagCollector = &Collector{
	Name:    "lag",
	Help:    "Ends and starts of logs, and how far consumer groups are behind.",
	Sources: []cluster.Source{cluster.SourcePartitions, cluster.SourceGroups, cluster.SourceOffsets},
	Families: []*metrics.Family{
		partEnd, partStart, truncations,
		groupOffset, groupOffsetSum, groupLag, groupLagSum, groupMembers,
	},
	Emit: emitLag,
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
	w.Begin(truncations)
	for _, t := range v.topics() {
		w.Int(int64(v.History.Truncations[t.Name]), t.Name)
	}
	emitGroups(v, w)
}

func emitGroups(v *View, w *metrics.Writer) {
	groups, ok := v.Groups.Get()
	if !ok {
		return
	}
	lags := groupLags(v, groups)
	w.Begin(groupMembers)
	for i := range groups.Groups {
		if g := &groups.Groups[i]; g.Members != cluster.UnknownMembers {
			w.Int(int64(g.Members), g.Name)
		}
	}
	w.Begin(groupOffset)
	for _, l := range lags {
		for _, c := range l.Commits {
			if v.Show.GroupPerPartition && c.Offset.Known() {
				w.Int(c.Offset.Int(), l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
	w.Begin(groupLag)
	for _, l := range lags {
		for _, c := range l.Commits {
			if lag, known := cluster.Lag(l.log.End(c.Partition), c.Offset); v.Show.GroupPerPartition && known {
				w.Int(lag, l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
	w.Begin(groupOffsetSum)
	for _, l := range lags {
		if sum, known := l.CommittedSum(); known {
			w.Int(sum, l.group, l.Topic)
		}
	}
	w.Begin(groupLagSum)
	for _, l := range lags {
		if sum, known := l.LagSum(l.log); known {
			w.Int(sum, l.group, l.Topic)
		}
	}
}

// topicLag is what a group committed for a topic, beside that topic.
type topicLag struct {
	*cluster.GroupOffsets
	group string
	log   *cluster.Topic
}

func groupLags(v *View, groups *cluster.Groups) []topicLag {
	picture, ok := v.Picture.Get()
	if !ok {
		return nil
	}
	var lags []topicLag
	for i := range groups.Groups {
		g := &groups.Groups[i]
		for j := range g.Topics {
			offsets := &g.Topics[j]
			topic := picture.Topic(offsets.Topic)
			if topic == nil || topic.Deleting || len(offsets.Commits) == 0 || !v.Show.Topic(topic.Name) {
				continue
			}
			lags = append(lags, topicLag{offsets, g.Name, topic})
		}
	}
	return lags
}
