package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	topicPartitions = gauge("kafka_topic_partitions", "Partitions of the topic.", "topic")
	partReplicas    = gauge("kafka_topic_partition_replicas", "Replicas assigned to the partition, dead ones included.", "topic", "partition")
	partISR         = gauge("kafka_topic_partition_in_sync_replica", "Replicas in the ISR.", "topic", "partition")
	partUnder       = gauge("kafka_topic_partition_under_replicated_partition", "1 when the ISR lacks an assigned replica that no reassignment is adding (KIP-352), else 0.", "topic", "partition")

	kafkaPartitions = gauge("kafka_partitions", "Partitions visible to this user, those of topics being deleted left out.")
	kafkaUnder      = gauge("kafka_under_replicated_partitions", "Partitions whose ISR lacks a replica, by the reason.", "reason")
	kafkaReassign   = gauge("kafka_reassigning_partitions", "Partitions that are being reassigned.")
	kafkaOffline    = gauge("kafka_offline_partitions", "Partitions whose recorded leader is none, or is not registered.")
	kafkaUnderMin   = gauge("kafka_under_min_isr_partitions", "Partitions whose ISR is smaller than min.insync.replicas, or the replication factor where that is smaller: writes with acks=all fail.")
	kafkaAtMin      = gauge("kafka_at_min_isr_partitions", "Partitions whose ISR is as small as that, and smaller than the replication factor.")
	kafkaMinTooHigh = gauge("kafka_topics_min_isr_above_replication_factor", "Topics whose min.insync.replicas is above their replication factor.")
	topicMinISR     = gauge("kafka_topic_min_in_sync_replicas", "min.insync.replicas as it is in force for the topic.", "topic")
	kafkaNoAnswer   = gauge("kafka_leader_unreachable_partitions", "Partitions led by a registered broker that does not answer us.")
	brokerOutOfSync = gauge("kafka_broker_out_of_sync_replicas", "Partitions that this broker should be in sync for and is not.", "broker")
	isrShrinks      = counter("kafka_isr_shrinks_total", "Replicas of this broker that left an ISR, as seen from poll to poll.", "broker")
	isrExpands      = counter("kafka_isr_expands_total", "Replicas of this broker that joined an ISR, as seen from poll to poll.", "broker")
	elections       = counter("kafka_leader_elections_total", "Leader changes seen.")
	unclean         = counter("kafka_unclean_leader_elections_total", "Leader changes to a broker that was proven to be outside the ISR.")
)

var isrCollector = &Collector{
	Name:    "isr",
	Help:    "Replicas in and out of sync, partitions offline or under-replicated.",
	Sources: []cluster.Source{cluster.SourceRegistry, cluster.SourcePartitions},
	Also:    []cluster.Source{cluster.SourceConfigs},
	Families: []*metrics.Family{
		topicPartitions, partReplicas, partISR, partUnder,
		kafkaPartitions, kafkaUnder, kafkaReassign, kafkaOffline, kafkaNoAnswer,
		kafkaUnderMin, kafkaAtMin, kafkaMinTooHigh, topicMinISR, brokerOutOfSync,
		isrShrinks, isrExpands, elections, unclean,
	},
	Emit: emitISR,
}

func emitISR(v *View, w *metrics.Writer) {
	emitTopicISR(v, w)
	if v.Show.ClusterWide {
		emitISRCounters(v, w)
		emitISRSums(v, w)
	}
}

// emitISRSums tells what is summed up over all partitions.
func emitISRSums(v *View, w *metrics.Writer) {
	z := v.Summary
	if z == nil || !z.AssignmentKnown {
		return
	}
	emitMinISRSums(w, z)
	w.Begin(kafkaPartitions)
	w.Int(int64(z.Partitions))
	if z.MovesKnown {
		w.Begin(kafkaReassign)
		w.Int(int64(z.Reassigning))
	}
	if !z.StatesKnown {
		return
	}
	emitLoad(v, w, brokerOutOfSync, isKnown, func(l cluster.Load) int { return l.OutOfSync })
	if !z.RegistryKnown {
		return
	}
	w.Begin(kafkaOffline)
	w.Int(int64(z.Offline))
	if z.ProbesKnown {
		w.Begin(kafkaNoAnswer)
		w.Int(int64(z.LeaderUnreachable))
	}
	w.Begin(kafkaUnder)
	for _, reason := range cluster.MissingReasons {
		if reason == cluster.MissingLogDir && !z.LogDirsKnown {
			continue
		}
		w.Int(int64(z.UnderReplicated[reason]), string(reason))
	}
}

// emitMinISRSums compares ISRs with what writes with acks=all need.
func emitMinISRSums(w *metrics.Writer, z *cluster.Summary) {
	if !z.MinISRKnown {
		return
	}
	w.Begin(kafkaMinTooHigh)
	w.Int(int64(z.MinISRTooLarge))
	if z.StatesKnown {
		w.Begin(kafkaUnderMin)
		w.Int(int64(z.UnderMinISR))
		w.Begin(kafkaAtMin)
		w.Int(int64(z.AtMinISR))
	}
}

func emitTopicISR(v *View, w *metrics.Writer) {
	w.Begin(topicMinISR)
	for _, t := range v.topics() {
		if t.MinISR > 0 {
			w.Int(int64(t.MinISR), t.Name)
		}
	}
	w.Begin(topicPartitions)
	for _, t := range v.topics() {
		if !t.Unreadable {
			w.Int(int64(len(t.Partitions)), t.Name)
		}
	}
	w.Begin(partReplicas)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if len(p.Replicas) > 0 { // else they cannot be told here
			w.Int(int64(len(p.Replicas)), topic, partition)
		}
	})
	w.Begin(partISR)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if p.State == cluster.StateRecorded {
			w.Int(int64(len(p.ISR)), topic, partition)
		}
	})
	w.Begin(partUnder)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if under, known := p.UnderReplicated(); known {
			w.Bool(under, topic, partition)
		}
	})
}

// emitISRCounters tells the counters whether or not the picture was read now:
// they count what was seen, and go on counting when there is something to see.
func emitISRCounters(v *View, w *metrics.Writer) {
	w.Begin(isrShrinks)
	for i := range v.Brokers {
		w.Int(int64(v.History.ISRShrinks[v.Brokers[i].ID]), brokerLabel(v.Brokers[i].ID))
	}
	w.Begin(isrExpands)
	for i := range v.Brokers {
		w.Int(int64(v.History.ISRExpands[v.Brokers[i].ID]), brokerLabel(v.Brokers[i].ID))
	}
	w.Begin(elections)
	w.Int(int64(v.History.Elections))
	w.Begin(unclean)
	w.Int(int64(v.History.UncleanElections))
}
