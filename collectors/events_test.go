package collectors

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// A broker that is lost between two polls is down at once, in a snapshot that is the
// last one in all else.
func TestLossAmendsTheLastSnapshot(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	if _, ok := p.Amend(); ok {
		t.Error("there is something to amend before the first poll")
	}
	before := p.poll(t)
	if _, ok := p.Amend(); ok {
		t.Error("amended though nothing was lost")
	}
	p.lost(nodeOf(p.known[1]), errors.New("connection refused"))
	result, ok := p.Amend()
	after := result.Snapshot
	if !ok || result.Edition != 2 || after.BrokersHeard != before.BrokersHeard-1 {
		t.Fatalf("amended: %v, edition %d, %d brokers heard", ok, result.Edition, after.BrokersHeard)
	}
	if up, known := after.Broker(1).Up(); up || !known {
		t.Errorf("broker 1 is up: %v, %v", up, known)
	}
	if up, _ := before.Broker(1).Up(); !up {
		t.Error("the snapshot that was published before has changed")
	}
	if after.Summary.LeaderUnreachable == 0 || before.Summary.LeaderUnreachable != 0 {
		t.Errorf("leaders unreachable: %d, %d before", after.Summary.LeaderUnreachable, before.Summary.LeaderUnreachable)
	}
	if len(result.Began) == 0 || after.Finished != before.Finished || after.Picture != before.Picture {
		t.Errorf("%d troubles began; all else must be as it was", len(result.Began))
	}
	if _, again := p.Amend(); again {
		t.Error("amended twice for one loss")
	}
	if got := p.poll(t); got.BrokersHeard != before.BrokersHeard || len(p.events.Losses) != 0 {
		t.Errorf("the broker answers again, and %d are heard; %d losses are kept", got.BrokersHeard, len(p.events.Losses))
	}
}

// What a poll that was under way heard before the loss does not undo it.
func TestLossDuringAPollStands(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	p.brokers = losing{f, p}
	s := p.poll(t)
	if up, known := s.Broker(1).Up(); up || !known {
		t.Errorf("broker 1 is up: %v, %v", up, known)
	}
}

// losing loses broker 1 when it has answered its probe, while the poll goes on.
type losing struct {
	*fakeCluster
	p *Poller
}

func (l losing) ListGroups(ctx context.Context, n kafka.Node) ([]kafka.ListedGroup, error) {
	if n.ID == 1 {
		l.p.lost(n, errors.New("connection refused"))
	}
	return l.fakeCluster.ListGroups(ctx, n)
}

func TestModesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := poller(t, f)
		f.set(cluster.ModeStandalone)
		told := 0
		ctx, cancel := context.WithCancel(t.Context())
		go p.Watch(ctx, func(trigger cluster.Trigger) {
			switch trigger {
			case cluster.TriggerMode:
				told++
			case cluster.TriggerNone: // to be shown, which nobody does here
			default:
				t.Errorf("told of %s", trigger)
			}
		})
		expect := func(what string, want int) {
			t.Helper()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if told != want {
				t.Errorf("%s: told %d times, want %d", what, told, want)
			}
		}
		expect("before the first poll", 0)
		p.poll(t)
		expect("as the poll saw it", 0)
		f.set(cluster.ModeNotServing)
		expect("it changed", 1)
		if amended, ok := p.Amend(); !ok || amended.Snapshot.Ensemble.Servers[0].Mode != cluster.ModeNotServing {
			t.Errorf("amended: %v", ok)
		}
		p.poll(t)
		expect("a poll sees it otherwise", 1)
		if amended, ok := p.Amend(); !ok || amended.Snapshot.Ensemble.Servers[0].Mode != cluster.ModeNotServing {
			t.Errorf("what is known since that poll is not shown: %v", ok)
		}
		f.set(cluster.ModeLeader)
		expect("it changed again", 2)
		f.set(cluster.ModeNotServing)
		expect("it is as shown", 2)
		f.set(cluster.ModeLeader)
		expect("and changed anew", 3)
		if amended, ok := p.Amend(); !ok || len(amended.Events) != 1 || !strings.Contains(amended.Events[0], "is leader now (was not_serving)") {
			t.Errorf("amended: %v, and told: %q", ok, amended.Events)
		} else if changes := amended.Snapshot.History.ModeChanges; len(changes) != 1 || slices.Collect(maps.Values(changes))[0] != 1 {
			t.Errorf("%v mode changes, want 1, from standalone to leader", changes)
		}
		if amended, ok := p.Amend(); ok {
			t.Errorf("what was shown already is amended: %q", amended.Events)
		}
		cancel()
		synctest.Wait()
		p.signal(cluster.TriggerWatch) // nobody listens any more
	})
}
