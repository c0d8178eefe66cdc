//go:build cluster

package testbed

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// TestReassignment moves a throttled partition, by requests and by znodes.
func TestReassignment(t *testing.T) {
	for _, kafka := range []string{"1.1.1", "2.8.2"} {
		t.Run(kafka, func(t *testing.T) {
			reassign(t, begin(t, Spec{Kafka: kafka, OneJVM: true}))
		})
	}
}

// reassign moves a partition to broker 1 and, if the release can, another one
// half the way and back.
func reassign(t *testing.T, c *Cluster) {
	t.Helper()
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "moved", [][]int32{{0}, {0}}))
	must(t, c.ProduceBytes(ctx, "moved", 0, 4<<20))
	must(t, c.ProduceBytes(ctx, "moved", 1, 4<<20))
	must(t, c.StartReassignment(ctx, "moved", 1, []int32{1}, 1))
	staysMoving(t, c, "moved", 1)
	if err := c.StartReassignment(ctx, "moved", 0, []int32{1}, 1); err == nil || !strings.Contains(err.Error(), "[1]") {
		t.Errorf("a second reassignment of the topic: %v", err)
	}
	must(t, c.FinishReassignment(ctx, "moved"))
	must(t, c.AwaitTopic(ctx, "moved", movedTo(1, 1)))
	must(t, c.StartReassignment(ctx, "moved", 1, []int32{0}, 0))
	must(t, c.FinishReassignment(ctx, "moved"))
	must(t, c.AwaitTopic(ctx, "moved", movedTo(1, 0)))
	if !c.oldest().protocol.IsAtLeast(sarama.V2_4_0_0) {
		if err := c.CancelReassignment(ctx, "moved", 0); err == nil || !strings.Contains(err.Error(), "2.4 and later can") {
			t.Errorf("a reassignment called off: %v", err)
		}
		return
	}
	must(t, c.StartReassignment(ctx, "moved", 0, []int32{1}, 1))
	staysMoving(t, c, "moved", 0)
	must(t, c.CancelReassignment(ctx, "moved", 0))
	must(t, c.AwaitTopic(ctx, "moved", movedTo(0, 0)))
}

// movedTo tells whether a partition has one broker for its only replica, in
// sync.
func movedTo(partition int, broker int32) func([]Partition) bool {
	return func(p []Partition) bool {
		want := []int32{broker}
		return slices.Equal(p[partition].Replicas, want) && slices.Equal(p[partition].ISR, want)
	}
}

// staysMoving watches a reassignment for two seconds, in which it would be
// over many times without a throttle.
func staysMoving(t *testing.T, c *Cluster, topic string, partition int32) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		moving, err := c.Reassigning(t.Context(), topic)
		must(t, err)
		if !slices.Equal(moving, []int32{partition}) {
			t.Fatalf("being moved are %v, want %d", moving, partition)
		}
	}
}

// TestReassignmentToDead moves a partition to a broker that was killed just now.
func TestReassignmentToDead(t *testing.T) {
	c := begin(t, Spec{OneJVM: true})
	ctx := t.Context()
	controller, err := c.Controller(ctx)
	must(t, err)
	// Not the controller: its successor would find the new replica dead.
	target := c.Broker(1 - controller.ID())
	replicas := []int32{int32(target.ID())}
	must(t, c.CreateTopic(ctx, "moved", [][]int32{{int32(controller.ID())}}))
	if err := c.StartReassignment(ctx, "moved", 0, replicas, 1); err == nil || !strings.Contains(err.Error(), "throttle") {
		t.Errorf("a throttle on 0.9: %v", err)
	}
	must(t, target.Kill())
	must(t, c.StartReassignment(ctx, "moved", 0, replicas, 0))
	staysMoving(t, c, "moved", 0)
	must(t, target.Start(ctx))
	must(t, c.FinishReassignment(ctx, "moved"))
	must(t, c.AwaitTopic(ctx, "moved", movedTo(0, replicas[0])))
}
