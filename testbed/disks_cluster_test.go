//go:build cluster

package testbed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

// TestDisksOfOldBrokers fills and fails the disks of a release that ends then.
func TestDisksOfOldBrokers(t *testing.T) {
	c := begin(t, Spec{ZooKeepers: 1, Brokers: 1, LogDirs: 2, LogDirBytes: 8 << 20})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0}, {0}}))
	broker := c.Broker(0)
	for dir := range 2 {
		must(t, broker.FillDisk(dir))
	}
	awaitEnd(t, broker)
	for dir := range 2 {
		must(t, broker.FreeDisk(dir))
	}
	must(t, broker.Start(ctx))
	must(t, c.Produce(ctx, "test", 0, 10))

	must(t, broker.FailDisk(1))
	if err := broker.FailDisk(1); err == nil {
		t.Error("a disk fails twice")
	}
	awaitEnd(t, broker)
	if err := broker.Start(ctx); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("starting with a failed disk gave %v", err)
	}
	must(t, broker.MendDisk(1))
	must(t, broker.Start(ctx))
	must(t, c.AwaitTopic(ctx, "test", led))
}

// loseDisk fails one of two disks of a broker that goes on with the other.
func loseDisk(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "disk", slices.Repeat([][]int32{{0, 1}}, 4)))
	broker := c.Broker(0)
	must(t, broker.FailDisk(0))
	must(t, waitFor(ctx, "wait until a disk is offline", func() error { return offline(c, broker, 1) }))
	must(t, c.AwaitTopic(ctx, "disk", func(p []Partition) bool {
		return slices.ContainsFunc(p, func(p Partition) bool { return p.Leader == 1 })
	}))
	must(t, broker.MendDisk(0))
	must(t, broker.Restart(ctx))
	must(t, offline(c, broker, 0))
	must(t, c.AwaitTopic(ctx, "disk", whole))
	must(t, c.ElectPreferred(ctx, "disk"))
	must(t, c.AwaitTopic(ctx, "disk", led))
}

// fillDisks fills both disks of a broker that goes on with one.
func fillDisks(t *testing.T, c *Cluster) {
	ctx := t.Context()
	broker := c.Broker(0)
	for dir := range 2 {
		must(t, broker.FillDisk(dir))
	}
	awaitEnd(t, broker)
	for dir := range 2 {
		must(t, broker.FreeDisk(dir))
	}
	must(t, broker.Start(ctx))
	must(t, c.AwaitTopic(ctx, "disk", whole))
}

// offline fails unless so many of a broker's disks are offline.
func offline(c *Cluster, s *Server, want int) error {
	b := sarama.NewBroker(s.Addr())
	if err := b.Open(c.clientConfig()); err != nil {
		return err
	}
	defer b.Close()
	response, err := b.DescribeLogDirs(&sarama.DescribeLogDirsRequest{Version: 1})
	if err != nil {
		return err
	}
	got := 0
	for _, dir := range response.LogDirs {
		if errors.Is(dir.ErrorCode, sarama.ErrKafkaStorageError) {
			got++
		}
	}
	if got != want {
		return fmt.Errorf("%d disks of %s are offline, want %d", got, s.Name(), want)
	}
	return nil
}
