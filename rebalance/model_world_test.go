package rebalance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// The modelled cluster, as it truly is. A slice of a partition is replaced and never
// written to, since snapshots share it.

type world struct {
	rng     *rand.Rand
	now     time.Duration // true time since the epoch of the model
	kraft   bool
	calm    bool // replicas catch up at once
	brokers []*modelBroker
	topics  []*modelTopic // by name
	made    int           // topics so far

	controller  int32 // cluster.NoLeader for none
	quorum      cluster.ServerMode
	pending     bool
	unconfirmed bool
	denied      bool
	sessions    int64
}

type modelBroker struct {
	id                          int32
	registered, fenced, answers bool
	slow                        bool
	session                     int64
	since                       time.Duration // of the registration
	lagging                     bool          // its replicas fall behind
	expelled                    bool          // the controller has seen that it is gone
}

func (b *modelBroker) in() bool { return b.registered && !b.fenced }

type modelTopic struct {
	name       string
	deleting   bool
	partitions []*modelPartition
}

type modelPartition struct {
	replicas, adding, isr []int32
	leader                int32
	reassigning           bool
	failed                []int32 // replicas on failed log directories
}

// epochOfModel is when the true time is 0.
var epochOfModel = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), quorum: cluster.ModeLeader}
	w.kraft = w.chance(0.3)
	sizes := []int{2, 3, 3, 4, 5, 10, 12}
	for id := range sizes[w.rng.IntN(len(sizes))] {
		w.sessions++
		w.brokers = append(w.brokers, &modelBroker{id: int32(id), registered: true, answers: true, session: w.sessions})
	}
	for range 2 + w.rng.IntN(4) {
		w.addTopic()
	}
	return w
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

func (w *world) anyBroker() *modelBroker { return w.brokers[w.rng.IntN(len(w.brokers))] }

func (w *world) anyTopic() *modelTopic {
	if len(w.topics) == 0 {
		return nil
	}
	return w.topics[w.rng.IntN(len(w.topics))]
}

func (w *world) addTopic() {
	w.made++
	kind := []string{"a", "b", "hidden"}[w.rng.IntN(3)]
	t := &modelTopic{name: fmt.Sprintf("%s-%05d", kind, w.made)}
	for range 1 + w.rng.IntN(6) {
		var replicas []int32
		for _, i := range w.rng.Perm(len(w.brokers))[:min(len(w.brokers), 1+w.rng.IntN(3))] {
			replicas = append(replicas, w.brokers[i].id)
		}
		t.partitions = append(t.partitions, &modelPartition{replicas: replicas, isr: replicas, leader: replicas[0]})
	}
	at, _ := slices.BinarySearchFunc(w.topics, t, func(a, b *modelTopic) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	w.topics = slices.Insert(w.topics, at, t)
}

// react is what controller and replicas do of themselves in a moment.
func (w *world) react() {
	for _, b := range w.brokers {
		if b.in() {
			b.expelled = false
		} else if w.calm || w.chance(0.6) {
			b.expelled = w.controller != cluster.NoLeader
		}
	}
	if w.controller == cluster.NoLeader {
		return
	}
	for _, t := range w.topics {
		for _, p := range t.partitions {
			w.reactPartition(p)
		}
	}
}

func (w *world) reactPartition(p *modelPartition) {
	for _, r := range p.replicas {
		b := w.brokers[r]
		bad := b.expelled || b.in() && (b.lagging || slices.Contains(p.failed, r))
		switch in := slices.Contains(p.isr, r); {
		case in && bad && len(p.isr) > 1:
			p.isr = slices.DeleteFunc(slices.Clone(p.isr), func(i int32) bool { return i == r })
		case !in && !bad && b.in() && (w.calm || w.chance(0.5)):
			p.isr = append(slices.Clone(p.isr), r)
		}
	}
	led := p.leader != cluster.NoLeader && !w.brokers[p.leader].expelled && slices.Contains(p.isr, p.leader)
	if led {
		return
	}
	p.leader = cluster.NoLeader
	for _, r := range p.replicas {
		if w.brokers[r].in() && slices.Contains(p.isr, r) {
			p.leader = r
			return
		}
	}
}

// elect does what Kafka does when it is asked for a preferred leader. It returns what is
// wrong with having asked.
func (w *world) elect(c Candidate) string {
	for _, t := range w.topics {
		if t.name != c.Topic || int(c.Partition) >= len(t.partitions) {
			continue
		}
		p := t.partitions[c.Partition]
		switch {
		case p.replicas[0] != c.Preferred:
			return fmt.Sprintf("%s-%d: the preferred leader is %d", c.Topic, c.Partition, p.replicas[0])
		case !slices.Contains(p.isr, c.Preferred):
			return fmt.Sprintf("%s-%d: %d is not in the ISR", c.Topic, c.Partition, c.Preferred)
		}
		p.leader = c.Preferred
		return ""
	}
	return fmt.Sprintf("%s-%d does not exist", c.Topic, c.Partition)
}
