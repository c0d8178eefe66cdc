//go:build cluster && matrix

package acceptance

import (
	"testing"

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
