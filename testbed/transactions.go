package testbed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// Transactions is a producer that writes in transactions, one after the other,
// inside this process.
type Transactions struct {
	id       string
	patience patience

	mu        sync.Mutex // held while the client works
	client    sarama.SyncProducer
	abandoned bool
}

// StartTransactions starts a producer with a transactional id, for releases
// from 0.11. A transaction of the same id that hangs is aborted by that. The
// first of a cluster creates the topic of the transactions, which takes some
// seconds. Transactions that are not ended hang for 15 minutes, the longest time
// that brokers allow.
func (c *Cluster) StartTransactions(ctx context.Context, id string) (*Transactions, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if rel := c.oldest(); !rel.transactional() {
		return nil, fmt.Errorf("testbed: start transactions of %s: Kafka %s has none; 0.11 and later have", id, rel.version)
	}
	t := &Transactions{id: id}
	conf := c.clientConfig()
	t.patience.apply(conf)
	conf.Net.MaxOpenRequests = 1
	conf.Producer.Idempotent = true
	conf.Producer.Transaction.ID = id
	conf.Producer.Transaction.Timeout = 15 * time.Minute
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	var err error
	t.client, err = await(ctx, func() (sarama.SyncProducer, error) {
		return sarama.NewSyncProducer(addresses(c.responsive()), conf)
	})
	if err != nil {
		return nil, fmt.Errorf("testbed: start transactions of %s: %w", id, err)
	}
	c.addWriter(t)
	return t, nil
}

// Begin begins a transaction. The brokers hear of it with the first message.
func (t *Transactions) Begin() error {
	return t.do(context.Background(), "begin", sarama.SyncProducer.BeginTxn)
}

// Send writes n messages to a partition as a part of the transaction, each of
// which is in every replica of the ISR when it returns.
func (t *Transactions) Send(ctx context.Context, topic string, partition int32, n int) error {
	var messages []*sarama.ProducerMessage
	for i := range n {
		value := sarama.StringEncoder(fmt.Sprintf("message %d", i))
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: value})
	}
	return t.do(ctx, fmt.Sprintf("send to %s/%d", topic, partition), func(client sarama.SyncProducer) error {
		return client.SendMessages(messages)
	})
}

// Commit ends the transaction: its messages are there. The marker that says so
// takes an offset in every partition written to, and follows soon after the
// return.
func (t *Transactions) Commit(ctx context.Context) error {
	return t.do(ctx, "commit", sarama.SyncProducer.CommitTxn)
}

// Abort ends the transaction: readers with read_committed never see its
// messages, which keep their offsets. For its marker see Commit.
func (t *Transactions) Abort(ctx context.Context) error {
	return t.do(ctx, "abort", sarama.SyncProducer.AbortTxn)
}

// Abandon closes the producer's connections and leaves an open transaction open,
// as a killed process does: read_committed readers stop before its first message,
// until somebody starts transactions of the same id or 15 minutes are over. It
// may be called more than once.
func (t *Transactions) Abandon() error {
	t.patience.end()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.abandoned {
		return nil
	}
	t.abandoned = true
	if err := t.client.Close(); err != nil {
		return fmt.Errorf("testbed: abandon the transactions of %s: %w", t.id, err)
	}
	return nil
}

// abandon has nobody to tell of an error: the brokers are gone.
func (t *Transactions) abandon() { _ = t.Abandon() }

// do calls f unless the producer is abandoned.
func (t *Transactions) do(ctx context.Context, what string, f func(sarama.SyncProducer) error) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	_, err := await(ctx, func() (struct{}, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.abandoned {
			return struct{}{}, errors.New("it is abandoned")
		}
		return struct{}{}, f(t.client)
	})
	if err != nil {
		return fmt.Errorf("testbed: transaction of %s: %s: %w", t.id, what, err)
	}
	return nil
}
