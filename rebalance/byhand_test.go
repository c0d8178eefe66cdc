package rebalance

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// byHand is a scene in which everything holds that a person sets aside.
func byHand() *scene {
	c := newScene(4, 40)
	for p := range 38 {
		c.topics[0].Partitions[p].Leader = 0
	}
	ended(0)(c)
	started(9, time.Minute)(c)
	opens(2 * time.Hour)(c)
	c.memory.Watch = c.watched(c.now)
	c.memory.NotLeader = "who"
	c.memory.Kept.Paused = &Pause{Since: t0}
	c.memory.Kept.PingPong = map[int32]time.Time{0: t0}
	c.policy.ByHand = &ByHand{}
	return c
}

func TestByHand(t *testing.T) {
	one, two := int32(0), int32(2)
	tests := []struct {
		name string
		hand ByHand
		plan int
	}{
		{"all", ByHand{}, 2},
		{"at most one", ByHand{Max: 1}, 1},
		{"a broker", ByHand{Broker: &one}, 2},
		{"another broker", ByHand{Broker: &two}, 0},
		{"a topic", ByHand{Topic: regexp.MustCompile("^t00$")}, 2},
		{"another topic", ByHand{Topic: regexp.MustCompile("^t01$")}, 0},
	}
	for _, tt := range tests {
		c := byHand()
		c.policy.ByHand = &tt.hand
		d := c.decide()
		if len(d.Plan) != tt.plan || (len(d.Blocked) > 0) != (tt.plan == 0) {
			t.Errorf("%s: blocked %v, plan %v, want %d", tt.name, d.Blocked, d.Plan, tt.plan)
		}
	}
}

func TestOverride(t *testing.T) {
	all := map[string]bool{}
	for _, g := range Guards {
		all[string(g)] = true
	}
	for _, s := range Skips {
		all[string(s)] = true
	}
	for _, g := range guards {
		c := byHand()
		c.policy.ByHand.Override = all
		d := decide(c.snapshot(c.now), c.policy, c.memory, t0.Add(c.now), []guard{{name: g.name, notByHand: g.notByHand, holds: func(*situation) string { return "always" }}}, nil)
		if allowed := g.notByHand || slices.Contains(Overridable, string(g.name)); allowed != (len(d.Plan) > 0) {
			t.Errorf("%s, overridden by hand: plan %v", g.name, d.Plan)
		}
	}
	for _, s := range skips {
		c := byHand()
		c.policy.ByHand.Override = all
		always := skip{s.name, func(*situation, *cluster.Topic, *cluster.Partition, int32) bool { return true }}
		d := decide(c.snapshot(c.now), c.policy, c.memory, t0.Add(c.now), nil, []skip{always})
		if allowed := slices.Contains(Overridable, string(s.name)); allowed != (len(d.Plan) > 0) {
			t.Errorf("%s, overridden by hand: plan %v", s.name, d.Plan)
		}
	}
}
