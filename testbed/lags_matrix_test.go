//go:build matrix && cluster

package testbed

import "testing"

// TestEveryLag runs on every release what tests of lag need.
func TestEveryLag(t *testing.T) {
	for _, kafka := range KafkaReleases() {
		t.Run(kafka, func(t *testing.T) { tryLags(t, begin(t, Spec{Kafka: kafka, OneJVM: true})) })
	}
}
