//go:build matrix && cluster

package testbed

import "testing"

// TestEveryUpgrade is the way to the last release on ZooKeeper.
func TestEveryUpgrade(t *testing.T) {
	c := begin(t, Spec{Kafka: "2.8.2", OneJVM: true})
	const key = "inter.broker.protocol.version"
	upgrade(t, c, "3.9.2", map[string]string{key: "2.8"}, map[string]string{key: "3.9"})
}
