package rebalance

import (
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// series observes snapshots of one scene, one after the other.
type series struct {
	*scene
	w  *Watch
	at time.Duration
}

func newSeries(c *scene) *series {
	s := &series{scene: c, w: NewWatch(c.policy)}
	s.w.Observe(c.snapshot(0))
	return s
}

func (s *series) polls(n int, change ...func(*cluster.Snapshot)) {
	for range n {
		s.at += poll
		s.observe(s.snapshot(s.at), change...)
	}
}

func (s *series) observe(snapshot *cluster.Snapshot, change ...func(*cluster.Snapshot)) {
	for _, f := range change {
		f(snapshot)
	}
	s.w.Observe(snapshot)
}

func blindPoll(s *cluster.Snapshot) {
	s.Picture, s.Summary = cluster.Failed[*cluster.Picture](nil), nil
}

func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestPersistence(t *testing.T) {
	s := newSeries(newScene(3, 4))
	s.polls(8)
	expect(t, "after eight polls", s.w.aboveFor(0), 8*poll)
	expect(t, "of a broker that leads", s.w.aboveFor(1), 0)
	s.polls(2, blindPoll)
	expect(t, "after two blind ones", s.w.aboveFor(0), 8*poll)
	s.polls(1)
	expect(t, "the first that can see again", s.w.aboveFor(0), 8*poll)
	s.polls(1)
	expect(t, "the second", s.w.aboveFor(0), 9*poll)
	s.polls(3, blindPoll)
	s.polls(1)
	expect(t, "after three blind ones", s.w.aboveFor(0), 0)
	s.polls(4, func(s *cluster.Snapshot) {
		s.Controller = cluster.Read(cluster.Controller{ID: 2, Exists: true, Named: true})
	})
	expect(t, "after another controller", s.w.aboveFor(0), 3*poll)
	s.polls(1, func(s *cluster.Snapshot) { s.Controller = cluster.Failed[cluster.Controller](nil) })
	expect(t, "the controller is not read", s.w.aboveFor(0), 4*poll)
	s.polls(1)
	expect(t, "it is the one before", s.w.aboveFor(0), 0)
	s.polls(4)
	s.topics[0].Partitions = append([]cluster.Partition(nil), s.topics[0].Partitions...)
	for i := range s.topics[0].Partitions {
		s.topics[0].Partitions[i].Leader = 0
	}
	s.polls(1)
	expect(t, "at the threshold", s.w.aboveFor(0), 0)
}

func TestTimeThatWasNotWatched(t *testing.T) {
	s := newSeries(newScene(3, 4))
	s.polls(4)
	before := s.w.clock
	s.at += 3 * time.Hour // a process that was suspended, or a clock that was set
	s.polls(1)
	expect(t, "a gap counts as one of the longest steps", s.w.clock-before, s.policy.Fresh)
	expect(t, "above", s.w.aboveFor(0), 4*poll+s.policy.Fresh)
	expect(t, "whole", s.w.wholeFor(0), 4*poll+s.policy.Fresh)
	s.at -= 5 * time.Hour
	s.polls(1)
	expect(t, "a clock that was set back adds nothing", s.w.aboveFor(0), 4*poll+s.policy.Fresh)
	s.polls(1)
	expect(t, "and goes on from there", s.w.aboveFor(0), 5*poll+s.policy.Fresh)
}

func TestLeft(t *testing.T) {
	s := newSeries(newScene(3, 4))
	s.polls(4)
	ago, sure, left := s.w.leftAgo(2)
	if ago != 4*poll || sure || !left {
		t.Errorf("before it was seen to leave: %v, sure %v, left %v", ago, sure, left)
	}
	gone := s.brokers[2]
	s.brokers[2].Registration = nil
	s.polls(3)
	ago, sure, left = s.w.leftAgo(2)
	if ago != 2*poll || !sure || !left {
		t.Errorf("gone: %v, sure %v, left %v", ago, sure, left)
	}
	s.brokers[2] = gone
	s.polls(3)
	ago, _, _ = s.w.leftAgo(2)
	expect(t, "it is back", ago, 5*poll)
	expect(t, "registrations", s.w.registrations(2), 1)
	expect(t, "whole", s.w.wholeFor(2), 2*poll)
	s.brokers[2].Registration = &cluster.Registration{ID: 2, Session: 999}
	s.polls(1)
	ago, _, _ = s.w.leftAgo(2)
	expect(t, "another session", ago, 0)
	expect(t, "registrations", s.w.registrations(2), 2)
	expect(t, "whole", s.w.wholeFor(2), 0)
	s.polls(1, func(s *cluster.Snapshot) {
		s.Registrations = cluster.Failed[map[int32]*cluster.Registration](nil)
		s.Brokers = []cluster.Broker{{ID: 2, Probe: cluster.Probe{Status: cluster.BrokerAlive}}}
	})
	ago, _, _ = s.w.leftAgo(2)
	expect(t, "the registry could not be read", ago, poll)
	s.polls(int(time.Hour / poll))
	expect(t, "registrations an hour later", s.w.registrations(2), 0)
	s.polls(1, func(s *cluster.Snapshot) { s.Brokers = s.Brokers[:2] })
	ago, sure, _ = s.w.leftAgo(2)
	if ago != 0 || !sure {
		t.Errorf("nobody knows it any more: %v, sure %v", ago, sure)
	}
}

func TestNewcomerDidNotLeave(t *testing.T) {
	s := newSeries(newScene(3, 4))
	all := s.brokers
	s.w = NewWatch(s.policy)
	s.brokers, s.topics = all[:2], s.topics[:1]
	s.polls(2)
	s.brokers = all
	s.polls(2)
	if _, _, left := s.w.leftAgo(2); left {
		t.Error("a broker that is new has left")
	}
	expect(t, "registrations", s.w.registrations(2), 1)
}

func TestWhole(t *testing.T) {
	for name, f := range map[string]func(c *scene){
		"fenced":         func(c *scene) { c.brokers[0].Registration = &cluster.Registration{Fenced: true} },
		"silent":         func(c *scene) { c.brokers[0].Probe.Status = cluster.BrokerTimeout },
		"out of one ISR": func(c *scene) { c.topics[2].Partitions[1].ISR = []int32{2} },
	} {
		c := newScene(3, 4)
		s := newSeries(c)
		s.polls(4)
		expect(t, "whole", s.w.wholeFor(0), 4*poll)
		s.scene = newScene(3, 4)
		f(s.scene)
		s.polls(1)
		expect(t, name, s.w.wholeFor(0), 0)
		s.scene = c
		s.polls(3)
		expect(t, name+", and whole again", s.w.wholeFor(0), 2*poll)
	}
}

func TestAmendedSnapshotIsNoPoll(t *testing.T) {
	s := newSeries(newScene(3, 4))
	s.polls(2)
	s.brokers[0].Probe.Took = time.Second
	s.polls(1)
	for range 9 {
		s.observe(s.snapshot(s.at), blindPoll)
	}
	expect(t, "slow by one probe", s.w.slow(0), false)
	expect(t, "blind by one poll", s.w.aboveFor(0), 3*poll)
}
