package rebalance

import (
	"regexp"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestSkips(t *testing.T) {
	first := func(c *scene) *cluster.Partition { return &c.topics[0].Partitions[0] }
	unlucky := func(f func(b *cluster.Broker)) change { return func(c *scene) { f(&c.brokers[0]) } }
	tests := []struct {
		name       string
		skip       Skip
		n          int // partitions that are passed over
		change     change
		candidates int
	}{
		{"being deleted", BeingDeleted, 0, func(c *scene) { c.topics[0].Deleting = true }, 0},
		{"being reassigned", BeingReassigned, 1, func(c *scene) { first(c).Reassigning = true }, 3},
		{"not registered", NotRegistered, 4, unlucky(func(b *cluster.Broker) { b.Registration = nil }), 0},
		{"fenced", Fenced, 4, unlucky(func(b *cluster.Broker) { b.Registration = &cluster.Registration{Fenced: true} }), 0},
		{"unreachable", Unreachable, 4, unlucky(func(b *cluster.Broker) { b.Probe.Status = cluster.BrokerTimeout }), 0},
		{"no address to ask", Unreachable, 4, unlucky(func(b *cluster.Broker) { b.Probe.Status = cluster.BrokerUnknown }), 0},
		{"not in the ISR", NotInISR, 1, func(c *scene) { first(c).ISR = []int32{1} }, 3},
		{"another replica lags", ISRNotWhole, 1, func(c *scene) { first(c).ISR = []int32{0} }, 3},
		{"another replica is being added", ISRNotWhole, 0, func(c *scene) { first(c).ISR, first(c).Adding = []int32{0}, []int32{1} }, 4},
		{"another replica is down", ISRNotWhole, 0, func(c *scene) { first(c).ISR = []int32{0}; c.brokers[1].Registration = nil }, 4},
		{"topic excluded", TopicExcluded, 4, func(c *scene) { c.policy.Topics.Exclude = regexp.MustCompile("^t00$") }, 0},
		{"broker excluded by the configuration", BrokerExcluded, 4, func(c *scene) { c.policy.ExcludeBrokers = []int{0} }, 0},
		{"broker excluded by a person", BrokerExcluded, 4, excludedFor(time.Second), 0},
		{"broker was excluded", BrokerExcluded, 0, excludedFor(0), 4},
		{"not settled yet", Unsettled, 4, whole(5*time.Minute - time.Second), 0},
		{"settled", Unsettled, 0, whole(5 * time.Minute), 4},
		{"flapping", Flapping, 4, registrations(4), 0},
		{"not quite flapping", Flapping, 0, registrations(3), 4},
		{"slow", Slow, 4, slowIn(5), 0},
		{"not slow often enough", Slow, 0, slowIn(4), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newScene(4, 4)
			c.memory.Watch = c.watched(c.now)
			tt.change(c)
			d := c.decide()
			if d.Skipped[tt.skip] != tt.n || len(d.Candidates) != tt.candidates {
				t.Errorf("skipped %v, candidates %v; want %d, %d", d.Skipped, d.Candidates, tt.n, tt.candidates)
			}
			if len(d.Passed) != tt.n {
				t.Errorf("named %v, want %d", d.Passed, tt.n)
			}
			if tt.candidates == 0 && (tt.n > 0) != (d.has(NothingElectable) != "") {
				t.Errorf("blocked %v", d.Blocked)
			}
		})
	}
}

// A topic that is being deleted does not count for the ratio; another one brings the
// broker above the threshold.
func TestDeletedIsPassedOver(t *testing.T) {
	c := newScene(3, 4)
	gone := c.topics[0]
	gone.Name, gone.Deleting = "gone", true
	c.topics = append([]cluster.Topic{gone}, c.topics...)
	if d := c.decide(); d.Skipped[BeingDeleted] != 4 || len(d.Plan) != 4 {
		t.Errorf("skipped %v, plan %v", d.Skipped, d.Plan)
	}
}

func excludedFor(d time.Duration) change {
	return func(c *scene) { c.memory.Kept.Excluded = map[int32]time.Time{0: t0.Add(c.now + d)} }
}

func whole(d time.Duration) change {
	return func(c *scene) { c.memory.Watch.brokers[0].whole = d }
}

func registrations(n int) change {
	return func(c *scene) {
		w := c.memory.Watch
		w.brokers[0].registrations = []time.Duration{w.clock - time.Hour}
		for range n {
			w.brokers[0].registrations = append(w.brokers[0].registrations, w.clock-time.Hour+1)
		}
	}
}

func slowIn(n int) change {
	return func(c *scene) { c.memory.Watch.brokers[0].slow = 1<<n - 1 }
}
