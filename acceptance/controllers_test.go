//go:build cluster

package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestControllersGone watches a KRaft cluster whose controllers are processes of
// their own: a reassignment that does not end, a group of the new protocol, and the
// loss of all controllers while the brokers go on telling what they knew last.
func TestControllersGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "4.4.0", Controllers: 3, Brokers: 2})
	must(t, c.CreateTopic(ctx, "test", assignment))
	must(t, c.CreateTopic(ctx, "move", [][]int32{{0}}))
	must(t, c.ProduceBytes(ctx, "move", 0, 4<<20))
	consumer, err := c.StartConsumerWith(ctx, "new", "consumer", "test")
	must(t, err)
	p := start(t, "--kafka.brokers="+c.Bootstrap()[0], "--poll.interval=900ms", "--poll.timeout=6s", "--cluster.name=kraft")
	p.shows("a healthy cluster with controllers of its own", 30*time.Second,
		"kafka_active_controllers 1", `kafka_broker_is_controller{broker="0"} 0`, `kafka_broker_is_controller{broker="1"} 0`,
		"kafka_quorum_voters 3", "kafka_quorum_observers 2", `kafka_quorum_node_role{node="0",role="observer"} 1`,
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_in_sync_replica", 1, 2), "kafka_offline_partitions 0",
		`kafka_consumergroup_members{consumergroup="new"} 1`, "kafka_reassigning_partitions 0",
	)
	must(t, consumer.Stop())

	must(t, c.StartReassignment(ctx, "move", 0, []int32{1}, 1))
	p.shows("a reassignment", 30*time.Second, "kafka_reassigning_partitions 1")
	p.polls(4)
	p.shows("what is being moved is not under-replicated", time.Second, "kafka_reassigning_partitions 1",
		`kafka_under_replicated_partitions{reason="lagging"} 0`, `kafka_under_replicated_partitions{reason="broker_down"} 0`,
		`kafka_topic_partition_under_replicated_partition{partition="0",topic="move"} 0`, `kafka_topic_partition_replicas{partition="0",topic="move"} 2`)
	must(t, c.FinishReassignment(ctx, "move"))
	before := p.shows("it is done", 60*time.Second, "kafka_reassigning_partitions 0",
		`kafka_topic_partition_leader{partition="0",topic="move"} 1`, `kafka_topic_partition_replicas{partition="0",topic="move"} 1`)

	for _, controller := range c.Controllers() {
		must(t, controller.Kill())
	}
	p.shows("no controller is left, and what the brokers tell may be old", 60*time.Second,
		"kafka_active_controllers 0", "kafka_cluster_reachable 1", `kafka_broker_status{broker="0",status="unknown"} 1`,
		no(part("kafka_topic_partition_leader", 0, 0)), no(part("kafka_topic_partition_in_sync_replica", 0, 2)),
		no(part("kafka_topic_partition_leader_is_preferred", 0, 1)), "!kafka_offline_partitions", `!kafka_broker_registered{broker="0"}`,
		`!kafka_broker_leaders{broker="0"}`, `!kafka_broker_up{broker="0"}`, "!kafka_quorum_voters",
		part("kafka_topic_partition_replicas", 0, 2), before.more(`kafka_broker_preferred_leaders{broker="0"}`, 0),
		part("kafka_topic_partition_current_offset", 0, 0),
		`evenkeel_collector_success{collector="isr"} 0`, `evenkeel_collector_success{collector="lag"} 1`,
	)
	must(t, c.Broker(1).Kill())
	p.shows("a broker that died meanwhile is not told as alive", 30*time.Second, `kafka_broker_up{broker="1"} 0`, `kafka_broker_status{broker="1",status="refused"} 1`)
	for _, controller := range c.Controllers() {
		must(t, controller.Start(ctx))
	}
	s := p.shows("the controllers are back, and found out about the dead broker", 90*time.Second,
		"kafka_active_controllers 1", part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_in_sync_replica", 0, 1),
		part("kafka_topic_partition_leader", 1, 0), `kafka_broker_status{broker="1",status="fenced"} 1`, "kafka_offline_partitions 1",
		`evenkeel_collector_success{collector="isr"} 1`)
	if s.values[`kafka_under_replicated_partitions{reason="lagging"}`] != 0 {
		t.Error("the dead broker's replicas are told as lagging")
	}
}
