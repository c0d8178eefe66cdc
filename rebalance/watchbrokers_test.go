package rebalance

import (
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestSlow(t *testing.T) {
	tests := []struct {
		took, others time.Duration
		slow         bool
	}{
		{501 * time.Millisecond, 100 * time.Millisecond, true},
		{500 * time.Millisecond, 100 * time.Millisecond, false},
		{101 * time.Millisecond, time.Millisecond, true},
		{100 * time.Millisecond, time.Millisecond, false},
	}
	for _, tt := range tests {
		s := newSeries(newScene(4, 4))
		for i := range s.brokers {
			s.brokers[i].Probe.Took = tt.others
		}
		s.brokers[0].Probe.Took = tt.took
		s.polls(4)
		expect(t, "in four polls", s.w.slow(0), false)
		s.polls(1)
		expect(t, "in five polls", s.w.slow(0), tt.slow)
		s.brokers[0].Probe.Took = tt.others
		s.polls(6)
		expect(t, "in four of the last ten", s.w.slow(0), false)
		expect(t, "another", s.w.slow(1), false)
	}
}

func TestMedianOfOthers(t *testing.T) {
	for _, tt := range []struct {
		of        []time.Duration
		own, want time.Duration
	}{
		{[]time.Duration{7}, 7, 0}, {[]time.Duration{1, 7}, 7, 1}, {[]time.Duration{1, 3, 7}, 7, 2}, {[]time.Duration{1, 3, 7}, 1, 5},
		{[]time.Duration{1, 3, 5, 7}, 3, 5}, {[]time.Duration{2, 2, 2}, 2, 2},
	} {
		expect(t, "median", medianOfOthers(tt.of, tt.own), tt.want)
	}
}

// A process that has only just started can prove by ZooKeeper what it did not see.
func TestBelieve(t *testing.T) {
	c := newScene(4, 4)
	c.policy.ByHand = &ByHand{}
	ages := []time.Duration{5 * time.Minute, time.Hour, 10 * time.Minute, 10 * time.Minute}
	for id, age := range ages {
		c.brokers[id].Registration = &cluster.Registration{ID: int32(id), Session: 5, Registered: t0.Add(c.now - age)}
	}
	c.memory.Watch = c.watched(0)
	if d := c.decide(); d.has(BrokerLeft) == "" || d.Skipped[Unsettled] != 4 {
		t.Errorf("before: blocked %v, skipped %v", d.Blocked, d.Skipped)
	}
	c.memory.Watch.Believe(c.snapshot(c.now))
	expect(t, "whole", c.memory.Watch.wholeFor(0), 5*time.Minute)
	d := c.decide()
	expect(t, "why", d.has(BrokerLeft), "broker 0 left 5m ago, less than 10m")
	c.brokers[0].Registration = &cluster.Registration{ID: 0, Session: 5, Registered: t0.Add(c.now - 10*time.Minute)}
	c.memory.Watch = c.watched(0)
	c.memory.Watch.Believe(c.snapshot(c.now))
	if d := c.decide(); len(d.Plan) != 4 {
		t.Errorf("blocked %v, plan %v", d.Blocked, d.Plan)
	}
	c.brokers[3].Registration = nil
	c.memory.Watch = c.watched(0)
	c.memory.Watch.Believe(c.snapshot(c.now))
	if d := c.decide(); d.has(BrokerLeft) == "" {
		t.Errorf("when a broker that is gone left is not known: blocked %v", d.Blocked)
	}
}
