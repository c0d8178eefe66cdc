package rebalance

import (
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
)

// event is something that happens to the cluster now and then.
type event struct {
	name string
	odds float64
	do   func(w *world)
}

var events = []event{
	{"broker dies", 0.010, func(w *world) { b := w.anyBroker(); b.registered, b.answers, b.fenced = false, false, false }},
	{"broker loses its session", 0.006, func(w *world) { w.anyBroker().registered = false }},
	{"broker freezes", 0.004, func(w *world) { w.anyBroker().answers = false }},
	{"broker is back", 0.05, func(w *world) { w.join(w.anyBroker()) }},
	{"broker restarts quickly", 0.004, func(w *world) {
		if b := w.anyBroker(); !w.kraft && b.registered {
			b.registered = false
			w.join(b)
		}
	}},
	{"broker is fenced", 0.006, func(w *world) {
		if b := w.anyBroker(); w.kraft && b.registered {
			b.fenced = true
		}
	}},
	{"broker lags", 0.005, func(w *world) { w.anyBroker().lagging = true }},
	{"broker keeps up", 0.04, func(w *world) { w.anyBroker().lagging = false }},
	{"broker is slow", 0.005, func(w *world) { w.anyBroker().slow = true }},
	{"broker is quick", 0.01, func(w *world) { w.anyBroker().slow = false }},
	{"topic is made", 0.006, func(w *world) {
		if len(w.topics) < 9 {
			w.addTopic()
		}
	}},
	{"topic is being deleted", 0.006, func(w *world) {
		if t := w.anyTopic(); t != nil {
			t.deleting = true
		}
	}},
	{"topics are gone", 0.02, (*world).dropDeleted},
	{"reassignment starts", 0.012, (*world).reassign},
	{"reassignments end", 0.02, (*world).endMoves},
	{"log directory fails", 0.003, (*world).failDirectory},
	{"log directories are back", 0.01, (*world).repairDirectories},
	{"controller moves", 0.004, (*world).moveController},
	{"controller is gone", 0.003, func(w *world) { w.controller = cluster.NoLeader }},
	{"controller is back", 0.03, (*world).moveController},
	{"ensemble loses quorum", 0.003, func(w *world) { w.quorum = cluster.ModeNotServing }},
	{"ensemble is silent", 0.002, func(w *world) { w.quorum = cluster.ModeUnreachable }},
	{"ensemble serves", 0.03, func(w *world) { w.quorum = cluster.ModeLeader }},
	{"election is pending", 0.003, func(w *world) { w.pending = true }},
	{"election is over", 0.05, func(w *world) { w.pending = false }},
	{"rights are taken", 0.002, func(w *world) { w.denied = true }},
	{"rights are given", 0.02, func(w *world) { w.denied = false }},
	{"no controller can be proven", 0.001, func(w *world) { w.unconfirmed = true }},
	{"a controller can be proven", 0.02, func(w *world) { w.unconfirmed = false }},
	{"leaders move", 0.010, (*world).shuffle},
}

// happen lets things happen, and returns their names.
func (w *world) happen() []string {
	var names []string
	for i := range events {
		if w.chance(events[i].odds) {
			events[i].do(w)
			names = append(names, events[i].name)
		}
	}
	return names
}

func (w *world) join(b *modelBroker) {
	b.answers, b.fenced = true, false
	if !b.registered {
		w.sessions++
		b.registered, b.session, b.since = true, w.sessions, w.now
	}
}

func (w *world) dropDeleted() {
	w.topics = slices.DeleteFunc(w.topics, func(t *modelTopic) bool { return t.deleting })
}

func (w *world) anyPartition() *modelPartition {
	t := w.anyTopic()
	if t == nil {
		return nil
	}
	return t.partitions[w.rng.IntN(len(t.partitions))]
}

// reassign adds a replica, in the first place at times.
func (w *world) reassign() {
	p, b := w.anyPartition(), w.anyBroker()
	if p == nil || p.reassigning {
		return
	}
	p.reassigning = true
	if slices.Contains(p.replicas, b.id) {
		return // only another is taken away
	}
	p.adding = []int32{b.id}
	if w.chance(0.5) {
		p.replicas = append([]int32{b.id}, p.replicas...)
	} else {
		p.replicas = append(slices.Clone(p.replicas), b.id)
	}
}

func (w *world) endMoves() {
	for _, t := range w.topics {
		for _, p := range t.partitions {
			p.reassigning, p.adding = false, nil
		}
	}
}

func (w *world) failDirectory() {
	if p := w.anyPartition(); p != nil {
		p.failed = []int32{p.replicas[w.rng.IntN(len(p.replicas))]}
	}
}

func (w *world) repairDirectories() {
	for _, t := range w.topics {
		for _, p := range t.partitions {
			p.failed = nil
		}
	}
}

func (w *world) moveController() {
	if b := w.anyBroker(); b.in() {
		w.controller = b.id
	}
}

// shuffle moves leadership away from preferred leaders, as tools of other people do.
func (w *world) shuffle() {
	for _, t := range w.topics {
		for _, p := range t.partitions {
			if r := p.isr[w.rng.IntN(len(p.isr))]; w.chance(0.6) && w.brokers[r].in() {
				p.leader = r
			}
		}
	}
}

// settleDown ends all trouble. Where ten brokers have partitions one stays away for good.
func (w *world) settleDown() {
	w.calm = true
	w.dropDeleted()
	w.endMoves()
	w.repairDirectories()
	standing := map[int32]bool{}
	for _, t := range w.topics {
		for _, p := range t.partitions {
			for _, r := range p.replicas {
				standing[r] = true
			}
		}
	}
	for i, b := range w.brokers {
		b.lagging, b.slow = false, false
		if i == 0 && len(standing) >= 10 {
			b.registered, b.answers, b.fenced = false, false, false
			continue
		}
		w.join(b)
	}
	w.controller = w.brokers[1].id
	w.quorum, w.pending, w.denied, w.unconfirmed = cluster.ModeLeader, false, false, false
	w.shuffle()
}
