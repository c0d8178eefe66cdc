//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestPollingHarmsNobody polls a 0.9.0.1 cluster every second for a minute, while
// other clients work on it: none of their requests may fail, no topic may appear
// or come back, and what did not exist before must not exist after.
func TestPollingHarmsNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{OneJVM: true, Properties: map[string]string{"delete.topic.enable": "true"}})
	must(t, c.CreateTopic(ctx, "test", assignment))
	must(t, c.CreateTopic(ctx, "doomed", assignment))
	// A dry run decides as mode auto does, and writes no more than mode off.
	p := start(t, "--zookeeper.servers="+c.ZooKeeperConnect(), "--poll.interval=1s", "--poll.timeout=1s", "--rebalance.mode=dry_run")
	p.shows("all in order", 30*time.Second, "kafka_brokers 2", "kafka_partitions 4", `kafka_topic_partitions{topic="doomed"} 2`)

	work, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	loops := []chan loopResult{}
	for _, address := range c.Bootstrap() {
		for range 2 {
			loops = append(loops, loop(work, address, metadata))
		}
		loops = append(loops, loop(work, address, produce), loop(work, address, fetch))
	}
	must(t, c.DeleteTopic(ctx, "doomed"))
	for _, l := range loops {
		r := <-l
		if r.err != nil {
			t.Errorf("another client's %s failed after %d requests: %v", r.what, r.done, r.err)
		} else if r.done < 100 {
			t.Errorf("another client made %d %s requests only", r.done, r.what)
		}
	}
	s := p.shows("it went on polling, and the topic is gone", 15*time.Second, "kafka_partitions 2", `!kafka_topic_partitions{topic="doomed"}`)
	if n := s.values[`evenkeel_polls_total{trigger="interval"}`]; n < 45 {
		t.Errorf("%v polls in a minute", n)
	}
	for _, topic := range []string{"doomed", "__consumer_offsets"} {
		if _, _, err := c.ZK().Get(c.Path("/brokers/topics/" + topic)); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("topic %s is there (%v), though nobody but evenkeel could have made it", topic, err)
		}
	}
	for _, znode := range []string{"/evenkeel", "/admin/preferred_replica_election"} {
		if there, _, err := c.ZK().Exists(c.Path(znode)); there || err != nil {
			t.Errorf("%s is there: %t, %v", znode, there, err)
		}
	}
	for _, api := range []string{"OffsetFetch", "ListGroups", "DescribeGroups"} {
		if err := s.lacks(`evenkeel_kafka_requests_total{api="` + api + `"} 0`); err != nil {
			t.Errorf("a cluster without groups: %v", err)
		}
	}
}

// pace leaves the machine some time for the other tests.
const pace = 5 * time.Millisecond

type loopResult struct {
	what string
	done int
	err  error
}

type request struct {
	what string
	send func(*sarama.Broker) error
}

var (
	metadata = request{"metadata", func(b *sarama.Broker) error {
		answer, err := b.GetMetadata(&sarama.MetadataRequest{Topics: []string{"test"}})
		if err == nil && (len(answer.Topics) != 1 || answer.Topics[0].Err != sarama.ErrNoError || len(answer.Brokers) != 2) {
			err = fmt.Errorf("it answered %+v", answer)
		}
		return err
	}}
	// metadataAnswered holds that there is an answer, whatever brokers are there.
	metadataAnswered = request{"metadata", func(b *sarama.Broker) error {
		_, err := b.GetMetadata(&sarama.MetadataRequest{Topics: []string{"test"}})
		return err
	}}
	produce = request{"produce", func(b *sarama.Broker) error {
		set := &sarama.ProduceRequest{RequiredAcks: sarama.WaitForLocal, Timeout: 1000}
		set.AddMessage("test", 0, &sarama.Message{Value: []byte("x")})
		set.AddMessage("test", 1, &sarama.Message{Value: []byte("x")})
		answer, err := b.Produce(set)
		if err != nil {
			return err
		}
		return ledByOne(func(partition int32) sarama.KError {
			if block := answer.GetBlock("test", partition); block != nil {
				return block.Err
			}
			return sarama.ErrUnknown
		})
	}}
	fetch = request{"fetch", func(b *sarama.Broker) error {
		f := &sarama.FetchRequest{MaxWaitTime: 50, MinBytes: 1}
		f.AddBlock("test", 0, 0, 1000, -1)
		f.AddBlock("test", 1, 0, 1000, -1)
		answer, err := b.Fetch(f)
		if err != nil {
			return err
		}
		return ledByOne(func(partition int32) sarama.KError {
			if block := answer.GetBlock("test", partition); block != nil {
				return block.Err
			}
			return sarama.ErrUnknown
		})
	}}
)

// ledByOne holds that a broker served the one of two partitions that it leads, and
// knows that it does not lead the other.
func ledByOne(code func(partition int32) sarama.KError) error {
	a, b := code(0), code(1)
	if a != sarama.ErrNoError {
		a, b = b, a
	}
	if a != sarama.ErrNoError || b != sarama.ErrNotLeaderForPartition {
		return fmt.Errorf("the partitions answered %w and %w", a, b)
	}
	return nil
}

// loop sends requests over one connection, one after another, until ctx ends or
// one fails.
func loop(ctx context.Context, address string, r request) chan loopResult {
	done := make(chan loopResult, 1)
	go func() {
		result := loopResult{what: r.what}
		cfg := sarama.NewConfig()
		cfg.Version, cfg.ApiVersionsRequest = sarama.V0_9_0_1, false
		cfg.Net.ReadTimeout = 5 * time.Second
		b := sarama.NewBroker(address)
		if result.err = b.Open(cfg); result.err == nil {
			for ctx.Err() == nil && result.err == nil {
				result.err = r.send(b)
				result.done++
				time.Sleep(pace)
			}
			_ = b.Close()
		}
		done <- result
	}()
	return done
}
