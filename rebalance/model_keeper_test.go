package rebalance

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// keeper is one evenkeel process of the model.
type keeper struct {
	m       *model
	id      int
	offset  time.Duration // of its clock
	watch   *Watch
	kept    Kept
	run     map[int32]bool
	refused string
	last    *cluster.Snapshot
	polled  time.Duration
	sight   sight
	hangs   bool // its polls do not come back
	log     *pollLog
}

func (k *keeper) now() stamp {
	return stamp{k.m.w.now, epochOfModel.Add(k.m.w.now + k.offset)}
}

func (k *keeper) leads() bool { return k.m.leader == k.id }

// restart forgets everything that is not kept. The clock may have been set meanwhile.
func (k *keeper) restart() {
	if k.m.w.chance(0.3) {
		k.offset += time.Duration(k.m.w.rng.IntN(240)-120) * time.Minute
	}
	k.watch, k.log, k.last = NewWatch(k.m.policy), &pollLog{p: k.m.truth.p}, nil
	k.run, k.refused = nil, ""
	if k.leads() {
		k.load()
	}
}

// load is what a process does that starts to decide.
func (k *keeper) load() {
	now := k.now()
	k.run = nil
	if kept, err := ParseKept(k.m.stored, now.wall); err == nil {
		k.kept = kept
		k.m.truth.redated(now)
		return
	}
	k.kept = Kept{}
	k.kept.JustElected(now.wall)
	k.m.truth.forgotten(now)
	k.save()
}

func (k *keeper) save() {
	data, err := k.kept.Encode()
	if err != nil {
		k.m.failf("encode: %v", err)
	}
	k.m.stored = data
}

// poll takes a snapshot and decides by it.
func (k *keeper) poll() {
	k.m.polls++
	w := k.m.w
	if k.hangs = !w.calm && (k.hangs && w.chance(0.7) || w.chance(0.01)); k.hangs && k.last != nil {
		if w.now-k.polled > k.m.truth.p.Fresh {
			k.decide() // by what it has
		}
		return
	}
	k.sight = sight{}
	if !w.calm {
		k.sight = sight{nothing: w.chance(0.05) || k.m.dark, movesHidden: w.chance(0.02), statesHidden: w.chance(0.02)}
	}
	k.last, k.polled = w.snapshot(k.now().wall, k.sight), w.now
	k.watch.Observe(k.last)
	k.log.add(w, k.sight)
	if k.leads() {
		if k.kept.Observe(k.last, k.m.policy) {
			k.save()
		}
		if k.sight.clear() {
			k.m.truth.look(k.now())
		}
	}
	k.decide()
}

func (k *keeper) decide() {
	memory := Memory{Watch: k.watch, Kept: k.kept, Run: k.run, Refused: k.refused}
	if !k.leads() {
		memory.NotLeader = "another process holds the lock"
	}
	d := decide(k.last, k.m.policy, memory, k.now().wall, k.m.guards, k.m.skips)
	k.m.check(d)
	switch {
	case len(d.Plan) > 0:
		k.elect(d.Plan)
	case k.run != nil:
		k.run = nil
		k.kept.End(k.now().wall)
		k.m.truth.heard(k.now())
		k.save()
	}
}

// elect works off one batch, and begins a run where none is.
func (k *keeper) elect(plan []Candidate) {
	start := k.run == nil
	batch := plan[:min(len(plan), k.m.policy.BatchSize)]
	k.m.judge(&attempt{
		at: k.now(), known: k.log, sight: k.sight, polled: k.polled, leads: k.leads(), refused: k.refused != "",
		start: start, run: k.run, plan: batch,
	})
	if start {
		k.kept.Begin(k.now().wall, false)
		k.m.truth.began(k.now())
		k.run = map[int32]bool{}
		for _, c := range plan {
			k.run[c.Preferred] = true
		}
	}
	k.give(batch)
}

func (k *keeper) give(batch []Candidate) {
	given := map[int32]map[string][]int32{}
	for _, c := range batch {
		if why := k.m.w.elect(c); why != "" {
			k.m.failf("%s", why)
		}
		if given[c.Preferred] == nil {
			given[c.Preferred] = map[string][]int32{}
		}
		given[c.Preferred][c.Topic] = append(given[c.Preferred][c.Topic], c.Partition)
	}
	now := k.now()
	for broker, partitions := range given {
		k.kept.Gave(broker, partitions, now.wall)
	}
	k.kept.Heard(now.wall)
	k.m.truth.gave(batch)
	k.m.truth.heard(now)
	k.save()
}

// byHand is a person who elects, through a process that runs or one of its own.
func (k *keeper) byHand() {
	w := k.m.w
	hand := &ByHand{Override: map[string]bool{}, Max: w.rng.IntN(4)}
	for _, name := range append([]string{"blind", "not_in_isr", "being_reassigned", "no_controller"}, Overridable...) {
		hand.Override[name] = w.chance(0.7)
	}
	if w.chance(0.3) {
		id := w.anyBroker().id
		hand.Broker = &id
	}
	policy := k.m.policy
	policy.ByHand = hand
	watch, known := k.watch, evidence(k.log)
	if k.offset == 0 && w.chance(0.3) {
		watch, known = NewWatch(policy), registry{w}
		watch.Observe(k.last)
		watch.Believe(k.last)
	}
	memory := Memory{Watch: watch, Kept: k.kept, Refused: k.refused, NotLeader: "another process holds the lock"}
	d := decide(k.last, policy, memory, k.now().wall, k.m.guards, k.m.skips)
	k.m.check(d)
	if len(d.Plan) == 0 {
		return
	}
	if hand.Max > 0 && len(d.Plan) > hand.Max {
		k.m.failf("%d partitions, and a person asked for %d", len(d.Plan), hand.Max)
	}
	k.m.judge(&attempt{
		at: k.now(), known: known, sight: k.sight, polled: k.polled, refused: k.refused != "", start: true, byHand: hand, plan: d.Plan,
	})
	k.kept.Begin(k.now().wall, true)
	k.m.truth.began(k.now())
	k.give(d.Plan)
}
