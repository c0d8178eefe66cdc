//go:build cluster

package testbed

import (
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// moveClock moves the clock of a broker and looks at the time that it puts on
// messages.
func moveClock(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopicWith(ctx, "clock", [][]int32{{0}}, map[string]string{"message.timestamp.type": "LogAppendTime"}))
	for i, move := range []time.Duration{0, 48 * time.Hour, -36 * time.Hour, 0} {
		must(t, c.Broker(0).MoveClock(move))
		must(t, c.Produce(ctx, "clock", 0, 1))
		stamp, err := timestamp(c, "clock", int64(i))
		must(t, err)
		if off := time.Until(stamp) - move; off.Abs() > time.Minute {
			t.Errorf("with its clock %v ahead the broker's time is off by %v", move, off)
		}
	}
}

// timestamp reads the time of the one message at an offset.
func timestamp(c *Cluster, topic string, offset int64) (time.Time, error) {
	consumer, err := sarama.NewConsumer(addresses(c.responsive()), c.clientConfig())
	if err != nil {
		return time.Time{}, err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, offset)
	if err != nil {
		return time.Time{}, err
	}
	defer partition.Close()
	select {
	case m := <-partition.Messages():
		return m.Timestamp, nil
	case <-time.After(30 * time.Second):
		return time.Time{}, fmt.Errorf("no message at offset %d of %s", offset, topic)
	}
}
