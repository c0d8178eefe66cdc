package testbed

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// Producer writes messages to all partitions of a topic in turn, at a steady
// rate, until Stop. A message that fails is tried again for some ten seconds.
type Producer struct {
	client              sarama.AsyncProducer
	sent, acked, failed atomic.Int64
	failure             atomic.Value // why a message was given up last
	patience            patience
	quit                chan struct{}
	closing             func()
	finished            chan struct{}
}

// StartProducer starts a producer of perSecond messages a second, acknowledged
// by the whole ISR. It runs in this process.
func (c *Cluster) StartProducer(ctx context.Context, topic string, perSecond int) (*Producer, error) {
	if perSecond < 1 {
		return nil, fmt.Errorf("testbed: producer of %d messages a second", perSecond)
	}
	p, err := c.openProducer(ctx, topic, c.clientConfig())
	if err != nil {
		return nil, err
	}
	go p.send(topic, time.Second/time.Duration(perSecond))
	go p.count(func(*sarama.ProducerMessage) {})
	return p, nil
}

// openProducer connects a producer to the partitions of a topic in turn, which
// Stop of the cluster ends. The caller has it send and count.
func (c *Cluster) openProducer(ctx context.Context, topic string, conf *sarama.Config) (*Producer, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	p := &Producer{quit: make(chan struct{}), finished: make(chan struct{})}
	p.closing = sync.OnceFunc(func() { close(p.quit) })
	conf.Producer.Partitioner = sarama.NewRoundRobinPartitioner
	p.patience.apply(conf)
	client, err := await(ctx, func() (sarama.AsyncProducer, error) {
		return sarama.NewAsyncProducer(addresses(c.responsive()), conf)
	})
	if err != nil {
		return nil, fmt.Errorf("testbed: start a producer to %s: %w", topic, err)
	}
	p.client = client
	c.addWriter(p)
	return p, nil
}

// Sent returns how many messages were handed to the client.
func (p *Producer) Sent() int64 { return p.sent.Load() }

// Acked returns how many messages were acknowledged.
func (p *Producer) Acked() int64 { return p.acked.Load() }

// Failed returns how many messages were given up after all tries.
func (p *Producer) Failed() int64 { return p.failed.Load() }

// Failure returns why a message was given up last, nil while none was.
func (p *Producer) Failure() error {
	err, _ := p.failure.Load().(*sarama.ProducerError)
	if err == nil {
		return nil
	}
	return err
}

// Stop ends the producer once every message is acknowledged or given up, which
// with a dead leader takes some ten seconds. It fails if ctx ends first; the
// producer then ends by itself later. It may be called more than once.
func (p *Producer) Stop(ctx context.Context) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	p.closing()
	select {
	case <-p.finished:
		return nil
	case <-ctx.Done():
		missing := p.Sent() - p.Acked() - p.Failed()
		return fmt.Errorf("testbed: stop the producer: %w; %d messages neither acknowledged nor given up", context.Cause(ctx), missing)
	}
}

func (p *Producer) abandon() {
	p.patience.end()
	p.closing()
	<-p.finished
}

func (p *Producer) send(topic string, every time.Duration) {
	defer p.client.AsyncClose()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
		}
		message := &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("message " + strconv.FormatInt(p.Sent(), 10))}
		select {
		case <-p.quit:
			return
		case p.client.Input() <- message: // waits while too many are under way
			p.sent.Add(1)
		}
	}
}

// count drains the client's answers until it is closed, and hands every
// acknowledged message to acknowledged, one after the other.
func (p *Producer) count(acknowledged func(*sarama.ProducerMessage)) {
	defer close(p.finished)
	var wg sync.WaitGroup
	wg.Go(func() {
		for message := range p.client.Successes() {
			p.acked.Add(1)
			acknowledged(message)
		}
	})
	wg.Go(func() {
		for err := range p.client.Errors() {
			p.failure.Store(err)
			p.failed.Add(1)
		}
	})
	wg.Wait()
}
