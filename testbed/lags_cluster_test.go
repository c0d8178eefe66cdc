//go:build cluster

package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestLagsOfOldRelease has one cluster of the default release for all that tests
// of lag need.
func TestLagsOfOldRelease(t *testing.T) {
	tryLags(t, begin(t, Spec{OneJVM: true}))
}

// TestLagsOfNewRelease is the same for a release with transactions, but without
// the old consumer.
func TestLagsOfNewRelease(t *testing.T) {
	tryLags(t, begin(t, Spec{Kafka: "4.4.0", Brokers: 1}))
}

// tryLags runs what the cluster's release can do, and asks for what it cannot.
func tryLags(t *testing.T, c *Cluster) {
	rel := c.oldest()
	if rel.old() {
		_, err := c.ToolLags(t.Context(), "none")
		mustNot(t, err, "no tool")
	} else {
		t.Run("assigned", func(t *testing.T) { readAssigned(t, c) })
		t.Run("member", func(t *testing.T) { readAsMember(t, c) })
	}
	if rel.hasOldConsumer() {
		for _, storage := range []string{offsetsInZooKeeper, offsetsInKafka} {
			t.Run("old-"+storage, func(t *testing.T) { readOld(t, c, storage) })
		}
	} else {
		_, err := c.StartOldConsumer(t.Context(), "none", offsetsInKafka, "none")
		_, toolErr := c.OldToolLags(t.Context(), "none")
		mustNot(t, err, "before 2.0")
		mustNot(t, toolErr, "before 2.0")
	}
	if rel.transactional() {
		t.Run("transactions", func(t *testing.T) { transact(t, c) })
	} else {
		_, err := c.StartTransactions(t.Context(), "none")
		mustNot(t, err, "0.11 and later")
	}
	t.Run("blast", func(t *testing.T) { blast(t, c) })
}

// mustNot wants an error that says why something cannot be.
func mustNot(t *testing.T, err error, why string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want an error with %q", err, why)
	}
}

// spreadOver assigns partitions to all brokers in turn.
func spreadOver(c *Cluster, partitions int) [][]int32 {
	var assignment [][]int32
	for p := range partitions {
		assignment = append(assignment, []int32{int32(p % len(c.Brokers()))})
	}
	return assignment
}

// readAssigned lets a consumer that is no member of its group fall behind.
func readAssigned(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "assigned", spreadOver(c, 3)))
	must(t, c.Produce(ctx, "assigned", 0, 10))
	must(t, c.Produce(ctx, "assigned", 1, 7))
	consumer, err := c.StartAssigned(ctx, "loners", "assigned", 0, 2)
	must(t, err)
	awaitCommitted(t, c, "loners", "assigned", map[int32]int64{0: 10, 2: 0})
	if n, err := c.groupMembers(ctx, "loners"); err != nil || n != 0 {
		t.Errorf("its group has %d members, %v", n, err)
	}
	must(t, consumer.Freeze())
	must(t, c.Produce(ctx, "assigned", 2, 5))
	want := []ToolLag{{"assigned", 0, 10, 10, 0}, {"assigned", 2, 0, 5, 5}}
	if c.oldest().describesMembersOnly() {
		if lags, err := c.ToolLags(ctx, "loners"); err == nil {
			t.Errorf("the tool describes a group without members: %v", lags)
		}
	} else {
		awaitLags(t, want, func() ([]ToolLag, error) { return c.ToolLags(ctx, "loners") })
	}
	must(t, consumer.Thaw())
	awaitCommitted(t, c, "loners", "assigned", map[int32]int64{0: 10, 2: 5})
	must(t, consumer.Stop())
	again, err := c.StartAssigned(ctx, "loners", "assigned", 1)
	must(t, err)
	awaitCommitted(t, c, "loners", "assigned", map[int32]int64{0: 10, 1: 7, 2: 5})
	must(t, again.Kill())
}

// describesMembersOnly tells whether the release's tool knows a group only while
// it has members.
func (r kafkaRelease) describesMembersOnly() bool { return !r.apiVersions() }

// readAsMember compares what the tool says of a member's partitions.
func readAsMember(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "joined", spreadOver(c, 2)))
	must(t, c.Produce(ctx, "joined", 0, 4))
	consumer, err := c.StartReader(ctx, ReaderSpec{Group: "joiners", Topics: []string{"joined"}})
	must(t, err)
	awaitLags(t, []ToolLag{{"joined", 0, 4, 4, 0}, {"joined", 1, 0, 0, 0}}, func() ([]ToolLag, error) {
		return c.ToolLags(ctx, "joiners")
	})
	must(t, consumer.Stop())
	if _, err := c.StartReader(ctx, ReaderSpec{Group: "joiners"}); err == nil || !strings.Contains(err.Error(), "no topics") {
		t.Errorf("a reader of nothing: %v", err)
	}
}

// readOld lets the old consumer fall behind.
func readOld(t *testing.T, c *Cluster, storage string) {
	ctx := t.Context()
	topic, group := "old-"+storage, "olds-"+storage
	must(t, c.CreateTopic(ctx, topic, spreadOver(c, 2)))
	must(t, c.Produce(ctx, topic, 0, 10))
	must(t, c.Produce(ctx, topic, 1, 3))
	consumer, err := c.StartOldConsumer(ctx, group, storage, topic)
	must(t, err)
	// The tool shows a partition once there is an offset of it.
	awaitLags(t, []ToolLag{{topic, 0, 10, 10, 0}, {topic, 1, 3, 3, 0}}, func() ([]ToolLag, error) {
		return c.OldToolLags(ctx, group)
	})
	if _, err := c.znode(ctx, "/consumers/"+group+"/offsets/"+topic+"/0"); (err == nil) != (storage == offsetsInZooKeeper) {
		t.Errorf("offsets in ZooKeeper: %v", err)
	}
	must(t, consumer.Freeze())
	must(t, c.Produce(ctx, topic, 1, 5))
	awaitLags(t, []ToolLag{{topic, 0, 10, 10, 0}, {topic, 1, 3, 8, 5}}, func() ([]ToolLag, error) {
		return c.OldToolLags(ctx, group)
	})
	must(t, consumer.Kill())
	after, err := c.StartOldConsumer(ctx, group, storage, topic)
	must(t, err)
	awaitLags(t, []ToolLag{{topic, 0, 10, 10, 0}, {topic, 1, 8, 8, 0}}, func() ([]ToolLag, error) {
		return c.OldToolLags(ctx, group)
	})
	must(t, after.Stop())
}

func awaitLags(t *testing.T, want []ToolLag, ask func() ([]ToolLag, error)) {
	t.Helper()
	must(t, waitFor(t.Context(), fmt.Sprintf("wait for lags %+v", want), func() error {
		lags, err := ask()
		if err == nil && !slices.Equal(lags, want) {
			err = fmt.Errorf("the tool says %+v", lags)
		}
		return err
	}))
}

func awaitCommitted(t *testing.T, c *Cluster, group, topic string, want map[int32]int64) {
	t.Helper()
	must(t, waitFor(t.Context(), fmt.Sprintf("wait until group %s has committed %v", group, want), func() error {
		offsets, err := c.committed(t.Context(), group, topic, slices.Sorted(maps.Keys(want)))
		if err == nil && !maps.Equal(offsets, want) {
			err = fmt.Errorf("it has committed %v", offsets)
		}
		return err
	}))
}
