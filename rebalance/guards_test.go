package rebalance

import (
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// change makes a scene in which something just holds, or just does not.
type change func(c *scene)

func amend(f func(s *cluster.Snapshot)) change {
	return func(c *scene) { c.amend = f }
}

// silentController has the last broker be the controller, and silent or not.
func silentController(silent bool) change {
	return amend(func(s *cluster.Snapshot) {
		b := &s.Brokers[len(s.Brokers)-1]
		s.Mode, s.Controller = cluster.ModeZooKeeper, cluster.Read(cluster.Controller{ID: b.ID, Exists: true, Named: true})
		if silent {
			b.Probe.Status = cluster.BrokerTimeout
		}
	})
}

func ended(ago time.Duration) change {
	return func(c *scene) {
		at := t0.Add(c.now - ago)
		c.memory.Kept.Runs = []Done{{Started: at, Ended: at}}
	}
}

// left has broker 2 leave and come back this long ago.
func left(ago time.Duration) change {
	return func(c *scene) {
		w := c.watched(c.now)
		w.brokers[2].hasLeft, w.brokers[2].unproven, w.brokers[2].left = true, false, w.clock-ago
		c.memory.Watch = w
	}
}

func started(n int, ago time.Duration) change {
	return func(c *scene) {
		for range n {
			c.memory.Kept.Runs = append(c.memory.Kept.Runs, Done{Started: t0.Add(c.now - ago), Ended: t0.Add(c.now - 15*time.Minute)})
		}
	}
}

func moving(n int) change {
	return func(c *scene) {
		c.policy.MaxReassigning = 2
		for i := range n {
			c.topics[2].Partitions[i].Reassigning = true
		}
	}
}

func lagging(n int) change {
	return func(c *scene) {
		c.policy.MaxUnderReplicated = 2
		for i := range n {
			c.topics[2].Partitions[i].ISR = []int32{2}
		}
	}
}

func down(limit, brokers int) change {
	return func(c *scene) {
		c.policy.MaxBrokersDown = limit
		for id := 2; id < 2+brokers; id++ {
			c.brokers[id].Registration = nil
			c.brokers[id].Probe.Status = cluster.BrokerRefused
		}
	}
}

// opens has a window that opens this long before now, for an hour.
func opens(before time.Duration) change {
	return func(c *scene) {
		at := t0.Add(c.now - before)
		calendar, err := NewCalendar([]config.Window{{Cron: at.Format("4 15 * * *"), Duration: time.Hour, TimeZone: "UTC"}})
		if err != nil {
			panic(err)
		}
		c.policy.Calendar = calendar
	}
}

func ensemble(modes ...cluster.ServerMode) change {
	return amend(func(s *cluster.Snapshot) {
		s.Ensemble = &cluster.Ensemble{}
		for _, m := range modes {
			s.Ensemble.Servers = append(s.Ensemble.Servers, cluster.Server{Mode: m})
		}
	})
}

func permission(alter bool) change {
	return amend(func(s *cluster.Snapshot) {
		s.Permissions = map[cluster.Permission]bool{{Resource: "cluster", Operation: "alter"}: alter}
	})
}

func watchedFor(long time.Duration) change {
	return func(c *scene) { c.policy.BrokerLeft = 0; c.memory.Watch = c.watched(long) }
}

func TestGuards(t *testing.T) {
	tests := []struct {
		guard         Guard
		says          string
		holds, passes change
	}{
		{Unsupported, "prove that a controller is active", amend(func(s *cluster.Snapshot) { s.Unconfirmed = true }), amend(func(s *cluster.Snapshot) { s.Unconfirmed = false })},
		{Unauthorized, "ALTER on the cluster", permission(false), permission(true)},
		{Unauthorized, "refused the last election to this user: no", func(c *scene) { c.memory.Refused = "no" }, func(c *scene) { c.memory.Refused = "" }},
		{Blind, "56s old, more than 55s", aged(56 * time.Second), aged(55 * time.Second)},
		{Blind, "1s from now", aged(-time.Second), aged(0)},
		{Blind, "partitions could not be read", amend(func(s *cluster.Snapshot) { s.Picture = cluster.Failed[*cluster.Picture](nil) }), aged(0)},
		{Blind, "being reassigned could not be read", amend(func(s *cluster.Snapshot) { s.Summary.MovesKnown = false }), aged(0)},
		{Blind, "leader and ISR", amend(func(s *cluster.Snapshot) { s.Summary.StatesKnown = false }), aged(0)},
		{Blind, "registered could not be read", amend(func(s *cluster.Snapshot) { s.Summary.RegistryKnown = false }), aged(0)},
		{NoQuorum, "none of the 2 ZooKeeper servers belongs", ensemble(cluster.ModeNotServing, cluster.ModeReadOnly), ensemble(cluster.ModeNotServing, cluster.ModeFollower)},
		{NoQuorum, "none of the 1 ZooKeeper servers told", ensemble(cluster.ModeUnreachable), ensemble(cluster.ModeStandalone)},
		{NoController, "no controller is active", amend(func(s *cluster.Snapshot) { s.Controller = cluster.Read(cluster.Controller{}) }), amend(func(s *cluster.Snapshot) { s.Controller = cluster.Read(cluster.Controller{Exists: true}) })},
		{NoController, "the controller, does not answer us", silentController(true), silentController(false)},
		{NoController, "could not be read", amend(func(s *cluster.Snapshot) { s.Controller = cluster.Failed[cluster.Controller](nil) }), aged(0)},
		{ElectionPending, "written in ZooKeeper already", amend(func(s *cluster.Snapshot) { s.ElectionPending = true }), aged(0)},
		{NotPersistent, "broker 0 has been above 10 % for 9m45s in snapshots that could be read, less than 10m", watchedFor(9*time.Minute + 45*time.Second), watchedFor(10 * time.Minute)},
		{BrokerLeft, "broker 2 left 9m59s ago, less than 10m", left(10*time.Minute - time.Second), left(10 * time.Minute)},
		{BrokersDown, "of 4 brokers that stand in an assignment, more than 0 are not registered: 2", down(config.Auto, 1), down(config.Auto, 0)},
		{BrokersDown, "more than 1 are not registered: 2, 3", down(1, 2), down(1, 1)},
		{UnderReplicated, "of 16 partitions, 3 have a replica that lags, more than 2", lagging(3), lagging(2)},
		{Reassigning, "3 partitions are being reassigned, more than 2", moving(3), moving(2)},
		{OutsideWindow, "the next one opens in 23h", opens(time.Hour), opens(59 * time.Minute)},
		{Cooldown, "the last run ended 9m59s ago, less than 10m", ended(10*time.Minute - time.Second), ended(10 * time.Minute)},
		{Cooldown, "the last run ended 0s ago", ended(-time.Hour), ended(10 * time.Minute)},
		{Budget, "4 runs were started in the last hour; allowed: 4", started(4, time.Hour-time.Second), started(4, time.Hour)},
		{Budget, "4 runs were started", started(4, 20*time.Minute), started(3, 20*time.Minute)},
		{PingPong, "by broker 7", func(c *scene) { c.memory.Kept.PingPong = map[int32]time.Time{7: t0} }, aged(0)},
		{NotLeader, "another evenkeel decides: who", func(c *scene) { c.memory.NotLeader = "who" }, aged(0)},
		{Paused, "a person paused it 20m ago", func(c *scene) { c.memory.Kept.Paused = &Pause{Since: t0} }, aged(0)},
	}
	for _, tt := range tests {
		t.Run(string(tt.guard)+": "+tt.says, func(t *testing.T) {
			c := newScene(4, 4)
			tt.holds(c)
			if d := c.decide(); !strings.Contains(d.has(tt.guard), tt.says) || len(d.Plan) > 0 {
				t.Errorf("plan %v, blocked %v; want nothing, and %q", d.Plan, d.Blocked, tt.says)
			}
			c = newScene(4, 4)
			tt.passes(c)
			if d := c.decide(); d.has(tt.guard) != "" {
				t.Errorf("blocked %v, though it should not hold", d.Blocked)
			}
		})
	}
}

func aged(age time.Duration) change {
	return amend(func(s *cluster.Snapshot) { s.Finished = s.Finished.Add(-age) })
}

// TestGuardsLetGo: what a guard says of the time at which it lets go is so, to the second.
func TestGuardsLetGo(t *testing.T) {
	for _, tt := range []struct {
		guard Guard
		holds change
		left  time.Duration
	}{
		{NotPersistent, watchedFor(9 * time.Minute), time.Minute},
		{BrokerLeft, left(4 * time.Minute), 6 * time.Minute},
		{OutsideWindow, opens(-time.Hour), time.Hour},
		{Cooldown, ended(3 * time.Minute), 7 * time.Minute},
		{Cooldown, ended(-time.Hour), 10 * time.Minute},
		{Budget, started(4, 20*time.Minute), 40 * time.Minute},
		{NothingElectable, whole(4 * time.Minute), time.Minute},
	} {
		c := newScene(4, 4)
		c.memory.Watch = c.watched(c.now)
		tt.holds(c)
		d := c.decide()
		at, known := d.Earliest()
		if want := t0.Add(c.now + tt.left); d.has(tt.guard) == "" || !known || !at.Equal(want) {
			t.Errorf("%s: blocked %v until %v (%t), want %v", tt.guard, d.Blocked, at, known, want)
		}
	}
}

// TestNobodyKnowsWhenAPersonResumes: time alone does not end what a person began, and
// where nothing holds there is nothing to wait for.
func TestNobodyKnowsWhenAPersonResumes(t *testing.T) {
	c := newScene(4, 4)
	if d := c.decide(); len(d.Blocked) > 0 {
		t.Fatal(d.Blocked)
	} else if at, known := d.Earliest(); known {
		t.Errorf("nothing holds, and it is to wait until %v", at)
	}
	ended(time.Minute)(c)
	c.memory.Kept.Paused = &Pause{Since: t0}
	d := c.decide()
	if at, known := d.Earliest(); known || d.has(Paused) == "" || d.has(Cooldown) == "" {
		t.Errorf("until %v, blocked %v", at, d.Blocked)
	}
}
