//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestBrokersAlone asks the brokers of the release that bears least, without its
// ZooKeeper and so without a word of what it is.
func TestBrokersAlone(t *testing.T) {
	t.Parallel()
	brokersAlone(t, "0.9.0.1")
}

// brokersAlone watches a cluster on ZooKeeper through its brokers only: where the
// ensemble is out of reach. As much is told as that release's metadata is good for,
// and other clients lose no request over finding out which release it is.
func brokersAlone(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, OneJVM: true})
	must(t, c.CreateTopic(ctx, "test", assignment))
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "story", "test", 0, 4))
	work, stop := context.WithCancel(ctx)
	defer stop()
	var others []chan loopResult
	for _, address := range c.Bootstrap() {
		others = append(others, loop(work, address, metadataAnswered), loop(work, address, metadataAnswered))
	}
	p := start(t, "--kafka.brokers="+c.Bootstrap()[0]+","+c.Bootstrap()[1], "--poll.interval=900ms", "--poll.timeout=5s")
	all := []string{
		"kafka_cluster_reachable 1", "kafka_brokers 2", `kafka_broker_status{broker="0",status="alive"} 1`, "!zk_up",
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader", 1, 1), part("kafka_topic_partition_current_offset", 0, 10),
		`kafka_topic_partitions{topic="test"} 2`,
	}
	replicas := []string{
		part("kafka_topic_partition_replicas", 0, 2), part("kafka_topic_partition_in_sync_replica", 1, 2),
		part("kafka_topic_partition_leader_is_preferred", 1, 1), "kafka_offline_partitions 0",
	}
	unconfirmed := `evenkeel_limited{what="controller_unconfirmed"} 1`
	switch told := release(kafka); told {
	case "0.8", "0.9", "0.10":
		all = append(all, unconfirmed, "!kafka_topic_partition_replicas", "!kafka_topic_partition_in_sync_replica",
			"!kafka_topic_partition_leader_is_preferred", "!kafka_under_replicated_partitions", "!kafka_offline_partitions")
	case "1.1", "2.1":
		all = append(all, replicas...)
		all = append(all, unconfirmed, "kafka_active_controllers 1")
	default:
		all = append(all, replicas...)
		all = append(all, `evenkeel_limited{what="controller_unconfirmed"} 0`, "kafka_active_controllers 1", `kafka_under_replicated_partitions{reason="lagging"} 0`)
	}
	s := p.shows("what the brokers tell", 60*time.Second, append(all, `evenkeel_collector_success{collector="lag"} 1`)...)
	if told := fmt.Sprintf(`mode="zookeeper",version="%s"`, release(kafka)); !slices.ContainsFunc(slices.Collect(maps.Keys(s.values)), func(series string) bool {
		return strings.HasPrefix(series, "kafka_cluster_info") && strings.Contains(series, told)
	}) {
		t.Errorf("no kafka_cluster_info with %s", told)
	}
	must(t, c.Broker(0).Restart(ctx)) // every connection is opened anew
	p.shows("the same after a restart", 60*time.Second, "kafka_brokers 2", `kafka_broker_status{broker="0",status="alive"} 1`, part("kafka_topic_partition_current_offset", 0, 10))
	stop()
	for i, l := range others {
		if r := <-l; i >= 2 && (r.err != nil || r.done < 100) { // those of broker 0 were cut by its restart
			t.Errorf("another client of broker 1: %d requests, %v", r.done, r.err)
		}
	}
}
