//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// work is what users do with the topic "test" while leaders move: a producer that tries
// again, a member of a group, and a consumer with assign() that commits by itself.
type work struct {
	t        *testing.T
	producer *testbed.Producer
	member   *testbed.Consumer
	assigned *testbed.Consumer
}

func startWork(ctx context.Context, t *testing.T, c *testbed.Cluster) *work {
	t.Helper()
	w := &work{t: t}
	var err error
	w.producer, err = c.StartProducer(ctx, "test", 50)
	must(t, err)
	w.assigned, err = c.StartReader(ctx, testbed.ReaderSpec{Group: "assigned", Topics: []string{"test"}, Partitions: []int32{0, 1}, Tell: true})
	must(t, err)
	w.member, err = c.StartReader(ctx, testbed.ReaderSpec{Group: "members", Topics: []string{"test"}, Tell: true})
	must(t, err)
	return w
}

// judge ends the producer, and waits until everything that was written was read by both:
// all of it, in order, and nothing twice but by a member that was given its partitions
// anew, or what the producer wrote twice because it tried again.
func (w *work) judge(ctx context.Context) {
	w.t.Helper()
	must(w.t, w.producer.Stop(ctx))
	sent := w.producer.Sent()
	if w.producer.Failed() > 0 || w.producer.Acked() != sent || sent < 100 {
		w.t.Errorf("of %d messages %d were acknowledged and %d given up: %v", sent, w.producer.Acked(), w.producer.Failed(), w.producer.Failure())
	}
	for name, consumer := range map[string]*testbed.Consumer{"the consumer with assign()": w.assigned, "the member of a group": w.member} {
		all := w.awaitRead(ctx, name, consumer, sent)
		w.inOrder(name, all)
	}
}

// awaitRead returns what a consumer read once it has read every message.
func (w *work) awaitRead(ctx context.Context, name string, consumer *testbed.Consumer, sent int64) []testbed.Read {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		all, err := consumer.Read()
		must(w.t, err)
		values := map[string]bool{}
		for _, r := range all {
			values[r.Value] = true
		}
		var missing []string
		for i := range sent {
			if value := fmt.Sprint("message ", i); !values[value] {
				missing = append(missing, value)
			}
		}
		if len(missing) == 0 {
			return all
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("%s lacks %d of %d messages, such as %q", name, len(missing), sent, missing[0])
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// inOrder fails where a consumer read something twice, or left something out, while it had
// its partitions.
func (w *work) inOrder(name string, all []testbed.Read) {
	w.t.Helper()
	type stretch struct {
		partition  int32
		assignment int
	}
	last := map[stretch]int64{}
	for _, r := range all {
		at := stretch{r.Partition, r.Assignment}
		if before, ok := last[at]; ok && r.Offset != before+1 {
			w.t.Errorf("%s read offset %d of partition %d after %d, without having been given it anew", name, r.Offset, r.Partition, before)
		}
		last[at] = r.Offset
	}
}
