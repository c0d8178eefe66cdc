//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestStoryWithoutZooKeeper plays the story on the newest release.
func TestStoryWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	storyWithoutZooKeeper(t, "4.4.0", "fenced")
}

// storyWithoutZooKeeper plays the story with three nodes that are broker and
// controller in one, and assignments in which order matters. Before 4.0 a dead broker
// is not told apart from one that never was.
func storyWithoutZooKeeper(t *testing.T, kafka, dead string) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, KRaft: true, Brokers: 3})
	must(t, c.CreateTopicWith(ctx, "test", [][]int32{{2, 1, 0}, {0, 2, 1}, {1, 0, 2}}, map[string]string{"min.insync.replicas": "2"}))
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "story", "test", 0, 4)) // makes __consumer_offsets
	must(t, c.ElectPreferred(ctx, "__consumer_offsets"))

	// Node 1 stays alive throughout: its word is the truth.
	truths := record(t, c, readMetadataOf(t, c, 1))
	p := start(t, "--kafka.brokers="+c.Bootstrap()[0]+","+c.Bootstrap()[1], "--poll.interval=400ms", "--poll.timeout=5s", "--cluster.name=story")
	judge := watch(t, p, truths)
	judge.lag = metadataLag

	before := p.shows("a healthy cluster", 30*time.Second,
		"kafka_cluster_reachable 1", "kafka_brokers 3", "kafka_brokers_expected 3", "kafka_active_controllers 1", "kafka_offline_partitions 0",
		`kafka_broker_status{broker="2",status="alive"} 1`, "!zk_ensemble_servers",
		part("kafka_topic_partition_leader", 0, 2), part("kafka_topic_partition_leader", 1, 0), part("kafka_topic_partition_leader", 2, 1),
		part("kafka_topic_partition_leader_is_preferred", 0, 1), part("kafka_topic_partition_in_sync_replica", 0, 3),
		part("kafka_topic_partition_current_offset", 0, 10), part("kafka_topic_partition_oldest_offset", 0, 0),
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_under_replicated_partitions{reason="log_dir_offline"} 0`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_topic_min_in_sync_replicas{topic="test"} 2`, "kafka_under_min_isr_partitions 0", "kafka_at_min_isr_partitions 0",
		`kafka_broker_stop_would_break_min_isr_partitions{broker="2"} 0`, `kafka_broker_stop_would_offline_partitions{broker="2"} 0`,
		"kafka_quorum_voters 3", `evenkeel_collector_success{collector="quorum"} 1`, `evenkeel_collector_success{collector="isr"} 1`,
		`kafka_consumergroup_current_offset{consumergroup="story",partition="0",topic="test"} 4`,
		`kafka_consumergroup_lag{consumergroup="story",partition="0",topic="test"} 6`, `kafka_consumergroup_members{consumergroup="story"} 0`,
		`evenkeel_permission{operation="describe",resource="cluster"} 1`, `evenkeel_limited{what="controller_unconfirmed"} 0`,
	)

	must(t, c.Broker(2).Kill())
	judge.killed(2)
	p.shows("node 2 is dead", 60*time.Second,
		"kafka_brokers 2", "kafka_brokers_expected 3", `kafka_broker_up{broker="2"} 0`, `kafka_broker_registered{broker="2"} 0`,
		`kafka_broker_status{broker="2",status="`+dead+`"} 1`, "kafka_active_controllers 1",
		part("kafka_topic_partition_leader", 0, 1), part("kafka_topic_partition_in_sync_replica", 0, 2), part("kafka_topic_partition_replicas", 0, 3),
		part("kafka_topic_partition_leader_is_preferred", 0, 0), part("kafka_topic_partition_leader_is_preferred", 2, 1),
		part("kafka_topic_partition_under_replicated_partition", 2, 1),
		`kafka_under_replicated_partitions{reason="broker_down"} 7`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		"kafka_at_min_isr_partitions 3", "kafka_under_min_isr_partitions 0", `kafka_broker_stop_would_break_min_isr_partitions{broker="1"} 3`,
		`kafka_not_preferred_partitions{electable="true"} 0`, `kafka_broker_leader_imbalance_ratio{broker="2"} 1`,
		`kafka_quorum_node_role{node="2",role="leader"} 0`, "kafka_offline_partitions 0", "kafka_unclean_leader_elections_total 0",
	)

	judge.starting(2)
	must(t, c.Broker(2).Start(ctx))
	p.shows("node 2 is back and leads nothing", 60*time.Second,
		"kafka_brokers 3", `kafka_broker_up{broker="2"} 1`, `kafka_broker_status{broker="2",status="alive"} 1`,
		part("kafka_topic_partition_in_sync_replica", 0, 3), part("kafka_topic_partition_leader", 0, 1),
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_broker_leader_imbalance_ratio{broker="2"} 1`, `kafka_broker_leader_imbalance_ratio{broker="1"} 0`, "kafka_at_min_isr_partitions 0",
	)
	must(t, c.ElectPreferred(ctx, "test"))
	must(t, c.ElectPreferred(ctx, "__consumer_offsets"))
	p.shows("leadership is where it belongs", 30*time.Second,
		part("kafka_topic_partition_leader", 0, 2), part("kafka_topic_partition_leader_is_preferred", 0, 1),
		`kafka_not_preferred_partitions{electable="true"} 0`, `kafka_broker_leader_imbalance_ratio{broker="2"} 0`, "!kafka_leader_imbalance_since_timestamp_seconds",
		`kafka_log_truncations_total{topic="test"} 0`)
	if got := before.values["kafka_unclean_leader_elections_total"]; got != 0 {
		t.Errorf("%v unclean elections", got)
	}
	judge.end(6, "kafka_offline_partitions", `kafka_broker_up{broker="1"}`, `kafka_broker_up{broker="2"}`,
		`kafka_under_replicated_partitions{reason="broker_down"}`, `kafka_not_preferred_partitions{electable="true"}`,
		`kafka_topic_partition_leader{partition="0",topic="test"}`, `kafka_topic_partition_in_sync_replica{partition="1",topic="test"}`)
}

// readMetadataOf reads the truth from the metadata of one broker, over a connection
// that stays.
func readMetadataOf(t *testing.T, c *testbed.Cluster, id int) reader {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V2_8_0_0
	broker := sarama.NewBroker(c.Bootstrap()[id])
	must(t, broker.Open(conf))
	t.Cleanup(func() { _ = broker.Close() })
	return readMetadata(broker, conf)
}

// readMetadata is readMetadataOf over a connection that the caller closes.
func readMetadata(broker *sarama.Broker, conf *sarama.Config) reader {
	return func(c *testbed.Cluster) (truth, error) {
		v := truth{from: time.Now(), brokers: len(c.Brokers()), controller: unsaid, partitions: map[partName]partTruth{}}
		told, err := broker.GetMetadata(sarama.NewMetadataRequest(conf.Version, nil))
		if err != nil {
			return v, err
		}
		for _, b := range told.Brokers {
			v.registered = append(v.registered, int(b.ID()))
		}
		for _, topic := range told.Topics {
			for _, p := range topic.Partitions {
				if len(p.Replicas) == 0 {
					return v, errors.New("a topic is only half made")
				}
				v.partitions[partName{topic.Name, int(p.ID)}] = partTruth{Leader: int(p.Leader), ISR: ints(p.Isr), replicas: ints(p.Replicas), version: p.LeaderEpoch}
			}
		}
		v.to = time.Now()
		return v, nil
	}
}

func ints(from []int32) (to []int) {
	for _, n := range from {
		to = append(to, int(n))
	}
	return to
}
