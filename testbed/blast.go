package testbed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// Blast is a Producer that writes small messages in batches, as many as it can
// or as it may, and remembers when it wrote what. A message's time is that at
// which it was handed to the client; from 0.10 on it is the message's CreateTime
// as well.
type Blast struct {
	*Producer

	mu       sync.Mutex
	journals map[int32]*journal // by partition
}

// StartBlast starts to write to all partitions of a topic in turn, at most
// perSecond messages a second over all of them; 0: as many as it can.
// They are acknowledged by the whole ISR. It runs in this process.
func (c *Cluster) StartBlast(ctx context.Context, topic string, perSecond int) (*Blast, error) {
	if perSecond < 0 {
		return nil, fmt.Errorf("testbed: blast of %d messages a second", perSecond)
	}
	conf := c.clientConfig()
	conf.Net.MaxOpenRequests = 1 // else a second try may come after later messages
	p, err := c.openProducer(ctx, topic, conf)
	if err != nil {
		return nil, err
	}
	b := &Blast{Producer: p, journals: make(map[int32]*journal)}
	var every time.Duration
	if perSecond > 0 {
		every = time.Second / time.Duration(perSecond)
	}
	go b.send(topic, every)
	go b.count(b.remember)
	return b, nil
}

// WrittenBy returns the offset after the last message of a partition that was
// handed over before t, of those that are acknowledged: ask when all of that
// time are, after Stop or a second later. It is never above what was written by
// then, and short of it by the messages of 5 ms at most. It is false if the Blast
// remembers nothing of a partition so early: it had not begun, or has forgotten,
// which it does after nine minutes at the soonest.
func (b *Blast) WrittenBy(partition int32, t time.Time) (offset int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, ok := b.journals[partition]
	if !ok {
		return 0, false
	}
	return j.writtenBy(t.UnixNano())
}

// TimeOf returns when the message with an offset was handed over, to within
// 5 ms. It is false for an offset that is not acknowledged, was there before the
// Blast or is forgotten, see WrittenBy.
func (b *Blast) TimeOf(partition int32, offset int64) (t time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, ok := b.journals[partition]
	if !ok {
		return time.Time{}, false
	}
	at, ok := j.timeOf(offset)
	return time.Unix(0, at), ok
}

func (b *Blast) remember(message *sarama.ProducerMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, ok := b.journals[message.Partition]
	if !ok {
		j = new(journal)
		b.journals[message.Partition] = j
	}
	j.add(message.Offset, message.Timestamp.UnixNano())
}

// send hands messages over, one in every so much time.
func (b *Blast) send(topic string, every time.Duration) {
	defer b.client.AsyncClose()
	// What a stalled client kept from being sent is made up for so far only.
	const arrears = 100 * time.Millisecond
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	value := sarama.StringEncoder("0123456789abcdef")
	due := time.Now()
	for {
		now := time.Now()
		if now.Before(due) {
			select {
			case <-b.quit:
				return
			case <-tick.C:
			}
			continue
		}
		if earliest := now.Add(-arrears); due.Before(earliest) {
			due = earliest
		}
		due = due.Add(every)
		select {
		case <-b.quit:
			return
		case b.client.Input() <- &sarama.ProducerMessage{Topic: topic, Value: value, Timestamp: now}:
			b.sent.Add(1)
		}
	}
}
