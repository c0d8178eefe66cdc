//go:build cluster

package testbed

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// transact commits, aborts and leaves hanging, before the eyes of a consumer
// that reads what is committed.
func transact(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "transacted", spreadOver(c, 1)))
	reader, err := c.StartReader(ctx, ReaderSpec{
		Group: "committed", Topics: []string{"transacted"}, Partitions: []int32{0}, ReadCommitted: true,
	})
	must(t, err)
	first, err := c.StartTransactions(ctx, "writer")
	must(t, err)
	must(t, first.Begin())
	must(t, first.Send(ctx, "transacted", 0, 10))
	must(t, first.Commit(ctx))
	awaitCommitted(t, c, "committed", "transacted", map[int32]int64{0: 11}) // with the marker
	must(t, first.Begin())
	must(t, first.Send(ctx, "transacted", 0, 5))
	must(t, first.Abort(ctx))
	awaitCommitted(t, c, "committed", "transacted", map[int32]int64{0: 17})

	must(t, first.Begin())
	must(t, first.Send(ctx, "transacted", 0, 7))
	must(t, first.Abandon())
	must(t, first.Abandon())
	if err := first.Begin(); err == nil {
		t.Error("begins after it is abandoned")
	}
	must(t, c.Produce(ctx, "transacted", 0, 2))
	if stable, end := endOf(t, c, sarama.ReadCommitted), endOf(t, c, sarama.ReadUncommitted); stable != 17 || end != 26 {
		t.Errorf("the transaction hangs, but the last stable offset is %d, want 17, and the end %d, want 26", stable, end)
	}
	awaitLags(t, []ToolLag{{"transacted", 0, 17, 26, 9}}, func() ([]ToolLag, error) { return c.ToolLags(ctx, "committed") })

	second, err := c.StartTransactions(ctx, "writer") // aborts what hangs
	must(t, err)
	awaitCommitted(t, c, "committed", "transacted", map[int32]int64{0: 27})
	must(t, second.Abandon())
	must(t, reader.Stop())
}

// endOf returns the end of partition 0 of the topic of transact.
func endOf(t *testing.T, c *Cluster, isolation sarama.IsolationLevel) int64 {
	t.Helper()
	request := &sarama.OffsetRequest{Version: 2, IsolationLevel: isolation}
	request.AddBlock("transacted", 0, sarama.OffsetNewest, 1)
	var offset int64
	must(t, c.withClient(t.Context(), func(client sarama.Client) error {
		broker, err := client.Leader("transacted", 0)
		if err != nil {
			return err
		}
		response, err := broker.GetAvailableOffsets(request)
		if err != nil {
			return err
		}
		block := response.GetBlock("transacted", 0)
		if block == nil || block.Err != sarama.ErrNoError {
			return fmt.Errorf("no end: %+v", block)
		}
		offset = block.Offset
		return nil
	}))
	return offset
}

// blast writes as much as it can, then at a rate, and compares what is
// remembered with what the brokers have.
func blast(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "blasted", spreadOver(c, 2)))
	start := time.Now()
	full, err := c.StartBlast(ctx, "blasted", 0)
	must(t, err)
	const enough = 300_000
	must(t, waitFor(ctx, "wait for messages", func() error {
		if n := full.Acked(); n < enough {
			return fmt.Errorf("%d of %d are acknowledged", n, enough)
		}
		return nil
	}))
	must(t, full.Stop(ctx))
	t.Logf("%.0f messages a second", float64(full.Acked())/time.Since(start).Seconds())
	compareBlast(t, c, full)

	start = time.Now()
	capped, err := c.StartBlast(ctx, "blasted", 2000)
	must(t, err)
	must(t, waitFor(ctx, "wait for messages", func() error {
		if capped.Acked() < 1000 {
			return errors.New("not yet")
		}
		return nil
	}))
	must(t, capped.Stop(ctx))
	// What it may be in arrears with makes up for a stall, and is less than this.
	if most := int64(2000*time.Since(start).Seconds()) + 1; capped.Sent() > most {
		t.Errorf("sent %d messages, may have sent %d", capped.Sent(), most)
	}
	if _, ok := capped.TimeOf(0, 0); ok {
		t.Error("remembers the time of what another wrote")
	}
	compareBlast(t, c, capped)
}

// compareBlast compares what a blast that is over remembers of each partition
// with the partition's last messages.
func compareBlast(t *testing.T, c *Cluster, b *Blast) {
	t.Helper()
	if b.Failed() != 0 || b.Acked() != b.Sent() {
		t.Errorf("sent %d, acknowledged %d, failed %d", b.Sent(), b.Acked(), b.Failed())
	}
	for partition := range int32(2) {
		end, ok := b.WrittenBy(partition, time.Now())
		if !ok {
			t.Fatalf("nothing written to partition %d", partition)
		}
		for _, back := range []int64{1, 400} {
			message, mark := readAt(t, c, "blasted", partition, end-back)
			at, ok := b.TimeOf(partition, message.Offset)
			if !ok {
				t.Fatalf("offset %d of partition %d has no time", message.Offset, partition)
			}
			if mark != end {
				t.Errorf("partition %d ends at %d, want %d", partition, mark, end)
			}
			// The message's own time is in whole milliseconds.
			if d := at.Sub(message.Timestamp); c.oldest().apiVersions() && d.Abs() > 6*time.Millisecond {
				t.Errorf("offset %d of partition %d: remembered as of %v, stamped %v", message.Offset, partition, at, message.Timestamp)
			}
			by, ok := b.WrittenBy(partition, at)
			if !ok || by > message.Offset+1 {
				t.Errorf("written to partition %d by the time of offset %d: %d, %v", partition, message.Offset, by, ok)
			}
		}
	}
}

// readAt reads the message with an offset, and where its partition ends.
func readAt(t *testing.T, c *Cluster, topic string, partition int32, offset int64) (message *sarama.ConsumerMessage, end int64) {
	t.Helper()
	must(t, c.withClient(t.Context(), func(client sarama.Client) error {
		consumer, err := sarama.NewConsumerFromClient(client)
		if err != nil {
			return err
		}
		messages, err := consumer.ConsumePartition(topic, partition, offset)
		if err != nil {
			return errors.Join(err, consumer.Close())
		}
		select {
		case message = <-messages.Messages():
		case <-t.Context().Done():
			err = t.Context().Err()
		case <-time.After(time.Minute):
			err = errors.New("no message for a minute")
		}
		end = messages.HighWaterMarkOffset()
		return errors.Join(err, messages.Close(), consumer.Close())
	}))
	return message, end
}
