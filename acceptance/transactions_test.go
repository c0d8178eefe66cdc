//go:build cluster

package acceptance

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestTransactions shows consumers whom an open transaction stops, beside one that
// hangs by itself, and the marker that a transaction leaves.
func TestTransactions(t *testing.T) {
	t.Parallel()
	transactions(t, "4.4.0")
}

func transactions(t *testing.T, release string) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: release})
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}}))
	producer, err := c.StartTransactions(ctx, "orders")
	must(t, err)
	must(t, producer.Begin())
	must(t, producer.Send(ctx, "test", 0, 20))
	must(t, producer.Commit(ctx)) // the marker has offset 20
	must(t, c.CommitOffset(ctx, "careful", "test", 0, 20))
	_, err = c.StartReader(ctx, testbed.ReaderSpec{Group: "readers", Topics: []string{"test"}, ReadCommitted: true})
	must(t, err)

	p := startOn(t, c, "{interval: 1s, timeout: 1s}", "{}")
	p.shows("all is consumed", time.Minute, statusOf("readers", "ok"), lagOf("readers", 0, 0), lagOf("careful", 0, 1))
	p.shows("what is left may be a marker", time.Minute, statusOf("careful", "unknown"),
		`!kafka_consumergroup_lag_seconds{consumergroup="careful",partition="0",topic="test"}`, `evenkeel_polls_total{trigger="interval"} >12`)

	must(t, producer.Begin())
	must(t, producer.Send(ctx, "test", 0, 30))
	must(t, producer.Abandon())
	hung := time.Now()
	must(t, c.CommitOffset(ctx, "idle", "test", 0, 5))
	idle(t, c, "idle", "test")
	s := p.shows("readers are blocked, and another group hangs", time.Minute, statusOf("readers", "blocked_by_transaction"), lagOf("readers", 0, 30),
		`kafka_topic_partition_last_stable_offset{partition="0",topic="test"} 21`, statusOf("idle", "stalled"), statusOf("careful", "blocked_by_transaction"))
	if age := s.values[`kafka_consumergroup_lag_seconds{consumergroup="readers",partition="0",topic="test"}`]; age <= 0 || age > time.Since(hung).Seconds()+2 {
		t.Errorf("the readers are behind by %v s, the transaction hangs for %v", age, time.Since(hung))
	}
	page, err := p.get("/")
	must(t, err)
	if reason := "an open transaction holds back 30 messages, from offset 21 on"; !strings.Contains(page, reason) {
		t.Errorf("the page does not say that %s", reason)
	}

	// Who takes the id over aborts what hangs.
	again, err := c.StartTransactions(ctx, "orders")
	must(t, err)
	must(t, again.Begin())
	must(t, again.Send(ctx, "test", 0, 1))
	must(t, again.Commit(ctx))
	p.shows("the transaction was aborted", time.Minute, statusOf("readers", "ok"), lagOf("readers", 0, 0), "!kafka_topic_partition_last_stable_offset", statusOf("idle", "stalled"))
}

// idle starts a member of a group that reads, and never commits, until stop is called or the
// test ends.
func idle(t *testing.T, c *testbed.Cluster, group, topic string) (stop func()) {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V2_8_0_0
	conf.Consumer.Offsets.AutoCommit.Enable = false
	member, err := sarama.NewConsumerGroup(c.Bootstrap(), group, conf)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = member.Consume(ctx, []string{topic}, idler{}) // that it left for a moment does not matter
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		must(t, member.Close())
	})
	t.Cleanup(stop)
	return stop
}

// idler takes messages and does nothing with them.
type idler struct{}

func (idler) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (idler) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (idler) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case <-s.Context().Done():
			return nil
		case _, open := <-claim.Messages():
			if !open {
				return nil
			}
		}
	}
}
