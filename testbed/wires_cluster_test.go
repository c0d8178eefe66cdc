//go:build cluster

package testbed

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// TestWires cuts a cluster of the default release in every way.
func TestWires(t *testing.T) {
	c := begin(t, Spec{ZooKeepers: 1, Wires: true, ZooKeeperWires: true})
	cutClients(t, c)
	cutFromZooKeeper(t, c)
}

// outside asks a broker's wire for metadata, as a client that knows of nothing
// else, and returns the addresses that it is told.
func outside(c *Cluster, broker int) ([]string, error) {
	conf := sarama.NewConfig()
	conf.Version = c.oldest().protocol
	conf.ApiVersionsRequest = c.oldest().apiVersions()
	conf.Net.ReadTimeout = time.Second
	b := sarama.NewBroker(c.Wire(broker).Addr())
	if err := b.Open(conf); err != nil {
		return nil, err
	}
	defer b.Close()
	metadata, err := b.GetMetadata(sarama.NewMetadataRequest(conf.Version, nil))
	if err != nil {
		return nil, err
	}
	var addrs []string
	for _, b := range metadata.Brokers {
		addrs = append(addrs, b.Addr())
	}
	slices.Sort(addrs)
	return addrs, nil
}

// cutClients cuts all clients off, and nobody else.
func cutClients(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "cut", [][]int32{{0, 1}, {1, 0}}))
	want := c.WiredBootstrap()
	slices.Sort(want)
	for id := range c.Brokers() {
		if got, err := outside(c, id); err != nil || !slices.Equal(got, want) {
			t.Fatalf("clients of broker %d are led to %v (%v), want the wires %v", id, got, err, want)
		}
	}
	for id := range c.Brokers() {
		c.Wire(id).Cut()
	}
	if got, err := outside(c, 0); err == nil {
		t.Errorf("a cut wire answers: %v", got)
	}
	must(t, c.Produce(ctx, "cut", 0, 1000)) // needs both brokers
	must(t, c.Produce(ctx, "cut", 1, 1000))
	consumer, err := c.StartConsumer(ctx, "readers", "cut")
	must(t, err)
	if !c.oldest().old() {
		reader, err := c.StartAssigned(ctx, "loners", "cut", 0)
		must(t, err)
		must(t, reader.Stop())
		awaitLags(t, []ToolLag{{"cut", 0, 1000, 1000, 0}, {"cut", 1, 1000, 1000, 0}}, func() ([]ToolLag, error) {
			return c.ToolLags(ctx, "readers")
		})
	}
	must(t, consumer.Stop())
	for id := range c.Brokers() {
		c.Wire(id).Mend()
	}
	if _, err := outside(c, 0); err != nil {
		t.Errorf("a mended wire: %v", err)
	}
}

// cutFromZooKeeper cuts one broker off from ZooKeeper, which clients still see,
// and has another take its id meanwhile.
func cutFromZooKeeper(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "taken", [][]int32{{1, 0}}))
	for _, w := range c.ZooKeeperWiresOf(1) {
		w.Cut()
	}
	must(t, c.AwaitTopic(ctx, "taken", func(p []Partition) bool { return p[0].Leader == 0 && len(p[0].ISR) == 1 }))
	if _, err := zkMode(c.ZooKeeperWire(0).Addr()); err != nil {
		t.Errorf("clients do not see ZooKeeper: %v", err)
	}
	if _, err := outside(c, 1); err != nil {
		t.Errorf("clients do not see broker 1: %v", err)
	}
	other, err := c.TakeID(ctx, 1)
	must(t, err)
	must(t, c.AwaitTopic(ctx, "taken", whole))
	for _, w := range c.ZooKeeperWiresOf(1) {
		w.Mend()
	}
	if !c.Broker(1).Running() || !other.Running() || c.Broker(1).PID() == other.PID() {
		t.Error("there must be two processes with the same id")
	}
	c.ZooKeeperWire(0).Refuse()
	if _, err := zkMode(c.ZooKeeperWire(0).Addr()); err == nil {
		t.Error("ZooKeeper answers through a wire that refuses")
	}
	must(t, c.AwaitTopic(ctx, "taken", whole))
}

// awaitEnd returns when a server has ended by itself.
func awaitEnd(t *testing.T, s *Server) {
	t.Helper()
	must(t, waitFor(t.Context(), "wait for the end of "+s.Name(), func() error {
		if s.Running() {
			return errors.New("it runs")
		}
		return nil
	}))
	if s.PID() != 0 {
		t.Errorf("%s has ended, but is process %d", s.Name(), s.PID())
	}
}

// TestFaultsWithoutZooKeeper has the faults of a newer release in one cluster.
func TestFaultsWithoutZooKeeper(t *testing.T) {
	c := begin(t, Spec{Kafka: "4.4.0", Controllers: 1, Wires: true, LogDirs: 2, LogDirBytes: 24 << 20, MovableClocks: true})
	if c.WireListener() != "WIRE" {
		t.Errorf("the listener is %q", c.WireListener())
	}
	cutClients(t, c)
	t.Run("partitions", func(t *testing.T) { addPartitions(t, c) })
	t.Run("clock", func(t *testing.T) { moveClock(t, c) })
	t.Run("disk", func(t *testing.T) { loseDisk(t, c) })
	if used, err := c.Broker(1).CPU(); err != nil || used <= 0 {
		t.Errorf("processor time of broker 1: %v, %v", used, err)
	}
}

func addPartitions(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "added", [][]int32{{0, 1}}))
	must(t, c.AddPartitions(ctx, "added", [][]int32{{1, 0}, {0, 1}}))
	partitions, err := c.Partitions(ctx, "added")
	must(t, err)
	if got := fmt.Sprint(partitions); len(partitions) != 3 || !led(partitions) || partitions[1].Replicas[0] != 1 {
		t.Errorf("the partitions are %s", got)
	}
}
