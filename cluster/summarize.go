package cluster

import "slices"

// Summarize counts over the picture. Brokers are the known brokers of the same
// poll.
func Summarize(picture *Picture, brokers []Broker) *Summary {
	z := summarizer{
		Summary: &Summary{
			AssignmentKnown: !picture.LeadersOnly, StatesKnown: !picture.StatesUnknown, RegistryKnown: true, ProbesKnown: true,
			MovesKnown: !picture.MovesUnknown, LogDirsKnown: picture.OfflineTold, MinISRKnown: true,
			UnderReplicated: make(map[MissingReason]int, len(MissingReasons)),
			Loads:           make(map[int32]*Load, len(brokers)),
		},
		others: make(map[int32]*standing),
	}
	for i := range brokers {
		b := &brokers[i]
		z.RegistryKnown = z.RegistryKnown && b.RegistryRead
		st := z.broker(b.ID)
		st.registered, _ = b.Registered()
		st.probed = b.Probe.Status
	}
	z.findLeaving(picture)
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if t.Deleting {
			continue
		}
		if t.Unreadable {
			z.AssignmentKnown = false
		}
		for j := range t.Partitions {
			z.add(&t.Partitions[j])
		}
		z.addMinISR(t)
	}
	z.StatesKnown = z.StatesKnown && z.AssignmentKnown
	return z.Summary
}

// findLeaving finds the brokers of which every replica is told to be offline: the
// controller has taken them out, as it does with one that is being stopped, and a
// moment later they are no longer registered. Their log directories are well.
func (z *summarizer) findLeaving(picture *Picture) {
	offline := make(map[int32]int)
	each := func(count func(p *Partition)) {
		for i := range picture.Topics {
			for j := range picture.Topics[i].Partitions {
				count(&picture.Topics[i].Partitions[j])
			}
		}
	}
	each(func(p *Partition) {
		for _, r := range p.Offline {
			offline[r]++
		}
	})
	if len(offline) == 0 {
		return
	}
	each(func(p *Partition) {
		for _, r := range p.Replicas {
			offline[r]-- // below 0 for one that has more than that
		}
	})
	for id, n := range offline {
		if n == 0 {
			z.broker(id).Leaving = true
		}
	}
}

// standing is what is known of a broker while counting.
type standing struct {
	*Load
	registered bool
	probed     BrokerStatus
}

type summarizer struct {
	*Summary
	// A broker is looked up ten times for each partition, so the usual small ids
	// have a place of their own, and only others are in the map.
	small   [256]*standing
	others  map[int32]*standing
	missing []int32 // scratch
}

func (z *summarizer) broker(id int32) *standing {
	if id >= 0 && int(id) < len(z.small) {
		if z.small[id] == nil {
			z.small[id] = z.newStanding(id)
		}
		return z.small[id]
	}
	if z.others[id] == nil {
		z.others[id] = z.newStanding(id)
	}
	return z.others[id]
}

func (z *summarizer) newStanding(id int32) *standing {
	z.Loads[id] = new(Load)
	return &standing{Load: z.Loads[id], probed: BrokerUnknown}
}

func (z *summarizer) add(p *Partition) {
	z.Partitions++
	if p.Reassigning {
		z.Reassigning++
	}
	for _, r := range p.Replicas {
		z.broker(r).Replicas++
	}
	for _, r := range p.Offline {
		if st := z.broker(r); st.registered && !st.Leaving {
			st.OfflineReplicas++
		}
	}
	preferred, hasPreferred := p.Preferred()
	if hasPreferred {
		z.broker(preferred).PreferredLeaders++
	}
	switch p.State {
	case StateUnknown, StateLeader:
		z.StatesKnown = false
	case StateAbsent:
		z.Offline++
	case StateRecorded:
		z.addRecorded(p)
		if hasPreferred && p.Leader != preferred {
			z.addMisplaced(p, preferred)
		}
	}
}

func (z *summarizer) addRecorded(p *Partition) {
	z.addLeader(p)
	z.addStop(p)
	z.missing = p.MissingReplicas(z.missing[:0])
	if len(z.missing) == 0 {
		return
	}
	reason := MissingBrokerDown
	for _, r := range z.missing {
		st := z.broker(r)
		st.OutOfSync++
		switch {
		case !st.registered:
		case st.Leaving || !slices.Contains(p.Offline, r):
			reason = MissingLagging
		case reason == MissingBrokerDown:
			reason = MissingLogDir
		}
	}
	z.UnderReplicated[reason]++
}

func (z *summarizer) addLeader(p *Partition) {
	if p.Leader == NoLeader {
		z.Offline++
		return
	}
	leader := z.broker(p.Leader)
	leader.Leaders++
	if !leader.registered {
		z.Offline++
		return
	}
	switch leader.probed {
	case BrokerAlive:
	case BrokerUnknown:
		z.ProbesKnown = false
	default:
		z.LeaderUnreachable++
	}
}

// addStop finds out whether a single broker keeps the partition alive: the only
// registered one in the ISR. Should it stop, nobody may lead (cleanly): one that leads, or
// that is about to where nobody does.
func (z *summarizer) addStop(p *Partition) {
	var last *standing
	alive := 0
	for _, r := range p.ISR {
		if st := z.broker(r); st.registered {
			last = st
			alive++
		}
	}
	if alive == 1 {
		last.StopOfflines++
	}
}

func (z *summarizer) addMisplaced(p *Partition, preferred int32) {
	st := z.broker(preferred)
	st.NotLeading++
	if st.registered && p.InISR(preferred) {
		z.Electable++
	} else {
		z.NotElectable++
	}
}

// addMinISR compares each ISR of a topic with what its min.insync.replicas asks for.
func (z *summarizer) addMinISR(t *Topic) {
	if t.MinISR == 0 && len(t.Partitions) > 0 {
		z.MinISRKnown = false
		return
	}
	tooLarge := false
	for i := range t.Partitions {
		p := &t.Partitions[i]
		tooLarge = tooLarge || t.MinISR > len(p.Replicas)
		least, known := p.EffectiveMinISR(t.MinISR)
		if !known || p.State != StateRecorded && p.State != StateAbsent {
			continue
		}
		switch have := len(p.ISR); {
		case have < least:
			z.UnderMinISR++
		case have == least:
			if have < len(p.Replicas) {
				z.AtMinISR++
			}
			for _, r := range p.ISR {
				z.broker(r).StopBreaks++
			}
		}
	}
	if tooLarge {
		z.MinISRTooLarge++
	}
}
