//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
	"github.com/evenkeel/evenkeel/testbed"
)

// stepwise is hasty, but a run over forty partitions takes some seconds, so that
// something may happen in the middle.
const stepwise = "mode: auto, " + hasty + ", batch_size: 5"

// TestFaultsInARun lets everything that a run needs fail in the middle of it: each time
// the cluster is left sound, and the job is finished by a later run.
func TestFaultsInARun(t *testing.T) {
	for _, kafka := range []string{"1.1.1", "4.4.0"} {
		t.Run(kafka, func(t *testing.T) {
			t.Parallel()
			faultsInARun(t, kafka)
		})
	}
}

func faultsInARun(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Brokers: 3, ZooKeeperWires: kafka[0] < '4'})
	m := &midway{t: t, ctx: ctx, c: c, file: keepingThroughWires(t, c, stepwise)}
	must(t, c.CreateTopic(ctx, "test", forty()))
	m.p = start(t, "--config.file="+m.file)
	t.Run("the controller is killed", func(t *testing.T) {
		m.in(t).interrupt(func() {
			controller, err := c.Controller(ctx)
			must(t, err)
			must(t, controller.Kill())
			must(t, controller.Start(ctx))
		})
	})
	t.Run("the preferred leader is killed", func(t *testing.T) {
		m.in(t).interrupt(func() {
			must(t, c.Broker(0).Kill())
			must(t, c.Broker(0).Start(ctx))
		})
	})
	if kafka[0] < '4' {
		t.Run("the session with ZooKeeper expires", func(t *testing.T) { m.in(t).interrupt(m.expire) })
	}
	t.Run("evenkeel is killed", func(t *testing.T) {
		m.in(t).interrupt(func() {
			must(t, m.p.cmd.Process.Kill())
			_ = m.p.cmd.Wait() // it was killed
			m.p = start(m.parent, "--config.file="+m.file)
		})
	})
}

// midway interrupts runs on a cluster.
type midway struct {
	t, parent *testing.T
	ctx       context.Context
	c         *testbed.Cluster
	p         *program
	file      string
}

// in lets a subtest be told of what is wrong.
func (m *midway) in(t *testing.T) *midway {
	if m.parent == nil {
		m.parent = m.t
	}
	m.t, m.p.t = t, t
	t.Cleanup(func() { m.p.t = m.parent }) // who stops it
	return m
}

// interrupt has something happen in the middle of a run, and returns when all leaders are
// back.
func (m *midway) interrupt(happen func()) {
	t := m.t
	t.Helper()
	misplace(m.ctx, t, m.c, m.p)
	m.p.shows("some leaders are back, and the run goes on", 2*time.Minute, "evenkeel_rebalance_run_in_progress 1",
		`kafka_broker_leaders{broker="0"} >0`, `kafka_not_preferred_partitions{electable="true"} >0`)
	happen()
	m.p.shows("all leaders are back", 2*time.Minute, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_not_preferred_partitions{electable="false"} 0`, "kafka_offline_partitions 0", "evenkeel_rebalance_run_in_progress 0", "evenkeel_rebalance_is_leader 1")
	noElectionLeft(t, m.c)
	e, err := m.p.elections()
	must(t, err)
	if len(e.Runs) == 0 || e.Runs[0].Result != rebalance.Success {
		t.Errorf("the last run was %+v", e.Runs)
	}
	for _, run := range e.Runs {
		if run.Result != rebalance.Success && run.Reason == "" && run.Counts[rebalance.NotRestored]+run.Counts[rebalance.NotAvailable] == 0 {
			t.Errorf("a run ended as %s, and the journal does not say why", run.Result)
		}
	}
}

// misplace kills broker 0 until others lead all that it led, and starts it again.
func misplace(ctx context.Context, t *testing.T, c *testbed.Cluster, p *program) {
	t.Helper()
	p.shows("a balanced cluster", time.Minute, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`, "kafka_offline_partitions 0",
		`kafka_under_replicated_partitions{reason="lagging"} 0`, `kafka_under_replicated_partitions{reason="broker_down"} 0`)
	must(t, c.Broker(0).Kill())
	p.shows("others lead", time.Minute, `kafka_broker_leaders{broker="0"} 0`, "kafka_offline_partitions 0")
	must(t, c.Broker(0).Start(ctx))
}

// expire cuts evenkeel off from ZooKeeper for longer than its sessions live.
func (m *midway) expire() {
	for i := range m.c.ZooKeepers() {
		m.c.ZooKeeperWire(i).Cut()
	}
	m.p.shows("it does not hold itself for the one that decides", time.Minute, "evenkeel_rebalance_is_leader 0", "evenkeel_rebalance_run_in_progress 0")
	<-time.After(8 * time.Second) // six until the servers end the session; nothing tells of that
	for i := range m.c.ZooKeepers() {
		m.c.ZooKeeperWire(i).Mend()
	}
}

// forty is an assignment of which broker 0 is to lead forty partitions, and the others
// two.
func forty() (assignment [][]int32) {
	for i := range int32(40) {
		assignment = append(assignment, []int32{0, 1 + i%2})
	}
	return append(assignment, []int32{1, 2}, []int32{2, 0})
}

// keepingThroughWires is keeping for an evenkeel that reaches ZooKeeper through wires.
func keepingThroughWires(t *testing.T, c *testbed.Cluster, policy string) string {
	t.Helper()
	if kafka, _ := c.Releases(); kafka[0] >= '4' {
		return keeping(t, c, policy)
	}
	return writeKeeping(t, c, fmt.Sprintf("    zookeeper: {servers: [%s]}\n", c.WiredZooKeeperConnect()), policy)
}
