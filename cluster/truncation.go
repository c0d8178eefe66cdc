package cluster

import "maps"

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
// as a truncation only when the next reading is still below where it had been.
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
	t.ends, t.receded = picture, map[partitionKey]Offset{}
	eachPair(before, picture, func(topic *Topic, old, cur *Partition) {
		key := partitionKey{topic.Name, cur.ID}
		high, open := waiting[key]
		switch {
		case !cur.End.Known():
			cur.lastEnd = old.lastEnd
			if open {
				t.receded[key] = high
			}
		case open && cur.End.Before(high):
			t.h.Truncations[topic.Name]++
		case open:
			// It has caught up.
		case cur.End.Before(old.lastEnd):
			t.receded[key] = old.lastEnd
		}
	})
}
