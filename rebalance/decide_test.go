package rebalance

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// A broker that has been dead for days holds nothing back in a large cluster: the others
// get their leaders back.
func TestThirtyBrokersOneDeadForDays(t *testing.T) {
	c := newScene(30, 20)
	dead := &c.brokers[7]
	dead.Registration, dead.Probe.Status = nil, cluster.BrokerTimeout
	for i := range c.topics {
		for j := range c.topics[i].Partitions {
			p := &c.topics[i].Partitions[j]
			p.ISR = slices.DeleteFunc(p.ISR, func(id int32) bool { return id == 7 })
			if p.Leader == 7 {
				p.Leader = 8
			}
		}
	}
	c.topics[0].Partitions[3].Replicas = []int32{0, 7, 1} // the dead one is missing here as well
	c.memory.Watch = c.watched(48 * time.Hour)
	d := c.decide()
	if len(d.Blocked) > 0 || len(d.Plan) != 20 || d.Plan[0].Preferred != 0 || d.Skipped[NotRegistered] != 20 {
		t.Errorf("blocked %v, plan %v, skipped %v; want the 20 partitions of broker 0, and 20 of the dead one passed over", d.Blocked, d.Plan, d.Skipped)
	}
}

func TestEveryGuardIsInTheTables(t *testing.T) {
	for i, g := range guards {
		if i >= len(Guards) || g.name != Guards[i] {
			t.Errorf("guard %d is %s", i, g.name)
		}
	}
	for i, s := range skips {
		if i >= len(Skips) || s.name != Skips[i] {
			t.Errorf("skip %d is %s", i, s.name)
		}
	}
	if len(guards) != len(Guards) || len(skips) != len(Skips) {
		t.Errorf("%d guards of %d, %d skips of %d", len(guards), len(Guards), len(skips), len(Skips))
	}
}

func TestEveryGuardThatHoldsIsTold(t *testing.T) {
	c := newScene(4, 4)
	c.memory.NotLeader, c.memory.Refused = "who", "no"
	c.memory.Kept.Paused = &Pause{Since: t0}
	ended(time.Minute)(c)
	var told []Guard
	for _, b := range c.decide().Blocked {
		told = append(told, b.Guard)
	}
	if want := []Guard{Unauthorized, Cooldown, NotLeader, Paused}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestOrder(t *testing.T) {
	c := newScene(4, 4)
	for _, p := range []int{0, 2} { // half of what broker 3 is preferred for, before all of broker 0's by name
		c.topics[3].Name = "a"
		c.topics[3].Partitions[p].Leader = 0
	}
	c.topics = append([]cluster.Topic{c.topics[3]}, c.topics[:3]...)
	c.topics[2].Partitions[1].Leader = 2 // a quarter of broker 1's
	var preferred []int32
	for _, candidate := range c.decide().Plan {
		preferred = append(preferred, candidate.Preferred)
	}
	if want := []int32{0, 0, 0, 0, 3, 3, 1}; !slices.Equal(preferred, want) {
		t.Errorf("%v, want %v", preferred, want)
	}
}

func TestThresholdIsKafkas(t *testing.T) {
	for misplaced, want := range map[int]int{1: 0, 2: 2} {
		c := newScene(3, 10)
		for p := range 10 - misplaced {
			c.topics[0].Partitions[p].Leader = 0
		}
		d := c.decide()
		if len(d.Plan) != want || (d.has(BelowThreshold) != "") != (want == 0) {
			t.Errorf("%d of 10 misplaced: plan %v, blocked %v", misplaced, d.Plan, d.Blocked)
		}
	}
}

func TestBetweenBatches(t *testing.T) {
	c := newScene(4, 40)
	for p := range 38 { // 5 % are left, and just elected
		c.topics[0].Partitions[p].Leader = 0
	}
	for p := range 20 {
		c.topics[2].Partitions[p].Leader = 3
	}
	ended(0)(c)
	started(9, time.Minute)(c)
	opens(2 * time.Hour)(c)
	c.memory.Watch = c.watched(0)
	c.memory.Watch.brokers[0].whole = time.Hour
	c.policy.BrokerLeft = 0
	c.memory.Run = map[int32]bool{0: true}
	d := c.decide()
	if len(d.Blocked) > 0 || len(d.Plan) != 2 || d.Plan[0].Preferred != 0 {
		t.Errorf("blocked %v, plan %v; want the last two of broker 0", d.Blocked, d.Plan)
	}
	c.memory.Kept.Paused = &Pause{Since: t0}
	if d := c.decide(); d.has(Paused) == "" || len(d.Plan) > 0 {
		t.Errorf("blocked %v, plan %v; want a pause to end the run", d.Blocked, d.Plan)
	}
	c.memory.Run = map[int32]bool{}
	if d := c.decide(); d.has(BelowThreshold) == "" {
		t.Errorf("blocked %v; want nothing to do for a run of no broker", d.Blocked)
	}
}

func TestNothingIsKnown(t *testing.T) {
	for name, s := range map[string]*cluster.Snapshot{"nil": nil, "empty": {}} {
		d := Decide(s, standardPolicy(), Memory{}, t0)
		if d.has(Blind) == "" || len(d.Plan)+len(d.Candidates) > 0 || d.has(BelowThreshold) != "" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	c := newScene(3, 4) // no watch
	d := Decide(c.snapshot(c.now), c.policy, Memory{}, t0.Add(c.now))
	if len(d.Plan) > 0 || d.has(BrokerLeft) == "" || d.Skipped[Unsettled] != 4 {
		t.Errorf("without a watch: %+v", d)
	}
	c = newScene(3, 4)
	c.amend = func(s *cluster.Snapshot) {
		s.Picture = cluster.Read(&cluster.Picture{LeadersOnly: true})
		s.Summary = cluster.Summarize(&cluster.Picture{LeadersOnly: true}, nil)
	}
	if d := c.decide(); d.has(Unsupported) == "" || d.has(Blind) == "" {
		t.Errorf("leaders only: %v", d.Blocked)
	}
}

func TestDecideChangesNothing(t *testing.T) {
	c := newScene(4, 4)
	c.memory.Kept.Runs = []Done{{Started: t0.Add(24 * time.Hour), Ended: t0.Add(24 * time.Hour)}}
	before := c.memory.Kept.Clone()
	d := c.decide()
	if !reflect.DeepEqual(before, c.memory.Kept) {
		t.Errorf("kept %v, was %v", c.memory.Kept, before)
	}
	if again := c.decide(); !reflect.DeepEqual(d, again) {
		t.Errorf("%v, then %v", d, again)
	}
}

func TestMaxBrokersDown(t *testing.T) {
	for brokers, want := range map[int]int{3: 0, 9: 0, 10: 1, 50: 1, 51: 2, 100: 2, 101: 3} {
		if got := maxBrokersDown(-1, brokers); got != want {
			t.Errorf("of %d brokers %d may be down, want %d", brokers, got, want)
		}
	}
}

// BenchmarkDecide decides on a large cluster after one broker was away.
func BenchmarkDecide(b *testing.B) {
	c := newScene(30, 666)
	c.memory.Watch = c.watched(c.now)
	s := c.snapshot(c.now)
	now := t0.Add(c.now)
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(s, c.policy, c.memory, now); len(d.Plan) != 666 {
			b.Fatalf("%d", len(d.Plan))
		}
	}
}
