package cluster

import "slices"

// Changes is what one snapshot tells beside the one before it.
type Changes struct {
	ISRShrinks map[int32]int // by broker: its replicas that left an ISR
	ISRExpands map[int32]int // by broker: its replicas that joined one
	Elections  int           // partitions that another broker leads now
	Unclean    int           // of these, the ones proven to be unclean
}

// Compare finds what changed from prev to next. When one of the two pictures was
// not read there is nothing to compare: after a gap in reading, the next snapshot
// is a new baseline. The same holds for a single partition, and for a topic that
// was created anew under its old name.
func Compare(prev, next *Snapshot) Changes {
	c := Changes{ISRShrinks: map[int32]int{}, ISRExpands: map[int32]int{}}
	if prev == nil || next == nil {
		return c
	}
	before, _ := prev.Picture.Get()
	after, _ := next.Picture.Get()
	eachPair(before, after, func(_ *Topic, old, cur *Partition) {
		if old.State != StateRecorded || cur.State != StateRecorded {
			return
		}
		c.compareISR(old, cur)
		if cur.Leader != old.Leader && cur.Leader != NoLeader {
			c.Elections++
			if provenUnclean(prev, next, old, cur) {
				c.Unclean++
			}
		}
	})
	return c
}

// compareISR counts who left and who joined. A replica that left the assignment
// as well was moved away, which is no shrink.
func (c *Changes) compareISR(old, cur *Partition) {
	for _, r := range cur.Replicas {
		switch was, is := old.InISR(r), cur.InISR(r); {
		case was && !is:
			c.ISRShrinks[r]++
		case !was && is:
			c.ISRExpands[r]++
		}
	}
}

// provenUnclean says whether the new leader was outside the ISR at its election.
// That takes both: it was not in the ISR of the reading before, and nothing came
// between the readings. The version of the state znode tells that by having risen
// by exactly one; where there is none, every member of that ISR was gone in both
// readings.
func provenUnclean(prev, next *Snapshot, old, cur *Partition) bool {
	if old.InISR(cur.Leader) {
		return false
	}
	if old.Version != NoVersion && cur.Version != NoVersion {
		return cur.Version == old.Version+1
	}
	return len(old.ISR) > 0 && !slices.ContainsFunc(old.ISR, func(id int32) bool {
		return !prev.gone(id) || !next.gone(id)
	})
}

// gone says whether a broker is known not to be registered.
func (s *Snapshot) gone(broker int32) bool {
	b := s.Broker(broker)
	if b == nil {
		return s.Registrations.OK()
	}
	registered, known := b.Registered()
	return known && !registered
}

// eachPair calls f for every partition that is in both pictures and belongs to
// the same incarnation of its topic, topics being deleted aside. Without one of the
// pictures there is no pair.
func eachPair(before, after *Picture, f func(t *Topic, old, cur *Partition)) {
	if before == nil || after == nil {
		return
	}
	for i := range after.Topics {
		t := &after.Topics[i]
		old := before.Topic(t.Name)
		if old == nil || t.Deleting {
			continue
		}
		same, certain := old.Same(t)
		if !same {
			continue
		}
		f := func(old, cur *Partition) {
			if certain || follows(old, cur) {
				f(t, old, cur)
			}
		}
		for j := range t.Partitions {
			cur := &t.Partitions[j]
			// Partitions are never removed, so the old one stands at the same place.
			if j < len(old.Partitions) && old.Partitions[j].ID == cur.ID {
				f(&old.Partitions[j], cur)
			} else if was := old.Partition(cur.ID); was != nil {
				f(was, cur)
			}
		}
	}
}

// follows says whether one reading of a partition can have come after another, where
// it is not certain that they are of one topic: its leader epoch never falls, and no
// leader changes, nor is a log truncated, without its rising. Where it is not known,
// they are taken to follow as long as nothing changed that it would have to tell.
func follows(old, cur *Partition) bool {
	if old.LeaderEpoch == cur.LeaderEpoch || old.LeaderEpoch < 0 || cur.LeaderEpoch < 0 {
		return old.Leader == cur.Leader && !cur.End.Before(old.lastEnd)
	}
	return cur.LeaderEpoch > old.LeaderEpoch
}
