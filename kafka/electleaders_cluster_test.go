//go:build cluster

package kafka

import (
	"slices"
	"testing"

	"github.com/evenkeel/evenkeel/testbed"
)

// awaitTopic waits until every replica is in sync that is not on the broker that is down,
// -1 for none, and these lead.
func awaitTopic(t *testing.T, c *testbed.Cluster, down int32, leaders ...int32) {
	t.Helper()
	err := c.AwaitTopic(within(t), "orders", func(partitions []testbed.Partition) bool {
		var lead []int32
		for _, p := range partitions {
			lead = append(lead, p.Leader)
			if slices.Contains(p.ISR, down) || down < 0 && len(p.ISR) < len(p.Replicas) {
				return false
			}
		}
		return slices.Equal(lead, leaders)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// elect asks one broker after the other, because only the controller answers with
// ZooKeeper.
func elect(t *testing.T, c *testbed.Cluster, client *Client, registration int, ask map[string][]int32) map[string]map[int32]error {
	t.Helper()
	for i, addr := range c.Bootstrap() {
		elected, err := client.ElectPreferred(within(t), Node{ID: int32(i), Addr: addr, Registration: registration}, ask)
		refused := err
		for _, partitions := range elected {
			for _, err := range partitions {
				if IsNotController(err) {
					refused = err
				}
			}
		}
		switch {
		case refused == nil:
			return elected
		case err != nil:
			t.Logf("of broker %d: %v", i, err)
		}
	}
	t.Fatal("no broker elects")
	return nil
}

// TestElectLeadersOfReleases has real controllers elect, and tell why they do not.
func TestElectLeadersOfReleases(t *testing.T) {
	for _, spec := range []testbed.Spec{
		{Kafka: "2.4.1", ZooKeepers: 1, Brokers: 2},
		{Kafka: "4.4.0"},
	} {
		t.Run(spec.Kafka, func(t *testing.T) {
			c := testbed.StartT(t, spec)
			if err := c.CreateTopic(t.Context(), "orders", [][]int32{{0, 1}, {1, 0}}); err != nil {
				t.Fatal(err)
			}
			registration := 0
			if spec.ZooKeepers > 0 {
				registration = 4
			}
			ask := map[string][]int32{"orders": {0, 1, 9}, "none": {0}}
			client := newTestClient(t)
			if err := c.Broker(0).Kill(); err != nil {
				t.Fatal(err)
			}
			awaitTopic(t, c, 0, 1, 1)
			down := elect(t, c, client, registration, ask)
			if err := down["orders"][0]; !IsPreferredNotAvailable(err) {
				t.Errorf("while the preferred replica is down: %v", err)
			}
			if err := c.Broker(0).Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			awaitTopic(t, c, -1, 1, 1)
			elected := elect(t, c, client, registration, ask)
			t.Logf("elected %v", elected)
			if elected["orders"][0] != nil || !IsElectionNotNeeded(elected["orders"][1]) ||
				!IsUnknownTopic(elected["orders"][9]) || !IsUnknownTopic(elected["none"][0]) {
				t.Errorf("elected %v", elected)
			}
			awaitTopic(t, c, -1, 0, 1)
		})
	}
}
