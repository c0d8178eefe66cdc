//go:build matrix && cluster

package testbed

import "testing"

// TestEveryWire cuts clients off on every kind of release but those that TestWires
// and TestFaultsWithoutZooKeeper have; on 0.8 a wire is for all.
func TestEveryWire(t *testing.T) {
	for _, release := range []string{"0.10.2.2", "2.8.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) {
			c := begin(t, Spec{Kafka: release, ZooKeepers: 1, Wires: true, ZooKeeperWires: true, MovableClocks: true})
			cutClients(t, c)
			cutFromZooKeeper(t, c)
			addPartitions(t, c)
			moveClock(t, c)
		})
	}
}

// TestOldWires cuts a broker of 0.8 off from the other one.
func TestOldWires(t *testing.T) {
	c := begin(t, Spec{Kafka: "0.8.2.2", ZooKeepers: 1, Wires: true, ZooKeeperWires: true, Properties: map[string]string{
		"replica.lag.time.max.ms": "2000", "replica.socket.timeout.ms": "2000", "replica.fetch.wait.max.ms": "200",
	}})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}}))
	must(t, c.AddPartitions(ctx, "test", [][]int32{{0, 1}}))
	c.Wire(0).Cut()
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.AwaitTopic(ctx, "test", func(p []Partition) bool { return p[0].Leader == 0 && len(p[0].ISR) == 1 }))
	c.Wire(0).Mend()
	must(t, c.AwaitTopic(ctx, "test", whole))
}

// TestEveryDisk fails and fills disks where brokers live on with the others.
func TestEveryDisk(t *testing.T) {
	for _, release := range []string{"1.1.1", "2.8.2", "3.9.2", "4.4.0"} {
		t.Run(release, func(t *testing.T) {
			c := begin(t, Spec{Kafka: release, ZooKeepers: 1, LogDirs: 2, LogDirBytes: 24 << 20})
			loseDisk(t, c)
			fillDisks(t, c)
		})
	}
}

// TestCombinedTaker has a broker that is a controller as well come back without
// anything but its id.
func TestCombinedTaker(t *testing.T) {
	c := begin(t, Spec{Kafka: "4.4.0", Wires: true})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{2, 0, 1}}))
	if _, err := c.TakeID(ctx, 2); err == nil {
		t.Error("takes the id of a controller that runs")
	}
	must(t, c.Broker(2).Kill())
	other, err := c.TakeID(ctx, 2)
	must(t, err)
	must(t, c.AwaitTopic(ctx, "test", whole))
	if other.Wire() == c.Wire(2) || other.Addr() == c.Broker(2).Addr() {
		t.Error("the new broker has what is the former one's")
	}
}
