//go:build cluster

package acceptance

import (
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// soon is how long what happened may take to be shown, though the next poll by the
// interval is a long way off: a second, and what a busy machine adds to it.
const soon = 3 * time.Second

// eventFlags make polls at the interval too rare to show anything in time.
var eventFlags = []string{"--poll.interval=10m", "--poll.timeout=5s"}

// at waits until /metrics shows all of these, and tells how long that took.
func (p *program) at(what string, want ...string) {
	p.t.Helper()
	begun := time.Now()
	p.shows(what, soon, want...)
	p.t.Logf("%s: shown after %v", what, time.Since(begun).Round(time.Millisecond))
}

// quiet waits until the last poll is long past, and with it every deadline that it has
// set on connections that are kept.
func (p *program) quiet() {
	p.t.Helper()
	p.await("a while without a poll", time.Minute, func() error {
		s, err := p.scrape()
		if err != nil {
			return err
		}
		if last := time.UnixMilli(int64(1000 * s.values["evenkeel_poll_timestamp_seconds"])); time.Since(last) < 5*time.Second {
			return fmt.Errorf("the last one ended at %v", last)
		}
		return nil
	})
}

func TestSeenAtOnce(t *testing.T) {
	t.Parallel()
	c := testbed.StartT(t, testbed.Spec{})
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", assignment))
	p := start(t, append(eventFlags, "--zookeeper.servers="+c.ZooKeeperConnect())...)
	p.shows("all in order", 30*time.Second, "kafka_brokers 2", "kafka_offline_partitions 0", `evenkeel_polls_total{trigger="interval"} 1`)

	must(t, c.CreateTopic(ctx, "another", [][]int32{{1, 0}}))
	p.at("a topic was made", `kafka_topic_partitions{topic="another"} 1`)

	controller, err := c.Controller(ctx)
	must(t, err)
	other := 1 - controller.ID()
	p.quiet()
	must(t, controller.Kill())
	p.at("a broker was killed, and is registered still", fmt.Sprintf(`kafka_broker_up{broker="%d"} 0`, controller.ID()),
		fmt.Sprintf(`kafka_broker_up{broker="%d"} 1`, other), "kafka_brokers 1")
	p.await("the other broker is the controller", time.Minute, func() error {
		if now, err := c.Controller(ctx); err != nil || now.ID() != other {
			return fmt.Errorf("it is %v, %w", now, err)
		}
		return nil
	})
	p.at("the controller moved", fmt.Sprintf(`kafka_broker_is_controller{broker="%d"} 1`, other),
		fmt.Sprintf(`kafka_broker_status{broker="%d",status="unregistered"} 1`, controller.ID()))
	must(t, controller.Start(ctx))
	p.at("the broker is back", fmt.Sprintf(`kafka_broker_up{broker="%d"} 1`, controller.ID()))

	leader, err := c.ZooKeeperLeader(ctx)
	must(t, err)
	must(t, leader.Kill())
	p.at("a ZooKeeper server was killed", fmt.Sprintf(`zk_server_mode{mode="unreachable",zk_server="%s"} 1`, leader.Addr()))
	now, err := c.ZooKeeperLeader(ctx)
	must(t, err)
	p.at("another one leads", fmt.Sprintf(`zk_server_mode{mode="leader",zk_server="%s"} 1`, now.Addr()), "zk_ensemble_has_quorum 1")
	p.shows("nothing of this was seen at the interval", time.Minute, `evenkeel_polls_total{trigger="interval"} 1`,
		`evenkeel_polls_total{trigger="zookeeper_watch"} >0`, `evenkeel_polls_total{trigger="followup"} >0`)
}

// TestSeenAtOnceWithoutZooKeeper: in KRaft, only the connections tell.
func TestSeenAtOnceWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "4.4.0"})
	must(t, c.CreateTopic(t.Context(), "test", [][]int32{{2, 1, 0}}))
	p := start(t, append(eventFlags, "--kafka.brokers="+c.Bootstrap()[0])...)
	p.shows("all in order", 30*time.Second, "kafka_brokers 3", "kafka_offline_partitions 0")
	for id := range 2 { // also the one through which evenkeel found the others
		p.quiet()
		must(t, c.Broker(id).Kill())
		p.at("a broker was killed", fmt.Sprintf(`kafka_broker_up{broker="%d"} 0`, id), fmt.Sprintf("kafka_brokers %d", 2-id))
	}
}
