package testbed

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// mover is how a release lets partitions be moved. Every method makes one
// attempt.
type mover interface {
	// set gives a topic or a broker dynamic settings; an empty value removes one.
	set(ctx context.Context, kind sarama.ConfigResourceType, name string, settings map[string]string) error
	// move asks for new replicas of a partition; assigned are those of all the
	// topic's partitions.
	move(ctx context.Context, topic string, partition int32, replicas []int32, assigned []Partition) error
}

// mover returns the way of the cluster's releases: requests from 2.4, before
// that the znodes that the tools of the time wrote.
func (c *Cluster) mover() mover {
	if c.oldest().protocol.IsAtLeast(sarama.V2_4_0_0) {
		return apiMover{c}
	}
	return znodeMover{c}
}

// StartReassignment begins to move a partition to other replicas and returns
// when the move is under way. The new ones copy what they lack at
// bytesPerSecond; 0 is no throttle, the only way before 0.10.1. A first fetch of
// 1 MiB (replica.fetch.max.bytes) is free, and what it exceeds the throttle by
// is waited for over up to eleven minutes: with 1 B/s and some MiB in the
// partition (see ProduceBytes) the move outlasts any test. Without a throttle it
// lasts while a new replica is down, which before 2.4 must have been killed so
// lately that it is still registered, and must not be the controller.
//
// A topic's partitions are moved one at a time.
func (c *Cluster) StartReassignment(ctx context.Context, topic string, partition int32, replicas []int32, bytesPerSecond int) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if err := c.startReassignment(ctx, topic, partition, replicas, bytesPerSecond); err != nil {
		return fmt.Errorf("testbed: move %s/%d to %v: %w", topic, partition, replicas, err)
	}
	return nil
}

func (c *Cluster) startReassignment(ctx context.Context, topic string, partition int32, replicas []int32, bytesPerSecond int) error {
	if bytesPerSecond > 0 && !c.oldest().throttles() {
		return fmt.Errorf("no throttle is in Kafka %s; 0.10.1 and later have one", c.oldest().version)
	}
	assigned, err := c.registry.partitions(ctx, topic)
	if err != nil {
		return err
	}
	if partition < 0 || int(partition) >= len(assigned) {
		return fmt.Errorf("the topic has %d partitions", len(assigned))
	}
	moving, err := c.registry.moving(ctx, topic)
	if err != nil {
		return err
	}
	if len(moving) > 0 {
		return fmt.Errorf("partitions %v of the topic are being moved", moving)
	}
	if bytesPerSecond > 0 {
		if err := c.throttle(ctx, assigned[partition], topic, replicas, bytesPerSecond); err != nil {
			return fmt.Errorf("throttle: %w", err)
		}
	}
	if err := c.mover().move(ctx, topic, partition, replicas, assigned); err != nil {
		return err
	}
	// An unthrottled one may be over before it was ever seen.
	return waitFor(ctx, "wait until it is under way", func() error {
		moving, err := c.registry.moving(ctx, topic)
		if err != nil || slices.Contains(moving, partition) {
			return err
		}
		return c.hasReplicas(ctx, topic, partition, replicas)
	})
}

// hasReplicas fails until a partition has exactly the given replicas.
func (c *Cluster) hasReplicas(ctx context.Context, topic string, partition int32, want []int32) error {
	partitions, err := c.registry.partitions(ctx, topic)
	if err != nil {
		return err
	}
	if got := partitions[partition].Replicas; !slices.Equal(got, want) {
		return fmt.Errorf("its replicas are %v", got)
	}
	return nil
}

// Reassigning returns the partitions of a topic that are being moved. It is the
// truth of the registry: the znodes, or without ZooKeeper the controller's
// answer. The slice is the caller's.
func (c *Cluster) Reassigning(ctx context.Context, topic string) ([]int32, error) {
	moving, err := c.registry.moving(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("testbed: reassignments of %s: %w", topic, err)
	}
	return moving, nil
}

// FinishReassignment lifts the throttle of a topic, if there is one, and returns
// when none of its partitions is being moved any more, for which all new
// replicas must run.
func (c *Cluster) FinishReassignment(ctx context.Context, topic string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if err := c.unthrottle(ctx, topic); err != nil {
		return fmt.Errorf("testbed: lift the throttle of %s: %w", topic, err)
	}
	return c.awaitSettled(ctx, topic)
}

// CancelReassignment calls a move off and returns when the partition has the
// replicas from before. Releases before 2.4 cannot.
func (c *Cluster) CancelReassignment(ctx context.Context, topic string, partition int32) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if rel := c.oldest(); !rel.protocol.IsAtLeast(sarama.V2_4_0_0) {
		return fmt.Errorf("testbed: Kafka %s cannot call a reassignment off; 2.4 and later can", rel.version)
	}
	assigned, err := c.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	if partition < 0 || int(partition) >= len(assigned) {
		return fmt.Errorf("testbed: call the move of %s/%d off: the topic has %d partitions", topic, partition, len(assigned))
	}
	if err := c.mover().move(ctx, topic, partition, nil, assigned); err != nil {
		return fmt.Errorf("testbed: call the move of %s/%d off: %w", topic, partition, err)
	}
	if err := c.unthrottle(ctx, topic); err != nil {
		return fmt.Errorf("testbed: lift the throttle of %s: %w", topic, err)
	}
	return c.awaitSettled(ctx, topic)
}

func (c *Cluster) awaitSettled(ctx context.Context, topic string) error {
	return waitFor(ctx, "wait until no partition of "+topic+" is being moved", func() error {
		moving, err := c.registry.moving(ctx, topic)
		if err == nil && len(moving) > 0 {
			err = fmt.Errorf("%v are", moving)
		}
		return err
	})
}
