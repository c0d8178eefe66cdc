package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	partLeader    = gauge("kafka_topic_partition_leader", "Broker id of the leader that the controller recorded; -1 when it recorded none.", "topic", "partition")
	partPreferred = gauge("kafka_topic_partition_leader_is_preferred", "1 when the first replica of the assignment leads, else 0.", "topic", "partition")

	brokerLeaders   = gauge("kafka_broker_leaders", "Partitions that the broker leads.", "broker")
	brokerPreferred = gauge("kafka_broker_preferred_leaders", "Partitions that the broker is the preferred leader of.", "broker")
	brokerImbalance = gauge("kafka_broker_leader_imbalance_ratio", "Of the partitions that the broker is the preferred leader of, the part that it does not lead (Kafka's own formula); absent for a broker that is preferred for none.", "broker")
	notPreferred    = gauge("kafka_not_preferred_partitions", "Partitions that another broker than the preferred leader leads, by whether a preferred-replica election would repair that.", "electable")
	imbalanceSince  = gauge("kafka_leader_imbalance_since_timestamp_seconds", "When a broker's ratio was first seen above the threshold, for as long as one is.")
)

var leadershipCollector = &Collector{
	Name:     "leadership",
	Help:     "Who leads what, and who should.",
	Sources:  []cluster.Source{cluster.SourceRegistry, cluster.SourcePartitions},
	Families: []*metrics.Family{partLeader, partPreferred, brokerLeaders, brokerPreferred, brokerImbalance, notPreferred, imbalanceSince},
	Emit:     emitLeadership,
}

func emitLeadership(v *View, w *metrics.Writer) {
	w.Begin(partLeader)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		switch p.State {
		case cluster.StateRecorded, cluster.StateLeader:
			w.Int(int64(p.Leader), topic, partition)
		case cluster.StateAbsent:
			w.Int(int64(cluster.NoLeader), topic, partition)
		}
	})
	w.Begin(partPreferred)
	v.eachPartition(func(topic, partition string, p *cluster.Partition) {
		if is, known := p.LeaderIsPreferred(); known {
			w.Bool(is, topic, partition)
		}
	})
	if z := v.Summary; z != nil && v.Show.ClusterWide {
		emitBalance(v, w, z)
	}
}

func emitBalance(v *View, w *metrics.Writer, z *cluster.Summary) {
	if z.AssignmentKnown {
		emitLoad(v, w, brokerPreferred, isKnown, func(l cluster.Load) int { return l.PreferredLeaders })
	}
	if !z.StatesKnown {
		return
	}
	emitLoad(v, w, brokerLeaders, isKnown, func(l cluster.Load) int { return l.Leaders })
	w.Begin(brokerImbalance)
	for i := range v.Brokers {
		load := z.Load(v.Brokers[i].ID)
		if ratio, ok := load.ImbalanceRatio(); ok {
			w.Float(ratio, brokerLabel(v.Brokers[i].ID))
		}
	}
	if z.RegistryKnown {
		w.Begin(notPreferred)
		w.Int(int64(z.Electable), "true")
		w.Int(int64(z.NotElectable), "false")
	}
	if since := v.History.ImbalanceSince; !since.IsZero() {
		w.Begin(imbalanceSince)
		w.Float(seconds(since))
	}
}
