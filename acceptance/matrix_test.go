//go:build cluster && matrix

package acceptance

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestStoryOnReleases plays the story on every other release with ZooKeeper, each on
// the ZooKeeper that the testbed pairs with it. They come one after another, each in
// its own time.
func TestStoryOnReleases(t *testing.T) {
	for _, kafka := range testbed.KafkaReleases() {
		zookeeper, err := testbed.PairedZooKeeper(kafka)
		must(t, err)
		switch {
		case zookeeper == "", kafka == "0.9.0.1", kafka == "2.4.1", kafka == "3.9.2":
			continue // TestStoryWithoutZooKeeper, TestStory
		}
		t.Run(kafka, func(t *testing.T) { story(t, kafka) })
	}
}

// TestRollingUpgradeToMetadata takes a cluster from 2.8.2 to 3.9.2.
func TestRollingUpgradeToMetadata(t *testing.T) {
	rollingUpgrade(t, testbed.Spec{Kafka: "2.8.2", ZooKeeper: "3.9.5", OneJVM: true}, "3.9.2", "2.8", "3.9")
}

// TestStoryOnOldKRaft plays the story on releases that knew both ways.
func TestStoryOnOldKRaft(t *testing.T) {
	for _, kafka := range []string{"3.3.2", "3.9.2"} {
		t.Run(kafka, func(t *testing.T) { storyWithoutZooKeeper(t, kafka, "unregistered") })
	}
}

// TestBrokersAloneOnReleases asks the brokers of every other release without their
// ZooKeeper.
func TestBrokersAloneOnReleases(t *testing.T) {
	for _, kafka := range testbed.KafkaReleases() {
		if zookeeper, err := testbed.PairedZooKeeper(kafka); err != nil || zookeeper == "" || kafka == "0.9.0.1" {
			continue
		}
		t.Run(kafka, func(t *testing.T) { brokersAlone(t, kafka) })
	}
}

// TestLoginsOnReleases logs in where the forms of the login differ, with the
// registration's word of what the broker is and without.
func TestLoginsOnReleases(t *testing.T) {
	for _, kafka := range []string{"1.1.1", "2.1.1", "2.4.1", "2.8.2", "3.3.2"} {
		t.Run(kafka, func(t *testing.T) { loginsOn(t, kafka) })
	}
}

func loginsOn(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{
		Kafka: kafka, Brokers: 1, ZooKeepers: 1,
		Listeners: []testbed.Listener{{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN"}}},
		Users:     map[string]string{"alice": "right"},
	})
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0}}))
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "billing", "test", 0, 4))
	entry := func(name, from, password string) string {
		return fmt.Sprintf("  - name: %s\n    poll: {interval: 2s, timeout: 2s}\n%s      tls: {enabled: true, ca_file: %q}\n      sasl: {mechanism: PLAIN, username: alice, password: %s}\n",
			name, from, c.PKI().CAFile, password)
	}
	registry := fmt.Sprintf("    zookeeper: {servers: [%s]}\n    kafka:\n", c.ZooKeeperConnect())
	alone := fmt.Sprintf("    kafka:\n      brokers: [%s]\n", c.Listener("SECURE")[0])
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, "clusters:\n"+entry("registry", registry, "right")+entry("alone", alone, "right")+
		entry("wrong-registry", registry, "wrong")+entry("wrong-alone", alone, "wrong"))
	p := start(t, "--config.file="+file)
	for _, name := range []string{"registry", "alone"} {
		p.showsOf(name, "everything", 60*time.Second, "kafka_brokers 1", part("kafka_topic_partition_in_sync_replica", 0, 1),
			part("kafka_topic_partition_current_offset", 0, 10), `kafka_consumergroup_lag{consumergroup="billing",partition="0",topic="test"} 6`)
	}
	p.showsOf("wrong-registry", "a refused login", 60*time.Second, `kafka_broker_status{broker="0",status="auth_error"} 1`, part("kafka_topic_partition_in_sync_replica", 0, 1))
	p.showsOf("wrong-alone", "a refused login", 60*time.Second, "kafka_cluster_reachable 0", `evenkeel_collector_errors_total{collector="brokers",reason="auth_error"} >0`)
}
