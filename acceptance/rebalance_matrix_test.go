//go:build cluster && matrix

package acceptance

import (
	"testing"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestLeadersComeBackOnReleases gives leadership back on every release that make test does
// not do it on.
func TestLeadersComeBackOnReleases(t *testing.T) {
	for _, kafka := range []string{"0.10.2.2", "2.1.1", "2.8.2", "3.3.2"} {
		t.Run(kafka, func(t *testing.T) { leadersComeBackIn(t, testbed.Spec{Kafka: kafka}) })
	}
	t.Run("3.9.2 without ZooKeeper", func(t *testing.T) { leadersComeBackIn(t, testbed.Spec{Kafka: "3.9.2", KRaft: true}) })
	t.Run("3.3.2 without ZooKeeper", func(t *testing.T) { leadersComeBackIn(t, testbed.Spec{Kafka: "3.3.2", KRaft: true}) })
	t.Run("4.4.0 with controllers of their own", func(t *testing.T) {
		leadersComeBackIn(t, testbed.Spec{Kafka: "4.4.0", Brokers: 2, Controllers: 3})
	})
}
