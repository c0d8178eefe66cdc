package rebalance

import (
	"errors"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

var errModelBlind = errors.New("not in this poll")

// sight says what a poll can see.
type sight struct {
	nothing      bool // neither registry nor partitions
	movesHidden  bool
	statesHidden bool
}

func (g sight) clear() bool { return g == sight{} }

// snapshot is what a poll of the cluster yields at this wall-clock time.
func (w *world) snapshot(at time.Time, g sight) *cluster.Snapshot {
	s := &cluster.Snapshot{
		Cluster: "model", Started: at, Finished: at, Mode: cluster.ModeKRaft,
		ElectionPending: w.pending, Unconfirmed: w.unconfirmed, BrokersHeard: 1,
		Controller: cluster.Read(cluster.Controller{ID: w.controller, Exists: w.controller != cluster.NoLeader, Named: true}),
	}
	if !w.kraft {
		s.Mode = cluster.ModeZooKeeper
		s.Ensemble = &cluster.Ensemble{Servers: []cluster.Server{{Name: "zk1:2181", Mode: w.quorum}}}
	}
	if w.denied {
		s.Permissions = map[cluster.Permission]bool{{Resource: "cluster", Operation: "alter"}: false}
	}
	registrations := map[int32]*cluster.Registration{}
	for _, b := range w.brokers {
		known := cluster.Broker{ID: b.id, RegistryRead: !g.nothing, Probe: w.probe(b)}
		if b.registered && !g.nothing {
			known.Registration = w.registration(b)
			registrations[b.id] = known.Registration
		}
		s.Brokers = append(s.Brokers, known)
	}
	if g.nothing {
		return s
	}
	s.Registrations = cluster.Read(registrations)
	picture := w.picture(g)
	s.Picture = cluster.Read(picture)
	s.Summary = cluster.Summarize(picture, s.Brokers)
	return s
}

func (w *world) registration(b *modelBroker) *cluster.Registration {
	r := &cluster.Registration{ID: b.id, Fenced: b.fenced}
	if !w.kraft {
		r.Session, r.Registered = b.session, epochOfModel.Add(b.since)
	}
	return r
}

func (w *world) probe(b *modelBroker) cluster.Probe {
	switch {
	case !b.answers:
		return cluster.Probe{Status: cluster.BrokerTimeout, Err: errModelBlind}
	case b.slow:
		return cluster.Probe{Status: cluster.BrokerAlive, Took: 400 * time.Millisecond}
	default:
		return cluster.Probe{Status: cluster.BrokerAlive, Took: time.Duration(2+b.id) * time.Millisecond}
	}
}

func (w *world) picture(g sight) *cluster.Picture {
	picture := &cluster.Picture{OfflineTold: true, MovesUnknown: g.movesHidden, StatesUnknown: g.statesHidden}
	picture.Topics = make([]cluster.Topic, 0, len(w.topics))
	for _, t := range w.topics {
		topic := cluster.Topic{Name: t.name, Deleting: t.deleting, MinISR: 1}
		topic.Partitions = make([]cluster.Partition, 0, len(t.partitions))
		for id, p := range t.partitions {
			part := cluster.Partition{
				ID: int32(id), State: cluster.StateRecorded, Replicas: p.replicas, Leader: p.leader, ISR: p.isr,
				Reassigning: p.reassigning && !g.movesHidden, Offline: p.failed,
			}
			if !g.movesHidden {
				part.Adding = p.adding
			}
			if g.statesHidden && id == 0 && len(t.partitions) > 1 {
				part.State, part.ISR = cluster.StateUnknown, nil
			}
			topic.Partitions = append(topic.Partitions, part)
		}
		picture.Topics = append(picture.Topics, topic)
	}
	return picture
}

// ratio is the part of a broker's preferred partitions that it does not lead.
func (w *world) ratio(broker int32) float64 {
	preferred, missing := 0, 0
	for _, t := range w.topics {
		if t.deleting {
			continue
		}
		for _, p := range t.partitions {
			if p.replicas[0] != broker {
				continue
			}
			preferred++
			if p.leader != broker {
				missing++
			}
		}
	}
	if preferred == 0 {
		return 0
	}
	return float64(missing) / float64(preferred)
}

// whole says whether a broker is in the cluster, answers, and is in sync everywhere.
func (w *world) whole(b *modelBroker) bool {
	if !b.in() || !b.answers {
		return false
	}
	for _, t := range w.topics {
		for _, p := range t.partitions {
			if !t.deleting && slices.Contains(p.replicas, b.id) && !slices.Contains(p.isr, b.id) && !slices.Contains(p.adding, b.id) {
				return false
			}
		}
	}
	return true
}
