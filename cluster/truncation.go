package cluster

import "maps"

// partitionKey names a partition of one incarnation of a topic.
type partitionKey struct {
	topic     string
	created   int64
	partition int32
}

// recession is an end that went backwards in the poll before.
type recession struct {
	high Offset // the end before it did
}

// observeEnds looks for logs whose end went backwards.
//
// What a consumer sees as the end is the high watermark, and a new leader may
// know an older one than its predecessor for a moment after a clean election
// (KIP-207 tells why), though no message is lost. So an end that receded counts
// as a truncation only when the next reading is still below where it had been.
// A topic that is written to so fast that it is above by then is not counted:
// better none than a false alarm of lost messages.
func (t *Tally) observeEnds(prev, next *Snapshot) {
	picture, ok := next.Picture.Get()
	if prev == nil || !ok {
		return // nothing to compare, and nothing forgotten: an open question waits
	}
	for i := range picture.Topics {
		t.h.Truncations[picture.Topics[i].Name] += 0
	}
	maps.DeleteFunc(t.h.Truncations, func(topic string, _ int) bool { return picture.Topic(topic) == nil })
	waiting := t.receded
	t.receded = map[partitionKey]recession{}
	eachPair(prev, next, func(topic *Topic, old, cur *Partition) {
		key := partitionKey{topic.Name, topic.Created, cur.ID}
		r, open := waiting[key]
		switch {
		case open && !cur.End.Known():
			t.receded[key] = r
		case open && cur.End.Before(r.high):
			t.h.Truncations[topic.Name]++
		case open:
			// It has caught up.
		case cur.End.Before(old.End):
			t.receded[key] = recession{high: old.End}
		}
	})
}
