//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestRollingUpgrade takes a cluster from 0.9.0.1, where a wrong question takes the
// answers away from other clients, to 0.10.2.2.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	rollingUpgrade(t, testbed.Spec{Chroot: "/kafka", OneJVM: true}, "0.10.2.2", "0.9.0.1", "0.10.2")
}

// rollingUpgrade restarts the brokers one after the other, once as the new release
// speaking the old protocol and once more with the new one, under evenkeel, and
// judges all that it tells throughout. Other clients work on the broker that runs.
func rollingUpgrade(t *testing.T, spec testbed.Spec, to, oldProtocol, newProtocol string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := testbed.StartT(t, spec)
	from, _ := c.Releases()
	must(t, c.CreateTopic(ctx, "test", assignment))
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "story", "test", 0, 4))
	truths := record(t, c, readZooKeeper)
	p := start(t, "--zookeeper.servers="+c.ZooKeeperConnect(), "--poll.interval=900ms", "--poll.timeout=5s", "--cluster.name=story")
	judge := watch(t, p, truths)
	if told := release(to); told[0] >= '3' {
		judge.lag = metadataLag
	}
	version := func(kafka string) string {
		return fmt.Sprintf(`kafka_cluster_info{cluster_id="%s",mode="zookeeper",version="%s"} 1`, clusterID(t, c), release(kafka))
	}
	p.shows("the old release", 30*time.Second, version(from), "kafka_brokers 2")
	for round, protocol := range []string{oldProtocol, newProtocol} {
		for id := range c.Brokers() {
			work, stop := context.WithCancel(ctx)
			others := loop(work, c.Bootstrap()[1-id], metadataAnswered)
			judge.restarted(id)
			must(t, c.Upgrade(ctx, id, to, map[string]string{"inter.broker.protocol.version": protocol, "log.message.format.version": protocol}))
			expect := version(from)
			if round > 0 || id > 0 {
				expect = version(to)
			}
			p.shows(fmt.Sprintf("round %d, broker %d", round, id), 60*time.Second, expect, "kafka_brokers 2", "kafka_brokers_expected 2",
				part("kafka_topic_partition_in_sync_replica", 0, 2), part("kafka_topic_partition_in_sync_replica", 1, 2),
				part("kafka_topic_partition_current_offset", 0, 10), `kafka_under_replicated_partitions{reason="broker_down"} 0`)
			p.polls(3)
			stop()
			if r := <-others; r.err != nil || r.done < 100 {
				t.Errorf("round %d: another client of broker %d: %d requests, %v", round, 1-id, r.done, r.err)
			}
		}
	}
	// A 0.9 broker lists no group that only commits; the new release does.
	p.shows("a group that only commits", 30*time.Second, `kafka_consumergroup_current_offset{consumergroup="story",partition="0",topic="test"} 4`)
	judge.end(12, "kafka_offline_partitions", `kafka_under_replicated_partitions{reason="broker_down"}`,
		`kafka_topic_partition_leader{partition="0",topic="test"}`, `kafka_topic_partition_in_sync_replica{partition="1",topic="test"}`)
}
