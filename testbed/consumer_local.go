package testbed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// localConsumer is a member of a group inside this process.
type localConsumer struct {
	group  sarama.ConsumerGroup
	cancel context.CancelFunc
	done   chan struct{}
	stop   func() error
}

func (c *Cluster) startLocalConsumer(ctx context.Context, group string, topics []string) (*Consumer, error) {
	conf := c.clientConfig()
	conf.Consumer.Offsets.Initial = sarama.OffsetOldest
	conf.Consumer.Offsets.AutoCommit.Interval = 200 * time.Millisecond
	conf.Consumer.Group.Session.Timeout = 3 * time.Second
	conf.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	client, err := await(ctx, func() (sarama.ConsumerGroup, error) {
		return sarama.NewConsumerGroup(addresses(c.responsive()), group, conf)
	})
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	local := &localConsumer{group: client, cancel: cancel, done: make(chan struct{})}
	local.stop = sync.OnceValue(func() error {
		cancel()
		err := client.Close()
		<-local.done
		return err
	})
	go local.run(running, topics)
	consumer := &Consumer{local: local}
	c.mu.Lock()
	c.groups = append(c.groups, consumer)
	c.mu.Unlock()
	return consumer, nil
}

// run takes part in one generation of the group after the other.
func (l *localConsumer) run(ctx context.Context, topics []string) {
	defer close(l.done)
	for ctx.Err() == nil {
		err := l.group.Consume(ctx, topics, reader{})
		if errors.Is(err, sarama.ErrClosedConsumerGroup) {
			return
		}
		if err != nil { // brokers are down on purpose: go on trying
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}

// reader marks every message as read.
type reader struct{}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case <-session.Context().Done():
			return nil
		case message, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			session.MarkMessage(message, "")
		}
	}
}
