package rebalance

import (
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// scene is a cluster of which tests change one thing at a time. As it stands, broker 0
// was away and is to be given back everything that it is the preferred leader of.
type scene struct {
	brokers []cluster.Broker
	topics  []cluster.Topic
	amend   func(s *cluster.Snapshot) // after the rest
	policy  Policy
	memory  Memory
	now     time.Duration // since t0
}

var t0 = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const poll = 15 * time.Second

func standardPolicy() Policy {
	return Policy{Fresh: 55 * time.Second, Rebalance: config.Rebalance{
		Threshold: 0.10, PersistFor: 10 * time.Minute, Settle: 5 * time.Minute, MaxRegistrationsPerHour: 3,
		SlowProbe: config.SlowProbe{Factor: 5, AtLeast: 100 * time.Millisecond}, BrokerLeft: 10 * time.Minute,
		Cooldown: 10 * time.Minute, MaxRunsPerHour: 4, BatchSize: 50, MaxBrokersDown: config.Auto,
		MaxUnderReplicated: config.Auto, MaxReassigning: 500, PingPong: config.PingPong{Within: 30 * time.Minute, Times: 2},
	}}
}

// newScene has brokers that answer, and for each of them partitions that it is the
// preferred leader of, on it and the next one. Broker 1 leads those of broker 0.
func newScene(brokers, partitions int) *scene {
	c := &scene{policy: standardPolicy(), now: 20 * time.Minute}
	for id := range int32(brokers) {
		c.brokers = append(c.brokers, cluster.Broker{
			ID: id, RegistryRead: true, Registration: &cluster.Registration{ID: id, Session: int64(id) + 100},
			Probe: cluster.Probe{Status: cluster.BrokerAlive, Took: 2 * time.Millisecond},
		})
		topic := cluster.Topic{Name: fmt.Sprintf("t%02d", id), MinISR: 1}
		next := (id + 1) % int32(brokers)
		for p := range int32(partitions) {
			leader := id
			if id == 0 {
				leader = next
			}
			topic.Partitions = append(topic.Partitions, cluster.Partition{
				ID: p, State: cluster.StateRecorded, Replicas: []int32{id, next}, ISR: []int32{id, next}, Leader: leader,
			})
		}
		c.topics = append(c.topics, topic)
	}
	return c
}

// snapshot is what is seen this long after t0.
func (c *scene) snapshot(at time.Duration) *cluster.Snapshot {
	s := &cluster.Snapshot{
		Cluster: "c", Started: t0.Add(at), Finished: t0.Add(at), Mode: cluster.ModeZooKeeper,
		Ensemble:   &cluster.Ensemble{Servers: []cluster.Server{{Name: "zk1:2181", Mode: cluster.ModeLeader}}},
		Controller: cluster.Read(cluster.Controller{ID: 1, Exists: true, Named: true}), Brokers: c.brokers,
	}
	registrations := map[int32]*cluster.Registration{}
	for i := range c.brokers {
		if r := c.brokers[i].Registration; r != nil {
			registrations[c.brokers[i].ID] = r
		}
	}
	s.Registrations = cluster.Read(registrations)
	picture := &cluster.Picture{Topics: c.topics, OfflineTold: true}
	s.Picture = cluster.Read(picture)
	s.Summary = cluster.Summarize(picture, s.Brokers)
	return s
}

// watched returns a watch that saw the scene as it is for this long, up to now.
func (c *scene) watched(long time.Duration) *Watch {
	w := NewWatch(c.policy)
	for at := c.now - long; at <= c.now; at += poll {
		w.Observe(c.snapshot(at))
	}
	return w
}

// decide asks at the end of twenty quiet minutes, unless the memory has a watch.
func (c *scene) decide() Decision {
	if c.memory.Watch == nil {
		c.memory.Watch = c.watched(c.now)
	}
	s := c.snapshot(c.now)
	if c.amend != nil {
		c.amend(s)
	}
	return Decide(s, c.policy, c.memory, t0.Add(c.now))
}

// has says why the guard holds; "" when it does not.
func (d Decision) has(g Guard) string {
	for _, b := range d.Blocked {
		if b.Guard == g {
			return b.Why
		}
	}
	return ""
}

func TestScene(t *testing.T) {
	d := newScene(3, 4).decide()
	if len(d.Blocked) != 0 || len(d.Plan) != 4 || len(d.Candidates) != 4 {
		t.Fatalf("blocked %v, plan %v, candidates %v; want the four partitions of broker 0", d.Blocked, d.Plan, d.Candidates)
	}
	want := Candidate{Topic: "t00", Partition: 2, Leader: 1, Preferred: 0}
	if d.Plan[2] != want || !d.At.Equal(t0.Add(20*time.Minute)) {
		t.Errorf("third of the plan %v at %v, want %v", d.Plan[2], d.At, want)
	}
}
