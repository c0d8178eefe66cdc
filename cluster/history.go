package cluster

import (
	"maps"
	"time"
)

// History is what only a series of snapshots tells. Counters count from the
// start of the process.
type History struct {
	Polls            map[Trigger]int
	ISRShrinks       map[int32]int
	ISRExpands       map[int32]int
	Elections        int
	UncleanElections int
	Truncations      map[string]int // by topic
	ModeChanges      map[string]int // by ZooKeeper server as configured
	Faults           map[FaultKey]int
	ImbalanceSince   time.Time           // zero while no broker is above the threshold, or not known
	RegisteredSince  map[int32]time.Time // by broker: end of the poll that first saw it registered
}

// FaultKey counts faults by source and reason.
type FaultKey struct {
	Source Source
	Reason string
}

// Tally accumulates the history of one cluster. It is not safe for concurrent
// use.
type Tally struct {
	threshold float64
	h         History
	modes     map[string]ServerMode      // last serving mode of each server
	ends      *Picture                   // the last picture that was read
	receded   map[partitionKey]recession // ends that went backwards, until that is known to be a cut
}

// NewTally returns an empty history. Brokers with an imbalance ratio above the
// threshold count as imbalanced.
func NewTally(threshold float64) *Tally {
	t := &Tally{
		threshold: threshold,
		h: History{
			Polls:       map[Trigger]int{},
			ISRShrinks:  map[int32]int{},
			ISRExpands:  map[int32]int{},
			Truncations: map[string]int{},
			ModeChanges: map[string]int{},
			Faults:      map[FaultKey]int{},

			RegisteredSince: map[int32]time.Time{},
		},
		modes:   map[string]ServerMode{},
		receded: map[partitionKey]recession{},
	}
	for _, trigger := range Triggers {
		t.h.Polls[trigger] = 0
	}
	return t
}

// Observe adds a snapshot, before it is published, with what changed in it from the
// one before. It returns the history up to here as a copy that belongs to the
// caller.
func (t *Tally) Observe(next *Snapshot, changes Changes) History {
	t.h.Polls[next.Trigger]++
	t.observeBrokers(next)
	t.observeModes(next)
	t.observeOutcomes(next)
	t.observeImbalance(next)
	add(t.h.ISRShrinks, changes.ISRShrinks)
	add(t.h.ISRExpands, changes.ISRExpands)
	t.h.Elections += changes.Elections
	t.h.UncleanElections += changes.Unclean
	t.observeEnds(next)
	return t.copy()
}

// Amend adds what a snapshot shows that was amended between polls: other modes of
// ZooKeeper servers. It returns the history up to here as a copy that belongs to the
// caller.
func (t *Tally) Amend(s *Snapshot) History {
	t.observeModes(s)
	return t.copy()
}

// observeBrokers makes every known broker's counters start at 0, and notes since when
// it is registered.
func (t *Tally) observeBrokers(next *Snapshot) {
	for i := range next.Brokers {
		t.h.ISRShrinks[next.Brokers[i].ID] += 0
		t.h.ISRExpands[next.Brokers[i].ID] += 0
		t.observeRegistration(&next.Brokers[i], next.Finished)
	}
}

// observeRegistration notes since when a broker is registered. A poll that could not
// see leaves that as it is.
func (t *Tally) observeRegistration(b *Broker, now time.Time) {
	switch registered, known := b.Registered(); {
	case !known:
	case !registered:
		delete(t.h.RegisteredSince, b.ID)
	case t.h.RegisteredSince[b.ID].IsZero():
		t.h.RegisteredSince[b.ID] = now
	}
}

// observeModes counts changes between serving modes. A server that was away and
// came back in another mode changed once; one that came back as it was did not.
func (t *Tally) observeModes(next *Snapshot) {
	if next.Ensemble == nil {
		return
	}
	for i := range next.Ensemble.Servers {
		s := &next.Ensemble.Servers[i]
		t.h.ModeChanges[s.Name] += 0
		if !s.Mode.Serving() {
			continue
		}
		if last, seen := t.modes[s.Name]; seen && last != s.Mode {
			t.h.ModeChanges[s.Name]++
		}
		t.modes[s.Name] = s.Mode
	}
}

func (t *Tally) observeOutcomes(next *Snapshot) {
	for source, o := range next.Outcomes {
		for _, f := range o.Faults {
			t.h.Faults[FaultKey{source, f.Reason}]++
		}
	}
}

// observeImbalance notes since when a broker is above the threshold. Polls that
// could not see leave the time as it is: only a reading ends an imbalance.
func (t *Tally) observeImbalance(next *Snapshot) {
	if next.Summary == nil || !next.Summary.StatesKnown {
		return
	}
	switch above := next.Summary.MaxImbalance() > t.threshold; {
	case !above:
		t.h.ImbalanceSince = time.Time{}
	case t.h.ImbalanceSince.IsZero():
		t.h.ImbalanceSince = next.Finished
	}
}

func (t *Tally) copy() History {
	h := t.h
	h.Polls = maps.Clone(h.Polls)
	h.ISRShrinks = maps.Clone(h.ISRShrinks)
	h.ISRExpands = maps.Clone(h.ISRExpands)
	h.Truncations = maps.Clone(h.Truncations)
	h.ModeChanges = maps.Clone(h.ModeChanges)
	h.Faults = maps.Clone(h.Faults)
	h.RegisteredSince = maps.Clone(h.RegisteredSince)
	return h
}

func add[K comparable](to, from map[K]int) {
	for k, n := range from {
		to[k] += n
	}
}
