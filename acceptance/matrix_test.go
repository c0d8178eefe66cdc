//go:build cluster && matrix

package acceptance

import (
	"testing"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestStoryOnReleases plays the story on every other release that keeps its
// metadata in ZooKeeper and has consumer groups, each on the ZooKeeper that the
// testbed pairs with it. They come one after another, each in its own time.
func TestStoryOnReleases(t *testing.T) {
	for _, kafka := range testbed.KafkaReleases() {
		zookeeper, err := testbed.PairedZooKeeper(kafka)
		must(t, err)
		if kafka == "0.9.0.1" || kafka == "0.8.2.2" || zookeeper == "" {
			continue // TestStory; no groups; no ZooKeeper
		}
		t.Run(kafka, func(t *testing.T) { story(t, kafka) })
	}
}
