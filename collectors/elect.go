package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// ErrNotWritten is why a partition that was asked for was left out of an election in
// ZooKeeper: it is not registered any more, or its topic is being deleted. To write it
// would harm old controllers.
var ErrNotWritten = errors.New("it is not in ZooKeeper any more, or is being deleted")

// Elect has the cluster elect the preferred leaders of these partitions, in the way that
// the snapshot tells: by a request where the controller knows it, else, which only Kafka
// before 2.2 needs, by the znode. In KRaft and while a cluster migrates to it the znode is
// never written. Where the way is not known nothing is sent, nor without a partition.
//
// It returns what was told of each partition, by topic: nil for one that was elected or
// that a controller has taken from ZooKeeper, [ErrNotWritten], or one of the errors of
// [kafka.Client.ElectPreferred]. An error beside that says why more is not known; both are
// proven by the leaders alone. [kafka.IsNotController] asks for a newer snapshot.
//
// It returns by the end of ctx, and by the timeout of a poll; where the znode is waited
// for, not before half a minute. It may be called while a poll is under way. The maps
// belong to the caller.
func (p *Poller) Elect(ctx context.Context, s *cluster.Snapshot, ask map[string][]int32) (map[string]map[int32]error, error) {
	if !namesAny(ask) {
		return nil, nil
	}
	n, byZnode, err := p.elector(s)
	if err != nil {
		return nil, fmt.Errorf("elect in cluster %s: %w", s.Cluster, err)
	}
	patience := p.cfg.Poll.Timeout
	if byZnode {
		patience = max(patience, znodePatience)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if byZnode {
		written, err := p.registry.ElectPreferred(ctx, ask)
		if written == nil && err != nil {
			return nil, err
		}
		return toldOf(ask, written), err
	}
	defer p.electing.Retain(nil) // the next time may be in weeks
	return p.electing.ElectPreferred(ctx, n, ask)
}

// znodePatience is how long the controller has to take an election away: one of Kafka 0.9
// takes a second for a hundred partitions.
const znodePatience = 30 * time.Second

func namesAny(ask map[string][]int32) bool {
	for _, ids := range ask {
		if len(ids) > 0 {
			return true
		}
	}
	return false
}

// elector returns the broker to be asked for an election, or that it has to be written
// into ZooKeeper.
func (p *Poller) elector(s *cluster.Snapshot) (n kafka.Node, byZnode bool, err error) {
	controller, read := s.Controller.Get()
	registered, registryRead := s.Registrations.Get()
	switch {
	case !read:
		return n, false, fmt.Errorf("it is not known whether a controller is active: %w", s.Controller.Err())
	case !controller.Exists:
		return n, false, errors.New("no controller is active")
	case s.Mode == cluster.ModeKRaft:
		n, err = p.forwarder(s)
		return n, false, err
	case s.Mode != cluster.ModeZooKeeper:
		return n, false, errors.New("its brokers do not tell whether its controllers use ZooKeeper or KRaft")
	case !controller.Named:
		return n, false, errors.New("it is not known which broker is the controller")
	case !registryRead:
		return n, false, fmt.Errorf("it is not known whether the controller is a broker: %w", s.Registrations.Err())
	case registered[controller.ID] == nil:
		// While a cluster migrates, a controller of KRaft holds the office in ZooKeeper.
		// It does not look for elections there.
		n, err = p.forwarder(s)
		return n, false, err
	default:
		return p.controllerWay(s.Broker(controller.ID), controller.ID)
	}
}

// forwarder returns a broker that has a controller of KRaft elect. Those that are still
// with ZooKeeper do so as well in a migration, and refuse otherwise.
func (p *Poller) forwarder(s *cluster.Snapshot) (kafka.Node, error) {
	var with kafka.Node
	found := false
	for i := range s.Brokers {
		b := &s.Brokers[i]
		if registered, known := b.Registered(); !b.Probe.Answered() || known && !registered {
			continue
		}
		n := askedAs(b)
		switch identity := p.brokers.Identity(n); {
		case !identity.ElectLeaders:
		case identity.Mode == cluster.ModeKRaft:
			return n, nil
		case !found:
			with, found = n, true
		}
	}
	if !found {
		return with, errors.New("no registered broker answers that knows ElectLeaders (Kafka 2.2 and later)")
	}
	return with, nil
}

// controllerWay returns how a controller that is a broker is had to elect. One that does
// not answer may be another release by now, or frozen, so that nobody takes the znode.
func (p *Poller) controllerWay(b *cluster.Broker, id int32) (n kafka.Node, byZnode bool, err error) {
	if b == nil || !b.Probe.Answered() {
		return n, false, fmt.Errorf("broker %d, the controller, does not answer", id)
	}
	n = askedAs(b)
	switch identity := p.brokers.Identity(n); {
	case identity.ElectLeaders:
		return n, false, nil
	case identity.Release == "" || identity.Mode != cluster.ModeZooKeeper:
		return n, false, fmt.Errorf("it is not known which release %s, the controller, is", n)
	case p.registry == nil:
		return n, false, fmt.Errorf("%s, the controller, is Kafka %s: before 2.2 an election has to be written into ZooKeeper, and zookeeper.servers is not set", n, identity.Release)
	default:
		return n, true, nil
	}
}

// askedAs returns a broker of a snapshot as the poll asked it.
func askedAs(b *cluster.Broker) kafka.Node {
	n := kafka.Node{ID: b.ID, Addr: b.Address}
	if b.Registration != nil {
		n.Registration = b.Registration.Version
	}
	return n
}

// toldOf says of each partition whether it was written.
func toldOf(ask, written map[string][]int32) map[string]map[int32]error {
	told := make(map[string]map[int32]error, len(ask))
	for topic, ids := range ask {
		if len(ids) == 0 {
			continue
		}
		told[topic] = make(map[int32]error, len(ids))
		for _, id := range ids {
			told[topic][id] = nil
			if !slices.Contains(written[topic], id) {
				told[topic][id] = fmt.Errorf("elect the preferred leader of %q, partition %d: %w", topic, id, ErrNotWritten)
			}
		}
	}
	return told
}
