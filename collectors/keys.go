package collectors

import (
	"context"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// keyReader reads the keys of the offsets topic, piece by piece from where it ended:
// one piece of one partition of each leader in a poll. Its zero value begins at the
// start.
type keyReader struct {
	of   cluster.Topic // the offsets topic's id and znode
	next map[int32]cluster.Offset
	turn int // which of a leader's partitions is next
}

// readKeys learns names of groups from the keys of the offsets topic, where that is
// wanted, from the leaders of its partitions whose release does not list groups
// without members.
func (r *reading) readKeys(ctx context.Context) {
	picture, ok := r.picture.Get()
	if !ok || !r.cfg.Groups.DiscoverFromOffsetsTopic || ctx.Err() != nil {
		return // without time left, brokers would be blamed that were not asked
	}
	offsets := picture.Topic(offsetsTopic)
	if offsets == nil || offsets.Deleting {
		return
	}
	if same, _ := r.keys.of.Same(offsets); !same || r.keys.next == nil {
		r.keys = keyReader{of: cluster.Topic{ID: offsets.ID, Created: offsets.Created}, next: map[int32]cluster.Offset{}}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, n := range r.answering() {
		led := ledBy(offsets, n.ID)
		if len(led) == 0 || r.brokers.Identity(n).EmptyGroups {
			continue
		}
		partition := led[r.keys.turn%len(led)]
		mu.Lock()
		from := r.keys.next[partition] // unknown at first: from the start
		mu.Unlock()
		wg.Go(func() {
			read, err := r.brokers.CommitKeys(ctx, n, partition, from)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.noteFault(cluster.SourceGroups, brokerFault(n.ID, kafka.Reason(err), err))
				return
			}
			r.keys.next[partition] = read.Next
			r.learnKeys(read.Keys)
		})
	}
	wg.Wait()
	r.keys.turn++
}

// learnKeys remembers the groups that keys name. That one is gone is found out by
// asking for its commits.
func (r *reading) learnKeys(keys []kafka.CommitKey) {
	for _, k := range keys {
		if !k.Gone && r.wants(k.Group) {
			r.memory.learn(k.Group, k.Topic)
		}
	}
}

// ledBy returns the partitions of a topic that a broker leads.
func ledBy(t *cluster.Topic, broker int32) (led []int32) {
	for i := range t.Partitions {
		if p := &t.Partitions[i]; p.State == cluster.StateRecorded && p.Leader == broker {
			led = append(led, p.ID)
		}
	}
	return led
}

// noteFault adds a fault to those of a source that was read already.
func (r *reading) noteFault(source cluster.Source, f cluster.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.outcomes[source]
	o.Faults = append(o.Faults, f)
	r.outcomes[source] = o
}
