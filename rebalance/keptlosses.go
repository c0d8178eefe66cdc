package rebalance

import (
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// Gave notes what a run gave back to a broker, by topic. The partitions are copied. Of
// more than a few thousand partitions the oldest are forgotten.
func (k *Kept) Gave(broker int32, partitions map[string][]int32, now time.Time) {
	if len(partitions) == 0 {
		return
	}
	r := k.restoredNow(broker, now)
	for topic, ids := range partitions {
		for _, id := range ids {
			if !slices.Contains(r.Partitions[topic], id) {
				r.Partitions[topic] = append(r.Partitions[topic], id)
			}
		}
	}
	k.bound()
}

// restoredNow returns what the present run gave to the broker so far.
func (k *Kept) restoredNow(broker int32, now time.Time) *Restored {
	var started time.Time
	if n := len(k.Runs); n > 0 {
		started = k.Runs[n-1].Started
	}
	for i := range k.Restored {
		if r := &k.Restored[i]; r.Broker == broker && !r.Lost && !r.At.Before(started) {
			return r
		}
	}
	k.Restored = append(k.Restored, Restored{Broker: broker, At: now, Partitions: map[string][]int32{}})
	return &k.Restored[len(k.Restored)-1]
}

// bound forgets the oldest, first whole entries, then partitions of the only one left.
func (k *Kept) bound() {
	size := 0
	for i := range k.Restored {
		size += k.Restored[i].size()
	}
	for len(k.Restored) > 1 && size > mostRestored {
		size -= k.Restored[0].size()
		k.Restored = slices.Delete(k.Restored, 0, 1)
	}
	if len(k.Restored) == 0 {
		return
	}
	only := k.Restored[0].Partitions
	for topic, ids := range only {
		over := min(size-mostRestored, len(ids))
		if over <= 0 {
			return
		}
		size -= over
		if only[topic] = ids[over:]; len(only[topic]) == 0 {
			delete(only, topic)
		}
	}
}

func (r *Restored) size() int {
	n := 0
	for _, ids := range r.Partitions {
		n += len(ids)
	}
	return n
}

// Observe finds out whether brokers lost again what runs gave back to them, and holds
// runs back once that has happened to one of them as often as the policy says. It
// returns whether anything changed that has to be kept. It is to be told every snapshot.
//
// Half or more of what one run gave is a loss. When a broker loses that, everything that
// was ever given back to it counts as lost: it is one loss, however many runs it undoes.
func (k *Kept) Observe(s *cluster.Snapshot, p Policy) bool {
	if s == nil || unreadable(s) != "" {
		return false
	}
	picture, _ := s.Picture.Get()
	changed := false
	for i := range k.Restored {
		r := &k.Restored[i]
		if r.Lost || 2*r.lost(picture) < r.size() || r.size() == 0 {
			continue
		}
		k.lose(r.Broker, s.Finished, p)
		changed = true
	}
	if changed {
		k.Expire(s.Finished)
	}
	return changed
}

// lost counts the partitions that the broker was given and leads no longer, though it is
// still to lead them.
func (r *Restored) lost(picture *cluster.Picture) int {
	n := 0
	for topic, ids := range r.Partitions {
		t := picture.Topic(topic)
		if t == nil || t.Deleting {
			continue
		}
		for _, id := range ids {
			if p := t.Partition(id); p != nil {
				if preferred, ok := p.Preferred(); ok && preferred == r.Broker && p.LeaderKnown() && p.Leader != r.Broker {
					n++
				}
			}
		}
	}
	return n
}

// lose notes a loss, and holds runs back if it was one too many.
func (k *Kept) lose(broker int32, now time.Time, p Policy) {
	for i := range k.Restored {
		if k.Restored[i].Broker == broker {
			k.Restored[i].Lost = true
		}
	}
	k.Losses = append(k.Losses, Loss{Broker: broker, At: now})
	times := 0
	for _, l := range k.Losses {
		if l.Broker == broker && now.Sub(l.At) <= p.PingPong.Within {
			times++
		}
	}
	if times < p.PingPong.Times || p.PingPong.Times <= 0 {
		return
	}
	if k.PingPong == nil {
		k.PingPong = map[int32]time.Time{}
	}
	if _, held := k.PingPong[broker]; !held {
		k.PingPong[broker] = now
	}
}
