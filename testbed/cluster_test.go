//go:build cluster

package testbed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// begin starts a cluster that must leave neither process nor goroutine.
func begin(t *testing.T, spec Spec) *Cluster {
	t.Helper()
	var pids []int
	t.Cleanup(func() {
		for _, pid := range pids {
			if s := state(pid); s != "" {
				t.Errorf("process %d is left, in state %s", pid, s)
			}
		}
		verifyNoLeak(t)
	})
	start := time.Now()
	c := StartT(t, spec)
	t.Logf("whole after %v", time.Since(start))
	for _, s := range slices.Concat(c.ZooKeepers(), c.Controllers(), c.Brokers()) {
		pids = append(pids, s.PID())
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// led tells whether every partition is led by its preferred leader.
func led(partitions []Partition) bool {
	return !slices.ContainsFunc(partitions, func(p Partition) bool { return p.Leader != p.Replicas[0] })
}

// whole tells whether every replica is in the ISR.
func whole(partitions []Partition) bool {
	return !slices.ContainsFunc(partitions, func(p Partition) bool { return len(p.ISR) != len(p.Replicas) })
}

// TestStory loses and regains a broker, then has the leaders elected.
func TestStory(t *testing.T) {
	c := begin(t, Spec{})
	ctx := t.Context()
	must(t, c.CreateTopicWith(ctx, "test", [][]int32{{0, 1}, {1, 0}}, map[string]string{"retention.ms": "3600000"}))
	must(t, c.Produce(ctx, "test", 0, 100))
	must(t, c.Produce(ctx, "test", 1, 1))
	must(t, c.CommitOffset(ctx, "assigned", "test", 0, 42))

	producer, err := c.StartProducer(ctx, "test", 50)
	must(t, err)
	must(t, c.Broker(0).Kill())
	if c.Broker(0).Running() || c.Broker(0).PID() != 0 {
		t.Error("broker 0 is killed, but runs")
	}
	if err := c.Broker(0).Kill(); err == nil {
		t.Error("a second kill succeeds")
	}
	must(t, c.AwaitTopic(ctx, "test", func(p []Partition) bool { return p[0].Leader == 1 && slices.Equal(p[0].ISR, []int32{1}) }))
	must(t, c.Broker(0).Start(ctx))
	must(t, c.AwaitTopic(ctx, "test", whole))
	partitions, err := c.Partitions(ctx, "test")
	must(t, err)
	if partitions[0].Leader != 1 || partitions[1].Leader != 1 {
		t.Errorf("broker 1 must lead everything before the election: %+v", partitions)
	}
	must(t, c.ElectPreferred(ctx, "test"))
	must(t, c.AwaitTopic(ctx, "test", led))
	if err := c.ElectPreferred(ctx, "test", 7); err == nil {
		t.Error("elects a partition that does not exist")
	}
	must(t, producer.Stop(ctx))
	if producer.Sent() == 0 || producer.Sent() != producer.Acked()+producer.Failed() {
		t.Errorf("sent %d, acknowledged %d, failed %d", producer.Sent(), producer.Acked(), producer.Failed())
	}
	must(t, c.DeleteTopic(ctx, "test"))
	if _, err := c.Partitions(ctx, "test"); !errors.Is(err, errNoTopic) {
		t.Errorf("after DeleteTopic: %v", err)
	}
}

// TestGroup takes two members in, freezes one and kills the other.
func TestGroup(t *testing.T) {
	c := begin(t, Spec{OneJVM: true, Chroot: "/kafka"})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "a.b", [][]int32{{0, 1}, {1, 0}}))
	must(t, c.CreateTopic(ctx, "c", [][]int32{{1, 0}}))
	must(t, c.Produce(ctx, "a.b", 0, 10))
	if _, err := c.StartConsumer(ctx, "readers", "a.b", "c"); err == nil || !strings.Contains(err.Error(), "one topic") {
		t.Errorf("a consumer of two topics: %v", err)
	}
	first, err := c.StartConsumer(ctx, "readers", "a.b")
	must(t, err)
	second, err := c.StartConsumer(ctx, "readers", "c")
	must(t, err)
	awaitMembers(t, c, 2)
	must(t, first.Freeze())
	awaitMembers(t, c, 1)
	must(t, first.Thaw())
	awaitMembers(t, c, 2)
	must(t, second.Kill())
	awaitMembers(t, c, 1)
	must(t, first.Stop())
	must(t, first.Stop())
	awaitMembers(t, c, 0)
	if _, _, err := c.ZK().Get("/kafka/brokers/ids/0"); err != nil || !strings.HasSuffix(c.ZooKeeperConnect(), "/kafka") {
		t.Errorf("the chroot of %s: %v", c.ZooKeeperConnect(), err)
	}
	if err := c.ZooKeeper(0).Kill(); err == nil || !strings.Contains(err.Error(), "OneJVM") {
		t.Errorf("kill one of several in a JVM: %v", err)
	}
}

func awaitMembers(t *testing.T, c *Cluster, want int) {
	t.Helper()
	must(t, waitFor(t.Context(), "count the members", func() error {
		n, err := c.groupMembers(t.Context(), "readers")
		if err == nil && n != want {
			err = fmt.Errorf("%d members, want %d", n, want)
		}
		return err
	}))
}
