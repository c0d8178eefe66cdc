//go:build matrix && cluster

package testbed

import "testing"

// TestEveryReassignment moves partitions on every release that can throttle,
// and without ZooKeeper on those that know both ways.
func TestEveryReassignment(t *testing.T) {
	for _, kafka := range KafkaReleases() {
		rel, err := findKafka(kafka)
		must(t, err)
		if !rel.throttles() {
			continue
		}
		t.Run(kafka, func(t *testing.T) {
			reassign(t, begin(t, Spec{Kafka: kafka, OneJVM: true, Brokers: 2}))
		})
		if rel.knowsKRaft() && !rel.kraft() {
			t.Run(kafka+"-kraft", func(t *testing.T) {
				reassign(t, begin(t, Spec{Kafka: kafka, KRaft: true, Controllers: 1}))
			})
		}
	}
}
