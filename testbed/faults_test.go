//go:build cluster

package testbed

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestFaults breaks the ensemble and the controller, beside a second cluster,
// and stops everything while a broker is frozen and clients run.
func TestFaults(t *testing.T) {
	c := begin(t, Spec{})
	other := begin(t, Spec{ZooKeepers: 1, Brokers: 1})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
	must(t, other.CreateTopic(ctx, "test", [][]int32{{0}}))

	leader, err := c.ZooKeeperLeader(ctx)
	must(t, err)
	must(t, leader.Kill())
	next, err := c.ZooKeeperLeader(ctx)
	must(t, err)
	if next == leader {
		t.Errorf("%s leads although it is killed", leader.Name())
	}
	must(t, leader.Start(ctx))
	must(t, leader.Restart(ctx))

	controller, err := c.Controller(ctx)
	must(t, err)
	must(t, controller.Freeze())
	must(t, waitFor(ctx, "wait for another controller", func() error {
		now, err := c.Controller(ctx)
		if err == nil && now == controller {
			err = errors.New("it is still the frozen one")
		}
		return err
	}))
	must(t, controller.Thaw())
	must(t, c.AwaitTopic(ctx, "test", whole))
	must(t, controller.Restart(ctx))

	consumer, err := c.StartConsumer(ctx, "readers", "test")
	must(t, err)
	_, err = c.StartProducer(ctx, "test", 100)
	must(t, err)
	must(t, consumer.Freeze())
	must(t, c.Broker(1).Freeze())
	start := time.Now()
	must(t, c.Stop())
	must(t, c.Stop())
	t.Logf("stopped after %v", time.Since(start))
	if consumer.PID() != 0 {
		t.Error("the frozen consumer is left")
	}
	if _, err := os.Stat(c.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	if err := c.Broker(0).Start(ctx); err == nil {
		t.Error("a broker of the stopped cluster starts")
	}
	if !other.Broker(0).Running() {
		t.Error("the other cluster went down as well")
	}
}

// TestFailedStart sees the log of a broker that refuses its settings.
func TestFailedStart(t *testing.T) {
	_, err := Start(t.Context(), Spec{ZooKeepers: 1, Brokers: 1, Properties: map[string]string{"log.retention.hours": "never"}})
	if err == nil || !strings.Contains(err.Error(), "broker 0 ended (exit status 1)") || !strings.Contains(err.Error(), "log.retention.hours") {
		t.Errorf("got %v, want how broker 0 ended and the end of its log", err)
	}
	verifyNoLeak(t)
}

func init() { children["cluster"] = startChildCluster }

func startChildCluster() ([]int, error) {
	c, err := Start(context.Background(), Spec{})
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, s := range append(c.ZooKeepers(), c.Brokers()...) {
		pids = append(pids, s.PID())
	}
	return pids, nil
}

// TestNoClusterOutlivesTheProgram kills a program with a cluster with SIGKILL.
func TestNoClusterOutlivesTheProgram(t *testing.T) {
	killProgram(t, "cluster")
}
