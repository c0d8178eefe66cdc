package cluster

import (
	"maps"
	"time"
)

// recedes is how long an end has to stay below where it was to count as cut. The
// followers of a new leader fetch, and so tell it the high watermark, twice a second.
const recedes = 3 * time.Second

// recession is an end that went backwards.
type recession struct {
	from  Offset
	since time.Time
}

// partitionKey names a partition.
type partitionKey struct {
	topic     string
	partition int32
}

// observeEnds looks for logs whose end went backwards from where it was last known
// to be, however many polls ago.
//
// What a consumer sees as the end is the high watermark, and a new leader may
// know an older one than its predecessor for a moment after a clean election
// (KIP-207 tells why), though no message is lost. So an end that receded counts
// as a truncation only when a later reading is still below where it had been: the
// next one that comes seconds after it, since polls may follow each other at once.
// A topic that is written to so fast that it is above by then is not counted:
// better none than a false alarm of lost messages.
func (t *Tally) observeEnds(next *Snapshot) {
	picture, ok := next.Picture.Get()
	if !ok {
		return
	}
	maps.DeleteFunc(t.h.Truncations, func(topic string, _ int) bool { return picture.Topic(topic) == nil })
	for i := range picture.Topics {
		t.h.Truncations[picture.Topics[i].Name] += 0
		for j := range picture.Topics[i].Partitions {
			p := &picture.Topics[i].Partitions[j]
			p.lastEnd = p.End
		}
	}
	before, waiting := t.ends, t.receded
	t.ends, t.receded = picture, map[partitionKey]recession{}
	eachPair(before, picture, func(topic *Topic, old, cur *Partition) {
		key := partitionKey{topic.Name, cur.ID}
		was, open := waiting[key]
		switch {
		case !cur.End.Known():
			cur.lastEnd = old.lastEnd
			if open {
				t.receded[key] = was
			}
		case open && cur.End.Before(was.from) && next.Finished.Sub(was.since) < recedes:
			t.receded[key] = was
		case open && cur.End.Before(was.from):
			t.h.Truncations[topic.Name]++
		case open:
			// It has caught up.
		case cur.End.Before(old.lastEnd):
			t.receded[key] = recession{from: old.lastEnd, since: next.Finished}
		}
	})
}
