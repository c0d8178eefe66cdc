package cluster

import (
	"testing"
	"time"
)

func TestSnapshotWithLosses(t *testing.T) {
	now := time.Now()
	s := agreeing()
	s.BrokersHeard = 1
	s.Brokers[0].Probe.Ended = now
	refused := func(addr string, after time.Duration) News {
		return News{Losses: map[string]Probe{addr: {Status: BrokerRefused, Ended: now.Add(after)}}}
	}
	if got, lost := s.With(refused("b:1", -1)); lost || got != s {
		t.Error("a loss from before the probe counts")
	}
	if _, lost := s.With(refused("b:2", 1)); lost {
		t.Error("the loss of a stranger counts")
	}
	got, lost := s.With(refused("b:1", 1))
	if !lost || got.BrokersHeard != 0 || got.Brokers[0].Probe.Status != BrokerRefused || s.Brokers[0].Probe.Status != BrokerAlive {
		t.Errorf("%v, %+v; the original is %+v", lost, got.Brokers[0], s.Brokers[0])
	}
	if got.Latest() != got.Amended || !s.Amended.IsZero() {
		t.Error("a loss happens when it is told, not when the poll before ended")
	}
	if _, again := got.With(refused("b:1", 2)); again {
		t.Error("a broker that is down already was lost again")
	}
}

func TestSnapshotWithModes(t *testing.T) {
	now := time.Now()
	s := agreeing()
	s.Ensemble.Servers[0].Answered = now
	s.Outcomes = map[Source]Outcome{SourceEnsemble: {Finished: now.Add(time.Minute)}} // it waited for another
	look := func(name string, mode ServerMode, after time.Duration) News {
		return News{Servers: map[string]Look{name: {Server: Server{Name: name, Mode: mode}, At: now.Add(after)}}}
	}
	for what, news := range map[string]News{
		"from before the reading": look("z", ModeFollower, -1), "of a stranger": look("y", ModeFollower, 1), "of the same mode": look("z", ModeLeader, 1),
	} {
		if _, changed := s.With(news); changed {
			t.Errorf("a look %s counts", what)
		}
	}
	got, changed := s.With(look("z", ModeUnreachable, 1))
	if !changed || got.Ensemble.Servers[0].Mode != ModeUnreachable || s.Ensemble.Servers[0].Mode != ModeLeader || got.Summary != s.Summary {
		t.Errorf("%v, %+v; the original is %+v", changed, got.Ensemble, s.Ensemble)
	}
	s.Ensemble = nil
	if _, changed := s.With(look("z", ModeUnreachable, 1)); changed {
		t.Error("a cluster without an ensemble has one now")
	}
}
