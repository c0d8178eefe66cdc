package collectors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

var (
	askTest   = map[string][]int32{"test": {0, 1}}
	controls3 = cluster.Read(cluster.Controller{ID: 3000, Exists: true, Named: true})
)

// electing is a cluster whose brokers know ElectLeaders.
func electing(f *fakeCluster) *fakeCluster {
	f.identity.ElectLeaders = true
	return f
}

// mixed is a cluster in the midst of its migration: broker 1 is in KRaft already, and so
// is the controller.
func mixed() *fakeCluster {
	f := electing(newModern())
	kraft := f.identity
	kraft.Mode = cluster.ModeKRaft
	f.identities = map[int32]kafka.Identity{1: kraft}
	f.registry.Controller = controls3
	return f
}

func withZooKeeper(t *testing.T, f *fakeCluster) *Poller {
	p := poller(t, f)
	p.cfg.Kafka.Brokers = []string{"k:9092"}
	return p
}

// The election goes one way and no other: the znode only to controllers before 2.2 that
// are brokers with ZooKeeper.
func TestWayOfAnElection(t *testing.T) {
	const byZnode = "elect by znode map[test:[0 1]]"
	by := func(id int) string { return fmt.Sprintf("elect by %d map[test:[0 1]]", id) }
	named := func(f *fakeCluster, id int32) *fakeCluster {
		f.registry.Controller = cluster.Read(cluster.Controller{ID: id, Exists: true, Named: true})
		return f
	}
	silent := func(f *fakeCluster, probe string) *fakeCluster {
		f.fail["probe "+probe] = errors.New("refused")
		return f
	}
	for name, c := range map[string]struct {
		f    *fakeCluster
		by   func(*testing.T, *fakeCluster) *Poller
		want string
	}{
		"old":                                 {newFake(), poller, byZnode},
		"old, its other broker is new":        {mixedReleases(named(newFake(), 0)), poller, byZnode},
		"old, its new broker controls it":     {mixedReleases(named(newFake(), 1)), poller, by(1)},
		"2.2 and later":                       {electing(newModern()), poller, by(0)},
		"broker 1 is the controller":          {named(electing(newModern()), 1), poller, by(1)},
		"KRaft":                               {electing(newKRaft()), kraftPoller, by(0)},
		"KRaft, a ZooKeeper is out of use":    {electing(newKRaft()), withZooKeeper, by(0)},
		"KRaft, broker 0 does not answer":     {silent(electing(newKRaft()), "0 b:9000"), kraftPoller, by(1)},
		"migration, the brokers have not yet": {named(electing(newModern()), 3000), poller, by(0)},
		"migration, broker 1 has":             {mixed(), withZooKeeper, by(1)},
		"migration, broker 1 is down":         {silent(mixed(), "1 b:9001"), withZooKeeper, by(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.by(t, c.f)
			p.poll(t) // the brokers are known by their ids after it
			s := p.poll(t)
			told, err := p.Elect(t.Context(), s, askTest)
			if asked := c.f.calls("elect "); err != nil || !slices.Equal(asked, []string{c.want}) {
				t.Fatalf("asked %q, want %q; %v", asked, c.want, err)
			}
			if c.want == byZnode && (len(told["test"]) != 2 || told["test"][0] != nil || told["test"][1] != nil) {
				t.Errorf("told %v", told)
			}
			if closed := c.f.let == 1; closed == (c.want == byZnode) {
				t.Errorf("the connection was closed %d times", c.f.let)
			}
		})
	}
}

// mixedReleases makes broker 1 a new one.
func mixedReleases(f *fakeCluster) *fakeCluster {
	modern := f.identity
	modern.Release, modern.ElectLeaders = "2.2", true
	f.identities = map[int32]kafka.Identity{1: modern}
	return f
}

// A snapshot that does not tell the way sends nothing.
func TestNoElectionWhereTheWayIsNotKnown(t *testing.T) {
	for _, c := range []struct {
		want   string
		f      *fakeCluster
		change func(p *Poller, s *cluster.Snapshot)
	}{
		{"no controller is active", newFake(), func(_ *Poller, s *cluster.Snapshot) { s.Controller = cluster.Read(cluster.Controller{}) }},
		{"no controller is active", electing(newKRaft()), func(_ *Poller, s *cluster.Snapshot) { s.Controller = cluster.Read(cluster.Controller{}) }},
		{"is active: the znode", newFake(), func(_ *Poller, s *cluster.Snapshot) {
			s.Controller = cluster.Failed[cluster.Controller](errors.New("the znode is rubbish"))
		}},
		{"which broker is the controller", electing(newModern()), func(_ *Poller, s *cluster.Snapshot) {
			s.Controller = cluster.Read(cluster.Controller{Exists: true})
		}},
		{"whether its controllers use", electing(newModern()), func(_ *Poller, s *cluster.Snapshot) { s.Mode = "" }},
		{"is a broker: lost", newFake(), func(_ *Poller, s *cluster.Snapshot) {
			s.Registrations = cluster.Failed[map[int32]*cluster.Registration](errors.New("lost"))
		}},
		{"broker 0, the controller, does not answer", newFake(), func(_ *Poller, s *cluster.Snapshot) {
			s.Broker(0).Probe.Status = cluster.BrokerRefused
		}},
		{"which release broker 0 at b:9000", newFake(), func(p *Poller, _ *cluster.Snapshot) {
			p.brokers.(*fakeCluster).identity = kafka.Identity{Mode: cluster.ModeZooKeeper}
		}},
		{"which release broker 0 at b:9000", newFake(), func(p *Poller, _ *cluster.Snapshot) {
			p.brokers.(*fakeCluster).identity.Mode = cluster.ModeKRaft // since the poll
		}},
		{"zookeeper.servers is not set", newFake(), func(p *Poller, _ *cluster.Snapshot) { p.registry = nil }},
		{"no registered broker answers", newFake(), func(_ *Poller, s *cluster.Snapshot) { s.Controller = controls3 }},
		{"no registered broker answers", newFake(), func(_ *Poller, s *cluster.Snapshot) { s.Mode = cluster.ModeKRaft }},
		{"no registered broker answers", electing(newModern()), func(_ *Poller, s *cluster.Snapshot) {
			s.Mode = cluster.ModeKRaft
			s.Broker(0).Probe.Status = cluster.BrokerTimeout
			s.Broker(1).Registration = nil
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			p := poller(t, c.f)
			s := p.poll(t)
			c.change(p, s)
			told, err := p.Elect(t.Context(), s, askTest)
			if told != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "elect in cluster c: ") {
				t.Errorf("%v, %v; want an error that says %q", told, err, c.want)
			}
			if asked := c.f.calls("elect "); len(asked) > 0 {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestNoElectionOfNothing(t *testing.T) {
	for _, f := range []*fakeCluster{newFake(), electing(newModern())} {
		p := poller(t, f)
		s := p.poll(t)
		for _, ask := range []map[string][]int32{nil, {}, {"test": nil}, {"test": {}, "hidden": nil}} {
			if told, err := p.Elect(t.Context(), s, ask); told != nil || err != nil {
				t.Errorf("of %v: %v, %v", ask, told, err)
			}
		}
		if asked := f.calls("elect "); len(asked) > 0 {
			t.Errorf("asked %q", asked)
		}
	}
}
