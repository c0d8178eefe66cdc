//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
)

var assignment = [][]int32{{0, 1}, {1, 0}}

// The releases that mark the ages of Kafka: without ApiVersions, with metadata that
// is late, with metadata that is not, and (TestStoryWithoutZooKeeper) without
// ZooKeeper. The others are played by make matrix.
func TestStory(t *testing.T) {
	for _, kafka := range []string{"0.9.0.1", "2.4.1", "3.9.2"} {
		t.Run(kafka, func(t *testing.T) {
			t.Parallel()
			story(t, kafka)
		})
	}
}

// metadataLag is how late a broker may hear what the controller wrote, by Kafka's
// own means: measured are tenths of a second.
const metadataLag = time.Second

// story plays the story that evenkeel was made for on a release, and judges every
// sample of /metrics taken throughout against what the registry said during the
// very poll that the sample shows.
func story(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Chroot: "/kafka"})
	must(t, c.CreateTopic(ctx, "test", assignment))
	if kafka == "2.1.1" {
		spareController(ctx, t, c, 0)
	}
	truths := record(t, c, readZooKeeper)
	p := start(t, "--zookeeper.servers="+c.ZooKeeperConnect(), "--poll.interval=900ms", "--poll.timeout=5s", "--cluster.name=story")
	judge := watch(t, p, truths)
	if told := release(kafka); told == "2.8" || told[0] >= '3' {
		judge.lag = metadataLag // these are asked for metadata, while a controller is confirmed
	}

	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "story", "test", 0, 4)) // makes __consumer_offsets; 0.9 does not list a group without members
	groups := kafka != "0.8.2.2"                        // it keeps offsets, and has no groups of this kind
	var consumer *testbed.Consumer
	if groups {
		var err error
		consumer, err = c.StartConsumer(ctx, "members", "test")
		must(t, err)
	}
	p.shows("a healthy cluster", 30*time.Second,
		"kafka_cluster_reachable 1", "kafka_brokers 2", "kafka_brokers_expected 2", "kafka_active_controllers 1",
		"kafka_offline_partitions 0", "zk_ensemble_servers 3", "zk_ensemble_leaders 1", "zk_ensemble_has_quorum 1", "zk_ensemble_serving_voters 3",
		`kafka_broker_up{broker="0"} 1`, `kafka_broker_status{broker="0",status="alive"} 1`,
		`kafka_broker_leaders{broker="0"} `+"3", // one of "test", two of the four of __consumer_offsets
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader", 1, 1),
		part("kafka_topic_partition_leader_is_preferred", 0, 1), part("kafka_topic_partition_in_sync_replica", 0, 2),
		part("kafka_topic_partition_current_offset", 0, 10), part("kafka_topic_partition_oldest_offset", 0, 0),
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_not_preferred_partitions{electable="true"} 0`, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`,
		`evenkeel_collector_success{collector="isr"} 1`, `evenkeel_collector_success{collector="lag"} 1`,
		fmt.Sprintf(`kafka_cluster_info{cluster_id="%s",mode="zookeeper",version="%s"} 1`, clusterID(t, c), release(kafka)),
	)
	var before samples
	if groups {
		p.shows("a group", 30*time.Second,
			`kafka_consumergroup_members{consumergroup="members"} 1`, `kafka_consumergroup_lag_sum{consumergroup="members",topic="test"} 0`)
		must(t, consumer.Stop())
		before = p.shows("a group whose members are gone keeps its offsets", 30*time.Second,
			`kafka_consumergroup_members{consumergroup="members"} 0`, `kafka_consumergroup_lag_sum{consumergroup="members",topic="test"} 0`)
	} else {
		before = p.shows("no group", time.Second, "!"+`kafka_consumergroup_members{consumergroup="members"}`)
	}

	must(t, c.Broker(0).Kill())
	judge.killed(0)
	p.shows("broker 0 is dead", 30*time.Second,
		"kafka_brokers 1", "kafka_brokers_expected 2", `kafka_broker_up{broker="0"} 0`, `kafka_broker_registered{broker="0"} 0`,
		`kafka_broker_status{broker="0",status="unregistered"} 1`, `!kafka_broker_response_seconds{broker="0"}`,
		part("kafka_topic_partition_leader", 0, 1), part("kafka_topic_partition_leader", 1, 1),
		part("kafka_topic_partition_in_sync_replica", 0, 1), part("kafka_topic_partition_in_sync_replica", 1, 1),
		part("kafka_topic_partition_replicas", 0, 2), part("kafka_topic_partition_replicas", 1, 2),
		part("kafka_topic_partition_under_replicated_partition", 0, 1), part("kafka_topic_partition_under_replicated_partition", 1, 1),
		part("kafka_topic_partition_leader_is_preferred", 0, 0), part("kafka_topic_partition_leader_is_preferred", 1, 1),
		`kafka_under_replicated_partitions{reason="broker_down"} 6`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_not_preferred_partitions{electable="false"} 3`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 1`, `kafka_broker_out_of_sync_replicas{broker="0"} 6`,
		before.more(`kafka_isr_shrinks_total{broker="0"}`, 6), before.more("kafka_leader_elections_total", 3), "kafka_unclean_leader_elections_total 0",
		"kafka_offline_partitions 0", `kafka_broker_stop_would_offline_partitions{broker="1"} 6`,
	)

	judge.starting(0)
	must(t, c.Broker(0).Start(ctx))
	p.shows("broker 0 is back and leads nothing", 60*time.Second,
		"kafka_brokers 2", `kafka_broker_up{broker="0"} 1`, `kafka_broker_status{broker="0",status="alive"} 1`,
		part("kafka_topic_partition_in_sync_replica", 0, 2), part("kafka_topic_partition_in_sync_replica", 1, 2),
		part("kafka_topic_partition_leader", 0, 1), part("kafka_topic_partition_leader", 1, 1), `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 1`, `kafka_broker_leader_imbalance_ratio{broker="1"} 0`,
		`kafka_not_preferred_partitions{electable="true"} 3`, `kafka_not_preferred_partitions{electable="false"} 0`,
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, before.more(`kafka_isr_expands_total{broker="0"}`, 6), "kafka_log_truncations_total{topic=\"test\"} 0",
	)
	must(t, c.ElectPreferred(ctx, "test", 0))
	p.shows("its partition of \"test\" is led by broker 0 again", 30*time.Second,
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader_is_preferred", 0, 1),
		before.more("kafka_leader_elections_total", 4), `kafka_not_preferred_partitions{electable="true"} 2`)
	must(t, c.ElectPreferred(ctx, "__consumer_offsets"))
	p.shows("leadership is where it belongs", 30*time.Second,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 0`, `kafka_not_preferred_partitions{electable="true"} 0`, "!kafka_leader_imbalance_since_timestamp_seconds")
	if groups {
		p.shows("what the group committed", time.Second, `kafka_consumergroup_current_offset{consumergroup="members",partition="0",topic="test"} 10`)
	}
	judge.end(12, "kafka_offline_partitions", `kafka_broker_up{broker="0"}`, `kafka_broker_up{broker="1"}`, `kafka_under_replicated_partitions{reason="broker_down"}`,
		`kafka_not_preferred_partitions{electable="true"}`, `kafka_broker_leader_imbalance_ratio{broker="0"}`,
		`kafka_topic_partition_leader{partition="0",topic="test"}`, `kafka_topic_partition_leader{partition="3",topic="__consumer_offsets"}`)
}

// spareController makes another broker the controller. Kafka 2.1 leaves a follower
// that dies as the controller in the ISR, for as long as nothing is produced.
func spareController(ctx context.Context, t *testing.T, c *testbed.Cluster, broker int) {
	t.Helper()
	for {
		controller, err := c.Controller(ctx)
		must(t, err)
		if controller.ID() != broker {
			return
		}
		must(t, c.ZK().Delete(c.Path("/controller"), -1)) // whoever is quickest takes the office
	}
}

// release returns MAJOR.MINOR of a release.
func release(kafka string) string {
	parts := strings.Split(kafka, ".")
	return parts[0] + "." + parts[1]
}

// clusterID returns the id that the registry holds; "" before 0.10.1.
func clusterID(t *testing.T, c *testbed.Cluster) string {
	t.Helper()
	var id struct{ ID string }
	if _, err := readJSON(c, "/cluster/id", &id); err != nil && !errors.Is(err, zk.ErrNoNode) {
		t.Fatal(err)
	}
	return id.ID
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
